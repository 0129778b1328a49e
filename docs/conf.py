"""Sphinx configuration."""

from importlib.metadata import version as installed_version

project = 'aiida-crystalgen'
author = 'The aiida-crystalgen developers'
copyright = f'2026, {author}'
version = release = installed_version('aiida-crystalgen')

extensions = ['myst_parser', 'sphinx.ext.autodoc']
exclude_patterns = ['_build']
nitpicky = False

myst_enable_extensions = ['colon_fence', 'deflist', 'dollarmath']
myst_heading_anchors = 3

# The order of a module is the order in which it reads.
autodoc_member_order = 'bysource'
autodoc_typehints = 'signature'
autodoc_typehints_format = 'short'

html_theme = 'furo'
html_title = f'aiida-crystalgen {version}'
