"""What a caller's table means to the trees: which columns, in which order, and each value as a number."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from vi_risk.errors import InputError
from vi_risk.models.learning.blocks import Blocks, HeldRows
from vi_risk.models.learning.calibration import Floats

BASE = "base"  # the column of contributions that belongs to no feature
_REFUSED_BY_LIGHTGBM = re.compile(r'[\s",:\[\]{}]')

# What pandas calls the content of a column of objects that are numbers.
_NUMBERS = ("integer", "floating", "mixed-integer-float", "boolean")


@dataclass(frozen=True, slots=True)
class Inputs:
    """The features of a model, as training saw them.

    Attributes
    ----------
    names
        In the order of training.
    categories
        Name -> values, of the features that are categories; a value's place is its number.
    """

    names: Sequence[str]
    categories: Mapping[str, Sequence[Any]]

    @classmethod
    def of(cls, table: pd.DataFrame | Blocks) -> Self:
        """Return the inputs that a table for training shows.

        Raises
        ------
        InputError
            There is no column, or names or categories cannot be kept.
        """
        names = list(table.columns)
        if not names:
            msg = "features: expected at least one column, found none."
            raise InputError(msg)
        if "" in names:
            msg = "features: a column has no name. Name it."
            raise InputError(msg)
        if BASE in names:
            msg = f"features: the name {BASE} is kept for what belongs to no feature. Rename that column."
            raise InputError(msg)
        in_booster = pd.Series([name_in_booster(name) for name in names], index=names)
        if alike := sorted(in_booster.index[in_booster.duplicated(keep=False)]):
            msg = f"features: these names are the same, or are so without punctuation: {', '.join(alike)}. Rename them."
            raise InputError(msg)
        categories = (
            {}
            if isinstance(table, Blocks)
            else {
                name: table[name].cat.categories.tolist()
                for name in names
                if isinstance(table[name].dtype, pd.CategoricalDtype)
            }
        )
        if unfit := [name for name, values in categories.items() if not all(map(_is_plain, values))]:
            msg = f"features: the categories of {', '.join(unfit)} must be text, whole numbers or booleans."
            raise InputError(msg)
        return cls(names, categories)

    def matrix(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the features as numbers, in the order and under the names that the booster knows.

        Columns may stand in any order and others may stand among them. A table of nothing but floats in the right order
        is not copied.

        Raises
        ------
        InputError
            A feature is missing, infinite, or cannot be read as it was in training.
        """
        self._refuse_missing(table.columns)
        as_it_is = not self.categories and list(table.columns) == list(self.names) and _all_floats(table)
        values = table.to_numpy(copy=False) if as_it_is else self._numbers(table)
        infinite = np.isinf(values).sum(axis=0)
        self._refuse_infinite(infinite)
        return pd.DataFrame(values, columns=self.in_booster, copy=False)

    @property
    def in_booster(self) -> list[str]:
        """The names under which the booster knows the features."""
        return [name_in_booster(name) for name in self.names]

    def _refuse_missing(self, columns: Sequence[str] | pd.Index) -> None:
        there = set(columns)
        if missing := [name for name in self.names if name not in there]:
            msg = (
                f"features: {len(missing)} of the model's {len(self.names)} columns are missing: "
                f"{', '.join(missing)}. Add them; a value that is not known may be empty."
            )
            raise InputError(msg)

    def _refuse_infinite(self, infinite: NDArray[np.int64]) -> None:
        if infinite.any():
            found = [f"{name} ({rows} rows)" for name, rows in zip(self.names, infinite, strict=True) if rows]
            msg = f"features: infinite values in {', '.join(found)}. Leave a value that is not known empty."
            raise InputError(msg)

    def blocks(self, table: pd.DataFrame | Blocks) -> Blocks:
        """Return the features as numbers, in the order of training, to be read a block at a time.

        Raises
        ------
        InputError
            As of `matrix`.
        """
        if isinstance(table, pd.DataFrame):
            return Blocks.of(HeldRows(self.matrix(table)))
        self._refuse_missing(table.columns)
        chosen = table.select(self.names)
        infinite = np.zeros(len(self.names), dtype=np.int64)
        for _, block in chosen:
            infinite += np.isinf(block).sum(axis=0)
        self._refuse_infinite(infinite)
        return chosen

    def _numbers(self, table: pd.DataFrame) -> Floats:
        values = np.empty((len(table), len(self.names)))
        faults = []
        for place, name in enumerate(self.names):
            try:
                values[:, place] = self._column(name, table[name])
            except (TypeError, ValueError, OverflowError):  # whose text would show a patient's value
                faults.append(f"{name} (holds {table[name].dtype})")
        if faults:
            msg = (
                f"features: expected numbers, booleans or categories, found other values in {', '.join(faults)}. "
                "Turn text into a pandas category and a date into a number of days."
            )
            raise InputError(msg)
        return values

    def _column(self, name: str, column: pd.Series) -> Floats:
        if name in self.categories:
            codes = pd.Index(self.categories[name], dtype=object).get_indexer(pd.Index(column.astype(object)))
            return np.where(codes < 0, np.nan, codes)
        if column.isna().all():  # a table that the site does not have
            return np.full(len(column), np.nan)
        if column.dtype == object and pd.api.types.infer_dtype(column) in _NUMBERS:  # as MLflow hands on what may be NA
            column = column.astype("Float64")
        if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
            raise TypeError(name)
        if pd.api.types.is_complex_dtype(column):
            raise TypeError(name)
        return column.to_numpy(dtype=np.float64, na_value=np.nan)


def as_table(features: pd.DataFrame | ArrayLike) -> pd.DataFrame:
    """Return a table with text for column names: the caller's, or x0, x1 and so on for an array.

    Raises
    ------
    InputError
        It has not two dimensions, or a column name occurs twice.
    """
    if isinstance(features, pd.DataFrame):
        table = features.set_axis([_as_text(name) for name in features.columns], axis=1)
    else:
        if hasattr(features, "toarray"):
            msg = "features: sparse matrices are not taken. Turn it into a table of rows and columns with .toarray()."
            raise InputError(msg)
        values = np.asarray(features)
        if values.ndim != 2:
            msg = f"features: expected a table of rows and columns, found {values.ndim} dimensions."
            raise InputError(msg)
        table = pd.DataFrame(values, columns=[f"x{place}" for place in range(values.shape[1])])
    if not table.columns.is_unique:
        repeated = sorted(set(table.columns[table.columns.duplicated()]))
        msg = f"features: column names occur more than once: {', '.join(repeated)}. Keep one column of each name."
        raise InputError(msg)
    return table


def _as_text(name: Any) -> str:
    """Return the name of a column as text; nothing, where it has none."""
    return "" if pd.api.types.is_scalar(name) and pd.isna(name) else str(name)


def name_in_booster(name: str) -> str:
    """Return the name under which the booster knows a feature: LightGBM refuses some punctuation."""
    return _REFUSED_BY_LIGHTGBM.sub("_", name)


def tells_nothing(features: pd.DataFrame | Blocks) -> NDArray[np.bool_]:
    """Return which columns of numbers are the same in every row, or missing in every row.

    Examples
    --------
    >>> tells_nothing(pd.DataFrame({"a": [1.0, 1.0], "b": [np.nan, np.nan], "c": [1.0, np.nan]})).tolist()
    [True, True, False]
    """
    if isinstance(features, pd.DataFrame):
        features = Blocks.of(HeldRows(features))
    same = missing = np.ones(len(features.columns), dtype=bool)
    first: Floats | None = None
    for _, block in features:
        first = block[0].copy() if first is None else first
        same = same & (block == first).all(axis=0)
        missing = missing & np.isnan(block).all(axis=0)
        if not (same | missing).any():
            break
    return same | missing


def _all_floats(table: pd.DataFrame) -> bool:
    return bool((table.dtypes == np.float64).all())


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int)
