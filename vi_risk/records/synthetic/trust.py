"""The synthetic trust: lives drawn once, then written down by each service, as canonical tables, beside the truth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
    hospital,
    medicines,
    outpatients,
    referrals,
    registry,
)
from vi_risk.records.synthetic.draws import Values
from vi_risk.records.synthetic.effects import NO_EFFECTS, Effects, Ratios, Reviews
from vi_risk.records.synthetic.flaws import NO_FLAWS, Flaws
from vi_risk.records.synthetic.frames import canonical_frame, canonical_schema
from vi_risk.records.synthetic.hospital import Stays
from vi_risk.records.synthetic.life import Life, live
from vi_risk.records.synthetic.months import Months
from vi_risk.records.synthetic.place import FIRST_JOINING, Place, draw_place
from vi_risk.records.synthetic.population import draw_population
from vi_risk.records.synthetic.truth import HORIZON_DAYS, TRUTH_SCHEMA, true_risks
from vi_risk.records.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

FIRST_DAY, LAST_DAY = date(2021, 1, 1), date(2024, 12, 31)
MOST_YEARS = 7
FileFormat = Literal["parquet", "csv"]


def make_trust(
    *,
    patients: int = 20_000,
    seed: int = 1,
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
        MDT reviews, with patient_id and reviewed_on; other columns of mdt_reviews are kept.
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
    lived = _live(patients, seed, first_day, last_day, effects, reviews)
    return dict(_written(lived, flaws))


def make_truth(
    *,
    index_dates: Sequence[date],
    horizon_days: int = HORIZON_DAYS,
    patients: int = 20_000,
    seed: int = 1,
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
    return _truth(_live(patients, seed, first_day, last_day, effects, reviews), index_dates, horizon_days)


def write_trust(
    folder: Path,
    *,
    patients: int = 20_000,
    seed: int = 1,
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

    With index dates it writes ``truth.parquet`` beside them; the tables are the same with or without it.

    Raises
    ------
    UsageError
        An unknown file format, or arguments that `make_trust` or `make_truth` refuses.
    ResourceError
        The folder cannot be made or written to.
    """
    if file_format not in ("parquet", "csv"):
        raise UsageError(f"file_format: expected 'parquet' or 'csv', got {file_format!r}.")
    lived = _live(patients, seed, first_day, last_day, effects, reviews)
    truth = _truth(lived, index_dates, horizon_days) if index_dates else None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if truth is not None:
            _write_parquet(truth, TRUTH_SCHEMA, folder / "truth.parquet")
        for name, table in _written(lived, flaws):  # one table at a time: they need not all fit into memory
            _write(table, name, folder / f"{name}.{file_format}", file_format)
    except OSError as fault:
        raise ResourceError(
            f"{folder}: expected a folder that can be written to, got: {fault.strerror}. "
            "Name another folder, or free space on this disk."
        ) from fault


@dataclass(frozen=True, slots=True)
class _Lived:
    """What happened, before anybody wrote it down."""

    streams: dict[str, np.random.Generator]  # table -> the stream that its rows are drawn from
    of_coding: np.random.Generator
    patient_id: Values
    place: Place
    life: Life
    stays: Stays
    ratios: Ratios


def _live(
    patients: int,
    seed: int,
    first_day: date,
    last_day: date,
    effects: Effects,
    reviews: "pd.DataFrame | None",
) -> _Lived:
    if patients < 1:
        raise UsageError(f"patients: expected at least 1, got {patients}. Ask for a few thousand to train a model.")
    _check_days(first_day, last_day)
    # Every part draws from a stream of its own: deepening one does not change what the others draw.
    streams = np.random.default_rng(seed).spawn(5 + len(TABLES))
    patient_id = registry.pseudonyms(patients)
    months = Months.between(first_day, last_day)
    place = draw_place(streams[0], patients, months)
    people = draw_population(streams[1], patients, place, months)
    ratios = Ratios(effects, place, people, Reviews.of(reviews, patient_id))
    life = live(streams[2], people, place, months)
    stays = hospital.draw_stays(streams[3], life, ratios)
    of_tables = dict(zip(TABLES, streams[5:], strict=True))
    return _Lived(of_tables, streams[4], patient_id, place, life, stays, ratios)


def _check_days(first_day: date, last_day: date) -> None:
    if (last_day - first_day).days < 31:
        raise UsageError(
            f"first_day, last_day: expected more than a month between them, got {first_day} and {last_day}. "
            "Let the records run for at least two years to train a model."
        )
    if first_day < FIRST_JOINING or (last_day - first_day).days > MOST_YEARS * 366:
        raise UsageError(
            f"first_day, last_day: expected up to {MOST_YEARS} years from {FIRST_JOINING} on, got {first_day} and "
            f"{last_day}. The first practices joined the trust then; begin later or end earlier."
        )


def _written(lived: _Lived, flaws: Flaws) -> Iterator[tuple[str, "pd.DataFrame"]]:
    life, stays, place = lived.life, lived.stays, lived.place
    coded_on = coding.days_of_coding(lived.of_coding, stays, flaws.coding_lag)
    writers = {
        "patients": lambda rng: registry.patients_written(rng, life, place),
        "registrations": lambda rng: registry.registrations_written(rng, life, place),
        "spells": lambda rng: hospital.spells_written(rng, life, stays),
        "diagnoses": lambda rng: coding.diagnoses_written(rng, life, stays, coded_on),
        "procedures": lambda rng: coding.procedures_written(rng, life, stays, coded_on),
        "ed_attendances": lambda rng: emergency_department.attendances_written(rng, life, stays),
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
        rng, of_flaws = lived.streams[name].spawn(2)
        if name == "practices":
            frame = registry.practices_frame(place)
        else:
            frame = canonical_frame(writers[name](rng), lived.patient_id, life.months.last_day)
        yield name, flaws.applied(of_flaws, frame, table)


def _truth(lived: _Lived, index_dates: Sequence[date], horizon_days: int) -> "pd.DataFrame":
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
