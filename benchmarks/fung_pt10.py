"""Pt10 clusters of wanted energies, as in Fung et al. 2022, judged by energies that did not filter.

Of the paper's 100 000 clusters 1870 are at hand. They are divided into two halves such that no two
alike are in different ones. One half trains the generator, its surrogate included; the other trains
two judges. One predicts the energy of a representation, for table 1. The other one that of atoms,
for table 2: SevenNet's 7net-0, corrected by a kernel of unpooled symmetry functions of other
parameters, as 7net-0 alone is off by 0.4 eV/atom. Both are tried on the half of the generator.
"""

from __future__ import annotations

import gzip
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.claims import Claim, Context, Measurement

if TYPE_CHECKING:
    import numpy as np

    from aiida_crystalgen.science.checkpoint import Checkpoint
    from aiida_crystalgen.science.crystals import CrystalSet
    from aiida_crystalgen.science.generators.interface import Request

__all__ = ('CLAIMS',)

_CLUSTERS = Path(__file__).parents[2] / 'shared' / 'data' / 'pt10_clusters.extxyz.gz'
_BULK = -6.07113  # eV/atom, of bulk platinum by PBE: Materials Project
_SEED = 1
_TOLERANCE = 0.1  # eV/atom
_TABLE_1 = (1.9, 2.2, 2.5, 2.8, 3.1, 3.4, 3.7)  # eV/atom
_TABLE_2 = {1.9: 0.3, 2.8: 0.6, 3.7: 0.6}  # eV/atom: share that is aimed at
_PAPER_1 = {1.9: 97, 2.2: 100, 2.5: 100, 2.8: 100, 3.1: 99, 3.4: 99, 3.7: 85}  # %, 30 000 clusters
_PAPER_2 = {1.9: '0', 2.8: '22–49', 3.7: '36–50'}  # %, by DFT
_DRAWN = 100  # representations of each target
_RECONSTRUCTED = 40  # clusters of each target
_ALIKE = 0.1  # distance of symmetry functions below which clusters stay in one half

_GENERATOR = {  # symmetry functions that reach across a cluster
    'cutoff': 11.0,
    'radial_shift': [2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0],
    'angular_cutoff': 7.0,
}
_OF_JUDGE = {
    'cutoff': 11.0,
    'radial_eta': [4.0],
    'radial_shift': [2.0 + 0.5 * number for number in range(17)],
    'angular_cutoff': 7.0,
    'angular_lambda': [-1, 1],
    'angular_zeta': [1, 4, 16],
    'angular_eta': [0.01, 0.05, 0.15],
    'angular_shift': [0.0],
    'per_species': False,
    'pooling': ['mean'],
    'quantiles': 0,
}
_LENGTH = 8.0  # of the judge's kernel, in standard deviations of all functions together
_NOISE = 1e-5  # of the judge's kernel


def _clusters() -> CrystalSet:
    """Return all clusters with their formation energies."""
    import numpy as np
    from ase.io import read

    from aiida_crystalgen.science.clusters import in_boxes
    from aiida_crystalgen.science.crystals import Column, CrystalSet

    text = gzip.decompress(_CLUSTERS.read_bytes()).decode()
    frames = read(io.StringIO(text), ':', format='extxyz')
    positions = np.array([frame.positions - frame.positions.mean(axis=0) for frame in frames])
    energies = np.array([frame.get_potential_energy() / len(frame) for frame in frames])
    number, atoms = positions.shape[:2]
    bare = CrystalSet(
        lattices=np.tile(20 * np.eye(3), (number, 1, 1)),
        fractional_coordinates=(positions / 20 + 0.5).reshape(-1, 3),
        atomic_numbers=np.full(number * atoms, 78),
        counts=np.full(number, atoms),
        columns={'energy': Column(energies - _BULK, 'eV/atom')},
        periodic=False,
    )
    return in_boxes(bare, anew=True)


def _halves(clusters: CrystalSet) -> tuple[CrystalSet, CrystalSet]:
    """Return the clusters of the generator and those of the judges; groups alike are not split."""
    import numpy as np
    from scipy.sparse.csgraph import connected_components

    settings = _train_settings()['acsf']
    from aiida_crystalgen.science.fingerprints.acsf import AcsfSettings, symmetry_functions

    features = np.log1p(symmetry_functions(clusters, AcsfSettings.parse(settings), (78,)))
    features = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 0.01)
    squares = (features**2).sum(axis=1)
    table = squares[:, None] + squares - 2 * features @ features.T
    number, groups = connected_components(table < _ALIKE**2 * features.shape[1])
    random = np.random.default_rng(_SEED)
    chosen, order = np.zeros(number, dtype=bool), random.permutation(number)
    sizes = np.bincount(groups)[order]
    chosen[order[np.cumsum(sizes) <= len(clusters) / 2]] = True
    mask = chosen[groups]
    return clusters.select(mask), clusters.select(~mask)


@dataclass(frozen=True)
class _Judge:
    """The energy of clusters by 7net-0 and a correction.

    :param scale: mean and standard deviation of the logarithms of the symmetry functions of atoms.
    :param atoms: scaled symmetry functions of the clusters that it was fitted to.
    :param weights: of these clusters.
    :param mean: correction that all have in common, in eV/atom.
    """

    scale: tuple[np.ndarray, np.ndarray]
    atoms: np.ndarray
    weights: np.ndarray
    mean: float

    @classmethod
    def fit(cls, clusters: CrystalSet) -> _Judge:
        """Return the judge that reproduces the energies of the clusters."""
        import numpy as np

        values = _of_atoms(clusters)
        scale = values.mean(axis=(0, 1)), values.std(axis=(0, 1))
        atoms = (values - scale[0]) / scale[1]
        missing = clusters['energy'] - _sevennet(clusters)
        kernel = _kernel(atoms, atoms) + _NOISE * np.eye(len(clusters))
        mean = float(missing.mean())
        return cls(scale, atoms, np.linalg.solve(kernel, missing - mean), mean)

    def energies(self, clusters: CrystalSet) -> np.ndarray:
        """Return formation energies in eV/atom."""
        atoms = (_of_atoms(clusters) - self.scale[0]) / self.scale[1]
        return _sevennet(clusters) + _kernel(atoms, self.atoms) @ self.weights + self.mean


def _of_atoms(clusters: CrystalSet) -> np.ndarray:
    """Return logarithms of symmetry functions of all atoms of each cluster."""
    import numpy as np
    import torch

    from aiida_crystalgen.science.fingerprints.acsf import AcsfSettings, SymmetryFunctions

    functions = SymmetryFunctions(AcsfSettings.parse(_OF_JUDGE), (78,), periodic=False)
    values = functions.of_atoms(
        torch.from_numpy(clusters.lattices),
        torch.from_numpy(clusters.fractional_coordinates),
        torch.from_numpy(clusters.atomic_numbers),
        torch.from_numpy(clusters.counts),
    )
    return np.log1p(values.numpy()).reshape(len(clusters), 10, -1)


def _kernel(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the mean over the pairs of atoms of two clusters of a Gaussian of their distance."""
    import numpy as np

    flat = other.reshape(-1, other.shape[2])
    result = np.empty((len(one), len(other)))
    for row, atoms in enumerate(one):
        squares = (atoms**2).sum(axis=1)[:, None] + (flat**2).sum(axis=1) - 2 * atoms @ flat.T
        values = np.exp(-np.maximum(squares, 0) / (2 * _LENGTH**2))
        result[row] = values.reshape(len(atoms), len(other), -1).mean(axis=(0, 2))
    return result


def _sevennet(clusters: CrystalSet) -> np.ndarray:
    """Return formation energies by 7net-0 alone, in eV/atom."""
    import numpy as np

    from aiida_crystalgen.science.potentials.interface import load_potential

    potential = load_potential('7net-0')
    parts = np.array_split(np.arange(len(clusters)), max(1, len(clusters) // 64))
    energies = [potential.evaluate(clusters.select(part)).energies for part in parts]
    return np.concatenate(energies) / clusters.counts - _BULK


def _train_settings(**changes: Any) -> dict[str, Any]:
    """Return the balanced protocol with symmetry functions that reach across a cluster."""
    from aiida_crystalgen.workflows.protocol import protocol_inputs

    return protocol_inputs('train/acsf_cvae', 'balanced', {'acsf': _GENERATOR, **changes})


def _request(values: tuple[float, ...], candidates: int) -> Request:
    """Return a request for clusters of some energies."""
    from aiida_crystalgen.science.generators.interface import Request
    from aiida_crystalgen.workflows.protocol import protocol_inputs

    return Request.parse(
        {
            'composition': 'Pt',
            'formula_units': [10],
            'cell': 'primitive',
            'candidates': candidates * len(values),
            'volume_per_atom': 15.0,
            'volume_tolerance': 0.5,
            'distances': {'Pt-Pt': 2.0},
            'attempts': 1,
            'targets': [{'property': 'energy', 'values': values, 'tolerance': _TOLERANCE}],
            'proposing': protocol_inputs('propose/acsf_cvae', 'balanced'),
        }
    )


def _table_1(
    generator: Checkpoint, independent: Checkpoint, held_out: CrystalSet
) -> list[Measurement]:
    """Return the shares of representations whose energy is right by an independent network."""
    import numpy as np

    from aiida_crystalgen.science.fingerprints.acsf import symmetry_functions
    from aiida_crystalgen.science.generators.acsf_cvae.model import TrainedModel
    from aiida_crystalgen.science.generators.acsf_cvae.sampling import draw_representations
    from aiida_crystalgen.science.generators.acsf_cvae.settings import AcsfCvaeProposing
    from aiida_crystalgen.science.generators.acsf_cvae.wanted import wanted_of

    model, judge = (TrainedModel.from_checkpoint(one) for one in (generator, independent))
    known = judge.features.scaled(symmetry_functions(held_out, judge.settings.acsf, (78,)))
    errors = judge.predict(known, np.full((len(held_out), 1), 10))[0][:, 0] - held_out['energy']
    request = _request(_TABLE_1, _DRAWN)
    rows = np.arange(request.candidates)
    wanted = wanted_of(model, request, rows)
    proposing = AcsfCvaeProposing.parse(request.proposing)
    drawn = draw_representations(model, wanted, proposing, rows, seed=_SEED)
    features = model.features.restored(drawn.scaled)
    found = judge.predict(judge.features.scaled(features), drawn.amounts)[0][:, 0]
    right = np.abs(found - wanted.values[:, 0]) < _TOLERANCE
    kept = drawn.reasons == ''
    measurements = []
    for value in _TABLE_1:
        rows_of = wanted.values[:, 0] == value
        note = (
            f'representations at {value} eV/atom, by a network trained on other clusters, whose '
            f'own error on those of the generator is {np.abs(errors).mean():.3f} eV/atom; '
            f'{(kept & rows_of).sum()} of {rows_of.sum()} kept; lowest feature '
            f'{features[rows_of].min():.2g}; paper {_PAPER_1[value]} % by its own surrogate'
        )
        measurements.append(_measurement(right[kept & rows_of], 0.95, note))
    return measurements


def _table_2(generator: Checkpoint, judge: _Judge, held_out: CrystalSet) -> list[Measurement]:
    """Return the shares of reconstructed clusters whose energy is right by the judge."""
    import numpy as np

    from aiida_crystalgen.science.generators.interface import load_generator

    errors = np.abs(judge.energies(held_out) - held_out['energy'])
    alone = np.abs(_sevennet(held_out) - held_out['energy'])
    request = _request(tuple(_TABLE_2), _RECONSTRUCTED)
    found = load_generator('acsf_cvae').propose(
        generator, request, seed=_SEED, progress=_print_progress
    )
    deviations = np.abs(judge.energies(found) - found['target_energy'])
    kept, tried = found['rejection'] == '', np.isfinite(found['reconstruction_loss'])
    measurements = []
    for value, goal in _TABLE_2.items():
        rows = found['target_energy'] == value
        near = np.abs(held_out['energy'] - value) < 2 * _TOLERANCE
        note = (
            f'clusters at {value} eV/atom, by 7net-0 with a correction fitted to other clusters, '
            f'off by {errors.mean():.3f} eV/atom on those of the generator '
            f'({errors[near].mean():.3f} on its {near.sum()} near the target; 7net-0 alone '
            f'{alone.mean():.3f}); '
            f'{(kept & rows).sum()} of {rows.sum()} kept, mean deviation '
            f'{deviations[kept & rows].mean():.3f} eV/atom; of all that were reconstructed '
            f'{100 * (deviations[rows & tried] < _TOLERANCE).mean():.0f} %; median distance from '
            f'the training clusters {np.median(found["neighbor_distance"][rows & kept]):.2f}, '
            f'among these {generator.summary["distances"]["neighbor"]["0.5"]:.2f}; paper '
            f'{_PAPER_2[value]} % by DFT'
        )
        measurements.append(_measurement(deviations[kept & rows] < _TOLERANCE, goal, note))
    return measurements


def _measurement(right: np.ndarray, goal: float, note: str) -> Measurement:
    """Return the share of what is right."""
    share = float(right.mean()) if len(right) else 0.0
    return Measurement(100 * share, None, None, share >= goal, note, f'≥ {100 * goal:g} %')


def _print_progress(done: int, total: int, message: str = '') -> None:
    """Show how far the proposal is."""
    end = '\n' if done == total else ''
    print(f'\r    {done} of {total} {message}', end=end, file=sys.stderr, flush=True)


def _measure(context: Context) -> list[Measurement]:  # noqa: ARG001
    """Return the shares of tables 1 and 2."""
    from aiida_crystalgen.science.generators.interface import load_generator

    if not _CLUSTERS.exists():
        note = f'{_CLUSTERS.name} is not there'
        return [Measurement(None, None, None, None, note)]
    ours, others = _halves(_clusters())
    cvae = load_generator('acsf_cvae')
    generator = cvae.train(ours, _train_settings(), seed=_SEED, progress=_print_progress)
    independent = cvae.train(
        others, _train_settings(epochs=1), seed=_SEED + 1, progress=_print_progress
    )
    return [
        *_table_1(generator, independent, ours),
        *_table_2(generator, _Judge.fit(others), ours),
    ]


CLAIMS = (
    Claim(
        id='fung-pt10',
        summary='Pt10 clusters within ± 0.1 eV/atom of a wanted energy, by an independent energy',
        goal='table 1 ≥ 95 %; table 2 ≥ 30 % at 1.9, ≥ 60 % at 2.8 and 3.7 eV/atom',
        unit='%',
        measure=_measure,
    ),
)
