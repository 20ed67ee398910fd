"""Snapshots on disk: features.parquet and cohort.parquet, with what belongs to them as plain values for run.json."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from vi_risk.cohort.index_dates import IndexDates
from vi_risk.errors import InputError
from vi_risk.features.catalogue import Catalogue
from vi_risk.models.snapshots import Snapshots

FEATURES_FILE, COHORT_FILE = "features.parquet", "cohort.parquet"


def save_snapshots(snapshots: Snapshots, folder: Path) -> dict[str, Any]:
    """Write both tables and return the rest as plain values."""
    for table, name in ((snapshots.features, FEATURES_FILE), (snapshots.cohort, COHORT_FILE)):
        (folder / name).unlink(missing_ok=True)
        table.to_parquet(folder / name, index=False, compression="zstd")
    dates = snapshots.index_dates
    return {
        "index_dates": {
            "list": dates.list_date.isoformat(),
            "test": dates.test.isoformat(),
            "train": [day.isoformat() for day in dates.train],
        },
        "flow": [dict(step) for step in snapshots.flow],
        "windows": dict(snapshots.windows),
        "notes": list(snapshots.notes),
        "data_to": {table: day.isoformat() for table, day in snapshots.data_to.items()},
        "practices": {code: dict(about) for code, about in snapshots.practices.items()},
        "catalogue": snapshots.catalogue.fingerprint,
    }


def load_snapshots(folder: Path, about: Mapping[str, Any], catalogue: Catalogue) -> Snapshots:
    """Return the snapshots that `save_snapshots` wrote.

    Raises
    ------
    InputError
        A file is missing or damaged, or the feature declarations have changed since.
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    tables = {}
    for name in (FEATURES_FILE, COHORT_FILE):
        if not (folder / name).is_file():
            msg = f"{name}: is not in the output folder. Run `vi-risk features build` with the same --out first."
            raise InputError(msg)
        try:
            tables[name] = pd.read_parquet(folder / name)
        except (OSError, ValueError):
            msg = f"{name}: is not a whole Parquet file. Run `vi-risk features build` with the same --out again."
            raise InputError(msg) from None
    if about["catalogue"] != catalogue.fingerprint:
        msg = (
            f"{FEATURES_FILE}: was built from other feature declarations than today's."
            " Run `vi-risk features build` again."
        )
        raise InputError(msg)
    dates = about["index_dates"]
    return Snapshots(
        features=tables[FEATURES_FILE],
        cohort=tables[COHORT_FILE],
        index_dates=IndexDates(
            date.fromisoformat(dates["list"]),
            date.fromisoformat(dates["test"]),
            tuple(date.fromisoformat(day) for day in dates["train"]),
        ),
        windows=about["windows"],
        flow=about["flow"],
        notes=tuple(about["notes"]),
        data_to={table: date.fromisoformat(day) for table, day in about["data_to"].items()},
        practices=about["practices"],
        catalogue=catalogue,
    )
