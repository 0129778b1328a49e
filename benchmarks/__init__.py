"""Claims about speed and results, each measured beside its peer in one run."""
