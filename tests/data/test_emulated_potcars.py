"""Placeholders for potential files say what they are, and are found by aiida-vasp."""

import pytest
from aiida_vasp.data.potcar import PotcarData

from aiida_crystalgen.data.emulated_potcars import (
    EMULATED_FAMILY,
    default_names,
    emulated_potcar,
    store_emulated_potcars,
)


@pytest.mark.parametrize('name', ['Si', 'Sn_d', 'W_sv'])
def test_placeholders_are_marked(name):
    """Title and description of a placeholder cannot be mistaken for those of a potential."""
    text = emulated_potcar(name)
    assert f'TITEL  = EMULATED {name}\n' in text
    assert 'not a potential of VASP' in text
    assert 'PAW' not in text


@pytest.mark.parametrize('name', ['Xx', '', 'si'])
def test_names_without_element_are_refused(name):
    """A placeholder stands for an element."""
    with pytest.raises(ValueError, match='names no element'):
        emulated_potcar(name)


def test_family_is_found_by_aiida_vasp(aiida_profile_clean):
    """The potentials of the family are found by their names, with the element that they are of."""
    family, added = store_emulated_potcars(['Sn_d', 'Se'])
    names = {'Sn': 'Sn_d', 'Se': 'Se'}
    found = PotcarData.get_potcars_dict(['Sn', 'Se'], EMULATED_FAMILY, mapping=names)
    assert (family.label, added) == (EMULATED_FAMILY, 2)
    assert {element: potcar.element for element, potcar in found.items()} == {
        'Sn': 'Sn',
        'Se': 'Se',
    }
    assert found['Sn'].title == 'EMULATED Sn_d'


def test_family_grows_by_what_is_new(aiida_profile_clean):
    """What is in the family already is not stored again."""
    assert store_emulated_potcars(['Si'])[1] == 1
    assert store_emulated_potcars(['Si', 'Ge'])[1] == 1
    family, added = store_emulated_potcars(['Si', 'Ge'])
    assert (family.count(), added) == (2, 0)


def test_defaults_are_elements_and_what_aiida_vasp_takes_for_them():
    """An element is found by its own name and by that of aiida-vasp's protocols."""
    assert {'Si', 'Sn', 'Sn_d', 'Sr', 'Sr_sv', 'Ti_pv', 'O', 'Al'} <= set(default_names())
