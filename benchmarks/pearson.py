"""Nearest of 261 references for 100 000 candidates against a loop, and against sgemm's peak."""

from __future__ import annotations

from benchmarks.claims import Claim, Context, Measurement

__all__ = ('CLAIMS',)

_CANDIDATES, _REFERENCES, _POINTS = 100_000, 261, 200
_SHARE = 100  # the loop takes its turn with every hundredth candidate
_SQUARE = 2048


def _measure(context: Context) -> list[Measurement]:
    """Return our rate beside that of a loop, and that which sgemm alone would allow."""
    import numpy as np

    from aiida_crystalgen.science.screening.similarity import nearest

    generator = np.random.default_rng(0)
    candidates = generator.normal(1, 0.7, (_CANDIDATES, _POINTS)).clip(min=0)
    references = generator.normal(1, 0.7, (_REFERENCES, _POINTS)).clip(min=0)
    square = generator.random((_SQUARE, _SQUARE), dtype=np.float32)
    product = np.empty_like(square)

    def loop() -> None:
        for candidate in candidates[::_SHARE]:
            one = candidate - candidate.mean()
            others = references - references.mean(axis=1, keepdims=True)
            lengths = np.sqrt((others**2).sum(axis=1) * (one**2).sum())
            distances = 1 - others @ one / lengths
            distances[distances.argmin()]

    ours, looped, multiplied = context.take_turns(
        lambda: nearest(candidates, references),
        loop,
        lambda: np.matmul(square, square, out=product),
    )
    sgemm = 2 * _SQUARE**3 / multiplied
    allowed = sgemm / (2 * _REFERENCES * _POINTS)
    rate = _CANDIDATES / ours
    return [
        Measurement.of_rates(
            _CANDIDATES,
            ours,
            looped * _SHARE,
            goal=40,
            note='loop over candidates, the references of each as arrays, by the definition; '
            f'timed with every {_SHARE}th candidate',
        ),
        Measurement(
            ours=rate,
            peer=allowed,
            ratio=rate / allowed,
            holds=rate / allowed >= 0.6,
            note=f'what sgemm alone would allow at its {sgemm / 1e9:.0f} GFLOP/s for square '
            'matrices; ours is from float64 to float64, with centring and the best match',
            goal='≥ 0.6',
        ),
    ]


CLAIMS = (
    Claim(
        id='pearson',
        summary='best match and Pearson distance of 100 000 candidates among 261 references',
        goal='≥ 40 loop, ≥ 0.6 sgemm',
        unit='candidates/s',
        measure=_measure,
    ),
)
