"""The science of crystal generation as pure functions of numpy and torch; nothing here knows AiiDA."""
