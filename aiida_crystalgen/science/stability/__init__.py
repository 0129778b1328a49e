"""Whether a crystal would last: energy above hull."""
