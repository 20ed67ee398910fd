"""Cohort, features and outcomes built at every index date, here or on Spark."""

from pathlib import Path

import pandas as pd

from vi_risk.errors import InputError, UsageError
from vi_risk.features.cache import FeatureCache
from vi_risk.governance.door import permission_in, without_objectors
from vi_risk.governance.told import about_permission, permission_in_words
from vi_risk.models import snapshot_files
from vi_risk.models.snapshot_files import PARTICULARS_FILES, save_plan
from vi_risk.models.snapshots import Plan
from vi_risk.records.checks import CheckReport
from vi_risk.records.linked import Records
from vi_risk.running.checksums import checksums_of
from vi_risk.running.files import remove
from vi_risk.running.progress import Report
from vi_risk.running.run_file import LISTED_BEFORE, update_run
from vi_risk.spark import snapshots as spark_snapshots
from vi_risk.spark.workspace import SparkWorkspace
from vi_risk.stages.request import FeatureRequest


def build_features(
    folder: Path, records: Records, request: FeatureRequest, checked: CheckReport, report: Report
) -> None:
    """Build cohort, features and outcomes at every index date from records that were checked, where those are.

    Whoever objects is left out first, as known at the date of the list.

    Raises
    ------
    GovernanceError
        The records have not come through the door (`vi_risk.governance`).
    """
    report.stage("Fix index dates, build features")
    records = without_objectors(records, request.index_date)
    permission = about_permission(permission_in(records), request.index_date, objections=records.has("objections"))
    for line in permission_in_words(permission):
        report.step(line)
    about_records = {
        "source": request.source.records,
        "mapping": request.source.mapping,
        "governance": request.source.governance,
        "permission": permission,
        "reviews": list(request.source.reviews),
        "practices_outside": list(request.source.practices_outside),
        "fingerprints": records.fingerprints(),
        "rows": {table.table: table.rows for table in checked.tables},
        "absent": list(checked.absent),
        "warnings": [str(finding) for finding in checked.warnings],
    }
    update_run(folder, "records", about_records)
    on_spark = isinstance(records.workspace, SparkWorkspace)
    plan = (_built_on_spark if on_spark else _built_here)(folder, records, request, report)
    people = 0
    for step in plan.flow:
        *_, eligible = (number for number in step.values() if isinstance(number, int))
        people += eligible
        report.step(f"{step['index_date']} ({step['role']}): {eligible:,} people")
    report.rows(people)
    for note in plan.notes:
        report.warn(note)
    spec = request.spec.model_dump(mode="json")
    part = save_plan(plan, folder)
    part["checksums"] |= checksums_of(folder, (LISTED_BEFORE,))
    update_run(folder, "features", part, spec=spec)


def _built_here(folder: Path, records: Records, request: FeatureRequest, report: Report) -> Plan:
    cache = None if request.cache is None else FeatureCache(request.cache)
    plan = snapshot_files.write_snapshots(
        records,
        request.spec,
        folder,
        index_date=request.index_date,
        previous=None if request.previous is None else request.previous.index_date,
        catalogue=request.catalogue,
        cache=cache,
    )
    remove(folder / LISTED_BEFORE)
    if request.previous is not None and request.previous.listed is not None:
        keep_listed_before(request.previous.listed, folder)
    if cache is not None:
        report.step(f"cache: {cache.found:,} results taken from it, {cache.computed:,} computed and kept")
    return plan


def keep_listed_before(listed: Path, folder: Path) -> None:
    """Keep who was on the list before in an output folder, without those who object by now.

    Raises
    ------
    InputError
        A file is damaged.
    """
    try:
        rows = pd.read_parquet(listed)
        objectors = pd.read_parquet(folder / PARTICULARS_FILES["objectors"])
    except (OSError, ValueError):
        msg = f"--previous: {listed.name}: is no whole Parquet file. Name the output folder of a run that ended well."
        raise InputError(msg) from None
    if "patient_id" in rows:  # else told where the lists are made, with every column that is wanted
        rows = rows[~rows["patient_id"].isin(objectors["patient_id"])]
    rows.to_parquet(folder / LISTED_BEFORE, index=False, compression="zstd")


def _built_on_spark(folder: Path, records: Records, request: FeatureRequest, report: Report) -> Plan:
    if request.previous is not None:
        msg = "--previous: belongs to the embedded engine. Leave it out with --engine spark."
        raise UsageError(msg)
    plan = spark_snapshots.write_snapshots(
        records, request.spec, folder, index_date=request.index_date, catalogue=request.catalogue
    )
    report.step("built on Spark")
    return plan
