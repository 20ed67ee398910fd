"""What became of the people of a past list."""

from datetime import date
from pathlib import Path

import pytest

from tests.conftest import MakeRecords
from vi_risk.models.spec import load_spec
from vi_risk.replaying.afterwards import afterwards
from vi_risk.replaying.asked import ReplayRequest
from vi_risk.replaying.dates import ReplayDates

DAY = date(2024, 1, 1)
ADMITTED = {"admission_method": "21", "admitted_on": date(2024, 6, 1), "discharged_on": date(2024, 6, 3)}


@pytest.mark.parametrize(
    ("treated_as", "counted", "reviewed"),
    [
        ("ignore", ["Ann", "Bob", "Cy", "Di"], []),
        ("exclude", ["Ann", "Cy", "Di"], ["Bob"]),
        ("covariate", ["Ann", "Cy", "Di"], ["Bob"]),
        ("weight", ["Ann", "Cy", "Di"], ["Bob"]),
    ],
)
def test_who_was_reviewed_in_the_window_counts_nowhere_where_reviews_are_exposure(
    make_records: MakeRecords, tmp_path: Path, treated_as: str, counted: list[str], reviewed: list[str]
) -> None:
    """Bob's review was at work before he was admitted; Cy's came after it, and of Di's nothing was done."""
    people = ["Ann", "Bob", "Cy", "Di"]
    records = make_records(
        patients=[{"patient_id": who} for who in people],
        spells=[{"patient_id": who, "spell_id": who, **ADMITTED} for who in people],
        mdt_reviews=[
            {"patient_id": "Bob", "reviewed_on": date(2024, 3, 1), "decision": "accepted"},
            {"patient_id": "Cy", "reviewed_on": date(2024, 7, 1), "decision": "accepted"},
            {"patient_id": "Di", "reviewed_on": date(2024, 3, 1), "decision": "declined"},
        ],
    )
    spec = load_spec().with_changes(reviews={"treated_as": treated_as})

    found = afterwards(records, people, DAY, ReplayRequest(ReplayDates((DAY,)), tmp_path / "out", spec=spec))

    assert found["outcome"].tolist() == [1.0, 1.0, 1.0, 1.0]
    assert found.index[found["weight"] > 0].tolist() == counted
    assert found.index[found["reviewed"]].tolist() == reviewed
