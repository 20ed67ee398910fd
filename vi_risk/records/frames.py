"""A data frame as a canonical table: its columns in their declared types, as they are read from files."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from vi_risk.arguments import refuse_another
from vi_risk.errors import InputError
from vi_risk.records.casting import PLACE
from vi_risk.records.tables import Table

if TYPE_CHECKING:
    import pandas as pd

_ARROW_TYPES = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "boolean": pa.bool_(),
}


def of_declared_types(table: Table, frame: "pd.DataFrame") -> pa.Table:
    """Return the canonical columns of a frame, in their declared types; others are left out.

    Raises
    ------
    UsageError
        It is no data frame.
    InputError
        It has none of the table's columns, or one of them twice; or a column holds values that are not of its type,
        which are not told.
    """
    _refuse_unfit(table, frame)
    columns, faults = {}, []
    for column in table.columns:
        if column.name not in frame.columns:
            continue
        values = frame[column.name]
        try:
            told = _by_the_clock(values) if column.type in ("date", "timestamp") else values
            columns[column.name] = pa.Array.from_pandas(told, type=_ARROW_TYPES[column.type])
        except (pa.ArrowException, TypeError, ValueError, OverflowError):  # their words hold a value
            faults.append(
                f"{table.name}.{column.name}: expected a {column.type} in each row, or none; found others in a column"
                f" of {values.dtype}. Convert the column first."
            )
    if faults:
        raise InputError("\n".join(faults))
    return pa.table(columns)


def _refuse_unfit(table: Table, frame: "pd.DataFrame") -> None:
    """Refuse what is no data frame, and a frame in which a column of the table cannot be found."""
    import pandas as pd  # noqa: PLC0415 - loaded when used

    refuse_another(frame, pd.DataFrame, name=table.name, made_by="pandas.DataFrame")
    names = list(frame.columns)
    if not {*names} & {*table.column_names}:
        msg = (
            f"{table.name}: the frame has none of its columns. Expected some of {', '.join(table.column_names)}; where"
            " the site does not have this table, leave it out."
        )
        raise InputError(msg)
    if twice := [name for name in table.column_names if names.count(name) > 1]:
        msg = f"{table.name}: the frame has {', '.join(twice)} more than once. Keep one column of each name."
        raise InputError(msg)


def _by_the_clock(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return moments with a time zone as the clock in England showed them; other values as they are.

    In another zone a midnight of summer is an hour of the day before.
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    if values.dtype == object and any(isinstance(one, datetime) and one.tzinfo is not None for one in values):
        values = pd.to_datetime(values, utc=True)  # a date among them is its midnight, and stays that day
    dtype = getattr(values.dtype, "pyarrow_dtype", values.dtype)
    if getattr(dtype, "tz", None) is None:
        return values
    told: pd.Series[Any] = values.dt.tz_convert(PLACE).dt.tz_localize(None)
    return told
