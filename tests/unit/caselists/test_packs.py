import csv
from io import StringIO
from pathlib import Path

import pytest

from tests.unit.caselists.conftest import MakeList
from vi_risk.caselists.csv_pack import csv_pack
from vi_risk.caselists.packs import file_names, write_packs
from vi_risk.errors import ResourceError, UsageError


def test_every_practice_gets_a_csv_an_xlsx_and_an_html_file(make_list: MakeList, tmp_path: Path) -> None:
    written = write_packs([make_list({}), make_list(practice_code="Y02736")], tmp_path / "case_lists")
    assert [path.name for path in written] == [
        f"{code}.{ending}" for code in ("M92001", "Y02736") for ending in ("csv", "xlsx", "html")
    ]
    assert all(path.stat().st_size for path in written)


def test_the_same_list_gives_the_same_bytes(make_list: MakeList, tmp_path: Path) -> None:
    first = write_packs([make_list({}, {})], tmp_path / "first")
    second = write_packs([make_list({}, {})], tmp_path / "second")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_packs_never_change_the_list(make_list: MakeList, tmp_path: Path) -> None:
    case_list = make_list({"reason_1": "=1+1"}, facts=("medicines",))
    before = case_list.table.copy()
    write_packs([case_list], tmp_path)
    assert case_list.table.equals(before)


@pytest.mark.parametrize(
    "code",
    [
        "../../etc/passwd",
        "a/b",
        "..",
        ".hidden",
        "ends.",
        "",
        "CON",
        "nul.txt",
        "<script>alert(1)</script>",
        "م",
        "x" * 300,
    ],
)
def test_a_code_that_is_no_safe_file_name_never_becomes_one(make_list: MakeList, tmp_path: Path, code: str) -> None:
    folder = tmp_path / "case_lists"
    written = write_packs([make_list({}, practice_code=code)], folder)
    assert sorted(folder.iterdir()) == sorted(written)
    assert sorted(tmp_path.iterdir()) == [folder]
    name = file_names([code])[code]
    assert name != code
    assert all(letter.isascii() and (letter.isalnum() or letter == "-") for letter in name)


def test_codes_that_differ_never_share_a_file_name() -> None:
    codes = ["A/B", "A-B", "A B", "a-b", "M1.2_x", "m1.2_X", "plain"]
    names = file_names(codes)
    assert len({name.casefold() for name in names.values()}) == len(codes)
    assert names["plain"] == "plain"


def test_two_lists_of_one_practice_are_refused(make_list: MakeList, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected one list per practice, found more for M92001"):
        write_packs([make_list({}), make_list({})], tmp_path)


def test_a_folder_that_cannot_be_written_is_told(make_list: MakeList, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    with pytest.raises(ResourceError, match="a pack cannot be written"):
        write_packs([make_list({})], tmp_path / "taken")


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_csv_has_a_byte_order_mark_crlf_a_snake_case_header_and_four_decimals(make_list: MakeList) -> None:
    content = csv_pack(make_list({"risk": 1 / 3}, facts=("medicines",)))
    assert content.startswith(b"\xef\xbb\xbfrank,patient_id,age_band,practice_code,risk,band,reason_1,")
    assert content.splitlines()[0].endswith(b",sex,medicines,decision,owner,plan,review_on,outcome_code")
    assert content.count(b"\r\n") == content.count(b"\n") == 2
    assert rows(content)[0]["risk"] == "0.3333"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])  # noqa: RUF001 -- what is tested
def test_a_cell_of_the_csv_is_never_a_formula(make_list: MakeList, start: str) -> None:
    text = f"{start}HYPERLINK(1)"
    row = rows(csv_pack(make_list({"reason_1": text, "patient_id": text})))[0]
    assert row["reason_1"] == row["patient_id"] == f"'{text}"


def test_a_header_of_the_csv_is_never_a_formula(make_list: MakeList) -> None:
    assert "'=cmd" in csv_pack(make_list({}, facts=("=cmd",))).decode().split(",")


def test_numbers_below_zero_stay_numbers_in_the_csv(make_list: MakeList) -> None:
    assert rows(csv_pack(make_list({"change": -3}, facts=("change",))))[0]["change"] == "-3"


def test_an_empty_list_is_a_csv_with_its_header_alone(make_list: MakeList) -> None:
    assert len(csv_pack(make_list()).splitlines()) == 1


def test_quotes_right_to_left_text_and_emoji_come_back_from_the_csv_as_they_were(make_list: MakeList) -> None:
    text = 'said "مرحبا", 🏥; twice'
    assert rows(csv_pack(make_list({"reason_1": text})))[0]["reason_1"] == text


def test_a_count_stays_a_count_beside_one_that_was_not_seen(make_list: MakeList) -> None:
    people = [{"medicines": 11.0, "score": 2.5}, {"medicines": None, "score": 0.0}]
    seen = rows(csv_pack(make_list(*people, facts=("medicines", "score"))))
    assert [(row["medicines"], row["score"]) for row in seen] == [("11", "2.5"), ("", "0")]
