from datetime import date
from math import comb
from random import Random
from typing import Any

import pytest

from tests.conftest import MakeRecords
from tests.unit.identity.people import NUMBERS
from vi_risk.errors import GovernanceError
from vi_risk.identity.identifiers import chance_of, reduced, refuse_identifiers, without_identifiers
from vi_risk.identity.nhs_numbers import spaced


def people(identifiers: list[str], **more: Any) -> list[dict[str, Any]]:
    return [{"patient_id": identifier, **more} for identifier in identifiers]


def refused(make_records: MakeRecords, **tables: list[dict[str, Any]]) -> list[str]:
    """Return the lines of the refusal; none where nothing is refused."""
    try:
        refuse_identifiers(make_records(**tables))
    except GovernanceError as error:
        return str(error).splitlines()
    return []


@pytest.mark.parametrize("written", [str, lambda number: spaced(number).replace("\N{NO-BREAK SPACE}", " ")])
def test_nhs_numbers_in_the_place_of_pseudonyms_are_refused(make_records: MakeRecords, written: Any) -> None:
    [line] = refused(make_records, patients=people([written(number) for number in NUMBERS]))
    assert line.startswith("patients.patient_id: holds NHS numbers: of 60 values of ten digits that were looked at, 60")
    assert not any(number in line for number in NUMBERS)


def test_nhs_numbers_are_found_in_every_column_of_identifiers(make_records: MakeRecords) -> None:
    spells = [{"patient_id": "p", "spell_id": number, "admitted_on": date(2024, 1, 1)} for number in NUMBERS]
    [line] = refused(make_records, patients=people(["p"]), spells=spells)
    assert line.startswith("spells.spell_id: holds NHS numbers")


def test_a_tenth_of_nhs_numbers_among_pseudonyms_is_enough(make_records: MakeRecords) -> None:
    pseudonyms = [f"p{number}" for number in range(100)]
    [line] = refused(make_records, patients=people([*pseudonyms, *NUMBERS[:10]]))
    assert "of 10 values of ten digits that were looked at, 10 pass" in line


@pytest.mark.parametrize(("how_many", "lines"), [(5, 0), (6, 1)])
def test_five_valid_numbers_may_be_chance_and_six_are_not(make_records: MakeRecords, how_many: int, lines: int) -> None:
    assert len(refused(make_records, patients=people(NUMBERS[:how_many]))) == lines


@pytest.mark.parametrize("seed", range(5))
def test_local_numbers_of_ten_digits_are_taken(make_records: MakeRecords, seed: int) -> None:
    drawn = Random(seed)
    local = sorted({f"{drawn.randrange(10**9, 10**10)}" for _ in range(2000)})
    assert refused(make_records, patients=people(local)) == []


def test_pseudonyms_of_any_other_shape_are_taken(make_records: MakeRecords) -> None:
    assert refused(make_records, patients=people(["P00017402", "4f1c", "94347659190", "x9434765919", *"abc"])) == []


@pytest.mark.parametrize(("valid", "values"), [(0, 5), (1, 1), (3, 40), (7, 7), (500, 500)])
def test_the_chance_is_that_of_the_binomial_distribution(valid: int, values: int) -> None:
    exact = sum(comb(values, n) * 10 ** (values - n) for n in range(valid, values + 1)) / 11**values
    assert chance_of(valid, values) == pytest.approx(exact)


@pytest.mark.parametrize("postcode", ["WV10 0QP", "wv100qp", "M1 1AE", "SW1A 2AA", " B33 8TH "])
def test_a_postcode_in_the_place_of_an_area_is_refused(make_records: MakeRecords, postcode: str) -> None:
    [line] = refused(make_records, patients=people(["a", "b"], lsoa=postcode))
    assert line.startswith("patients.lsoa: 2 of 2 rows hold a postcode. Expected the code of an area (LSOA")
    assert postcode.strip() not in line


def test_areas_are_taken(make_records: MakeRecords) -> None:
    assert refused(make_records, patients=people(["a"], lsoa="E01010568")) == []


def test_an_nhs_number_in_what_a_meeting_wrote_is_refused(make_records: MakeRecords) -> None:
    reviews = [
        {"patient_id": "a", "reviewed_on": date(2024, 1, day), "plan": plan, "owner": "GP"}
        for day, plan in enumerate(["see 943 476 5919", "ring 07700 900123", None, "943 476 5918"], start=1)
    ]
    [line] = refused(make_records, patients=people(["a"]), mdt_reviews=reviews)
    assert line == (
        "mdt_reviews.plan: 1 of 4 rows hold an NHS number in their text. Take it out, or leave out the column."
    )


def test_all_columns_are_told_at_once(make_records: MakeRecords) -> None:
    lines = refused(make_records, patients=people(NUMBERS, lsoa="WV10 0QP"))
    assert [line.split(":")[0] for line in lines] == ["patients.patient_id", "patients.lsoa"]


def test_a_day_of_birth_becomes_the_first_of_its_month(make_records: MakeRecords) -> None:
    born = [date(1950, 6, 17), date(1950, 6, 1), date(1944, 2, 29), None]
    records = make_records(patients=[{"patient_id": f"{n}", "birth_month": day} for n, day in enumerate(born)])
    done = without_identifiers(records)
    months = done.records.tables["patients"].order_by("patient_id").birth_month.to_pyarrow().to_pylist()
    assert months == [date(1950, 6, 1), date(1950, 6, 1), date(1944, 2, 1), None]
    assert done.rows == {"patients.birth_month": 2}


def test_months_of_birth_stay_as_they_are(make_records: MakeRecords) -> None:
    records = make_records(patients=people(["a"]))
    assert reduced(records).records is records
