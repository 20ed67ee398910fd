"""A site's whole day, from extracts with NHS numbers to a re-identified list; then every byte written is searched."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from tests.conftest import GOVERNANCE
from tests.end_to_end.conftest import environment, run_here
from tests.end_to_end.identified_extracts import WhoIsWho, write_identified_extracts
from vi_risk.cli.reidentify import user_account

LIST_DATE, MEETING = "2025-01-01", "2025-01-15"

# The command line, with all that any library tells its log at any level kept in a file.
_AT_DEBUG = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, filename=sys.argv.pop(1), filemode="a")
logging.captureWarnings(True)
from vi_risk.cli import main
main()
"""
# The same with a fault of the program itself, when all identifiers are in its memory: it ends with a traceback.
_AT_FAULT = (
    """
from vi_risk.identity import folders
folders.write_pseudonymised = lambda made, *_: {}[len(made.links.people.fault)]
"""
    + _AT_DEBUG
)
# So few people teach a model other things under another key, as their order is that of their pseudonyms.
_SAME_KEY = "import secrets\nsecrets.token_bytes = lambda size: bytes(range(size))\n" + _AT_DEBUG
_KEYS = ("--key", "keys/key", "--links", "keys/links")
# Where identifiers may be: what came in, and the copies that were asked for.
_MAY_BE_IDENTIFIED = ("extracts", "bad_extracts")


@dataclass(frozen=True)
class Site:
    """Where a trust worked for a day: all it wrote lies in one folder, its temporary files and logs too."""

    folder: Path
    who: WhoIsWho
    codes: dict[str, int]

    @property
    def searched(self) -> list[Path]:
        """Everything that was written, extracts apart."""
        return sorted(path for path in self.folder.iterdir() if path.name not in _MAY_BE_IDENTIFIED)


def _command(folder: Path, name: str, *arguments: object, program: str = _AT_DEBUG) -> int:
    """Run a command as its user would, what it tells kept in files; return how it ended."""
    with (folder / "told" / f"{name}.out").open("wb") as out, (folder / "told" / f"{name}.err").open("wb") as err:
        ended = subprocess.run(
            [sys.executable, "-c", program, f"told/{name}.log", *map(str, arguments)],
            cwd=folder,
            env=environment(TMPDIR=str(folder / "tmp"), PYTHONFAULTHANDLER="1"),
            stdout=out,
            stderr=err,
            check=False,
        )
    return ended.returncode


def _bad_rows(folder: Path) -> None:
    """Copy the extracts, with a day that is none in one person's row, beside their number and name."""
    bad = folder / "bad_extracts"
    bad.mkdir()
    for file in (folder / "extracts").iterdir():
        (bad / file.name).write_bytes(file.read_bytes())
    rows = pd.read_csv(bad / "PMI.csv", dtype=str)
    rows.loc[7, "DATE_OF_BIRTH"] = f"born to {rows.loc[7, 'SURNAME']}"
    rows.to_csv(bad / "PMI.csv", index=False)


def _accept_first(workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    place = {str(cell.value): cell.column for cell in book["Case list"][1]}
    book["Case list"].cell(2, place["Decision"], "accept")
    book.save(workbook)


@pytest.fixture(scope="module")
def site(trust: Path, small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("site")
    for name in ("told", "tmp"):
        (folder / name).mkdir()
    who = write_identified_extracts(trust, folder / "extracts")
    (folder / "governance.toml").write_text(GOVERNANCE)
    _bad_rows(folder)
    pseudonymise = ("pseudonymise", "--mapping", "mapping.toml", *_KEYS)
    run = ("run", "--records", "records", "--model", small_model, "--capacity", 6, "--cache", "cache")
    codes = {
        "key": _command(
            *(folder, "key", "key", "new", *_KEYS[:2], "--purpose", "direct care", "--place", "RL4"), program=_SAME_KEY
        ),
        "bad row": _command(folder, "bad", *pseudonymise, "--records", "bad_extracts", "--out", "bad_records"),
        "fault": _command(
            folder, "fault", *pseudonymise, "--records", "extracts", "--out", "records", program=_AT_FAULT
        ),
        "not pseudonymised": _command(
            folder, "early", "check", "--records", "extracts", "--mapping", "mapping.toml", "--out", "early"
        ),
        "pseudonymise": _command(folder, "in", *pseudonymise, "--records", "extracts", "--out", "records"),
        "run": _command(folder, "run", *run, "--index-date", LIST_DATE, "--out", "out"),
    }
    assert codes["run"] == 0, (folder / "told" / "run.err").read_text()
    listed = pd.read_parquet(folder / "out" / "case_lists" / "listed.parquet")
    practice = str(listed["practice_code"].iloc[0])
    (folder / "governance.toml").write_text(
        f'{GOVERNANCE}[reidentify]\n{json.dumps(user_account())} = ["{practice}"]\n'
    )
    pack = Path("out", "case_lists", f"{practice}.xlsx")
    log = ("--log", "audit/log")
    codes["reidentify"] = _command(
        folder, "back", "reidentify", pack, "--practice", practice, "--purpose", "MDT of 15 January", *_KEYS, *log
    )
    _accept_first(folder / pack.with_suffix(".identified.xlsx"))
    codes["reviews"] = _command(
        folder,
        *("reviews", "reviews", "import", pack.with_suffix(".identified.xlsx"), "--reviews", "reviews.parquet"),
        *("--reviewed-on", MEETING, "--by", "test"),
    )
    return Site(folder, who, codes)


def test_the_day_went_as_such_a_day_goes(site: Site) -> None:
    assert {name for name, code in site.codes.items() if code != 0} == {"bad row", "fault", "not pseudonymised"}
    assert (site.codes["bad row"], site.codes["not pseudonymised"]) == (3, 5)
    assert ", in pseudonymise" in (site.folder / "told" / "fault.err").read_text()  # a traceback
    for name in ("tmp", "told/run.log", "cache", "mlruns/mlflow.db", "reviews.parquet", "audit/log"):
        assert (site.folder / name).exists(), name


def test_no_number_name_address_or_postcode_stands_in_anything_that_was_written(site: Site, tmp_path: Path) -> None:
    listed = tmp_path / "identifiers.txt"
    listed.write_text("\n".join(site.who.all))
    done = run_here("leaks", *site.searched, "--identifiers", listed, "--but", "*.identified.xlsx")
    assert done.exit_code == 0, done.stdout
    assert "1 left out by --but; nothing was found." in done.stdout
    # The link table is encrypted; the rest is pictures.
    pictures = sum(1 for place in site.searched for path in place.rglob("*.png"))
    as_bytes = [line.partition(": is of no kind")[0] for line in done.stdout.splitlines() if "as bytes alone" in line]
    assert as_bytes == [f"Searched as bytes alone, {pictures + 1}"]


def test_the_copy_that_was_asked_for_is_the_one_place_where_numbers_are(site: Site, tmp_path: Path) -> None:
    extract = site.folder / "extracts" / "PMI.csv"
    done = run_here("leaks", *site.searched, "--identifiers", extract)
    places = {line.split(",")[0] for line in done.stdout.splitlines() if "NHS number" in line}
    assert done.exit_code == 8
    [place] = places
    assert place.endswith(".identified.xlsx")
    assert not [word for word in site.who.all if word in done.stdout + done.stderr]


def test_the_link_table_says_what_to_look_for(site: Site) -> None:
    links = ("--identifiers", site.folder / "keys" / "links")
    done = run_here("leaks", site.folder / "extracts", *links, "--key", site.folder / "keys" / "key")
    assert done.exit_code == 8
    assert "PMI.csv: NHS number, 800 times" in done.stdout
    locked = run_here("leaks", site.folder / "extracts", *links)
    assert locked.exit_code == 2
    assert "is a link table, and encrypted. Say with --key where its key is." in locked.stderr


def test_without_a_list_what_came_in_is_found_and_what_was_written_is_clean(site: Site) -> None:
    assert "PMI.csv: NHS number, 800 times" in run_here("leaks", site.folder / "extracts").stdout
    done = run_here("leaks", *site.searched, "--but", "*.identified.xlsx")
    assert done.exit_code == 0, done.stdout
