"""The last steps to a minimum, by L-BFGS."""

from __future__ import annotations

import torch

from aiida_crystalgen.science.reconstruction.loss import Objective
from aiida_crystalgen.science.reconstruction.variables import CrystalBatch, Variables

__all__ = ('polish',)


def polish(
    objective: Objective, batch: CrystalBatch, start: Variables, steps: int
) -> tuple[Variables, float, int]:
    """Return the best point of one trial near a minimum, its loss, and how many gradients it took.

    Squares of standardised differences are minimised, which are smooth where all of them vanish;
    what is compared is the loss.

    :param objective: of this trial alone.
    :param steps: of L-BFGS.
    """
    edge = batch.lattices.norm(dim=2).mean()
    leaves = [one.clone().requires_grad_() for one in (start.displacements, start.strains * edge)]
    # The step length is found by the strong Wolfe conditions.
    optimizer = torch.optim.LBFGS(leaves, max_iter=steps, line_search_fn='strong_wolfe')
    best, taken = (start, float('inf')), 0

    def evaluate() -> torch.Tensor:
        nonlocal best, taken
        optimizer.zero_grad()
        variables = Variables(leaves[0], leaves[1] / edge)
        differences = objective.differences(batch, variables)
        total = (differences * differences).sum()
        total.backward()
        loss = float(objective.reduced(differences.detach())[0])
        taken += 1
        if loss < best[1]:
            best = (Variables(*(one.detach().clone() for one in variables.tensors())), loss)
        return total

    optimizer.step(evaluate)
    return *best, taken
