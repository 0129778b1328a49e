"""From what a user asks to a search that can be submitted, and what it would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiida import orm
from aiida.common.exceptions import MultipleObjectsError, NotExistent

from aiida_crystalgen.cli.space_groups import atoms_in_cell, format_ranges
from aiida_crystalgen.cli.tables import format_number
from aiida_crystalgen.queries.requested_volume import requested_volume

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiida.engine import ProcessBuilder

    from aiida_crystalgen.cli.search_file import SearchRequest
    from aiida_crystalgen.data.structure_set import StructureSetData

__all__ = ('build_search', 'describe_search', 'load_code')


def build_search(request: SearchRequest) -> ProcessBuilder:
    """Return the builder of the search that a user asks for, every input checked.

    :raises ValueError: for the first key or value that does not fit, with its line in the file.
    """
    from aiida_crystalgen.workflows.search import SearchWorkChain

    with request.complaints():
        if request.composition is None:
            raise ValueError("key 'composition' is missing; it is a formula unit, as in 'SnSe'")
        if request.references is None:
            raise ValueError(
                "key 'references' is missing; it is the label of a dataset. "
                '`aiida-crystalgen dataset list` shows those there are'
            )
        builder = SearchWorkChain.get_builder_from_protocol(
            request.composition,
            request.references,
            training=request.training,
            protocol=request.protocol,
            code=None if request.code is None else load_code(request.code),
            overrides=request.overrides,
        )
    builder['metadata']['label'] = request.label
    return builder


def load_code(label: str) -> orm.AbstractCode:
    """Return the code of a label, whose executable must be crystalgen-run.

    :raises ValueError: if there is no such code, or it belongs to another program.
    """
    try:
        code = orm.load_code(label)
    except NotExistent:
        raise ValueError(
            f"there is no code '{label}'. `aiida-crystalgen setup` makes crystalgen@localhost; "
            '`verdi code list` shows all'
        ) from None
    except MultipleObjectsError:
        raise ValueError(
            f"'{label}' stands for several codes; add the computer, as in 'crystalgen@localhost'"
        ) from None
    plugin = code.default_calc_job_plugin
    if plugin and not plugin.startswith('crystalgen.'):
        raise ValueError(
            f"code '{label}' is for {plugin}, but a code whose executable is crystalgen-run is "
            'needed; `aiida-crystalgen setup` makes crystalgen@localhost'
        )
    return code


def describe_search(builder: ProcessBuilder) -> str:
    """Return what a search would do, one line a subject."""
    requests = {label: one['request'].get_dict() for label, one in builder['generators'].items()}
    references = builder['references']
    engine = references.facts.get('engine', {}).get('name')
    known = f'{references.label}: {format_number(references.number)} {_kind(references)}'
    potential = builder['relax']['potential'].value
    lines = {
        'references': f'{known}, energies by {engine}' if engine else f'{known} without energies',
        'training': _describe_training(builder),
        'targets': _describe_targets(requests.values()),
        'code': _describe_code(builder),
        'generators': ' · '.join(
            f'{label}, {format_number(one["candidates"])} candidates, {_model(builder, label)}'
            for label, one in requests.items()
        ),
        'volume' if references.periodic else 'ball': _volumes(requests.values()),
        'distances': ', '.join(
            dict.fromkeys(
                f'{pair} ≥ {least} Å'
                for one in requests.values()
                for pair, least in one['distances'].items()
            )
        ),
        'space groups': '; '.join(
            dict.fromkeys(text for one in requests.values() for text in _space_groups(one))
        ),
        'screening': _describe_screening(builder['screening'].get_dict()),
        'relaxation': f'by {potential}',
        'verification': _describe_verification(builder),
        'budget': _describe_budget(builder),
    }
    return '\n'.join(f'{name:14s}{text}' for name, text in lines.items() if text)


def _describe_training(builder: ProcessBuilder) -> str:
    """Return what models learn from, nothing if that are the references."""
    if 'training' not in builder:
        return ''
    node = builder['training']
    return f'{node.label}: {format_number(node.number)} {_kind(node)}'


def _kind(node: StructureSetData) -> str:
    """Return what a set holds."""
    return 'crystals' if node.periodic else 'clusters'


def _describe_targets(requests: Iterable[dict[str, Any]]) -> str:
    """Return the properties that are asked for."""
    targets = next((one['targets'] for one in requests), ())
    return '; '.join(
        f'{one["property"]} {", ".join(map(str, one["values"]))} ± {one["tolerance"]}'
        f'{" above the lowest" if one["above_lowest"] else ""}'
        for one in targets
    )


def _volumes(requests: Iterable[dict[str, Any]]) -> str:
    """Return the volume that is asked for, of each composition where there are several."""
    texts = {
        one['composition']: requested_volume(one) or 'chosen by the generator' for one in requests
    }
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return ', '.join(f'{name} {text}' for name, text in texts.items())


def _describe_budget(builder: ProcessBuilder) -> str:
    """Return when the search ends."""
    limits = builder['budget'].get_dict()
    return ', '.join(
        f'{name.replace("_", " ")} {limit}' for name, limit in limits.items() if limit is not None
    )


def _describe_verification(builder: ProcessBuilder) -> str:
    """Return what becomes of the lowest phases."""
    inputs = builder['verify']
    if not inputs or 'shortlist' not in inputs:
        return 'none'
    for name in ('vasp', 'quantumespresso'):
        if 'code' in inputs.get(name, {}):
            engine = f'{name} with {inputs[name]["code"].full_label}'
            break
    else:
        engine = inputs['potential']['potential'].value
    checks = [name for name in ('phonons', 'elasticity') if name in inputs]
    measured = f', then {" and ".join(checks)}' if checks else ''
    return f'{inputs["shortlist"].value} phases at most by {engine}{measured}'


def _describe_code(builder: ProcessBuilder) -> str:
    """Return where the heavy steps run."""
    code = builder.get('code', None)
    if code is None:
        return "none: every step runs in the daemon's own process"
    return f'{code.full_label} found: {code.get_executable()}'


def _model(builder: ProcessBuilder, label: str) -> str:
    """Return where the model of a generator comes from."""
    generator = builder['generators'][label]
    if 'checkpoint' in generator:
        return f'model {generator["checkpoint"].pk}'
    return 'to be trained' if 'settings' in generator else 'without a model'


def _space_groups(request: dict[str, Any]) -> list[str]:
    """Return how many space groups can hold each cell that is asked for."""
    from aiida_crystalgen.science.symmetry.compatibility import compatible_space_groups

    if '-' in request['composition']:
        groups = request['space_groups']
        return [f'those of the templates{f" among {format_ranges(groups)}" if groups else ""}']
    if not request['periodic']:
        return []
    texts = []
    for number in request['formula_units']:
        amounts = atoms_in_cell(request['composition'], number)
        possible = compatible_space_groups(amounts, request['cell'])
        cell = ''.join(f'{symbol}{amount}' for symbol, amount in amounts.items())
        text = f'{len(possible)} of 230 can hold {cell} in the {request["cell"]} cell'
        if request['space_groups']:
            used = sorted(set(possible) & set(request['space_groups']))
            text = f'{text}; used: {format_ranges(used)}'
        texts.append(text)
    return texts


def _describe_screening(settings: dict[str, Any]) -> str:
    """Return which proposals are relaxed."""
    condition = 'all valid ones'
    if settings['similar_to']:
        names = ' or '.join(settings['similar_to'])
        condition = f'RDF distance to {names} below {settings["within"]}'
    return f'{condition}; {format_number(settings["limit"])} are relaxed at most'
