"""Whatever the future of the records, the list at a date and all that it was made from stay the same."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vi_risk.features.catalogue import read_catalogue
from vi_risk.models.on_snapshots import train
from vi_risk.models.scoring import score
from vi_risk.models.snapshots import Snapshots, build_features
from vi_risk.models.spec import load_spec
from vi_risk.records.linked import Records
from vi_risk.records.permission import NOBODYS
from vi_risk.records.synthetic import make_trust
from vi_risk.records.tables import TABLES

DAY = date(2024, 7, 1)
Tables = dict[str, pd.DataFrame]


def on_or_after(column: pd.Series) -> pd.Series:
    """Return which dates lie on or after the date of the list; a missing one does not."""
    return pd.to_datetime(column) >= pd.Timestamp(DAY)


def future_rows(name: str, rows: pd.DataFrame) -> pd.Series:
    """Return which rows happened, or reached the trust, on or after the date of the list."""
    dated = [column for column in (TABLES[name].event, "recorded_on") if column in rows]
    found = pd.Series(False, index=rows.index)
    for column in dated:
        found |= on_or_after(rows[column])
    return found


def without_a_future(tables: Tables) -> Tables:
    """Return the records as an extract of the day before the list would have them."""
    cut = {name: rows[~future_rows(name, rows)].copy() for name, rows in tables.items()}
    for name, rows in cut.items():
        for column in TABLES[name].columns:
            if column.known_from is not None and column.name in rows:
                rows.loc[on_or_after(tables[name].loc[rows.index, column.known_from]), column.name] = None
    spells = cut["spells"]
    discharged = spells.loc[spells["discharged_on"].notna(), "spell_id"]
    for name in ("diagnoses", "procedures"):
        if name in cut:
            cut[name] = cut[name][cut[name]["spell_id"].isin(discharged)]
    return cut


def with_another_future(tables: Tables) -> Tables:
    """Return the same past with a crowded future: everyone admitted, moved, coded and, one in two, dead."""
    other = without_a_future(tables)
    rng = np.random.default_rng(8)
    everyone = other["patients"]["patient_id"].to_numpy()

    def days() -> list[date]:
        return [DAY + timedelta(days=int(n)) for n in rng.integers(0, 60, len(everyone))]

    def add(name: str, rows: pd.DataFrame) -> None:
        other[name] = pd.concat([other[name], rows.reindex(columns=other[name].columns)], ignore_index=True)

    patients = other["patients"]
    alive = patients["died_on"].isna() & (np.arange(len(patients)) % 2 == 0)
    patients.loc[alive, "died_on"] = np.array(days(), dtype=object)[alive.to_numpy()]
    spells = other["spells"]
    still_in = spells["discharged_on"].isna()
    spells.loc[still_in, ["discharged_on", "discharge_method", "discharge_destination"]] = [DAY, "4", "79"]
    coded_late = spells.loc[still_in, "spell_id"].tolist()
    admissions = pd.DataFrame(
        {
            "spell_id": [f"late-{n}" for n in range(len(everyone))],
            "patient_id": everyone,
            "admitted_on": days(),
            "admission_method": "21",
        }
    )
    admissions.loc[::3, "admitted_on"] = DAY - timedelta(days=40)  # happened before, told of later
    admissions.loc[::3, "recorded_on"] = DAY
    add("spells", admissions)
    # Diagnoses of open stays, and more of closed ones, coded on or after the day.
    closed = spells.loc[~still_in, "spell_id"].sample(200, random_state=1).tolist()
    add("diagnoses", pd.DataFrame({"spell_id": coded_late + closed, "position": 90, "code": "F00", "recorded_on": DAY}))
    add(
        "registrations",
        pd.DataFrame({"patient_id": everyone, "practice_code": "elsewhere", "registered_from": days()}),
    )
    registrations = other["registrations"]
    registrations.loc[registrations["registered_to"].isna(), "registered_to"] = DAY
    other["practices"].loc[other["practices"]["integrated_from"].isna(), "integrated_from"] = DAY
    add(
        "gp_events",
        pd.DataFrame({"patient_id": everyone, "event_on": days(), "code_system": "snomed", "code": "84114007"}),
    )
    add("prescriptions", pd.DataFrame({"patient_id": everyone, "issued_on": days(), "bnf_code": "0208020V0AAABAB"}))
    add(
        "ed_attendances",
        pd.DataFrame(
            {
                "attendance_id": [f"late-{n}" for n in range(len(everyone))],
                "patient_id": everyone,
                "arrived_at": pd.to_datetime(days()),
                "department_type": "01",
            }
        ),
    )
    return other


@pytest.fixture(scope="module")
def tables() -> Tables:
    return make_trust(patients=1500, seed=3)


def made_from(tables: Tables, small_model: Path) -> tuple[Snapshots, pd.DataFrame]:
    """Return the snapshots and the scores of a run at the date of the list."""
    spec = load_spec(small_model)
    records = Records.from_frames(tables, permission=NOBODYS)
    snapshots = build_features(records, spec, index_date=DAY, catalogue=read_catalogue())
    return snapshots, score(train(snapshots, spec), snapshots)


@pytest.fixture(scope="module")
def as_it_came(tables: Tables, small_model: Path) -> tuple[Snapshots, pd.DataFrame]:
    return made_from(tables, small_model)


def test_the_trust_has_a_future_to_change(tables: Tables) -> None:
    deaths = [world["patients"]["died_on"].notna().sum() for world in (tables, with_another_future(tables))]
    assert deaths[1] > 10 * deaths[0]
    for name in ("spells", "registrations", "gp_events", "prescriptions", "ed_attendances", "diagnoses"):
        assert len(without_a_future(tables)[name]) < len(tables[name])


@pytest.mark.parametrize("change", [without_a_future, with_another_future], ids=lambda change: change.__name__)
def test_no_future_changes_the_features_the_outcomes_or_the_list(
    tables: Tables, as_it_came: tuple[Snapshots, pd.DataFrame], small_model: Path, change: Callable[[Tables], Tables]
) -> None:
    snapshots, scores = as_it_came

    changed, changed_scores = made_from(change(tables), small_model)

    pd.testing.assert_frame_equal(changed.features, snapshots.features)
    pd.testing.assert_frame_equal(changed.cohort, snapshots.cohort)
    pd.testing.assert_frame_equal(changed_scores, scores)
    assert changed.windows == snapshots.windows
    assert changed.notes == snapshots.notes
    assert changed.data_to == snapshots.data_to
    assert changed.flow == snapshots.flow


def test_a_change_of_the_past_does_change_the_list(
    tables: Tables, as_it_came: tuple[Snapshots, pd.DataFrame], small_model: Path
) -> None:
    """Otherwise the test above could not fail."""
    spells = tables["spells"].copy()
    spells.loc[on_or_after(spells["admitted_on"]), "admitted_on"] = DAY - timedelta(days=1)

    _, scores = made_from({**tables, "spells": spells.assign(recorded_on=None)}, small_model)

    assert not scores["risk"].equals(as_it_came[1]["risk"])
