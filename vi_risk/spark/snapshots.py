"""Snapshots on Spark: what `vi_risk.models.snapshots` builds in memory, written as folders of Parquet files."""

from datetime import date, timedelta
from pathlib import Path

import ibis
import ibis.expr.types as ir

from vi_risk.cohort.outcomes import had_emergency_admission
from vi_risk.features.catalogue import Catalogue
from vi_risk.files import remove
from vi_risk.models.snapshot_files import COHORT_FILE, FEATURES_FILE
from vi_risk.models.snapshots import Plan, plan_snapshots
from vi_risk.models.spec import ModelSpec
from vi_risk.records.linked import Records
from vi_risk.spark.features import write_features, write_sorted
from vi_risk.spark.workspace import SparkWorkspace


def write_snapshots(
    records: Records,
    spec: ModelSpec,
    folder: Path,
    *,
    index_date: date,
    catalogue: Catalogue | None = None,
) -> Plan:
    """Build cohort, features and outcomes on Spark into features.parquet and cohort.parquet of a folder.

    See `vi_risk.models.snapshots.build_features`; the values are the same.

    Parameters
    ----------
    records
        From `vi_risk.spark.records.read_canonical`.
    folder
        One that the driver and all executors reach by this path.
    """
    workspace = records.workspace
    if not isinstance(workspace, SparkWorkspace):
        msg = "records: are not on Spark. Read them with vi_risk.spark.records.read_canonical."
        raise TypeError(msg)
    plan, cohorts = plan_snapshots(records, spec, index_date=index_date, catalogue=catalogue)
    first, *others = [cohort.people for cohort in cohorts]
    people = ibis.union(first, *others)
    for name in (COHORT_FILE, FEATURES_FILE):
        remove(folder / name)
    with workspace.scratch() as name_of:
        path = (folder / COHORT_FILE).resolve().as_uri()
        with_outcome = _with_outcome(records, people, spec.horizon_days, known_by=index_date)
        write_sorted(workspace.run(with_outcome), path)
        cohort = workspace.table(name_of("cohort"), workspace.session.read.parquet(path))
        write_features(
            workspace,
            records.as_of(index_date).tables,
            cohort,
            plan.catalogue,
            (folder / FEATURES_FILE).resolve().as_uri(),
            windows=plan.windows,
        )
    return plan


def _with_outcome(records: Records, people: ir.Table, horizon_days: int, *, known_by: date) -> ir.Table:
    """Add outcome: 1 or 0, null where the window is not over."""
    events = had_emergency_admission(records, people, horizon_days=horizon_days, known_by=known_by)
    events = events.select(whose="patient_id", at="index_date")
    rows = people.left_join(events, [people.patient_id == events.whose, people.index_date == events.at])
    over = rows.index_date <= known_by - timedelta(days=horizon_days)
    return rows.mutate(outcome=over.ifelse(rows.whose.notnull().cast("float64"), ibis.null("float64"))).drop(
        "whose", "at"
    )
