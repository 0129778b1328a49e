"""Verbs as calcfunctions, one a module."""
