"""featuretools: the counts that deep feature synthesis can say, in an environment of its own (it needs pandas 2).

It is told what it cannot say itself: rows that had not arrived by the index date are left out beforehand, and the
values of one meaning (seen, missed) are one value of a column. A synthesis looks back one window from one date, so
there is one for each of both.
"""

import warnings
from datetime import timedelta
from functools import reduce

import featuretools as ft  # type: ignore[import-not-found,unused-ignore]
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measured import limit_memory, measured
from benchmarks.place import Asked, asked_of

_LONGEST = 365
_SEEN = {"5": "seen", "6": "seen", "3": "missed", "7": "missed"}
# table -> the day of its rows, and the columns of which a value is counted
_TABLES = {
    "ed_attendances": ("arrived_at", ("arrival_mode", "department_type")),
    "outpatient_appointments": ("appointment_on", ("attended",)),
    "gp_appointments": ("appointment_on", ("status",)),
    "community_contacts": ("contact_on", ("attended",)),
}
# feature -> windows, table, and the column and value that are counted; None counts all rows
_COUNTS: dict[str, tuple[tuple[int, ...], str, tuple[str, str] | None]] = {
    "ed_attendances": ((30, 90, 365), "ed_attendances", None),
    "ed_by_ambulance": ((90, 365), "ed_attendances", ("arrival_mode", "1")),
    "ed_major": ((365,), "ed_attendances", ("department_type", "01")),
    "outpatient_attended": ((90, 365), "outpatient_appointments", ("attended", "seen")),
    "outpatient_missed": ((365,), "outpatient_appointments", ("attended", "missed")),
    "gp_appointments": ((30, 90, 365), "gp_appointments", ("status", "attended")),
    "gp_appointments_missed": ((365,), "gp_appointments", ("status", "dna")),
    "community_contacts": ((30, 90, 365), "community_contacts", ("attended", "seen")),
    "community_missed": ((365,), "community_contacts", ("attended", "missed")),
}


Tables = dict[str, pd.DataFrame]


def _read(asked: Asked, dates: "list[pd.Timestamp]") -> Tables:
    """Return the rows within reach of any of the dates."""
    found = {}
    for table, (day, columns) in _TABLES.items():
        ends = (min(dates) - timedelta(days=_LONGEST), max(dates))
        first, end = ends if day == "arrived_at" else (moment.date() for moment in ends)
        within = [(day, ">=", first), (day, "<", end)]
        wanted = ["patient_id", day, "recorded_on", *columns]
        parts = [pq.read_table(path, columns=wanted, filters=within) for path in asked.place.files(table)]
        rows = pa.concat_tables(parts).to_pandas(date_as_object=False)
        if "attended" in columns:
            rows["attended"] = rows["attended"].map(_SEEN)
        found[table] = rows.rename_axis("row").reset_index()
    return found


def _known(tables: Tables, people: pd.DataFrame, index_date: pd.Timestamp) -> ft.EntitySet:
    """Return the rows of these people that had happened and arrived."""
    records = ft.EntitySet("records")
    records.add_dataframe(dataframe_name="patients", dataframe=people[["patient_id"]], index="patient_id")
    for table, (day, columns) in _TABLES.items():
        rows = tables[table]
        known = (rows[day] < index_date) & ~(rows["recorded_on"] >= index_date)
        rows = rows[known & rows["patient_id"].isin(people["patient_id"])].drop(columns="recorded_on")
        kinds = dict.fromkeys(columns, "Categorical")
        records.add_dataframe(dataframe_name=table, dataframe=rows, index="row", time_index=day, logical_types=kinds)
        records.add_relationship("patients", "patient_id", table, "patient_id")
        for column in columns:
            values = {value[1] for _, of, value in _COUNTS.values() if of == table and value and value[0] == column}
            records.add_interesting_values(dataframe_name=table, values={column: sorted(values)})
    return records


def _counts(records: ft.EntitySet, index_date: pd.Timestamp) -> pd.DataFrame:
    found = []
    for window in (30, 90, 365):
        matrix, _ = ft.dfs(
            entityset=records,
            target_dataframe_name="patients",
            cutoff_time=index_date,
            include_cutoff_time=False,
            training_window=f"{window} days",
            agg_primitives=["count"],
            where_primitives=["count"],
            trans_primitives=[],
            max_depth=1,
        )
        names = {}
        for feature, (windows, table, value) in _COUNTS.items():
            where = f" WHERE {value[0]} = {value[1]}" if value else ""
            if window in windows:
                names[f"COUNT({table}{where})"] = f"{feature}_{window}d"
        found.append(matrix[list(names)].rename(columns=names).astype(float))
    counts: pd.DataFrame = reduce(lambda left, right: left.join(right), found).reset_index()
    return counts


def write_features(asked: Asked) -> int:
    """Write the counts, and return how many people and dates they are of."""
    files = asked.place.cohort(asked.dates)
    cohort = pa.concat_tables([pq.read_table(path) for path in files]).to_pandas(date_as_object=False)
    dates = sorted(cohort["index_date"].unique())
    tables = _read(asked, dates)
    found = []
    for index_date in dates:
        people = cohort[cohort["index_date"] == index_date]
        counts = _counts(_known(tables, people, index_date), index_date)
        counts.insert(1, "index_date", index_date.date())
        found.append(counts)
    pd.concat(found).to_parquet(asked.out, index=False)
    return len(cohort)


if __name__ == "__main__":
    asked = asked_of("featuretools_dfs")
    # It remarks once a table that a window is asked for without the last time of each parent, which counts do not need.
    warnings.filterwarnings("ignore", "Using training_window but last_time_index is not set", UserWarning)
    limit_memory(asked.memory_gigabytes)
    with measured() as result:
        result["rows"] = write_features(asked)
