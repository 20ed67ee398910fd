"""Transfers between hospitals: what becomes of a stay that goes on elsewhere, and how the second hospital codes it."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from vi_risk.records.synthetic.draws import Rows, pick

TRUST, NEIGHBOUR = "RZZ", "RZY"
MOVED_TO = "51"

_SHARE_MOVED = 0.05  # of emergencies; those without a night in hospital are not moved after all
# The receiving hospital codes a transfer as one, or as an emergency of its own: then only the destination tells.
_METHODS = {"2B": 0.4, "81": 0.4, "21": 0.2}
_DAYS_BETWEEN = {0: 0.75, 1: 0.25}
_FROM_TRUST = {True: 0.7, False: 0.3}


@dataclass(frozen=True, slots=True)
class Transfer:
    """One way in which a stay goes on: method of the second admission, days between, and from which hospital."""

    method: str
    days_between: int
    from_trust: bool

    @property
    def providers(self) -> tuple[str, str]:
        """Return the first and the second hospital."""
        return (TRUST, NEIGHBOUR) if self.from_trust else (NEIGHBOUR, TRUST)


TRANSFERS = tuple(Transfer(*way) for way in product(_METHODS, _DAYS_BETWEEN, _FROM_TRUST))
NOT_MOVED = len(TRANSFERS)

_SHARES = np.array(
    [
        _SHARE_MOVED * _METHODS[way.method] * _DAYS_BETWEEN[way.days_between] * _FROM_TRUST[way.from_trust]
        for way in TRANSFERS
    ]
)


def draw_transfers(rng: np.random.Generator, rows: int) -> Rows:
    """Draw for each stay the position of its transfer in TRANSFERS, or NOT_MOVED."""
    return pick(rng, np.append(_SHARES, 1 - _SHARES.sum()), rows)
