"""Hand-written DuckDB SQL: the files of `benchmarks/sql`, one after the other.

The index date is written into the query rather than joined to, and each question has its own best shape; no generality
is paid for.
"""

from pathlib import Path

import duckdb

from benchmarks.measured import limit_memory, measured
from benchmarks.place import Asked, Place, asked_of

_SQL = Path(__file__).parents[1] / "sql"
_CODELISTS = Path(__file__).parents[2] / "features" / "codelists" / "*.csv"


def connect(place: Place, memory_gigabytes: float | None = None) -> duckdb.DuckDBPyConnection:
    """Return a database that sees the records and the cohort of one index date in their Parquet files."""
    connection = duckdb.connect(str(place.folder / "by_hand.duckdb"))
    connection.execute("SET preserve_insertion_order = false")
    if memory_gigabytes is not None:
        connection.execute(f"SET memory_limit = '{memory_gigabytes / 2}GB'")
    for table in place.tables:
        connection.execute(f"CREATE TEMP VIEW {table} AS FROM read_parquet({place.files(table)})")
    connection.execute(f"CREATE TEMP TABLE cohort AS FROM read_parquet({place.cohort(1)})")
    connection.execute("SET VARIABLE index_date = (SELECT max(index_date) FROM cohort)")
    return connection


def write_features(asked: Asked) -> int:
    """Write the features, and return how many people they are of."""
    connection = connect(asked.place, asked.memory_gigabytes)
    connection.execute(f"SET VARIABLE codelists = '{_CODELISTS}'")
    for path in sorted(_SQL.glob("*.sql")):
        connection.execute(path.read_text(encoding="utf-8").replace("$out", str(asked.out)))
    counted = connection.execute("SELECT count(*) FROM cohort").fetchone()
    connection.close()
    return int(counted[0]) if counted else 0


if __name__ == "__main__":
    asked = asked_of("sql")
    limit_memory(asked.memory_gigabytes)
    with measured() as result:
        result["rows"] = write_features(asked)
