"""Fixtures for all tests; the science runs under runtime checks of every shape and type."""

from jaxtyping import install_import_hook

install_import_hook('aiida_crystalgen.science', 'beartype.beartype')

pytest_plugins = 'aiida.tools.pytest_fixtures'
