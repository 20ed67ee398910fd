"""The synthetic trust: lives drawn once, then written down by each service, as canonical tables, beside the truth."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vi_risk.errors import ResourceError, UsageError
from vi_risk.records.synthetic import (
    choices,
    coding,
    community,
    emergency_department,
    general_practice,
    medicines,
    outpatients,
    referrals,
    registry,
    spells,
)
from vi_risk.records.synthetic.effects import NO_EFFECTS, Effects
from vi_risk.records.synthetic.flaws import NO_FLAWS, Flaws
from vi_risk.records.synthetic.frames import Written, canonical_frame, canonical_schema
from vi_risk.records.synthetic.marker import MARKER_FILE, write_marker
from vi_risk.records.synthetic.truth import HORIZON_DAYS, TRUTH_SCHEMA, true_risks
from vi_risk.records.synthetic.world import FIRST_DAY, LAST_DAY, PATIENTS, SEED, Lived, World, lived_in
from vi_risk.records.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

FileFormat = Literal["parquet", "csv"]


def make_trust(
    *,
    patients: int = PATIENTS,
    seed: int = SEED,
    first_day: date = FIRST_DAY,
    last_day: date = LAST_DAY,
    effects: Effects = NO_EFFECTS,
    reviews: "pd.DataFrame | None" = None,
    flaws: Flaws = NO_FLAWS,
) -> dict[str, "pd.DataFrame"]:
    """Return the linked records of a synthetic vertically integrated trust, one frame per canonical table.

    Parameters
    ----------
    patients
        Number of people who live in the place at some time between the two days.
    seed
        The same seed, days and number of people give the same records.
    first_day, last_day
        The records begin and end with these days, up to seven years from June 2016 on. What had not reached the trust
        by the last day is not in them.
    effects
        Chosen true effects of integration and of MDT reviews on emergency admissions; none unless given.
    reviews
        MDT reviews, with patient_id and reviewed_on; other columns of mdt_reviews are kept. Without them the trust's
        own teams review whom they find frail, ill or unsettled.
    flaws
        Chosen rates of missing values, duplicates and late coding.

    Returns
    -------
    dict of DataFrame
        All canonical tables, each by patient and day of the event, with all columns and types as declared.

    Raises
    ------
    UsageError
        Fewer than one patient, days that leave no month between them or lie too far apart, or reviews of nobody.
    """
    lived = lived_in(World(patients, seed, first_day, last_day, effects, reviews))
    return dict(_written(lived, flaws))


def make_truth(
    *,
    index_dates: Sequence[date],
    horizon_days: int = HORIZON_DAYS,
    patients: int = PATIENTS,
    seed: int = SEED,
    first_day: date = FIRST_DAY,
    last_day: date = LAST_DAY,
    effects: Effects = NO_EFFECTS,
    reviews: "pd.DataFrame | None" = None,
) -> "pd.DataFrame":
    """Return the true risk in the trust that the same arguments make, one row per patient_id and index_date.

    Columns: patient_id, index_date, outcome, horizon_days, true_risk (probability of an emergency admission within the
    horizon, given the hidden state at the index date). See `truth` for what is known and what is averaged over.

    Raises
    ------
    UsageError
        Arguments that `make_trust` refuses, or an index date outside the records.
    """
    return _truth(lived_in(World(patients, seed, first_day, last_day, effects, reviews)), index_dates, horizon_days)


def write_trust(
    folder: str | Path,
    *,
    patients: int = PATIENTS,
    seed: int = SEED,
    first_day: date = FIRST_DAY,
    last_day: date = LAST_DAY,
    file_format: FileFormat = "parquet",
    effects: Effects = NO_EFFECTS,
    reviews: "pd.DataFrame | None" = None,
    flaws: Flaws = NO_FLAWS,
    index_dates: Sequence[date] = (),
    horizon_days: int = HORIZON_DAYS,
) -> None:
    """Write the tables of `make_trust` into a folder, one file per table; the same arguments give the same bytes.

    With index dates it writes ``truth.parquet`` beside them; the tables are the same with or without it. A further file
    (`vi_risk.records.synthetic.marker`) says that these records are nobody's, as long as nobody changes them.

    Parameters
    ----------
    folder
        Made if it is not there; tables of the same names are written anew.
    patients, seed, first_day, last_day, effects, reviews, flaws
        As in `make_trust`: how many people, drawn by what, over which span of days; chosen true effects on emergency
        admissions, reviews of one's own, and what goes wrong on the way into the record.
    file_format
        "parquet" or "csv".
    index_dates, horizon_days
        Dates of which the true risk of an emergency admission in so many days is written; none unless given.

    Raises
    ------
    UsageError
        An unknown file format, or arguments that `make_trust` or `make_truth` refuses.
    ResourceError
        The folder cannot be made or written to.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import vi_risk
    >>> with TemporaryDirectory() as folder:
    ...     vi_risk.write_trust(folder, patients=20)
    ...     (Path(folder) / "spells.parquet").is_file()
    True
    """
    folder = Path(folder)
    if file_format not in ("parquet", "csv"):
        raise UsageError(f"file_format: expected 'parquet' or 'csv', got {file_format!r}.")
    other = "csv" if file_format == "parquet" else "parquet"
    there = sorted(f"{name}.{other}" for name in TABLES if (folder / f"{name}.{other}").exists())
    if there:
        raise UsageError(f"{folder}: holds {there[0]}; its tables would stand there twice. Name another folder.")
    lived = lived_in(World(patients, seed, first_day, last_day, effects, reviews))
    truth = _truth(lived, index_dates, horizon_days) if index_dates else None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in ("truth.parquet", MARKER_FILE):  # those of other people tell nothing of these
            (folder / left).unlink(missing_ok=True)
        files = [folder / f"{name}.{file_format}" for name in TABLES]
        if truth is not None:
            files.append(folder / "truth.parquet")
            _write_parquet(truth, TRUTH_SCHEMA, files[-1])
        for name, table in _written(lived, flaws):  # one table at a time: they need not all fit into memory
            _write(table, name, folder / f"{name}.{file_format}", file_format)
        write_marker(folder, files)
    except OSError as fault:
        raise ResourceError(
            f"{folder}: expected a folder that can be written to, got: {fault.strerror}. "
            "Name another folder, or free space on this disk."
        ) from fault


def _written(lived: Lived, flaws: Flaws) -> Iterator[tuple[str, "pd.DataFrame"]]:
    life, written, place = lived.life, lived.spells, lived.place
    coded_on = coding.days_of_coding(lived.of_coding, written, flaws.coding_lag)
    writers: dict[str, Callable[[np.random.Generator], Written]] = {
        "patients": lambda rng: registry.patients_written(rng, life, place),
        "registrations": lambda rng: registry.registrations_written(rng, life, place),
        "spells": lambda rng: spells.spells_written(rng, life, written),
        "diagnoses": lambda rng: coding.diagnoses_written(rng, life, written, coded_on),
        "procedures": lambda rng: coding.procedures_written(rng, life, written, coded_on),
        "ed_attendances": lambda rng: emergency_department.attendances_written(rng, life, written),
        "outpatient_appointments": lambda rng: outpatients.appointments_written(rng, life),
        "gp_appointments": lambda rng: general_practice.appointments_written(rng, life, place),
        "gp_events": lambda rng: general_practice.events_written(rng, life, place),
        "prescriptions": lambda rng: medicines.prescriptions_written(rng, life, place),
        "community_contacts": lambda rng: community.contacts_written(rng, life),
        "referrals": lambda rng: referrals.referrals_written(rng, life),
        "mdt_reviews": lambda _: choices.reviews_written(lived.ratios.reviews),
        "objections": lambda rng: choices.objections_written(rng, life),
    }
    for name, table in TABLES.items():
        rng, of_flaws = lived.of_tables[name].spawn(2)
        if name == "practices":
            frame = registry.practices_frame(place)
        else:
            frame = canonical_frame(writers[name](rng), lived.patient_id, life.months.last_day)
        yield name, flaws.applied(of_flaws, frame, table)


def _truth(lived: Lived, index_dates: Sequence[date], horizon_days: int) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415

    if not index_dates:
        raise UsageError("index_dates: expected at least one, got none. A true risk is that of a day.")
    risks = [
        true_risks(lived.life, lived.stays, lived.ratios, lived.patient_id, day, horizon_days)
        for day in sorted(set(index_dates))
    ]
    return pd.concat(risks, ignore_index=True)


def _write(table: "pd.DataFrame", name: str, path: Path, file_format: FileFormat) -> None:
    if file_format == "csv":
        table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
        return
    _write_parquet(table, canonical_schema(name), path)


def _write_parquet(table: "pd.DataFrame", schema: pa.Schema, path: Path) -> None:
    arrow = pa.Table.from_pandas(table, schema=schema, preserve_index=False)
    pq.write_table(arrow.replace_schema_metadata(None), path, compression="zstd", version="2.6", row_group_size=131_072)
