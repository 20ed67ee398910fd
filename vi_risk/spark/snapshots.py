"""Snapshots on Spark: what `vi_risk.models.snapshots` builds in memory, written as folders of Parquet files."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vi_risk.cohort.censoring import censoring_weights
from vi_risk.cohort.outcomes import follow_up
from vi_risk.errors import UsageError
from vi_risk.features.asking import KEYS
from vi_risk.features.catalogue import Catalogue
from vi_risk.governance.door import without_objectors
from vi_risk.models.answers import LATER, follow_up_of, unanswered
from vi_risk.models.snapshot_files import COHORT_FILE, FEATURES_FILE, PARTICULARS_FILES, WHOLE_RECORD_FILE
from vi_risk.models.snapshots import Plan, plan_snapshots
from vi_risk.models.spec import ModelSpec
from vi_risk.records.linked import Records
from vi_risk.running.files import remove
from vi_risk.spark.features import kept, write_features, write_sorted
from vi_risk.spark.workspace import SparkWorkspace

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_WEIGHTS = pa.schema(
    [("index_date", pa.date32()), ("ended", pa.string()), ("followed_days", pa.int64()), ("weight", pa.float64())]
)


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
    if spec.cohort.index != "date":
        msg = f"--engine spark: {spec.name} asks on the day after a discharge, which is built embedded. Leave it out."
        raise UsageError(msg)
    if spec.reviews.treated_as != "ignore":
        msg = (
            f'--engine spark: {spec.name}: reviews.treated_as = "{spec.reviews.treated_as}" is built embedded alone, as'
            " Spark does not work out in which windows a review was at work. Leave --engine out, or write treated_as ="
            ' "ignore".'
        )
        raise UsageError(msg)
    records = without_objectors(records, index_date)
    plan, cohorts = plan_snapshots(records, spec, index_date=index_date, catalogue=catalogue)
    first, *others = [cohort.people for cohort in cohorts]
    people = ibis.union(first, *others)
    for name in (COHORT_FILE, FEATURES_FILE, WHOLE_RECORD_FILE, *PARTICULARS_FILES.values()):
        remove(folder / name)  # also what an earlier build on this machine left and Spark does not write
    with workspace.scratch() as name_of:
        path = (folder / COHORT_FILE).resolve().as_uri()
        answered = _with_answers(workspace, records, people, spec, known_by=index_date, catalogue=plan.catalogue)
        write_sorted(answered, path)
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


def _with_answers(
    workspace: SparkWorkspace,
    records: Records,
    people: ir.Table,
    spec: ModelSpec,
    *,
    known_by: date,
    catalogue: Catalogue,
) -> "DataFrame":
    """Add what `vi_risk.models.answers.with_answers` does; each answer is computed and kept before the next."""
    main = ("outcome", "ended", "followed_days", "weight")
    asked: list[tuple[ModelSpec, int, dict[str, str]]] = [(spec, 0, {name: name for name in main})]
    asked += [
        (companion, 0, {name: f"{companion.name}_{name}" for name in ("outcome", "weight")})
        for companion in spec.companions
        if not unanswered(records, companion)
    ]
    if not spec.counts:
        asked += [(spec, days, {name: f"{name}_{days}" for name in ("outcome", "weight")}) for days in LATER]
    answered = kept(workspace.run(people))
    with workspace.scratch() as name_of:
        whole = workspace.table(name_of("asked"), answered)
        training = whole.filter(whole.role == "train")
        first = training.filter(training.index_date == training.index_date.min())
        for number, (question, days, named) in enumerate(asked):
            ends = follow_up(
                records,
                first if days else whole,
                known_by=known_by,
                starts_after_days=days,
                **follow_up_of(question, catalogue),
            )
            found = workspace.table(name_of(f"ends_{number}"), kept(workspace.run(ends)))
            weighed = _weighed(found, question)
            answers = kept(workspace.run(weighed.select(*KEYS, **{new: old for old, new in named.items()})))
            answered = answered.join(answers, KEYS, "left")
    return answered.select(*people.columns, *(new for *_, named in asked for new in named.values()))


def _weighed(found: ir.Table, spec: ModelSpec) -> ir.Table:
    """Add the weights; only how many windows of a date ended how, on which of their days, comes to the driver."""
    ways = ["index_date", "ended", "followed_days"]
    over = found.filter(found.ended.notnull())
    number = over.group_by(ways).agg(people=over.count()).to_pyarrow().to_pandas(date_as_object=True)
    number["weight"] = censoring_weights(
        number, horizon_days=spec.horizon_days, how=spec.censoring.left_area, people=number["people"]
    )
    weights = pa.Table.from_pandas(number[[*ways, "weight"]], schema=_WEIGHTS, preserve_index=False)
    return found.left_join(ibis.memtable(weights), ways).select(*found.columns, "weight")
