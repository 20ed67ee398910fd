"""Whether two contenders made the same values."""

from pathlib import Path

import duckdb

# Relative to the greater of 1 and the value: sums of the same numbers in another order.
_TOLERANCE = 1e-9
_KEYS = ("patient_id", "index_date")


def disagreements(ours: Path, theirs: Path, *, where_ours_has_a_value: bool = False) -> dict[str, int]:
    """Return the features of `theirs` that differ in `ours`, with the number of rows that do; none where all agree.

    Parameters
    ----------
    where_ours_has_a_value
        Of one who does not know what could not be seen: only values that are not missing in `ours` are compared.
    """
    connection = duckdb.connect()
    names = connection.read_parquet(str(theirs)).columns
    counts = ["count(*) FILTER (ours.patient_id IS NULL OR theirs.patient_id IS NULL) AS rows_of_one_only"]
    for name in names:
        if name in _KEYS:
            continue
        same = f'abs(ours."{name}" - theirs."{name}") <= {_TOLERANCE} * greatest(1, abs(ours."{name}"))'
        differ = f'ours."{name}" IS DISTINCT FROM theirs."{name}" AND NOT coalesce({same}, false)'
        asked = f'ours."{name}" IS NOT NULL AND ' if where_ours_has_a_value else ""
        counts.append(f'count(*) FILTER ({asked}{differ}) AS "{name}"')
    keys = ", ".join(_KEYS)
    found = connection.execute(
        f"SELECT {', '.join(counts)} FROM '{ours}' AS ours FULL JOIN '{theirs}' AS theirs USING ({keys})"  # noqa: S608
    )
    columns = [column[0] for column in found.description or ()]
    row = found.fetchone() or ()
    return {name: int(number) for name, number in zip(columns, row, strict=True) if number}
