"""Tests that a proposed crystal must pass before it costs a relaxation."""
