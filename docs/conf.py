"""Sphinx configuration."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = 'aiida-crystalgen'
author = 'The aiida-crystalgen developers'
copyright = f'2026, {author}'
version = release = installed_version('aiida-crystalgen')

extensions = ['myst_parser', 'sphinx.ext.autodoc', 'generated']
exclude_patterns = ['_build', 'generated']
nitpicky = False

myst_enable_extensions = ['colon_fence', 'deflist', 'dollarmath']
myst_heading_anchors = 3

# The order of a module is the order in which it reads.
autodoc_member_order = 'bysource'
autodoc_typehints = 'signature'
autodoc_typehints_format = 'short'

html_math_renderer = 'mathml'
html_theme = 'furo'
html_title = f'aiida-crystalgen {version}'
