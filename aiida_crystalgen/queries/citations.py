"""What to cite with the results of a search."""

from __future__ import annotations

from collections.abc import Iterable

from aiida_crystalgen.report.contents import Citation

__all__ = ('citations',)

_ALWAYS = (
    Citation(
        'S. P. Huber et al., AiiDA 1.0, a scalable computational infrastructure for automated '
        'reproducible workflows and data provenance, Scientific Data 7, 300 (2020).',
        '10.1038/s41597-020-00638-4',
    ),
    Citation(
        'M. Uhrin et al., Workflows in AiiDA: Engineering a high-throughput, event-based engine '
        'for robust and modular computational workflows, Computational Materials Science 187, '
        '110086 (2021).',
        '10.1016/j.commatsci.2020.110086',
    ),
    Citation(
        'S. P. Ong et al., Python Materials Genomics (pymatgen): A robust, open-source python '
        'library for materials analysis, Computational Materials Science 68, 314 (2013).',
        '10.1016/j.commatsci.2012.10.028',
    ),
    Citation(
        'A. Togo, K. Shinohara and I. Tanaka, Spglib: a software library for crystal symmetry '
        'search, Science and Technology of Advanced Materials: Methods 4, 2384822 (2024).',
        '10.1080/27660400.2024.2384822',
    ),
    Citation(
        'S. Fredericks, K. Parrish, D. Sayre and Q. Zhu, PyXtal: A Python library for crystal '
        'structure generation and symmetry analysis, Computer Physics Communications 261, 107810 '
        '(2021).',
        '10.1016/j.cpc.2020.107810',
    ),
)
_BY_NAME = {
    'rdf_vae': Citation(
        'I.-H. Lee and K. J. Chang, Crystal structure prediction in a continuous representative '
        'space, Computational Materials Science (2021).'
    ),
    'sevenn': Citation(
        'Y. Park, J. Kim, S. Hwang and S. Han, Scalable parallel algorithm for graph neural '
        'network interatomic potentials in molecular dynamics simulations, Journal of Chemical '
        'Theory and Computation 20, 4857 (2024).',
        '10.1021/acs.jctc.4c00190',
    ),
    'chgnet': Citation(
        'B. Deng et al., CHGNet as a pretrained universal neural network potential for '
        'charge-informed atomistic modelling, Nature Machine Intelligence 5, 1031 (2023).',
        '10.1038/s42256-023-00716-3',
    ),
    'matscipy': Citation(
        'P. Grigorev et al., matscipy: materials science at the atomic scale with Python, Journal '
        'of Open Source Software 9, 5668 (2024).',
        '10.21105/joss.05668',
    ),
}


def citations(names: Iterable[str]) -> tuple[Citation, ...]:
    """Return what to cite with results that these methods and packages took part in."""
    return (*(_BY_NAME[name] for name in dict.fromkeys(names) if name in _BY_NAME), *_ALWAYS)
