import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.unit.caselists.example_lists import example_list
from tests.unit.reviews.filling import filled
from vi_risk.cli.reviews import reviews_app
from vi_risk.errors import UsageError
from vi_risk.reviews.importing import import_packs
from vi_risk.reviews.returned import read_returned
from vi_risk.reviews.store import read_reviews
from vi_risk.running.progress import Silence

ACCEPT = {"Decision": "accept", "Owner": "GP", "Review on": "31/12/2025"}
ASKED = ["--reviewed-on", "2025-11-11", "--by", "Dr Rao"]


def run(*arguments: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(reviews_app, list(arguments))
    return found.exit_code, found.stdout, found.stderr


def test_decisions_of_several_workbooks_are_imported_and_listed(tmp_path: Path) -> None:
    other = example_list(12, practice_code="Y02736")
    other.table["patient_id"] = "Y-" + other.table["patient_id"]
    other.table["practice_code"] = "Y02736"
    packs = [
        filled(tmp_path / "M92001.xlsx", {"P-0001": ACCEPT, "P-0002": {"Decision": "defer"}}),
        filled(tmp_path / "Y02736.xlsx", dict.fromkeys(other.table["patient_id"], ACCEPT), other),
    ]
    file = tmp_path / "reviews.parquet"
    code, out, _ = run("import", *map(str, packs), "--reviews", str(file), *ASKED)
    assert (code, out.splitlines()) == (
        0,
        [
            "14 decisions in 2 workbooks: 14 new, 0 corrected, 0 as they were.",
            f"Reviews  {file}  (14 in all)",
        ],
    )
    code, out, _ = run("list", "--reviews", str(file))
    assert code == 0
    assert [line.split() for line in out.splitlines()[1:3]] == [
        ["Y02736", "12", "12", "0", "0", "0", "0", "100", "%"],
        ["M92001", "2", "1", "0", "0", "0", "1", "too", "few"],
    ]


def test_with_a_fault_in_one_workbook_none_is_imported_and_all_faults_are_told(tmp_path: Path) -> None:
    sound = filled(tmp_path / "a.xlsx", {"P-0001": ACCEPT})
    wrong = filled(tmp_path / "b.xlsx", {"P-0002": {"Decision": "sekret"}})
    file = tmp_path / "reviews.parquet"
    code, out, err = run("import", str(sound), str(wrong), str(tmp_path / "c.xlsx"), "--reviews", str(file), *ASKED)
    assert (code, out, file.exists()) == (3, "", False)
    assert "sekret" not in err
    told = " ".join(err.split())
    assert 'b.xlsx: sheet "Case list", row 3: Decision: expected one of' in told
    assert "c.xlsx: cannot be read (No such file or directory)" in told
    assert told.endswith("Nothing was imported.")


def test_a_workbook_without_decisions_is_named_and_writes_nothing(tmp_path: Path) -> None:
    path, file = filled(tmp_path / "M92001.xlsx", {}), tmp_path / "reviews.csv"
    code, out, err = run("import", str(path), "--reviews", str(file), *ASKED)
    assert (code, out, file.exists()) == (0, "No decision in 1 workbook: nothing imported.\n", False)
    assert "M92001.xlsx: no decision among its 6 people yet" in " ".join(err.split())


def test_what_is_withdrawn_is_said_with_what_to_do_if_it_was_not_meant(tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv"
    run("import", str(filled(tmp_path / "a.xlsx", {"P-0001": ACCEPT})), "--reviews", str(file), *ASKED)
    code, out, _ = run("import", str(filled(tmp_path / "b.xlsx", {"P-0002": ACCEPT})), "--reviews", str(file), *ASKED)
    assert code == 0
    assert out.splitlines()[1].startswith("1 withdrawn: an import before brought them from these lists and this day")
    assert read_reviews(file)["patient_id"].tolist() == ["P-0002"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--reviews", "reviews.xlsx", *ASKED], "expected a file that ends in .parquet or .csv"),
        (["--reviews", "reviews.csv", "--reviewed-on", "11/11/2025", "--by", "x"], "is not a date"),
        (["--reviews", "reviews.csv", "--reviewed-on", "2025-11-11", "--by", " "], "--by: expected a name or a role"),
        (["--reviews", "reviews.csv", "--by", "x"], "Missing option '--reviewed-on'"),
    ],
)
def test_a_call_that_is_off_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = filled(tmp_path / "M92001.xlsx", {"P-0001": ACCEPT})
    code, _, err = run("import", str(path), *arguments)
    assert code == 2
    assert says in " ".join(err.replace("│", " ").split())
    assert [entry.name for entry in tmp_path.iterdir()] == ["M92001.xlsx"]


def test_a_list_of_reviews_that_are_not_there_is_told(tmp_path: Path) -> None:
    code, _, err = run("list", "--reviews", str(tmp_path / "none.csv"))
    assert code == 3
    assert "no such file" in err


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not on this machine")
def test_a_workbook_that_libreoffice_saved_comes_back_as_it_was_filled_in(tmp_path: Path) -> None:
    answers = {"P-0001": {**ACCEPT, "Plan": "=not a formula\nmore"}, "P-0003": {"Decision": "defer"}}
    path = filled(tmp_path / "M92001.xlsx", answers)
    there = tmp_path / "saved"
    subprocess.run(
        [
            *("soffice", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless"),
            *("--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(there), str(path)),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    own, others = (read_returned(each, reviewed_on=date(2025, 11, 11)) for each in (path, there / path.name))
    assert (others.identity, others.empty) == (own.identity, own.empty)
    assert [decided.content for decided in others.decided] == [decided.content for decided in own.decided]


def test_a_meeting_that_was_not_held_yet_is_refused(tmp_path: Path) -> None:
    pack = filled(tmp_path / "M92001.xlsx", {"P-0001": ACCEPT})
    file = tmp_path / "reviews.csv"
    asked = ("--reviewed-on", "2099-01-10", "--by", "Dr Rao")
    with pytest.raises(UsageError, match=r"^--reviewed-on 2099-01-10: lies after today, 2025-11-20\. Name the day"):
        import_packs([pack], file, reviewed_on=date(2099, 1, 10), by="x", today=date(2025, 11, 20), report=Silence())
    assert run("import", str(pack), "--reviews", str(file), *asked)[0] == 2
    assert not file.exists()


@pytest.mark.parametrize(("by", "found"), [("Dr Rao, 943 476 5919", "an NHS number"), ("SW1A 9AA", "a postcode")])
def test_who_brings_the_decisions_is_said_without_an_identifier(tmp_path: Path, by: str, found: str) -> None:
    file = tmp_path / "reviews.parquet"
    with pytest.raises(UsageError, match=f"^--by: holds {found}, and the reviews are to hold none") as refused:
        import_packs([], file, reviewed_on=date(2025, 11, 11), by=by, today=date(2025, 11, 20), report=Silence())
    assert by not in str(refused.value)
    assert not file.exists()


def test_workbooks_that_contradict_each_other_bring_nothing(tmp_path: Path) -> None:
    packs = [
        filled(tmp_path / f"{n}.xlsx", {"P-0001": {"Decision": says}}) for n, says in enumerate(("accept", "defer"))
    ]
    code, _, told = run("import", *map(str, packs), "--reviews", str(tmp_path / "reviews.csv"), *ASKED)
    assert code == 3
    assert told.splitlines()[-1] == "Nothing was imported."


def test_decisions_are_not_kept_under_a_name_that_a_run_writes_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    pack = filled(tmp_path / "M92001.xlsx", {"P-0001": ACCEPT})

    code, _, told = run("import", str(pack), "--reviews", str(tmp_path / "reviews.parquet"), *ASKED)
    assert code == 2
    assert "Keep the file in another folder, and name it there." in " ".join(told.split())
    assert not (tmp_path / "reviews.parquet").exists()

    assert run("import", str(pack), "--reviews", str(tmp_path / "decisions.parquet"), *ASKED)[0] == 0
