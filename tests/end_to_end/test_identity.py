"""From extracts with NHS numbers, names and postcodes to a list with the numbers of one practice, and a key rotated."""

import csv
import json
import stat
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.conftest import GOVERNANCE
from tests.end_to_end.conftest import LIST_DATE, run_here
from tests.end_to_end.identified_extracts import WhoIsWho, write_identified_extracts
from vi_risk.caselists.packs.pdf_pack import find_browser
from vi_risk.cli.reidentify import user_account
from vi_risk.running.lock import held

OCTOBER, MEETING = "2024-10-01", "2024-10-15"  # the meeting is 11 weeks before the next list


@dataclass(frozen=True)
class Site:
    """A trust that has pseudonymised its extracts and run the lists: where all of it lies, and who is who."""

    folder: Path
    who: WhoIsWho
    practice: str
    told: str

    @property
    def pack(self) -> Path:
        return self.folder / "out" / "case_lists" / f"{self.practice}.html"

    @property
    def listed(self) -> list[str]:
        """Pseudonyms of those on the list of the practice."""
        with self.pack.with_suffix(".csv").open(encoding="utf-8-sig", newline="") as file:
            return [row["patient_id"] for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def site(trust: Path, small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("site")
    who = write_identified_extracts(trust, folder / "extracts")
    (folder / "governance.toml").write_text(GOVERNANCE)
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        # So few people teach a model other things under another key, as their order is that of their pseudonyms.
        patch.setattr("vi_risk.identity.keys.secrets.token_bytes", lambda size: bytes(range(size)))
        for command in (
            ("key", "new", "--key", "keys/key", "--purpose", "direct care", "--place", "RL4"),
            (
                *("pseudonymise", "--records", "extracts", "--mapping", "mapping.toml"),
                *("--key", "keys/key", "--links", "keys/links", "--out", "records"),
            ),
            (
                *("run", "--records", "records", "--model", small_model, "--capacity", 6),
                *("--index-date", OCTOBER, "--out", "out"),
            ),
        ):
            done = run_here(*command)
            assert done.exit_code == 0, done.stderr
            told += [done.stdout, done.stderr]
    practice = str(pd.read_parquet(folder / "out" / "case_lists" / "listed.parquet")["practice_code"].iloc[0])
    user = json.dumps(user_account())
    (folder / "governance.toml").write_text(f'{GOVERNANCE}[reidentify]\n{user} = ["{practice}"]\n')
    return Site(folder, who, practice, "".join(told))


@pytest.fixture
def reidentify(site: Site, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Re-identify the list of the practice as its user would; return the copy."""
    monkeypatch.chdir(site.folder)
    monkeypatch.setenv("VI_RISK_KEY", "keys/key")
    monkeypatch.setenv("VI_RISK_LINKS", "keys/links")
    monkeypatch.setenv("VI_RISK_AUDIT_LOG", "log/audit.log")
    done = run_here("reidentify", site.pack, "--practice", site.practice, "--purpose", "MDT of 15 October")
    assert done.exit_code == 0, done.stderr
    assert not any(number in done.stdout + done.stderr for number in site.who.numbers)
    return site.pack.with_suffix(".identified.html")


def _texts(path: Path) -> str:
    """Return what a file says, unpacked where it is packed."""
    if path.suffix == ".parquet":
        return "\n".join(str(column.to_pylist()) for column in pq.read_table(path).columns)
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        return "\n".join(str(cell.value) for sheet in book for row in sheet for cell in row)
    return path.read_bytes().decode("utf-8", "replace")


def test_nothing_that_was_written_or_told_says_who_anybody_is_or_what_the_key_is(site: Site) -> None:
    own = ("extracts", "keys")
    files = [
        path for path in site.folder.rglob("*") if path.is_file() and path.relative_to(site.folder).parts[0] not in own
    ]
    secret = json.loads((site.folder / "keys" / "key").read_text())["secret"]
    words = (secret, *site.who.all)
    for path in files:
        if ".identified." not in path.name:
            text = _texts(path)
            assert not [word for word in words if word in text], path.name
    assert not [word for word in words if word in site.told]
    assert len(files) > 40


def test_what_was_reduced_is_told(site: Site) -> None:
    assert "patients.birth_month: the day taken away, " in site.told
    patients = pd.read_parquet(site.folder / "records" / "patients.parquet")
    assert {str(day)[8:10] for day in patients["birth_month"]} == {"01"}
    assert patients["lsoa"].dropna().str.fullmatch("E01[0-9]{6}").all()


def test_the_copy_names_everyone_on_the_list_rightly(site: Site, reidentify: Path) -> None:
    assert stat.S_IMODE(reidentify.stat().st_mode) == 0o600
    page = reidentify.read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", "")
    shown = {number for number in site.who.numbers if number in page}
    assert len(shown) == len(site.listed)
    # The same person by another way: sex and month of birth of the extract and of the pseudonymised record.
    extract = pd.read_csv(site.folder / "extracts" / "PMI.csv", dtype=str)
    extract.index = extract["NHS_NUMBER"].str.replace(" ", "")
    patients = pd.read_parquet(site.folder / "records" / "patients.parquet").set_index("patient_id")
    for pseudonym in site.listed:
        [number] = {number for number in shown if f"NHS{number} <small>({pseudonym})" in page}
        assert extract.loc[number, "SEX"] == patients.loc[pseudonym, "sex"]
        assert extract.loc[number, "DATE_OF_BIRTH"][:7] == str(patients.loc[pseudonym, "birth_month"])[:7]


def _last_entry(site: Site) -> dict[str, object]:
    entry: dict[str, object] = json.loads((site.folder / "log" / "audit.log").read_text().splitlines()[-1])
    return entry


def test_a_user_who_is_not_allowed_is_refused_told_why_and_entered_in_the_log(site: Site, reidentify: Path) -> None:
    done = run_here("reidentify", site.pack, "--practice", "Z99999", "--purpose", "MDT")
    assert done.exit_code == 5
    assert f"{user_account()} may not re-identify practice Z99999" in done.stderr
    entry = _last_entry(site)
    assert (entry["who"], entry["practice"], entry["purpose"]) == (user_account(), "Z99999", "MDT")
    assert "may not re-identify practice Z99999" in str(entry["refused"])


def test_a_list_of_another_practice_made_to_name_ones_own_gives_nobody_back(site: Site, reidentify: Path) -> None:
    theirs = next(path for path in site.pack.parent.glob("Z*.csv") if path.stem[:6] != site.practice)
    forged = site.folder / "copied" / theirs.name
    forged.parent.mkdir()
    for path in theirs.parent.glob(f"{theirs.stem}.*"):
        (forged.parent / path.name).write_bytes(path.read_bytes())
    forged.write_bytes(theirs.read_bytes().replace(theirs.stem.encode(), site.practice.encode()))

    done = run_here("reidentify", forged, "--practice", site.practice, "--purpose", "MDT of 15 October")

    assert done.exit_code == 5
    assert f"people are of other practices than {site.practice}, as the link table tells" in done.stderr
    assert not list(forged.parent.glob("*.identified.*"))
    assert f"are of other practices than {site.practice}" in str(_last_entry(site)["refused"])


@pytest.mark.parametrize(
    ("pack", "key", "why"),
    [
        ("out/case_lists/nowhere.html", "keys/key", "nowhere.html: no such file."),
        ("{pack}", "keys/other", "keys/links: "),
    ],
)
def test_an_unknown_list_and_a_wrong_key_are_refused_and_entered_in_the_log(
    site: Site, reidentify: Path, monkeypatch: pytest.MonkeyPatch, pack: str, key: str, why: str
) -> None:
    if not Path("keys/other").exists():
        new = ("--key", "keys/other", "--purpose", "planning", "--place", "RL4")
        assert run_here("key", "new", *new).exit_code == 0
    asked = ("--practice", site.practice, "--purpose", "MDT", "--key", key)

    done = run_here("reidentify", pack.format(pack=site.pack), *asked)

    assert done.exit_code == 3
    assert why in str(_last_entry(site)["refused"])
    checked = run_here("audit", "verify")
    assert checked.exit_code == 0
    assert "refusal" in checked.stdout


@pytest.mark.skipif(find_browser() is None, reason="no browser that prints")
def test_a_pdf_is_printed_anew_with_the_numbers(site: Site, reidentify: Path) -> None:
    pack = site.pack.with_suffix(".pdf")
    pack.write_bytes(b"%PDF as a run with --pdf leaves it")

    done = run_here("reidentify", pack, "--practice", site.practice, "--purpose", "MDT of 15 October")

    assert done.exit_code == 0, done.stderr
    made = pack.with_suffix(".identified.pdf")
    assert made.read_bytes().startswith(b"%PDF-1.")
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_the_log_is_verified_and_a_change_in_it_is_found(site: Site, reidentify: Path) -> None:
    assert run_here("audit", "verify").exit_code == 0
    log = site.folder / "log" / "audit.log"
    whole = log.read_text()
    try:
        log.write_text(whole.replace("MDT of 15 October", "MDT of 16 October", 1))
        done = run_here("audit", "verify")
        again = run_here("reidentify", site.pack, "--practice", site.practice, "--purpose", "MDT")
    finally:
        log.write_text(whole)
    assert (done.exit_code, again.exit_code) == (5, 5)
    assert "line 1: was changed since it was written" in done.stderr


def test_the_log_must_not_lie_beside_its_anchor(site: Site, reidentify: Path) -> None:
    done = run_here("reidentify", site.pack, "--practice", site.practice, "--purpose", "MDT", "--log", "keys/log")
    assert done.exit_code == 2
    assert "Keep the log in another folder" in done.stderr


def test_a_review_of_the_old_key_keeps_its_person_off_the_next_list_of_the_new_one(
    site: Site, reidentify: Path, small_model: Path
) -> None:
    copy = site.pack.with_suffix(".identified.xlsx")
    done = run_here("reidentify", site.pack.with_suffix(".xlsx"), "--practice", site.practice, "--purpose", "MDT")
    assert done.exit_code == 0, done.stderr
    book = openpyxl.load_workbook(copy)
    place = {str(cell.value): cell.column for cell in book["Case list"][1]}
    book["Case list"].cell(2, place["Decision"], "accept")
    book.save(copy)
    for command in (
        ("reviews", "import", copy, "--reviews", "reviews.parquet", "--reviewed-on", MEETING, "--by", "test"),
        (
            *("key", "rotate", "--new", "keys/next", "--records", "records", "--reviews", "reviews.parquet"),
            *("--out", "rotated"),
        ),
        (
            *("run", "--records", "rotated/records", "--reviews", "rotated/reviews.parquet", "--model", small_model),
            *("--capacity", 6, "--index-date", LIST_DATE, "--out", "next"),
        ),
    ):
        done = run_here(*command)
        assert done.exit_code == 0, done.stderr
    assert "not on the lists, reviewed in the last 12 weeks: " in done.stderr
    [reviewed] = pd.read_parquet("rotated/reviews.parquet")["patient_id"]
    assert reviewed in set(pd.read_parquet("rotated/records/patients.parquet")["patient_id"])
    assert reviewed not in set(pd.read_parquet("next/case_lists/listed.parquet")["patient_id"])
    assert reviewed in set(pd.read_parquet("next/scores.parquet")["patient_id"])  # known, but kept off


def test_a_run_on_the_extracts_themselves_is_refused(site: Site, reidentify: Path) -> None:
    asked = ("--records", "extracts", "--mapping", "mapping.toml", "--index-date", LIST_DATE, "--out", "no")
    done = run_here("run", *asked)
    assert done.exit_code == 5
    assert "patients.patient_id: holds NHS numbers" in done.stderr
    assert not [number for number in site.who.numbers if number in done.stderr]


def test_a_second_command_on_one_link_table_is_told_and_nothing_is_done(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.folder)
    before = (site.folder / "keys" / "links").read_bytes()
    with held(site.folder / "keys" / ".links.lock", what="--links keys/links"):
        done = run_here(
            *("pseudonymise", "--records", "extracts", "--mapping", "mapping.toml"),
            *("--key", "keys/key", "--links", "keys/links", "--out", "records2"),
        )
    assert (done.exit_code, "--links keys/links: another run is writing it" in done.stderr) == (6, True)
    assert not (site.folder / "records2").exists()
    assert (site.folder / "keys" / "links").read_bytes() == before
