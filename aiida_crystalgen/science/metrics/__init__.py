"""How good sets of generated crystals are, by the measures of the published evaluations."""
