from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.unit.caselists.conftest import MakeList
from tests.unit.caselists.example_lists import example_list, example_summary
from vi_risk.caselists.choosing.changes import PreviousList
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.packs.identity import identity_of
from vi_risk.caselists.packs.writing import file_names, write_packs
from vi_risk.errors import ResourceError, UsageError


def test_every_practice_gets_its_packs_and_the_run_a_table_of_who_is_listed(
    make_list: MakeList, tmp_path: Path
) -> None:
    written = write_packs([make_list({}), make_list(practice_code="Y02736")], tmp_path / "case_lists")
    assert [path.name for path in written] == [
        *(f"{code}.{ending}" for code in ("M92001", "Y02736") for ending in ("jsonl", "csv", "xlsx", "html")),
        "listed.parquet",
    ]
    assert sorted(path.name for path in (tmp_path / "case_lists").iterdir()) == sorted(path.name for path in written)


def test_every_network_gets_packs_of_its_own(tmp_path: Path) -> None:
    lists = [example_list(2, practice_code=code, network="Bilston & South") for code in ("A", "B")]
    written = write_packs(lists, tmp_path)
    assert [path.name for path in written if path.stem not in ("A", "B", "listed")] == [
        f"network-Bilston-South.{ending}" for ending in ("csv", "xlsx", "html")
    ]


def test_a_network_never_takes_the_file_of_a_practice_or_of_another_network(tmp_path: Path) -> None:
    codes = (("a", "N/1"), ("b", "N/1"), ("c", "N 1"), ("d", "N 1"), ("network-n-1", None), ("e", "م"), ("f", "م"))
    lists = [example_list(1, practice_code=code, network=network) for code, network in codes]
    names = [path.name.casefold() for path in write_packs(lists, tmp_path)]
    assert len(set(names)) == len(names) == 7 * 4 + 3 * 3 + 1
    assert all(name.isascii() for name in names)


def test_the_table_of_who_is_listed_is_what_the_next_run_compares_with(full_list: CaseList, tmp_path: Path) -> None:
    write_packs([full_list], tmp_path)
    rows = pq.read_table(tmp_path / "listed.parquet").to_pylist()
    assert rows[2] == {
        "patient_id": "P-0003",
        "practice_code": "M92001",
        "rank": 3,
        "risk": full_list.table["risk"].iloc[2],
        "index_date": date(2025, 11, 1),
        "list_id": identity_of(full_list).list_id,
        "themes": ["emergency admissions", "frailty", "medicines", "missed appointments", "COPD"],
    }


@pytest.mark.parametrize("lists", [[], [example_list(0)]])
def test_without_anyone_listed_the_table_is_there_and_empty(lists: list[CaseList], tmp_path: Path) -> None:
    write_packs(lists, tmp_path)
    assert pq.read_table(tmp_path / "listed.parquet").num_rows == 0


def test_the_same_list_gives_the_same_bytes(tmp_path: Path) -> None:
    first = write_packs([example_list()], tmp_path / "first")
    second = write_packs([example_list()], tmp_path / "second")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_a_network_is_told_with_the_list_before_and_its_people_in_one_view(make_list: MakeList, tmp_path: Path) -> None:
    facts = {"change": "from 1", "rank_before": 1, "is_new": False}
    lists = [
        make_list(
            {"patient_id": f"P-{code}", "practice_code": code, "risk": risk, **facts},
            facts=tuple(facts),
            practice_code=code,
            practice_name=f"Practice {code}",
            network="North",
        )
        for code, risk in (("A", 0.6), ("B", 0.3))
    ]
    then = pd.DataFrame({"patient_id": ["P-A", "P-B"], "practice_code": ["A", "B"], "rank": [1, 1], "risk": [0.2, 0.4]})
    before = PreviousList(date(2025, 8, 1), then)
    rules = replace(load_rules(), moved_places=1)
    write_packs(lists, tmp_path, rules=rules, before=before, networks={"North": example_summary()})
    rows = pd.read_csv(tmp_path / "network-North.csv")
    assert rows["change"].tolist() == ["from 2", "from 1"]
    assert rows["practice_name"].tolist() == ["Practice A", "Practice B"]
    assert "The network in one view" in (tmp_path / "network-North.html").read_text(encoding="utf-8")


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
        "pathways",  # a page that a run writes beside the packs
        "Listed",
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
