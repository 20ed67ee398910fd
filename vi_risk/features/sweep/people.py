"""What people tell without any row of a source: attributes and age, and the days on which their practice was seen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from vi_risk.features.definition import Definition
from vi_risk.features.parts import attribute
from vi_risk.features.rows import Asked
from vi_risk.features.seen import Values
from vi_risk.features.sweep import kernels
from vi_risk.features.sweep.kernels import Dates

_FIRST_YEAR, _MONTHS_IN_YEAR = 1970, 12


def attributes_query(definitions: Mapping[str, Definition], asked: Asked, whose: ir.Table) -> ir.Table:
    """Return each person once, with what does not change from date to date; of an age, the month of birth."""
    rows = asked.tables["patients"].join(whose, "patient_id")
    once = {
        name: _month_of_birth(rows) if definition.measure == "age" else attribute(rows, definition)
        for name, definition in definitions.items()
    }
    return rows.select("_person", **{name: value.cast("float64") for name, value in once.items()})


def _month_of_birth(rows: ir.Table) -> ir.IntegerValue:
    """Return the month in which a person was born, counted from January 1970."""
    return (rows.birth_month.year() - _FIRST_YEAR) * _MONTHS_IN_YEAR + rows.birth_month.month() - 1


@dataclass(frozen=True)
class Attributes:
    """Features of the person, by their names, made of what `attributes_query` finds."""

    definitions: Mapping[str, Definition]

    def features(self, rows: pa.Table, dates: Dates) -> Iterator[tuple[str, Values]]:
        """Return each feature: its name, and its value for each person and index date, NaN where it is missing."""
        firsts = np.flatnonzero(dates.of_person)
        person = rows["_person"].to_numpy()
        months = dates.on.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        for name, definition in self.definitions.items():
            once = np.full(len(dates.on), np.nan)
            once[person] = rows[name].to_numpy()
            value = np.repeat(once[firsts], dates.of_person[firsts])
            yield name, np.floor((months - value) / _MONTHS_IN_YEAR) if definition.measure == "age" else value


def days_practice_seen(days_seen: kernels.Int64, window: int) -> Values:
    """Return on how many days of a window the practice was seen; `days_seen` is below zero where it never was."""
    return np.clip(days_seen, 0, window).astype(np.float64)
