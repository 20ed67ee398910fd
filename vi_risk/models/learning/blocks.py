"""Features read a block of rows at a time, so that a training need not hold them whole.

A matrix of a million rows and 250 features is 2 GB; LightGBM's own, of bins, an eighth of it. Every value is the one
that the whole matrix would hold, so that a model does not depend on where its rows lie.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vi_risk.models.learning.calibration import Floats, Rows

_ROWS_AT_ONCE = 8_192  # 250 features of as many rows are 16 MB
_AS_NOTHING = 1e-35  # LightGBM's own bound of what counts as 0


class RowsOfFloats(Protocol):
    """Where rows lie: numbers in rows and columns, read from one row to another."""

    @property
    def names(self) -> Sequence[str]:
        """The columns."""
        ...

    def __len__(self) -> int:
        """Return the number of rows."""
        ...

    def read(self, start: int, stop: int) -> Floats:
        """Return these rows, all columns of them."""
        ...


@dataclass(frozen=True, eq=False)
class HeldRows:
    """Rows of a table of floats in memory."""

    table: pd.DataFrame

    @property
    def names(self) -> Sequence[str]:
        """The columns."""
        return list(self.table.columns)

    def __len__(self) -> int:
        return len(self.table)

    def read(self, start: int, stop: int) -> Floats:
        """Return these rows, all columns of them."""
        return np.asarray(self.table.iloc[start:stop].to_numpy(dtype=np.float64, copy=False))


@dataclass(frozen=True, eq=False)
class SpilledRows:
    """Rows in a file of nothing but floats, one row after the other.

    Read and not mapped: pages of a mapped file count as memory of the process.
    """

    path: Path
    names: Sequence[str]
    rows: int
    keeps: object = None  # what removes the file when nothing reads it any more

    def __len__(self) -> int:
        return self.rows

    def read(self, start: int, stop: int) -> Floats:
        """Return these rows, all columns of them."""
        stop, width = min(stop, self.rows), len(self.names)
        found = np.fromfile(self.path, np.float64, count=(stop - start) * width, offset=start * width * 8)
        return found.reshape(stop - start, width)


@dataclass(frozen=True, eq=False)
class Blocks:
    """Some rows and columns of a source, in an order of their own; nothing of it is held.

    Attributes
    ----------
    columns
        The features, in order.
    places
        The rows of the source; None for all of them as they stand.
    """

    source: RowsOfFloats
    columns: Sequence[str]
    places: Rows | None = None

    @classmethod
    def of(cls, source: RowsOfFloats) -> Self:
        """Return all of a source."""
        return cls(source, list(source.names))

    def __len__(self) -> int:
        return len(self.source) if self.places is None else len(self.places)

    def take(self, rows: Rows) -> Self:
        """Return some of the rows, by their places among these."""
        return type(self)(self.source, self.columns, rows if self.places is None else self.places[rows])

    def select(self, columns: Sequence[str]) -> Self:
        """Return some of the columns."""
        if lacking := [name for name in columns if name not in set(self.columns)]:
            raise KeyError(", ".join(lacking))
        return type(self)(self.source, list(columns), self.places)

    def table(self) -> pd.DataFrame:
        """Return all of it, whole, numbered from 0."""
        values = np.empty((len(self), len(self.columns)), order="F")
        for start, block in self:
            values[start : start + len(block)] = block
        return pd.DataFrame(values, columns=list(self.columns), copy=False)

    @property
    def told(self) -> list[str]:
        """The columns that any of the rows tells."""
        told = np.zeros(len(self.columns), dtype=bool)
        for _, block in self:
            told |= ~np.isnan(block).all(axis=0)
            if told.all():
                break
        return [name for name, is_told in zip(self.columns, told, strict=True) if is_told]

    def rows(self, some: slice) -> pd.DataFrame:
        """Return rows that follow one another as a table, numbered from 0."""
        start, stop, _ = some.indices(len(self))
        return pd.DataFrame(self.values(start, stop), columns=list(self.columns), copy=False)

    def __iter__(self) -> Iterator[tuple[int, Floats]]:
        """Yield the place of the first row of each block, and the block."""
        for start in range(0, len(self), _ROWS_AT_ONCE):
            yield start, self.values(start, min(start + _ROWS_AT_ONCE, len(self)))

    def values(self, start: int, stop: int) -> Floats:
        """Return the values of rows that follow one another."""
        which = self._which
        if self.places is None:
            return self.source.read(start, stop)[:, which]
        wanted = self.places[start:stop]
        found = np.empty((len(wanted), len(self.columns)))
        order = np.argsort(wanted, kind="stable")
        in_order = wanted[order]
        first = 0
        while first < len(in_order):  # rows far apart are read window by window
            low = int(in_order[first])
            last = int(np.searchsorted(in_order, low + _ROWS_AT_ONCE, "left"))
            window = self.source.read(low, int(in_order[last - 1]) + 1)
            found[order[first:last]] = window[in_order[first:last] - low][:, which]
            first = last
        return found

    @property
    def _which(self) -> "NDArray[np.intp] | slice":
        names = list(self.source.names)
        if list(self.columns) == names:
            return slice(None)
        place = {name: number for number, name in enumerate(names)}
        return np.array([place[name] for name in self.columns], dtype=np.intp)


# --- what LightGBM makes of them --------------------------------------------------------------------------------------


class _InBlocks(lgb.Sequence):
    """Blocks as LightGBM asks for them."""

    batch_size = _ROWS_AT_ONCE

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks

    def __getitem__(self, asked: "int | slice | list[int]") -> Floats:
        if isinstance(asked, slice):
            return self.blocks.values(asked.start, asked.stop)
        if isinstance(asked, list):
            return self.blocks.take(np.array(asked, dtype=np.intp)).values(0, len(asked))
        return np.asarray(self.blocks.values(int(asked), int(asked) + 1)[0])

    def __len__(self) -> int:
        return len(self.blocks)


class BinnedBlocks(lgb.Dataset):
    """A LightGBM dataset of rows read block by block: the same bins as of the whole matrix.

    LightGBM finds the limits of its bins in a sample of up to 200,000 rows, which it would hold three times over; here
    only what is not 0 of it is held. Should LightGBM ask for its sample otherwise one day, it takes more memory again,
    and nothing else changes.
    """

    def __init__(self, blocks: Blocks, label: Floats, **given: Any) -> None:
        super().__init__(_InBlocks(blocks), label, **given)
        self._blocks = blocks
        self._under_way = False
        self.pandas_categorical = []  # as of a table without any, so that a saved model reads the same

    def construct(self) -> "BinnedBlocks":
        """Make the bins, with all parameters that count for those of a whole matrix: the seed and the smallest leaf."""
        self._under_way = True
        try:
            super().construct()
        finally:
            self._under_way = False
        return self

    def get_params(self) -> dict[str, Any]:
        """Return the parameters of the dataset; while it is made all that were given."""
        return dict(self.params or {}) if self._under_way else super().get_params()

    def _Dataset__sample(  # noqa: N802 -- as LightGBM calls it
        self,
        seqs: list[lgb.Sequence],  # noqa: ARG002 -- of one sequence, of these blocks
        total_nrow: int,
    ) -> tuple[list[Floats], list[NDArray[np.int32]]]:
        """Return the values that are not 0 in a sample of the rows, by column, and their places in the sample."""
        sample = self._blocks.take(self._create_sample_indices(total_nrow=total_nrow).astype(np.intp))
        values: list[list[Floats]] = [[] for _ in sample.columns]
        places: list[list[NDArray[np.int32]]] = [[] for _ in sample.columns]
        for start, block in sample:
            for number, column in enumerate(np.ascontiguousarray(block.T)):
                told = np.flatnonzero((np.abs(column) > _AS_NOTHING) | np.isnan(column))
                values[number].append(column[told])
                places[number].append((told + start).astype(np.int32))
        return [np.concatenate(parts) for parts in values], [np.concatenate(parts) for parts in places]
