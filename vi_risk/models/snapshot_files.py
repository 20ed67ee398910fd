"""Snapshots on disk: both tables, the catalogue that they were built with, and the rest as plain values for run.json.

features.parquet, cohort.parquet and catalogue.json stand in the output folder, and beside them contacts, reviews,
departures, objectors and pathways, which the list tells of or goes by, and whole_record, where its date sees further
back than the model.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from vi_risk.cohort.index_dates import IndexDates
from vi_risk.cohort.particulars import Particulars
from vi_risk.errors import InputError
from vi_risk.features.cache import FeatureCache
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.engine import write_features
from vi_risk.governance.door import without_objectors
from vi_risk.models.reviewed.windows import as_if_not_reviewed
from vi_risk.models.snapshots import Plan, Snapshots, particulars_at, plan_people, who_is_asked, whole_record_at
from vi_risk.models.spec import ModelSpec
from vi_risk.models.stored_features import StoredFeatures, not_whole
from vi_risk.models.whole_record import WholeRecord
from vi_risk.records.linked import Records
from vi_risk.running.checksums import checksums_of, refuse_others
from vi_risk.running.files import remove, write_text
from vi_risk.running.memory import budget, let_go

# of `Particulars`, name -> file
PARTICULARS_FILES = {name: f"{name}.parquet" for name in ("contacts", "reviews", "departures", "objectors", "pathways")}
FEATURES_FILE, COHORT_FILE, CATALOGUE_FILE = "features.parquet", "cohort.parquet", "catalogue.json"
WHOLE_RECORD_FILE = "whole_record.parquet"
_TABLES = (FEATURES_FILE, COHORT_FILE, WHOLE_RECORD_FILE, *PARTICULARS_FILES.values())


def write_snapshots(
    records: Records,
    spec: ModelSpec,
    folder: Path,
    *,
    index_date: date,
    previous: date | None = None,
    catalogue: Catalogue | None = None,
    cache: FeatureCache | None = None,
) -> Plan:
    """Build what `vi_risk.models.snapshots.build_features` does into files of a folder, features never whole in memory.

    With a `cache` they are whole in memory, as it keeps them by feature.
    """
    records = without_objectors(records, index_date)
    plan, cohort = plan_people(records, spec, index_date=index_date, previous=previous, catalogue=catalogue)
    for name in (FEATURES_FILE, COHORT_FILE):
        remove(folder / name)
    budget().refuse_too_small(len(cohort))
    known, asked, windows = records.as_of(index_date), who_is_asked(cohort), plan.windows
    let_go()
    if cache is None:
        write_features(known, asked, plan.catalogue, folder / FEATURES_FILE, windows=windows)
    else:
        features = cache.compute(known, asked, plan.catalogue, windows=windows, fingerprints=records.fingerprints())
        features.to_parquet(folder / FEATURES_FILE, index=False, compression="zstd")
    built = Snapshots(**vars(plan), features=StoredFeatures(folder / FEATURES_FILE), cohort=cohort)
    cohort = as_if_not_reviewed(built, records, spec)
    cohort.to_parquet(folder / COHORT_FILE, index=False, compression="zstd")
    let_go()
    _save_particulars(particulars_at(plan, cohort, records, spec), folder)
    let_go()
    _save_whole_record(whole_record_at(plan, cohort, known), folder)
    return plan


def _save_whole_record(whole_record: WholeRecord | None, folder: Path) -> None:
    """Write it, or take away that of an earlier run where there is none now."""
    remove(folder / WHOLE_RECORD_FILE)
    if whole_record is not None:
        whole_record.save(folder / WHOLE_RECORD_FILE)


def _load_whole_record(folder: Path) -> WholeRecord | None:
    """Return it; None where there is none, as on Spark and of a folder that an earlier version wrote."""
    path = folder / WHOLE_RECORD_FILE
    return WholeRecord.load(path) if path.exists() else None


def _save_particulars(particulars: Particulars, folder: Path) -> None:
    for name, file in PARTICULARS_FILES.items():
        remove(folder / file)
        getattr(particulars, name).to_parquet(folder / file, index=False, compression="zstd")


def _load_particulars(folder: Path) -> Particulars | None:
    """Return the particulars; None where they were not asked of the records, as on Spark."""
    import pandas as pd  # noqa: PLC0415 - loaded when used

    there = {name: folder / file for name, file in PARTICULARS_FILES.items() if (folder / file).exists()}
    if not there:
        return None
    if lost := [PARTICULARS_FILES[name] for name in PARTICULARS_FILES if name not in there]:
        msg = f"{', '.join(lost)}: not in the output folder. Run `vi-risk features build` with the same --out again."
        raise InputError(msg)
    found = {}
    for name, path in there.items():
        try:
            found[name] = pd.read_parquet(path)
        except (OSError, ValueError):
            raise InputError(not_whole(path.name)) from None
    return Particulars(**found)


def save_snapshots(snapshots: Snapshots, folder: Path) -> dict[str, Any]:
    """Write the files of snapshots that were built in memory, and return the rest as plain values."""
    for table, name in ((snapshots.features, FEATURES_FILE), (snapshots.cohort, COHORT_FILE)):
        if not isinstance(table, StoredFeatures):
            remove(folder / name)
            table.to_parquet(folder / name, index=False, compression="zstd")
    if snapshots.particulars is not None:
        _save_particulars(snapshots.particulars, folder)
    whole_record = snapshots.whole_record
    if whole_record is None or not isinstance(whole_record.features, StoredFeatures):
        _save_whole_record(whole_record, folder)
    return save_plan(snapshots, folder)


def save_plan(plan: Plan, folder: Path) -> dict[str, Any]:
    """Write the catalogue of snapshots whose tables are written already, and return the rest as plain values."""
    write_text(folder / CATALOGUE_FILE, plan.catalogue.to_json())
    dates = plan.index_dates
    return {
        "index_dates": {
            "list": dates.list_date.isoformat(),
            "test": dates.test.isoformat(),
            "test_to": None if dates.test_to is None else dates.test_to.isoformat(),
            "train": [day.isoformat() for day in dates.train],
            "previous": None if dates.previous is None else dates.previous.isoformat(),
        },
        "flow": [dict(step) for step in plan.flow],
        "windows": dict(plan.windows),
        "notes": list(plan.notes),
        "data_to": {table: day.isoformat() for table, day in plan.data_to.items()},
        "practices": {code: dict(about) for code, about in plan.practices.items()},
        "catalogue": plan.catalogue.fingerprint,
        "sensitive": plan.catalogue.sensitive,
        "checksums": checksums_of(folder, _TABLES),
    }


def load_snapshots(folder: Path, about: Mapping[str, Any]) -> Snapshots:
    """Return the snapshots that `save_snapshots` wrote, with the very catalogue that they were built with.

    Raises
    ------
    InputError
        A file is missing, damaged or another than was saved, or the catalogue is not the one that the features were
        built with.
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    for name in (FEATURES_FILE, COHORT_FILE):
        if not (folder / name).exists():  # a file, or the folder of files that Spark writes
            msg = f"{name}: is not in the output folder. Run `vi-risk features build` with the same --out first."
            raise InputError(msg)
    try:
        cohort = pd.read_parquet(folder / COHORT_FILE)
    except (OSError, ValueError):
        raise InputError(not_whole(COHORT_FILE)) from None
    features = StoredFeatures(folder / FEATURES_FILE)
    catalogue = load_catalogue(folder, about["catalogue"])
    particulars, whole_record = _load_particulars(folder), _load_whole_record(folder)
    # Last, as a file that cannot be read is better told so; an earlier version kept none.
    refuse_others(folder, about.get("checksums", {}), when="the features were built", command="features build")
    dates = about["index_dates"]
    return Snapshots(
        features=features,
        cohort=cohort,
        particulars=particulars,
        whole_record=whole_record,
        index_dates=IndexDates(
            date.fromisoformat(dates["list"]),
            date.fromisoformat(dates["test"]),
            tuple(date.fromisoformat(day) for day in dates["train"]),
            None if dates["test_to"] is None else date.fromisoformat(dates["test_to"]),
            date.fromisoformat(dates["previous"]) if dates.get("previous") else None,
        ),
        windows=about["windows"],
        flow=about["flow"],
        notes=tuple(about["notes"]),
        data_to={table: date.fromisoformat(day) for table, day in about["data_to"].items()},
        practices=about["practices"],
        catalogue=catalogue,
    )


def load_catalogue(folder: Path, fingerprint: str) -> Catalogue:
    """Return the catalogue that an output folder's features were built with, known by its fingerprint."""
    try:
        catalogue = Catalogue.from_json((folder / CATALOGUE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        msg = f"{CATALOGUE_FILE}: is missing or damaged. Run `vi-risk features build` with the same --out again."
        raise InputError(msg) from None
    if catalogue.fingerprint != fingerprint:
        msg = (
            f"{CATALOGUE_FILE}: is not the catalogue that {FEATURES_FILE} was built with, so it has been changed or"
            " exchanged since. Run `vi-risk features build` with the same --out again."
        )
        raise InputError(msg)
    return catalogue
