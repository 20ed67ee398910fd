"""The cohort that features are asked for, checked and as Arrow: one row per person and index date."""

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vi_risk.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

KEYS = ["patient_id", "index_date"]
COHORT = pa.schema([("patient_id", pa.string()), ("index_date", pa.date32()), ("gp_seen_from", pa.date32())])
_EXPECTED = {
    "patient_id": "text, as the records have it",
    "index_date": "dates",
    "gp_seen_from": "dates, null where the practice is not seen",
}


def refuse_strangers(people: pa.Table, patients: ir.Table) -> None:
    """Refuse people of whom the records know nothing: every count of theirs would be zero, as of the healthiest.

    Raises
    ------
    InputError
        Somebody who is asked about is not in the table patients.
    """
    asked = people["patient_id"].unique()
    known = ibis.memtable(pa.table({"patient_id": asked})).semi_join(patients, "patient_id").count().to_pyarrow()
    strangers = len(asked) - int(known.as_py())
    if strangers:
        msg = (
            f"cohort.patient_id: {strangers:,} of {len(asked):,} people are not in the table patients. Ask about people"
            " of these records, with their identifiers as text."
        )
        raise InputError(msg)


def people_asked(cohort: "pd.DataFrame") -> pa.Table:
    """Return the cohort sorted by patient_id and index_date, with `row`, the number of each row.

    Raises
    ------
    InputError
        A column is missing or of another type, an id or a date is null, or a person and date stand there twice.
    """
    lacking = [name for name in COHORT.names if name not in cohort.columns]
    if lacking:
        wanted = ", ".join(f"{name} ({_EXPECTED[name]})" for name in lacking)
        msg = (
            f"cohort: expected the column{'s' if len(lacking) > 1 else ''} {wanted}; found {', '.join(cohort.columns)}."
        )
        raise InputError(msg)
    faults, columns = [], {}
    for field in COHORT:
        values = cohort[field.name]
        try:
            columns[field.name] = (
                pa.nulls(len(values), field.type)
                if values.isna().all()
                else pa.Array.from_pandas(values, type=field.type)
            )
        except (pa.ArrowException, TypeError, ValueError):  # their words may hold a value
            faults.append(f"cohort.{field.name}: expected {_EXPECTED[field.name]}; found {values.dtype}")
    nulls = {key: columns[key].null_count for key in KEYS if key in columns}
    faults += [
        f"cohort.{key}: {n:,} of {len(cohort):,} rows are null; every row needs one" for key, n in nulls.items() if n
    ]
    if not faults and (repeated := int(cohort.duplicated(KEYS).sum())):
        faults.append(f"cohort: {repeated:,} of {len(cohort):,} rows repeat a patient_id and index_date; one row each")
    if faults:
        raise InputError("\n".join(f"{fault}. Correct the rows." for fault in faults))
    people = pa.table(columns, schema=COHORT).sort_by([(key, "ascending") for key in KEYS])
    return people.append_column("row", pa.array(range(len(people)), pa.int64()))
