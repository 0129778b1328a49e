"""Laws of the crystals that span a hull."""

import numpy as np
import pytest

from aiida_crystalgen.science.composition import has_only, reduced_formulas
from aiida_crystalgen.science.crystals import Column
from aiida_crystalgen.science.stability.references import (
    ReferenceSettings,
    choose_references,
    collect_references,
    elements_without_energy,
    rows_of_origins,
)

ENGINE = {'name': 'test', 'package': 'none', 'version': '1'}


def settings(*elements, compositions=(), maximum_atoms=2):
    """Return settings for a chemical system."""
    return ReferenceSettings(
        elements=elements, compositions=compositions, maximum_atoms=maximum_atoms
    )


def relaxed(chosen, energies):
    """Return the crystals with energies."""
    rows = np.arange(len(chosen))
    columns = {'energy': Column(np.array(energies, dtype=np.float64), 'eV/atom'), 'row': rows}
    return chosen.with_columns(**columns).with_metadata(engine=ENGINE)


def test_every_element_has_crystals(cubic):
    """Elements that none of the known crystals consists of get their prototypes."""
    chosen = choose_references(cubic('diamond', 5.4), settings('Ge', 'Si'))
    formulas = reduced_formulas(chosen).tolist()
    assert formulas[0] == 'Si'
    assert formulas.count('Si') == 1
    assert set(formulas) == {'Si', 'Ge'}
    assert set(chosen.columns) == {'label', 'origin'}


def test_only_the_chemical_system_is_taken(make):
    """Known crystals with other elements are left out; compositions come as prototypes."""
    known = make([('Na', -1.0), ('NaCl', -3.0), ('NaBr', -3.0)])
    chosen = choose_references(known, settings('Na', 'Cl', compositions=('NaCl',)))
    assert has_only(chosen, ['Na', 'Cl']).all()
    formulas = reduced_formulas(chosen).tolist()
    assert formulas.count('Na') == 1
    assert set(formulas) == {'Na', 'Cl2', 'NaCl'}
    assert formulas.count('NaCl') > 1


def test_screened_prototypes_take_the_place_of_the_library(make):
    """An element none of them consists of gets prototypes nevertheless."""
    known, screened = make([('Na', -1.0)]), make([('Cl', -1.0), ('NaCl', -3.0), ('NaCl', -2.9)])
    chosen = choose_references(known, settings('Na', 'Cl', compositions=('NaCl',)), screened)
    assert reduced_formulas(chosen).tolist() == ['Na', 'Cl2', 'NaCl', 'NaCl']
    assert chosen.metadata['source']['known'] == 1
    more = choose_references(known, settings('Na', 'K', 'Cl'), screened)
    assert set(reduced_formulas(more)[4:]) == {'K'}


def test_origins_tell_crystals_apart(cubic):
    """They are the same for the same geometry only."""
    first, second = (choose_references(cubic('sc', edge), settings('Si')) for edge in (2.5, 2.6))
    assert first['origin'][0] == choose_references(cubic('sc', 2.5), settings('Si'))['origin'][0]
    assert first['origin'][0] != second['origin'][0]


def test_energies_are_recalled_by_origin(cubic):
    """A crystal without an energy is not recalled, nor one that was never computed."""
    small, large, other = (
        choose_references(cubic('sc', edge), settings('Si')) for edge in (2.5, 2.6, 2.7)
    )
    entries = collect_references(large, [relaxed(large, [-4.0])])
    assert rows_of_origins(large, entries).tolist() == [0]
    assert rows_of_origins(other, entries).tolist() == [-1]
    failed = collect_references(small, [relaxed(small, [np.nan])])
    assert rows_of_origins(small, failed).tolist() == [-1]


def test_collected_references_are_in_the_order_they_were_chosen(cubic):
    """However the work was divided, with labels, energies and the engine."""
    chosen = choose_references(None, settings('Si', maximum_atoms=2))
    energies = -np.arange(1.0, len(chosen) + 1)
    whole = relaxed(chosen, energies)
    even = np.arange(len(chosen)) % 2 == 0
    entries = collect_references(chosen, [whole.select(~even), whole.select(even)])
    assert entries['label'].tolist() == chosen['label'].tolist()
    assert entries['energy'].tolist() == energies.tolist()
    assert entries.metadata['engine'] == ENGINE
    with pytest.raises(ValueError, match='were not relaxed at all'):
        collect_references(chosen, [whole.select(even)])


def test_parts_of_different_engines_are_not_collected():
    """Not even where only the version differs."""
    chosen = choose_references(None, settings('Si', maximum_atoms=1))
    whole = relaxed(chosen, np.zeros(len(chosen)))
    other = whole.with_metadata(engine={**ENGINE, 'version': '2'})
    with pytest.raises(ValueError, match='different version'):
        collect_references(chosen, [whole, other])


def test_elements_without_an_energy_are_named(make):
    """Molecules count as their element; a rejected crystal does not."""
    entries = make([('O2', -1.0), ('Na', np.nan), ('Na2O', -2.0)])
    assert elements_without_energy(entries, ['Na', 'O']) == ['Na']


@pytest.mark.parametrize('symbols', [('Xx',), ()])
def test_what_is_no_element_is_refused(symbols):
    """The message names it."""
    with pytest.raises(ValueError, match='elements'):
        ReferenceSettings.parse({'elements': symbols, 'compositions': [], 'maximum_atoms': 1})
