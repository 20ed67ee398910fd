"""The synthetic trust: lives drawn once, then written down by each service, as canonical tables."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vi_risk.errors import ResourceError, UsageError
from vi_risk.records.synthetic import (
    coding,
    community,
    emergency_department,
    general_practice,
    hospital,
    medicines,
    outpatients,
    registry,
)
from vi_risk.records.synthetic.frames import canonical_frame, canonical_schema
from vi_risk.records.synthetic.life import live
from vi_risk.records.synthetic.months import Months
from vi_risk.records.synthetic.place import draw_place
from vi_risk.records.synthetic.population import draw_population
from vi_risk.records.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

FIRST_DAY, LAST_DAY = date(2021, 1, 1), date(2024, 12, 31)
FileFormat = Literal["parquet", "csv"]


def make_trust(
    *, patients: int = 20_000, seed: int = 1, first_day: date = FIRST_DAY, last_day: date = LAST_DAY
) -> dict[str, "pd.DataFrame"]:
    """Return the linked records of a synthetic vertically integrated trust, one frame per canonical table.

    Parameters
    ----------
    patients
        Number of people who live in the place at some time between the two days.
    seed
        The same seed, days and number of people give the same records.
    first_day, last_day
        The records begin and end with these days. What had not reached the trust by the last day is not in them.

    Returns
    -------
    dict of DataFrame
        All canonical tables, each by patient and day of the event, with all columns and types as declared.

    Raises
    ------
    UsageError
        Fewer than one patient, or days that leave no month between them.
    """
    if patients < 1:
        raise UsageError(f"patients: expected at least 1, got {patients}. Ask for a few thousand to train a model.")
    if (last_day - first_day).days < 31:
        raise UsageError(
            f"first_day, last_day: expected more than a month between them, got {first_day} and {last_day}. "
            "Let the records run for at least two years to train a model."
        )
    # Every part draws from a stream of its own: deepening one does not change what the others draw.
    streams = iter(np.random.default_rng(seed).spawn(16))
    months = Months.between(first_day, last_day)
    place = draw_place(next(streams), patients, months)
    people = draw_population(next(streams), patients, place, months)
    life = live(next(streams), people, place, months)
    stays = hospital.draw_stays(next(streams), life)
    written = (
        registry.patients_written(next(streams), life, place),
        registry.registrations_written(next(streams), life, place),
        hospital.spells_written(next(streams), life, stays),
        coding.diagnoses_written(next(streams), life, stays),
        emergency_department.attendances_written(next(streams), life, stays),
        outpatients.appointments_written(next(streams), life),
        general_practice.appointments_written(next(streams), life, place),
        general_practice.events_written(next(streams), life, place),
        medicines.prescriptions_written(next(streams), life, place),
        community.contacts_written(next(streams), life),
    )
    patient_id = registry.pseudonyms(patients)
    frames = {rows.table: canonical_frame(rows, patient_id, months.last_day) for rows in written}
    frames["practices"] = registry.practices_frame(place)
    return {name: frames[name] for name in TABLES}


def write_trust(
    folder: Path,
    *,
    patients: int = 20_000,
    seed: int = 1,
    first_day: date = FIRST_DAY,
    last_day: date = LAST_DAY,
    file_format: FileFormat = "parquet",
) -> None:
    """Write the tables of `make_trust` into a folder, one file per table; the same arguments give the same bytes.

    Raises
    ------
    UsageError
        An unknown file format, or arguments that `make_trust` refuses.
    ResourceError
        The folder cannot be made or written to.
    """
    if file_format not in ("parquet", "csv"):
        raise UsageError(f"file_format: expected 'parquet' or 'csv', got {file_format!r}.")
    tables = make_trust(patients=patients, seed=seed, first_day=first_day, last_day=last_day)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            _write(table, name, folder / f"{name}.{file_format}", file_format)
    except OSError as fault:
        raise ResourceError(
            f"{folder}: expected a folder that can be written to, got: {fault.strerror}. "
            "Name another folder, or free space on this disk."
        ) from fault


def _write(table: "pd.DataFrame", name: str, path: Path, file_format: FileFormat) -> None:
    if file_format == "csv":
        table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
        return
    arrow = pa.Table.from_pandas(table, schema=canonical_schema(name), preserve_index=False)
    pq.write_table(arrow.replace_schema_metadata(None), path, compression="zstd", version="2.6", row_group_size=131_072)
