"""From rows that a service wrote to a canonical data frame: arrived, in order, numbered, with the declared types."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from vi_risk.records.synthetic.draws import Rows, Values
from vi_risk.records.synthetic.months import Days
from vi_risk.records.tables import TABLES, ColumnType

ARROW_TYPES: Mapping[ColumnType, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "boolean": pa.bool_(),
}
PANDAS_TYPES: Mapping[pa.DataType, Any] = {
    pa.date32(): pd.ArrowDtype(pa.date32()),
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


@dataclass(frozen=True, slots=True)
class Written:
    """Rows of a canonical table as they were written, in any order; what is not in `columns` is null."""

    table: str
    person: Rows
    columns: Mapping[str, NDArray[Any]]
    numbered: str | None = None  # first letter of the identifiers of the table's own key, counted in order


def canonical_schema(table: str) -> pa.Schema:
    """Return the Arrow schema of a canonical table, as declared."""
    return pa.schema([(column.name, ARROW_TYPES[column.type]) for column in TABLES[table].columns])


def canonical_frame(written: Written, patient_id: Values, last_day: np.datetime64) -> pd.DataFrame:
    """Return the rows that had arrived by the last day, by person and day of the event, typed as declared."""
    declared = TABLES[written.table]
    kept = np.flatnonzero(_arrived(written, last_day))
    person = written.person[kept]
    if declared.event is None:
        order = np.argsort(person, kind="stable")
    else:
        order = np.lexsort((written.columns[declared.event][kept], person))
    rows = kept[order]
    ready = {name: values[rows] for name, values in written.columns.items()}
    if "patient_id" in declared.column_names:
        ready["patient_id"] = patient_id[written.person[rows]]
    if written.numbered:
        ready[declared.key[0]] = identifiers(written.numbered, len(rows))
    return typed_frame(written.table, ready, len(rows))


def typed_frame(table: str, columns: Mapping[str, NDArray[Any]], rows: int) -> pd.DataFrame:
    """Return a frame with all columns of a canonical table, in order and type as declared; absent ones are null."""
    schema = canonical_schema(table)
    arrays = [
        pa.array(columns[field.name], type=field.type, from_pandas=True)
        if field.name in columns
        else pa.nulls(rows, field.type)
        for field in schema
    ]
    frame: pd.DataFrame = pa.Table.from_arrays(arrays, schema=schema).to_pandas(types_mapper=PANDAS_TYPES.get)
    return frame


def identifiers(letter: str, rows: int) -> Values:
    """Return identifiers counted from one: a letter and eight digits.

    >>> identifiers("S", 2).tolist()
    ['S00000001', 'S00000002']
    """
    return np.array([f"{letter}{number:08d}" for number in range(1, rows + 1)], dtype=np.object_)


def after(rng: np.random.Generator, days: Days, earliest: int, latest: int) -> Days:
    """Return for each day one that comes `earliest` to `latest` days later."""
    return days + rng.integers(earliest, latest + 1, len(days))


def _arrived(written: Written, last_day: np.datetime64) -> NDArray[np.bool_]:
    kept = np.ones(len(written.person), dtype=bool)
    for column in (TABLES[written.table].event, "recorded_on"):
        if column is not None and column in written.columns:
            kept &= written.columns[column].astype("datetime64[D]") <= last_day
    return kept
