"""The numbers that every contender learns from: made up, with the make of ours, read from disk without a copy.

Counts in windows that lie one inside the other, days since something that most never had, measurements that many lack,
and flags; all hang on how frail a person is, which the outcome hangs on too. A real trust would take hours to make.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# The make of the shipped features, in shares of all of them.
_WINDOWS = (91, 365, 730)
_COUNTS, _DAYS_SINCE, _MEASUREMENTS = 0.6, 0.15, 0.1
_NEVER, _NOT_MEASURED = (0.4, 0.95), (0.2, 0.7)
# Log-odds of the outcome of someone of average frailty, and what one more standard deviation of frailty adds: about one
# in ten has the outcome, and the AUROC is about that of emergency admissions.
_AVERAGE, _FRAILTY = -2.6, 1.1
# Seed of how often each thing happens and what it tells of frailty: the same for those learnt from and those asked.
_MAKE = 1
# Frailty at a date and at the next one.
_STAYS = 0.9


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of one kind: to learn from (train) or to be asked about (test)."""

    folder: Path
    kind: str

    @property
    def features(self) -> pd.DataFrame:
        """The features; their values stay on disk until they are read, column after column as Parquet gives them."""
        values = np.load(self._file("features"), mmap_mode="r")
        return pd.DataFrame(values.T, columns=names_of(len(values)), copy=False)

    def column(self, name: str) -> NDArray[Any]:
        """Return outcome, weight, patient_id or practice_code of each row."""
        column: NDArray[Any] = np.load(self._file(name), allow_pickle=False)
        return column

    def write(self, generator: np.random.Generator, *, people: int, dates: int, features: int) -> None:
        """Make up so many people at so many dates, and write them."""
        frailty = _frailties(generator, people, dates)
        values = np.lib.format.open_memmap(
            self._file("features"), mode="w+", dtype=np.float64, shape=(features, frailty.size)
        )
        for place, column in enumerate(_columns(generator, frailty, features)):
            values[place] = column
        values.flush()
        chance = 1 / (1 + np.exp(-(_AVERAGE + _FRAILTY * frailty)))
        weight = generator.uniform(0.98, 1.1, frailty.size)  # of those who stayed, for those who left
        rest = {
            "outcome": (generator.random(frailty.size) < chance).astype(np.float64),
            "weight": weight / weight.mean(),
            "patient_id": np.tile([f"P{number:08d}" for number in range(people)], dates),
            "practice_code": np.tile([f"Y{number % max(1, people // 8000):05d}" for number in range(people)], dates),
        }
        for name, column in rest.items():
            np.save(self._file(name), column, allow_pickle=False)

    def _file(self, name: str) -> Path:
        return self.folder / f"{self.kind}_{name}.npy"


def names_of(features: int) -> list[str]:
    """Return the names of the features, in their order."""
    return [f"feature_{number:03d}" for number in range(features)]


def _frailties(generator: np.random.Generator, people: int, dates: int) -> Floats:
    """Return how frail everyone is, date after date."""
    now = generator.standard_normal(people)
    found = [now]
    for _ in range(dates - 1):
        now = _STAYS * now + np.sqrt(1 - _STAYS**2) * generator.standard_normal(people)
        found.append(now)
    return np.concatenate(found)


def _columns(generator: np.random.Generator, frailty: Floats, features: int) -> Iterator[Floats]:
    """Yield the features one after the other."""
    make = np.random.default_rng(_MAKE)
    counts, days_since, measurements = (int(share * features) for share in (_COUNTS, _DAYS_SINCE, _MEASUREMENTS))
    for number in range(counts):
        if number % len(_WINDOWS) == 0:
            often, tells = make.uniform(-4.5, 0.5), make.uniform(0, 0.8)
            from_day, count = 0, np.zeros(frailty.size)
        days = _WINDOWS[number % len(_WINDOWS)]
        mean = np.exp(often + tells * frailty) * (days - from_day) / 365
        from_day, count = days, count + generator.poisson(mean)
        yield count
    for _ in range(days_since):
        since = np.floor(generator.exponential(400 * np.exp(-0.3 * frailty)))
        yield np.where(generator.random(frailty.size) < make.uniform(*_NEVER), np.nan, since)
    for _ in range(measurements):
        measured = 0.3 * frailty + generator.standard_normal(frailty.size)
        yield np.where(generator.random(frailty.size) < make.uniform(*_NOT_MEASURED), np.nan, measured)
    for _ in range(features - counts - days_since - measurements):
        rare, tells = make.uniform(-5, -1), make.uniform(0, 1)
        yield (generator.random(frailty.size) < 1 / (1 + np.exp(-(rare + tells * frailty)))).astype(np.float64)
