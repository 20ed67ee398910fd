from datetime import date
from typing import Any

import pandas as pd
import pytest

from vi_risk.cohort.particulars import Particulars, particulars_of
from vi_risk.errors import InputError

DAY = date(2025, 1, 1)


def test_particulars_are_of_the_people_asked_about_and_pathways_are_left_to_who_asks_for_them(
    make_records: Any,
) -> None:
    records = make_records(
        patients=[{"patient_id": "p"}],
        registrations=[{"patient_id": "p"}],
        spells=[{"patient_id": "p", "admitted_on": date(2024, 12, 1), "discharged_on": date(2024, 12, 3)}],
        mdt_reviews=[{"patient_id": "p", "reviewed_on": date(2024, 10, 2)}],
    )
    cohort = pd.DataFrame({"patient_id": ["p"], "gp_seen_from": [None], "practice_code": ["A"]}, dtype=object)

    found = particulars_of(records, cohort, DAY)

    assert found.contacts["setting"].tolist() == ["admission"]
    assert found.reviews["patient_id"].tolist() == ["p"]
    assert found.departures.empty
    assert found.pathways.empty


def test_a_table_of_another_version_is_refused_with_what_to_do(make_records: Any) -> None:
    found = particulars_of(
        make_records(patients=[{"patient_id": "p"}], spells=[]),
        pd.DataFrame({"patient_id": ["p"], "gp_seen_from": [None]}, dtype=object),
        DAY,
    )

    with pytest.raises(
        InputError, match=r"contacts: expected the columns patient_id, .* found patient_id\. Run `vi-risk"
    ):
        Particulars(found.contacts[["patient_id"]], found.reviews, found.departures, found.objectors)
