import csv
from io import StringIO

import pytest

from tests.unit.caselists.conftest import MakeList
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.packs.csv_pack import csv_pack


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_csv_has_a_byte_order_mark_crlf_a_snake_case_header_and_four_decimals(make_list: MakeList) -> None:
    content = csv_pack(make_list({"risk": 1 / 3}, facts=("medicines",)))
    assert content.startswith(b"\xef\xbb\xbfrank,patient_id,age_band,practice_code,risk,band,reason_1,")
    assert content.splitlines()[0].endswith(b",sex,medicines,decision,owner,plan,review_on,outcome_code")
    assert content.count(b"\r\n") == content.count(b"\n") == 2
    assert rows(content)[0]["risk"] == "0.3333"


def test_the_csv_has_every_column_of_the_list_in_its_order(full_list: CaseList) -> None:
    found = rows(csv_pack(full_list))
    assert list(found[0]) == list(full_list.table.columns)
    assert (found[0]["risk_of_death"], found[0]["is_new"], found[0]["rank_before"]) == ("0.0961", "yes", "")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])  # noqa: RUF001 -- what is tested
def test_a_cell_of_the_csv_is_never_a_formula(make_list: MakeList, start: str) -> None:
    text = f"{start}HYPERLINK(1)"
    row = rows(csv_pack(make_list({"reason_1": text, "patient_id": text})))[0]
    assert row["reason_1"] == row["patient_id"] == f"'{text}"


def test_a_header_of_the_csv_is_never_a_formula(make_list: MakeList) -> None:
    assert "'=cmd" in csv_pack(make_list({}, facts=("=cmd",))).decode().split(",")


def test_numbers_below_zero_stay_numbers_in_the_csv(make_list: MakeList) -> None:
    assert rows(csv_pack(make_list({"moved": -3}, facts=("moved",))))[0]["moved"] == "-3"


def test_an_empty_list_is_a_csv_with_its_header_alone(make_list: MakeList) -> None:
    assert len(csv_pack(make_list()).splitlines()) == 1


def test_quotes_right_to_left_text_and_emoji_come_back_from_the_csv_as_they_were(make_list: MakeList) -> None:
    text = 'said "مرحبا", 🏥; twice'
    assert rows(csv_pack(make_list({"reason_1": text})))[0]["reason_1"] == text


def test_a_count_stays_a_count_beside_one_that_was_not_seen(make_list: MakeList) -> None:
    people = [{"medicines": 11.0, "score": 2.5}, {"medicines": None, "score": 0.0}]
    seen = rows(csv_pack(make_list(*people, facts=("medicines", "score"))))
    assert [(row["medicines"], row["score"]) for row in seen] == [("11", "2.5"), ("", "0")]
