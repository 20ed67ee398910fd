"""What is there more than once: keys, whole rows, and people registered at two practices at a time."""

from collections.abc import Iterator, Mapping
from datetime import date

import ibis
import ibis.expr.types as ir

from vi_risk.records.checks.findings import Finding
from vi_risk.records.linked import Records
from vi_risk.records.tables import Table

_FOREVER = date(9999, 1, 1)

# Two visits of a day look the same where a table has no times; more repeated rows than this were sent twice.
_COINCIDENCE = 0.005

_REPEAT_MEND = "Send each row once (SELECT DISTINCT in the extract): counts of events count each of them."
_OVERLAP_MEND = "End the earlier registration; until then the latest one counts."


def repeated_rows(table: Table, rows: ir.Table, total: int) -> int:
    """Return the rows beyond the first of a key; of a table without one, those that are the same in every column."""
    if table.key:
        named = set(table.key) <= set(rows.columns)
        return total - int(rows.select(*table.key).distinct().count().to_pyarrow().as_py()) if named else 0
    # By a fingerprint of 64 bits, as the rows themselves would have to fit into memory.
    row = ibis.struct({column: rows[column] for column in rows.columns})
    return total - int(rows.select(fingerprint=row.hash()).fingerprint.nunique().to_pyarrow().as_py())


def repeat_findings(table: Table, repeated: int, total: int) -> Iterator[Finding]:
    """Yield a key that is there twice, or more repeated rows than coincidence makes."""
    if table.key and repeated:
        yield Finding(table.name, "", f"duplicate key ({', '.join(table.key)})", repeated, total, "error")
    elif repeated > _COINCIDENCE * total:
        yield Finding(table.name, "", "the whole row repeats another", repeated, total, "warning", _REPEAT_MEND)


def overlap_findings(records: Records, sound: Mapping[str, frozenset[str]]) -> Iterator[Finding]:
    """Yield how many people have a registration that begins before an earlier one has ended."""
    if not {"patient_id", "practice_code", "registered_from", "registered_to"} <= sound.get(
        "registrations", frozenset()
    ):
        return
    rows = records.tables["registrations"]
    each = rows.group_by("patient_id", "practice_code", "registered_from").agg(  # one sent twice does not overlap
        ended=rows.registered_to.fill_null(ibis.literal(_FOREVER)).max()
    )
    periods = each.filter(each.ended > each.registered_from)
    before = ibis.window(
        group_by=periods.patient_id, order_by=[periods.registered_from, periods.ended], preceding=(None, 1)
    )
    told = periods.mutate(ended_before=periods.ended.max().over(before))
    people = told.group_by("patient_id").agg(overlap=(told.registered_from < told.ended_before).any())
    counts = people.aggregate(people=people.count(), overlap=people.overlap.fill_null(False).sum()).to_pyarrow()
    (found,) = counts.to_pylist()
    if found["overlap"]:
        yield Finding(
            "registrations",
            "patient_id",
            "registrations that overlap",
            found["overlap"],
            found["people"],
            "warning",
            _OVERLAP_MEND,
            "people",
        )
