"""Back-off: more contact that brings nothing is waste (docs/domain.md, 5.2). Pure; `contacts.cadence` applies it."""

from __future__ import annotations

from functools import lru_cache

FRUITLESS_LIMIT = 3
"""So many fruitless contacts in a row lengthen the interval once."""
MOST = 3
"""The interval grows no longer than threefold."""
UNWELCOME_PAUSE = 90
"""Days for which a contact that was unwelcome pauses the cadences it satisfies."""


def is_backed_off(fruitless: int) -> bool:
    """Whether a series of so many fruitless contacts lengthens the interval."""
    return fruitless >= FRUITLESS_LIMIT


@lru_cache(maxsize=2**12)
def lengthened(interval: int, fruitless: int) -> int:
    """Days between contacts after a series of `fruitless` ones: interval x min(3, 1.5 ^ floor(n / 3)), half days up.

    Reckoned in whole numbers: 1.5 to the power k is 3^k / 2^k.
    """
    steps = fruitless // FRUITLESS_LIMIT
    over, under = 3**steps, 2**steps
    if over >= MOST * under:
        return MOST * interval
    return (2 * interval * over + under) // (2 * under)
