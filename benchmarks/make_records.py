"""``python -m benchmarks.make_records``: write the records of a synthetic trust and copies of it with other people.

The copies have the same rows under other ids, file after file in the order of the ids, so that any number of them is a
place of its own and files stay sorted by person.
"""

import argparse
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

import duckdb

from benchmarks.measured import measured
from benchmarks.place import COPIES, NOT_COPIED

LAST_DAY = date(2024, 12, 31)
# The look-back of eight dates; and the longest span of a synthetic trust.
LEAST_DAYS, MOST_DAYS = 3 * 365, 7 * 365
DAYS_BETWEEN_DATES = 91

_IDS = ("patient_id", "spell_id", "attendance_id", "appointment_id")
# Rows of a person on a day, all tables together, to begin with; and how near to the asked number is near enough.
_ROWS_PER_DAY, _NEAR = 0.05, 0.02


def make_records(folder: Path, *, patients: int, events: int, seed: int) -> int:
    """Write records of so many patients with about so many rows into a folder; return the number of rows.

    Raises
    ------
    SystemExit
        So many people have fewer rows in seven years, or more in three.
    """
    dates = tuple(LAST_DAY - timedelta(days=DAYS_BETWEEN_DATES * number) for number in range(8))
    with tempfile.TemporaryDirectory(dir=folder) as name:
        trust = Path(name) / "trust"
        _write_trust(trust, patients=patients // COPIES, rows=events // COPIES, seed=seed)
        cohort = trust / "cohort.parquet"
        _select_cohort(trust, dates, cohort)
        connection = duckdb.connect()
        rows = 0
        for path in sorted(trust.glob("*.parquet")):
            if path != cohort:
                rows += _copy(connection, path, folder / "records" / path.stem)
        for number in (1, 8):
            kept = ", ".join(f"DATE '{day}'" for day in dates[:number])
            _copy(connection, cohort, folder / f"cohort_{number}", f"WHERE index_date IN ({kept})")
    return rows


def _write_trust(folder: Path, *, patients: int, rows: int, seed: int) -> None:
    """Write a trust over so many days that it has about so many rows."""
    from vi_risk.records.synthetic import write_trust  # noqa: PLC0415 - loaded when used

    days = rows / patients / _ROWS_PER_DAY
    for _ in range(3):  # practices join one after the other, so that rows do not quite grow as the days do
        if not LEAST_DAYS <= days <= MOST_DAYS:
            least, most = (round(rows / days * limit) * COPIES for limit in (LEAST_DAYS, MOST_DAYS))
            sys.exit(f"--events: so many patients have {least:,} rows in three years and {most:,} in seven.")
        first_day = LAST_DAY - timedelta(days=round(days))
        write_trust(folder, patients=patients, seed=seed, first_day=first_day, last_day=LAST_DAY)
        found = sum(duckdb.read_parquet(str(path)).shape[0] for path in folder.glob("*.parquet"))
        if abs(found / rows - 1) <= _NEAR:
            return
        days *= rows / found


def _select_cohort(trust: Path, dates: tuple[date, ...], path: Path) -> None:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    from vi_risk.cohort.index_dates import IndexDates  # noqa: PLC0415
    from vi_risk.cohort.people import select_cohort  # noqa: PLC0415
    from vi_risk.records.reading import read_records  # noqa: PLC0415

    latest, before, *earlier = dates
    cohort, _ = select_cohort(read_records(trust), IndexDates(latest, before, tuple(reversed(earlier))), min_age=0)
    kinds = [("patient_id", pa.string()), ("index_date", pa.date32()), ("gp_seen_from", pa.date32())]
    rows = pa.Table.from_pandas(cohort[[name for name, _ in kinds]], schema=pa.schema(kinds), preserve_index=False)
    pq.write_table(rows, path)


def _copy(connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, where: str = "") -> int:
    """Write the copies of one table; return how many rows they have together."""
    folder.mkdir(parents=True)
    ids = [column for column in _IDS if column in connection.read_parquet(str(path)).columns]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE one AS FROM '{path}' {where} ORDER BY {ids[0] if ids else 1}")
    copies = 1 if path.stem in NOT_COPIED else COPIES
    for copy in range(copies):
        renamed = ", ".join(f"'{copy:02}-' || {column} AS {column}" for column in ids)
        replaced = f"REPLACE ({renamed})" if ids else ""
        connection.sql(f"SELECT * {replaced} FROM one").write_parquet(f"{folder}/{copy:02}.parquet")  # noqa: S608
    counted = connection.execute("SELECT count(*) FROM one").fetchone()
    return copies * int(counted[0]) if counted else 0


def main() -> None:
    """Write the records, and say what it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.make_records", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--patients", type=int, required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    with measured() as result:
        result["rows"] = make_records(told.folder, patients=told.patients, events=told.events, seed=told.seed)


if __name__ == "__main__":
    main()
