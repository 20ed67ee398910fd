"""The reviews of a file beside those that the records hold, for a run to know of both."""

from dataclasses import replace
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vi_risk.errors import InputError
from vi_risk.records.linked import Records
from vi_risk.records.tables import TABLES
from vi_risk.reviews.store import KEY, read_reviews

_TABLE = "mdt_reviews"
_DATES = tuple(column.name for column in TABLES[_TABLE].columns if column.type == "date")


def with_reviews(records: Records, path: Path) -> Records:
    """Return the records with the reviews of a file in their table mdt_reviews, none twice.

    A person and day that both tell of is told as in the file, where corrections are made first. Reviews of people whom
    the records no longer hold are left out.

    Raises
    ------
    InputError
        There is no such file, or it is no file of reviews.
    """
    if not path.is_file():
        msg = f"--reviews {path}: no such file. Name the file that `vi-risk reviews import` wrote."
        raise InputError(msg)
    columns = TABLES[_TABLE].column_names
    schema = pa.schema([(name, pa.date32() if name in _DATES else pa.string()) for name in columns])
    rows = pa.Table.from_pandas(read_reviews(path)[list(columns)], schema=schema, preserve_index=False)
    brought = records.workspace.backend.create_table(ibis.util.gen_name("reviews"), rows)
    known = brought.semi_join(records.tables["patients"], "patient_id")
    if records.has(_TABLE):
        own = _with_all(records.tables[_TABLE], known)
        known = own.anti_join(known, list(KEY)).union(known.cast(own.schema()))
    return replace(records, tables={**records.tables, _TABLE: known})


def _with_all(own: ir.Table, other: ir.Table) -> ir.Table:
    """Return the records' own table with every column of the other, null where it lacks one."""
    absent = {name: ibis.null(other[name].type()) for name in other.columns if name not in own.columns}
    return own.mutate(**absent).select(*other.columns)
