"""Where known crystals come from: files, databases on the web, prototypes."""
