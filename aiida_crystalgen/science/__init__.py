"""The science of crystal generation in functions of numpy and torch; nothing here knows AiiDA."""
