"""Formulas as MathML, which browsers show without a script from elsewhere."""

from __future__ import annotations

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

__all__ = ('add_formulas',)


def add_formulas(app: Sphinx) -> None:
    """Give Sphinx the renderer that ``html_math_renderer = 'mathml'`` chooses."""
    app.add_html_math_renderer('mathml', (_write, None), (_write, None))


def _write(translator: HTML5Translator, node: nodes.Element) -> None:
    """Write a formula.

    :raises docutils.utils.math.MathError: if it is no LaTeX.
    """
    is_block = isinstance(node, nodes.math_block)
    translator.body.append(tex2mathml(node.astext(), as_block=is_block))
    raise nodes.SkipNode
