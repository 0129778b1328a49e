"""WorkChains: train, propose, relax, and the search that joins them."""
