"""Rows into tables, figures and one self-contained HTML page."""
