"""Snapshots on disk: both tables, the catalogue that they were built with, and the rest as plain values for run.json.

features.parquet, cohort.parquet and catalogue.json stand in the output folder.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from vi_risk.cohort.index_dates import IndexDates
from vi_risk.errors import InputError
from vi_risk.features.catalogue import Catalogue
from vi_risk.files import remove, write_text
from vi_risk.models.snapshots import Plan, Snapshots

FEATURES_FILE, COHORT_FILE, CATALOGUE_FILE = "features.parquet", "cohort.parquet", "catalogue.json"


def save_snapshots(snapshots: Snapshots, folder: Path) -> dict[str, Any]:
    """Write both tables and the catalogue, and return the rest as plain values."""
    for table, name in ((snapshots.features, FEATURES_FILE), (snapshots.cohort, COHORT_FILE)):
        remove(folder / name)
        table.to_parquet(folder / name, index=False, compression="zstd")
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
        },
        "flow": [dict(step) for step in plan.flow],
        "windows": dict(plan.windows),
        "notes": list(plan.notes),
        "data_to": {table: day.isoformat() for table, day in plan.data_to.items()},
        "practices": {code: dict(about) for code, about in plan.practices.items()},
        "catalogue": plan.catalogue.fingerprint,
        "sensitive": plan.catalogue.sensitive,
    }


def load_snapshots(folder: Path, about: Mapping[str, Any]) -> Snapshots:
    """Return the snapshots that `save_snapshots` wrote, with the very catalogue that they were built with.

    Raises
    ------
    InputError
        A file is missing or damaged, or the catalogue is not the one that the features were built with.
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    tables = {}
    for name in (FEATURES_FILE, COHORT_FILE):
        if not (folder / name).exists():  # a file, or the folder of files that Spark writes
            msg = f"{name}: is not in the output folder. Run `vi-risk features build` with the same --out first."
            raise InputError(msg)
        try:
            tables[name] = pd.read_parquet(folder / name)
        except (OSError, ValueError):
            msg = f"{name}: is not a whole Parquet file. Run `vi-risk features build` with the same --out again."
            raise InputError(msg) from None
    catalogue = _catalogue(folder, about["catalogue"])
    dates = about["index_dates"]
    return Snapshots(
        features=tables[FEATURES_FILE],
        cohort=tables[COHORT_FILE],
        index_dates=IndexDates(
            date.fromisoformat(dates["list"]),
            date.fromisoformat(dates["test"]),
            tuple(date.fromisoformat(day) for day in dates["train"]),
            None if dates["test_to"] is None else date.fromisoformat(dates["test_to"]),
        ),
        windows=about["windows"],
        flow=about["flow"],
        notes=tuple(about["notes"]),
        data_to={table: date.fromisoformat(day) for table, day in about["data_to"].items()},
        practices=about["practices"],
        catalogue=catalogue,
    )


def _catalogue(folder: Path, fingerprint: str) -> Catalogue:
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
