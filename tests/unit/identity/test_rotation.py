from datetime import date
from typing import Any

import pandas as pd
import pytest

from tests.conftest import MakeRecords
from tests.unit.identity.people import KEY, NUMBERS, OTHER_KEY
from vi_risk.errors import InputError
from vi_risk.identity.link_table import LinkTable
from vi_risk.identity.pseudonymising import pseudonymised
from vi_risk.identity.pseudonyms import pseudonyms_of
from vi_risk.identity.rotation import rotated

DAY = date(2024, 3, 4)
OLD, NEW = (dict(zip(NUMBERS, pseudonyms_of(NUMBERS, "patient_id", key), strict=True)) for key in (KEY, OTHER_KEY))
LINKS = LinkTable().with_people(NUMBERS, list(OLD.values()))


def reviews_of(*patients: str) -> pd.DataFrame:
    return pd.DataFrame({"patient_id": list(patients), "plan": [f"plan {n}" for n in range(len(patients))]})


def test_a_review_stays_that_of_the_person_it_was_about() -> None:
    done = rotated(LINKS, OTHER_KEY, reviews=reviews_of(OLD[NUMBERS[3]], OLD[NUMBERS[1]], OLD[NUMBERS[3]]))
    assert done.reviews is not None
    assert done.reviews["patient_id"].tolist() == [NEW[NUMBERS[3]], NEW[NUMBERS[1]], NEW[NUMBERS[3]]]
    assert done.reviews["plan"].tolist() == ["plan 0", "plan 1", "plan 2"]
    assert done.links.numbers_of(done.reviews["patient_id"]) == {NEW[NUMBERS[n]]: NUMBERS[n] for n in (1, 3)}


def test_a_review_that_came_back_under_an_earlier_key_is_mended_by_the_next_rotation() -> None:
    links = LINKS.rotated(OTHER_KEY)
    done = rotated(links, KEY, reviews=reviews_of(OLD[NUMBERS[0]], NEW[NUMBERS[1]]))
    assert done.reviews is not None
    assert done.reviews["patient_id"].tolist() == [OLD[NUMBERS[0]], OLD[NUMBERS[1]]]


def test_records_of_the_old_key_become_those_that_the_new_one_makes(make_records: MakeRecords) -> None:
    tables: dict[str, Any] = {
        "patients": [{"patient_id": number, "sex": str(place % 2 + 1)} for place, number in enumerate(NUMBERS)],
        "spells": [{"patient_id": NUMBERS[0], "spell_id": "a", "admitted_on": DAY}],
        "diagnoses": [{"spell_id": "a", "position": 1, "code": "I10"}],
    }
    old, new = (pseudonymised(make_records(**tables), key).records for key in (KEY, OTHER_KEY))
    done = rotated(LINKS, OTHER_KEY, records=old)
    assert done.records is not None

    def people(records: Any) -> list[tuple[Any, ...]]:
        return sorted(tuple(row.values()) for row in records.tables["patients"].to_pyarrow().to_pylist())

    assert people(done.records) == people(new)
    [spell], [diagnosis], [before] = (
        found.spell_id.to_pyarrow().to_pylist()
        for found in (done.records.tables["spells"], done.records.tables["diagnoses"], old.tables["spells"])
    )
    assert spell == diagnosis != before


def test_people_whom_the_link_table_does_not_know_stop_it(make_records: MakeRecords) -> None:
    stranger = "paaaaaaaaaaaaaaaa"
    with pytest.raises(
        InputError, match=r"reviews\.patient_id: 1 of 2 rows have a pseudonym that the link table"
    ) as no:
        rotated(LINKS, OTHER_KEY, reviews=reviews_of(stranger, OLD[NUMBERS[0]]))
    assert stranger not in str(no.value)
    known = OLD[NUMBERS[0]]
    records = make_records(
        patients=[{"patient_id": stranger}, {"patient_id": known}],
        spells=[{"patient_id": stranger, "admitted_on": DAY}, {"patient_id": known, "admitted_on": DAY}],
    )
    with pytest.raises(InputError) as refused:
        rotated(LINKS, OTHER_KEY, records=records)
    assert [line.split(" rows")[0] for line in str(refused.value).splitlines()] == [
        "patients.patient_id: 1 of 2",
        "spells.patient_id: 1 of 2",
    ]


def test_the_link_table_of_other_records_is_told_in_one_line(make_records: MakeRecords) -> None:
    stranger = "paaaaaaaaaaaaaaaa"
    records = make_records(patients=[{"patient_id": stranger}], spells=[{"patient_id": stranger, "admitted_on": DAY}])
    with pytest.raises(InputError) as refused:
        rotated(LINKS, OTHER_KEY, records=records)
    assert str(refused.value) == (
        "records: the link table is that of other records: it knows nobody in these. Nothing was changed. Name with"
        " --links the file that `vi-risk pseudonymise` wrote when it made them."
    )
