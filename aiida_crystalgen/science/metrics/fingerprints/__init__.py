"""Fingerprints of structure and composition that published evaluations compare crystals by."""
