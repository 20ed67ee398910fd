"""Identifiable records in, pseudonymised records out: everything that names a person is keyed, reduced or left out."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vi_risk.errors import InputError
from vi_risk.identity.identifiers import BIRTH, without_identifiers
from vi_risk.identity.keys import Key
from vi_risk.identity.link_table import LinkTable
from vi_risk.identity.nhs_numbers import nhs_number_of
from vi_risk.identity.practices import practices_in
from vi_risk.identity.pseudonyms import KINDS, pseudonyms_of
from vi_risk.records.linked import Records

PATIENT = "patient_id"
# Written by people about people: no rule finds every name in it.
_FREE_TEXT = (("mdt_reviews", "plan"),)
_REDUCED = {BIRTH: "the day taken away", "mdt_reviews.plan": "free text taken out"}
_FEW = 0.05  # of the rows of patients may lack an NHS number; more, and it is the wrong column


@dataclass(frozen=True, slots=True)
class Pseudonymised:
    """Records by pseudonym, and what was done to make them so.

    Attributes
    ----------
    links
        Whom the pseudonyms stand for and with which practices they are registered, those of earlier extracts included.
    people
        People in these records.
    left_out
        Table -> rows without a valid NHS number, or of a stay of such a row.
    reduced
        "table.column" -> rows in which something was taken away.
    """

    records: Records
    links: LinkTable
    people: int
    left_out: Mapping[str, int]
    reduced: Mapping[str, int]

    def in_words(self) -> Iterator[str]:
        """Tell what was done, a line each; nothing of any record is in them."""
        yield f"{self.people:,} people have pseudonyms"
        for table, rows in self.left_out.items():
            yield f"{table}: {rows:,} rows left out, without a valid NHS number"
        for column, rows in self.reduced.items():
            yield f"{column}: {_REDUCED[column]}, {rows:,} rows"


def pseudonymised(records: Records, key: Key, known: LinkTable | None = None) -> Pseudonymised:
    """Return the records by pseudonym.

    Rows whose patient_id is no valid NHS number are left out and counted: nobody can say whose they are. Stays,
    attendances and appointments get keyed names as well, for hospitals build theirs of numbers of people. Days of birth
    become the first of their month; what meetings wrote as free text is taken out.

    Parameters
    ----------
    records
        Canonical tables, with the NHS number as patient_id.
    known
        The link table of earlier extracts under the same key, whose people are kept.

    Raises
    ------
    InputError
        More than one in twenty rows of patients has no valid NHS number.
    GovernanceError
        An identifier stands where none may: NHS numbers in another column, postcodes for areas.
    """
    tables = dict(records.tables)
    people = _people(tables)
    numbers = people["nhs_number"].unique().to_pylist()
    pseudonym = dict(zip(numbers, pseudonyms_of(numbers, PATIENT, key), strict=True))
    named = people.append_column(
        "pseudonym", pa.array([pseudonym[number] for number in people["nhs_number"].to_pylist()], pa.string())
    )
    left_out: Counter[str] = Counter()
    of_people = kept_in_engine(records, named.select(["value", "pseudonym"]))
    for name, rows in tables.items():
        if PATIENT in rows.columns:
            tables[name] = renamed(rows, PATIENT, of_people)
            left_out[name] = _count(rows) - _count(tables[name])
    _check_few(left_out["patients"], _count(records.tables["patients"]))
    for column in KINDS:
        if column != PATIENT:
            left_out.update(key_events(records, tables, column, key))
    lean = {}
    for table, column in _FREE_TEXT:
        if table in tables and column in tables[table].columns:
            if number := _count(tables[table].filter(tables[table][column].notnull())):
                lean[f"{table}.{column}"] = number
            tables[table] = tables[table].drop(column)
    done = without_identifiers(replace(records, tables=tables))
    return Pseudonymised(
        done.records,
        (known or LinkTable()).with_people(
            list(pseudonym),
            list(pseudonym.values()),
            practices_in(done.records, {word: number for number, word in pseudonym.items()}),
        ),
        _count(done.records.tables["patients"].select(PATIENT).distinct()),
        {table: rows for table, rows in left_out.items() if rows},
        {**done.rows, **lean},
    )


def renamed(rows: ir.Table, column: str, names: ir.Table) -> ir.Table:
    """Return the rows whose value of a column has another name, under that name: columns ``value``, ``pseudonym``."""
    there = rows.join(names, rows[column] == names.value)
    return there.select(**{name: there.pseudonym if name == column else rows[name] for name in rows.columns})


def _people(tables: Mapping[str, ir.Table]) -> pa.Table:
    """Return every text that stands for a person, and is a valid NHS number, with its ten digits."""
    found = _distinct(tables, PATIENT)
    digits = pa.array([nhs_number_of(value) for value in found.to_pylist()], pa.string())
    return pa.table({"value": found, "nhs_number": digits}).filter(digits.is_valid())


def _distinct(tables: Mapping[str, ir.Table], column: str) -> pa.ChunkedArray:
    """Return each text that stands in a column of that name, once, whatever the table."""
    parts = [rows.select(value=rows[column]).distinct() for rows in tables.values() if column in rows.columns]
    values = ibis.union(*parts, distinct=True) if len(parts) > 1 else parts[0]
    return values.filter(values.value.notnull()).to_pyarrow()["value"]


def key_events(records: Records, tables: dict[str, ir.Table], column: str, key: Key) -> Counter[str]:
    """Give identifiers of stays and contacts keyed names; return the rows left out, whose stay is."""
    holding = {name: rows for name, rows in tables.items() if column in rows.columns}
    if not holding:
        return Counter()
    owners = {name: rows for name, rows in holding.items() if PATIENT in rows.columns}
    values = _distinct(owners or holding, column)
    names = pa.array(pseudonyms_of(values.to_pylist(), column, key), pa.string())
    in_engine = kept_in_engine(records, pa.table({"value": values, "pseudonym": names}))
    left_out = Counter[str]()
    for name, rows in holding.items():
        tables[name] = renamed(rows, column, in_engine)
        left_out[name] = _count(rows) - _count(tables[name])
    return left_out


def kept_in_engine(records: Records, rows: pa.Table) -> Any:
    """Return rows as a table of the engine that holds the records; it goes with them."""
    return records.workspace.backend.create_table(ibis.util.gen_name("identity"), rows, temp=True)


def _check_few(left_out: int, rows: int) -> None:
    if left_out > _FEW * rows:
        msg = (
            f"patients.patient_id: {left_out:,} of {rows:,} rows hold no valid NHS number (ten digits, the last the"
            f" check digit). Expected at most {_FEW:.0%}. Map patient_id to the column of the NHS number everywhere."
        )
        raise InputError(msg)


def _count(rows: ir.Table) -> int:
    return int(rows.count().to_pyarrow().as_py() or 0)
