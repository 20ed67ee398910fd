"""Every command and snippet that the guide shows is run, page by page, as a reader would, or stands in a table here."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Ended
from tests.end_to_end.guide_blocks import PAGES, ROOT, Block, blocks_of
from tests.end_to_end.guide_folder import write_folder
from tests.end_to_end.guide_reader import Reader, elsewhere
from tests.end_to_end.guide_tables import DRAWN, IDENTIFIED, NOT_RUN, not_run
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.features.catalogue import read_catalogue
from vi_risk.governance.declaration import read_governance
from vi_risk.models.spec import load_spec
from vi_risk.reasons.prompts import read_prompts
from vi_risk.records.mapping import load_mapping

TO_RUN = {page: [b for b in blocks_of(page) if b.kind in ("commands", "python")] for page in PAGES}


def test_every_block_that_is_not_run_is_there_still() -> None:
    shown = {(page, each) for page in PAGES for block in blocks_of(page) for each in block.parts}
    assert set(NOT_RUN) - shown == set()
    assert shown >= DRAWN


def test_every_block_of_text_is_what_a_command_before_it_prints_or_is_a_drawing() -> None:
    faults = []
    for page in PAGES:
        before = None
        for block in blocks_of(page):
            if block.kind == "text" and (page, block.first_line) not in DRAWN:
                runs = before is not None and before.kind == "commands" and not not_run(before)
                faults += [] if runs else [f"{block.where}: {block.first_line}"]
            before = block
    assert faults == []


@pytest.mark.parametrize("page", [page for page in PAGES if any(b.kind == "toml" for b in blocks_of(page))])
def test_every_declared_file_of_the_guide_is_accepted_by_its_reader(page: str, tmp_path: Path) -> None:
    for block in blocks_of(page):
        if block.kind in ("toml", "csv"):
            _read(block, tmp_path)


def _read(block: Block, folder: Path) -> None:
    """Take a declared file through its reader; what is a part is completed."""
    if block.written_to and block.written_to.startswith("ours/"):
        kept = folder / block.written_to
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(block.text)
        if kept.suffix == ".toml":
            read_catalogue(folder / "ours")
        return
    content = tomllib.loads(block.text)
    file = folder / "declared.toml"
    file.write_text(block.text)
    if "prompt" in content:
        read_prompts(file, catalogue=read_catalogue())
    elif "purpose" in content:
        read_governance(file)
        assert block.text == (ROOT / "docs" / "examples" / "governance" / "direct_care.toml").read_text()
    elif "outcome" in content:
        load_spec(file)
    elif "reviews" in content:  # a table of a spec
        load_spec().with_changes(**content)
    elif content.keys() & {"tables", "sources", "files"}:
        part = "name" not in content
        tables = "" if "tables" in content else "[tables]\n"
        file.write_text(f'name = "part"\n{block.text}{tables}' if part else block.text)
        load_mapping(file, partly=part)
    elif "domain" in content:
        own = folder / "declarations"
        own.mkdir()
        # It shows a shipped feature: under another name, for every name is taken once.
        shown = block.text.replace("emergency_admissions]", "emergency_admissions_as_shown]")
        (own / "shown.toml").write_text(shown.replace("\nemergency =", "\nemergency_as_shown ="))
        read_catalogue(own)
    else:
        load_rules(file)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool], Path]:
    """The folder that each page begins with, with extracts by pseudonym or with NHS numbers; each made once."""

    @cache
    def folder(identified: bool) -> Path:
        made = tmp_path_factory.mktemp("guide") / "site"
        with pytest.MonkeyPatch.context() as patch:
            made.mkdir()
            patch.chdir(made)
            write_folder(made, identified=identified)
        return made

    return folder


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if any(not_run(b) != set(b.parts) for b in TO_RUN[page])])
def test_what_the_page_shows_runs(
    page: str, prepared: Callable[[bool], Path], demo: Ended, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "site"
    shutil.copytree(prepared(page in IDENTIFIED), folder)
    monkeypatch.chdir(folder)
    reader = Reader(folder, demo)
    reader.names |= elsewhere(page)
    for block in blocks_of(page):
        reader.follow(block)


@pytest.mark.slow
def test_the_figures_of_the_readme_are_those_of_the_demo(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "vi_risk", "demo"], cwd=tmp_path, check=True, capture_output=True)
    found = json.loads((tmp_path / "out" / "evaluation.json").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    told = {
        name: float(auroc)
        for name, auroc in re.findall(r"^  (model|age and sex|admissions last year): AUROC (\S+),", readme, re.M)
    }

    # The last digit may differ between machines: the order of additions does.
    assert told["model"] == pytest.approx(found["model"]["auroc"], abs=0.005)
    for name in ("age and sex", "admissions last year"):
        assert told[name] == pytest.approx(found["comparators"][name.replace(" ", "_")]["auroc"], abs=0.005)


@pytest.mark.parametrize("page", PAGES)
def test_no_page_holds_a_placeholder(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert not re.search(r"\bFIGURES\b|\bTODO\b|\bTBD\b|\bFIXME\b|\bXXX\b", text)
