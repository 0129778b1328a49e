"""AiiDA node types, and the only door between them and crystals."""
