from datetime import date
from math import comb
from random import Random
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import MakeRecords
from tests.unit.identity.people import NUMBERS
from vi_risk.errors import GovernanceError
from vi_risk.identity.identifiers import chance_of, likelier_by, reduced, refuse_identifiers, without_identifiers
from vi_risk.identity.nhs_numbers import nhs_number_of, spaced


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


def numbered(make_records: MakeRecords, identifiers: list[str], column: str) -> bool:
    """Return whether a table of so many rows, with these identifiers in a column, is refused."""
    if column == "patient_id":
        return bool(refused(make_records, patients=people(identifiers)))
    spells = [{"patient_id": "p", "spell_id": number, "admitted_on": date(2024, 1, 1)} for number in identifiers]
    return bool(refused(make_records, patients=people(["p"]), spells=spells))


def local(how_many: int, seed: int, *, valid: int | None = None) -> list[str]:
    """Draw local numbers of ten digits; with `valid`, so many of them with the right check digit by chance."""
    drawn = Random(seed)
    found: list[str] = []
    while len(found) < how_many:
        number = f"{drawn.randrange(10**9, 10**10)}"
        passes = nhs_number_of(number) is not None
        if valid is None or passes == (sum(nhs_number_of(one) is not None for one in found) < valid):
            found.append(number)
    return found


@pytest.mark.parametrize(
    ("column", "rows", "valid", "is_refused"),
    [
        # column, rows of ten digits, how many pass the check digit, whether the column is refused
        ("patient_id", 1, 1, True),
        ("patient_id", 1, 0, False),
        ("patient_id", 2, 2, True),
        ("patient_id", 2, 1, False),
        ("patient_id", 3, 3, True),
        ("patient_id", 3, 2, False),
        ("patient_id", 5, 5, True),
        ("patient_id", 5, 4, True),  # one miswritten
        ("patient_id", 5, 3, False),
        ("patient_id", 10, 7, True),
        ("patient_id", 10, 6, False),  # between: 6 of 10 are neither whole NHS numbers nor, one in 100,000, local
        ("spell_id", 1, 1, False),  # stays are often numbered so
        ("spell_id", 2, 2, False),
        ("spell_id", 3, 3, True),
        ("spell_id", 5, 5, True),
        ("spell_id", 5, 4, False),
    ],
)
def test_small_columns_are_refused_by_what_they_are_likelier_to_be(
    make_records: MakeRecords, column: str, rows: int, valid: int, is_refused: bool
) -> None:
    assert numbered(make_records, local(rows, seed=rows, valid=valid), column) is is_refused


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5])
def test_nhs_numbers_of_a_few_people_are_refused(make_records: MakeRecords, rows: int) -> None:
    assert numbered(make_records, NUMBERS[:rows], "patient_id")


def test_nhs_numbers_of_a_few_people_among_other_pseudonyms_are_refused(make_records: MakeRecords) -> None:
    assert numbered(make_records, [*(f"p{number}" for number in range(1000)), *NUMBERS[:3]], "patient_id")


@pytest.mark.parametrize(
    ("rows", "by_mistake"),
    # worked out by hand: every value of the column passes by chance; of five, all or all but one
    [(1, 1 / 11), (2, 1 / 11**2), (3, 1 / 11**3), (5, (1 + 5 * 10) / 11**5)],
)
def test_columns_of_local_numbers_are_seldom_refused_by_mistake(rows: int, by_mistake: float) -> None:
    assert sum(chances_of_refusal(rows)) == pytest.approx(by_mistake)


@pytest.mark.parametrize("rows", [*range(6, 40), 100, 500])
def test_the_more_local_numbers_the_seldomer_a_mistake(rows: int) -> None:
    assert sum(chances_of_refusal(rows)) < 2e-4


def chances_of_refusal(rows: int) -> list[float]:
    """Return the chance of each number of valid ones, among so many local numbers, for which a column is refused."""
    return [
        comb(rows, valid) * 10 ** (rows - valid) / 11**rows
        for valid in range(rows + 1)
        if likelier_by(valid, rows) >= 1 or chance_of(valid, rows) < 1e-6
    ]


@pytest.mark.parametrize("seed", range(5))
def test_local_numbers_of_ten_digits_are_taken(make_records: MakeRecords, seed: int) -> None:
    assert refused(make_records, patients=people(sorted({*local(2000, seed)}))) == []


def test_pseudonyms_of_any_other_shape_are_taken(make_records: MakeRecords) -> None:
    assert refused(make_records, patients=people(["P00017402", "4f1c", "94347659190", "x9434765919", *"abc"])) == []


SPELLED = {
    "9990000131.0": lambda number: f"{number}.0",
    "'9990000131": lambda number: f"'{number}",
    "009990000131": lambda number: f"00{number}",
    "999.000.0131": lambda number: f"{number[:3]}.{number[3:6]}.{number[6:]}",
    "999/000/0131": lambda number: f"{number[:3]}/{number[3:6]}/{number[6:]}",
    "no-break spaces": spaced,
    "full-width": lambda number: number.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}),
    "NHS:9990000131": lambda number: f"NHS:{number}",
    "NHS No. 999 000 0131": lambda number: f"NHS No. {number[:3]} {number[3:6]} {number[6:]}",
}
WITH_MORE = {
    "P9990000131": lambda number: f"P{number}",
    "pat-9990000131": lambda number: f"pat-{number}",
    "9990000131_1": lambda number: f"{number}_1",
    "RL4-9990000131": lambda number: f"RL4-{number}",
    "9990000131X": lambda number: f"{number}X",
}


@pytest.mark.parametrize("written", SPELLED.values(), ids=SPELLED)
def test_an_nhs_number_is_refused_however_it_is_written(make_records: MakeRecords, written: Any) -> None:
    [line] = refused(make_records, patients=people([written(NUMBERS[0]), "p"]))
    assert line.startswith("patients.patient_id: holds NHS numbers: of 1 values of ten digits that were looked at, 1")


@pytest.mark.parametrize("written", WITH_MORE.values(), ids=WITH_MORE)
def test_nhs_numbers_with_something_about_them_are_refused_from_three_on(
    make_records: MakeRecords, written: Any
) -> None:
    assert refused(make_records, patients=people([written(number) for number in NUMBERS[:2]])) == []
    [line] = refused(make_records, patients=people([written(number) for number in NUMBERS[:3]]))
    assert "of 3 values of ten digits, with something written before or after them, that were looked at, 3" in line
    assert "letter" not in line  # a letter before a number hides nothing


@pytest.mark.parametrize("column", ["lsoa", "imd_edition"])
def test_an_nhs_number_in_a_column_about_a_place_is_refused(make_records: MakeRecords, column: str) -> None:
    line, *_ = refused(make_records, patients=people(["p"], **{column: NUMBERS[0]}))
    assert line.startswith(f"patients.{column}: holds NHS numbers")


def test_local_numbers_with_a_letter_before_do_not_hide_nhs_numbers_among_them(make_records: MakeRecords) -> None:
    lettered = [f"P{number}" for number in local(2000, seed=1)]
    [line] = refused(make_records, patients=people([*lettered, NUMBERS[0]]))
    assert "of 1 values of ten digits that were looked at, 1 pass" in line


def test_the_number_of_scotland_is_refused_though_it_begins_with_a_nought(make_records: MakeRecords) -> None:
    for written in ("0504701231", "050 470 1231"):
        [line] = refused(make_records, patients=people([written, "p"]))
        assert line.startswith("patients.patient_id: holds NHS numbers: of 1 values")
    assert refused(make_records, patients=people([f"{number:010}" for number in range(3000)])) == []


def test_several_stays_of_one_person_count_once(make_records: MakeRecords) -> None:
    [number] = local(1, seed=1, valid=1)
    assert not numbered(make_records, [f"{number}-{stay}" for stay in range(1, 9)], "spell_id")


@pytest.mark.parametrize("written", WITH_MORE.values(), ids=WITH_MORE)
def test_local_numbers_with_something_about_them_are_taken(make_records: MakeRecords, written: Any) -> None:
    for seed in range(2):
        assert refused(make_records, patients=people(sorted({written(one) for one in local(2000, seed)}))) == []


def test_random_pseudonyms_of_hexadecimal_digits_are_taken(make_records: MakeRecords) -> None:
    drawn = Random(1)
    uuids = [str(UUID(int=drawn.getrandbits(128), version=4)) for _ in range(2000)]
    short = [f"{drawn.getrandbits(48):012x}" for _ in range(2000)]
    counted_on = [f"P{number:010}" for number in range(2000)]
    for identifiers in (uuids, short, counted_on):
        assert refused(make_records, patients=people(identifiers)) == []


def test_codes_of_ten_digits_in_the_columns_of_codes_are_taken(make_records: MakeRecords) -> None:
    of_ten = local(3, seed=1, valid=3)
    events = [
        {"patient_id": "p", "event_on": date(2024, 1, 1), "code_system": "snomed", "code": code} for code in of_ten
    ]
    issues = [
        {"patient_id": "p", "issued_on": date(2024, 1, 1), "bnf_code": "0212", "dmd_code": code} for code in of_ten
    ]
    assert refused(make_records, patients=people(["p"]), gp_events=events, prescriptions=issues) == []


@pytest.mark.parametrize(("valid", "values"), [(0, 5), (1, 1), (3, 40), (7, 7), (500, 500)])
def test_the_chance_is_that_of_the_binomial_distribution(valid: int, values: int) -> None:
    exact = sum(comb(values, n) * 10 ** (values - n) for n in range(valid, values + 1)) / 11**values
    assert chance_of(valid, values) == pytest.approx(exact)


@pytest.mark.parametrize(
    "postcode", ["WV10 0QP", "wv100qp", "M1 1AE", "SW1A 2AA", " B33 8TH ", "AB12  3CD", "AB12-3CD"]
)
def test_a_postcode_in_the_place_of_an_area_is_refused(make_records: MakeRecords, postcode: str) -> None:
    [line] = refused(make_records, patients=people(["a", "b"], lsoa=postcode))
    assert line.startswith(
        "patients.lsoa: 2 of 2 rows hold no code of an area (LSOA or data zone, such as E01010568), "
    )
    assert "2 of them a postcode. Look it up" in line
    assert postcode.strip() not in line


def test_a_postcode_in_another_column_about_a_place_is_refused(make_records: MakeRecords) -> None:
    assert refused(make_records, patients=people(["a"], imd_edition="AB12 3CD")) == [
        "patients.imd_edition: 1 of 1 rows hold a postcode. Leave the column out, or give what it is for."
    ]


@pytest.mark.parametrize(
    "area",
    [
        "E01010568",
        "S01006506",
        "95GG01S1",
        "95GG01W1",
        "W01000003",
        "N20000001",
        "N21000001",
        "N00000001",
        "E00000001",
        "S99999999",
        "L99999999",
        "M99999999",
        None,
    ],
)
def test_areas_are_taken(make_records: MakeRecords, area: str | None) -> None:
    assert refused(make_records, patients=people(["a"], lsoa=area, imd_edition="2019")) == []


@pytest.mark.parametrize(
    "text",
    ["Featherstone", "O'Neill", "12 High Street", "E01", "E010105681", "E0101056", "e01010568", " E01010568",
     "E01010568\n", "M14000001", "95GG01", "95GG010001", "A1", "101", "\uff2501010568",
     "E94347659", "N94347659", "S12345678"],
)  # fmt: skip
def test_anything_but_the_code_of_an_area_is_refused_and_never_shown(make_records: MakeRecords, text: str) -> None:
    [line] = refused(make_records, patients=[*people(["a", "b"], lsoa=text), *people(["c"], lsoa="E01010568")])
    assert line == (
        "patients.lsoa: 2 of 3 rows hold no code of an area (LSOA or data zone, such as E01010568). Look it up in the"
        " mapping (docs/identity.md), or leave the column out."
    )


def test_postcodes_and_other_texts_for_areas_are_told_in_one_line(make_records: MakeRecords) -> None:
    [line] = refused(make_records, patients=[*people(["a"], lsoa="WV10 0QP"), *people(["b", "c"], lsoa="Smith")])
    assert line.startswith(
        "patients.lsoa: 3 of 3 rows hold no code of an area (LSOA or data zone, such as E01010568), "
    )
    assert "1 of them a postcode. Look it up" in line


@pytest.mark.parametrize("written", ["943.476.5919", "943\xa0476\xa05919", "\uff194\uff13 476 5919", "no:9434765919_"])
def test_what_a_meeting_wrote_is_searched_in_any_writing(make_records: MakeRecords, written: str) -> None:
    review = {"patient_id": "a", "reviewed_on": date(2024, 1, 1), "plan": f"see {written}, then ring 09434765919"}
    reviews = [review, review | {"plan": "ring 09434765919"}]
    [line] = refused(make_records, patients=people(["a"]), mdt_reviews=reviews)
    assert line.startswith("mdt_reviews.plan: 1 of 2 rows hold an NHS number")


def test_an_nhs_number_in_what_a_meeting_wrote_is_refused(make_records: MakeRecords) -> None:
    reviews = [
        {"patient_id": "a", "reviewed_on": date(2024, 1, day), "plan": plan, "owner": "GP"}
        for day, plan in enumerate(["see 943 476 5919", "ring 07700 900123", None, "943 476 5918"], start=1)
    ]
    [line] = refused(make_records, patients=people(["a"]), mdt_reviews=reviews)
    assert line == (
        "mdt_reviews.plan: 1 of 4 rows hold an NHS number in their text. Take it out, or leave out the column."
    )


@pytest.mark.parametrize("written", ["94347 65919", "P9434765919"])
def test_what_a_meeting_wrote_is_searched_as_a_workbook_that_comes_back_is(
    make_records: MakeRecords, written: str
) -> None:
    reviews = [{"patient_id": "a", "reviewed_on": date(2024, 1, 1), "owner": f"see {written}", "plan": "at SW1A 9AA"}]
    assert [line.split(" in ")[0] for line in refused(make_records, patients=people(["a"]), mdt_reviews=reviews)] == [
        "mdt_reviews.owner: 1 of 1 rows hold an NHS number",
        "mdt_reviews.plan: 1 of 1 rows hold a postcode",
    ]


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
