import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.unit.caselists.example_lists import example_list
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.packs import pdf_pack
from vi_risk.caselists.packs.html_pack import html_pack
from vi_risk.caselists.packs.pdf_pack import find_browser, pdf_packs
from vi_risk.errors import ResourceError

INDEX_DATE = date(2025, 11, 1)
WRITES = r"""for word in "$@"; do case "$word" in --print-to-pdf=*) out="${word#--print-to-pdf=}";; esac; done
printf '%%PDF-1.4 /CreationDate (D:20261122104006+00) /ModDate (D:20261122104006+00) %s' "$*" > "$out"
"""

needs_shell = pytest.mark.skipif(os.name == "nt", reason="the stand-in for a browser is a shell script")
needs_browser = pytest.mark.skipif(find_browser() is None, reason="no Chromium, Chrome or Edge on this machine")


@pytest.fixture
def browser(tmp_path: Path) -> Callable[[str], str]:
    """Make a program that does what a script says in the place of a browser."""

    def made(script: str) -> str:
        program = tmp_path / "browser"
        program.write_text(f"#!/bin/sh\n{script}")
        program.chmod(0o755)
        return str(program)

    return made


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "M92001 a.html"
    path.write_bytes(html_pack(example_list(3), load_rules(), workbook="M92001.xlsx"))
    return path


@needs_shell
def test_a_page_is_printed_beside_itself_and_says_the_index_date(browser: Callable[[str], str], page: Path) -> None:
    [pdf] = pdf_packs([page], index_date=INDEX_DATE, browser=browser(WRITES))
    assert pdf == page.with_suffix(".pdf")
    content = pdf.read_text()
    assert content.startswith("%PDF-1.4 /CreationDate (D:20251101000000+00) /ModDate (D:20251101000000+00)")
    assert content.endswith("/M92001%20a.html")
    assert ("--no-sandbox" in content) == (os.geteuid() == 0)


@needs_shell
@pytest.mark.parametrize("script", ["exit 1", "exit 0"])
def test_a_browser_that_prints_nothing_is_told_and_leaves_nothing(
    browser: Callable[[str], str], page: Path, script: str
) -> None:
    with pytest.raises(ResourceError, match=r"PDF: browser made none of M92001 a.html. The other packs are written"):
        pdf_packs([page], index_date=INDEX_DATE, browser=browser(script))
    assert not page.with_suffix(".pdf").exists()


@needs_shell
def test_a_browser_that_does_not_come_to_an_end_is_ended(
    browser: Callable[[str], str], page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_pack, "_MOST_SECONDS", 0.2)
    with pytest.raises(ResourceError, match=r"PDF: browser took more than 0.2 seconds over M92001 a.html"):
        pdf_packs([page], index_date=INDEX_DATE, browser=browser("sleep 30"))


def test_a_browser_that_cannot_be_started_is_told(tmp_path: Path, page: Path) -> None:
    with pytest.raises(ResourceError, match=r"PDF: none cannot be started \(No such file or directory\)"):
        pdf_packs([page], index_date=INDEX_DATE, browser=str(tmp_path / "none"))


def test_a_machine_without_a_browser_is_told_what_would_do(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_pack, "find_browser", lambda: None)
    with pytest.raises(ResourceError, match=r"found none. The other packs are written. .* Chromium, Chrome, Edge"):
        pdf_packs([page], index_date=INDEX_DATE)


@needs_shell
def test_the_browser_keeps_its_sandbox_unless_it_is_run_as_root(
    browser: Callable[[str], str], page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user, sandboxed in ((0, False), (1000, True)):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        [pdf] = pdf_packs([page], index_date=INDEX_DATE, browser=browser(WRITES))
        assert ("--no-sandbox" not in pdf.read_text()) == sandboxed


@needs_shell
def test_a_pdf_that_cannot_be_put_beside_its_page_is_told(browser: Callable[[str], str], page: Path) -> None:
    page.with_suffix(".pdf").mkdir()
    with pytest.raises(ResourceError, match=r"^M92001 a.pdf: cannot be written \(Is a directory\). Free space."):
        pdf_packs([page], index_date=INDEX_DATE, browser=browser(WRITES))


@pytest.mark.slow
@needs_browser
def test_a_real_browser_prints_the_page_the_same_twice(page: Path) -> None:
    [pdf] = pdf_packs([page], index_date=INDEX_DATE)
    first = pdf.read_bytes()
    assert first.startswith(b"%PDF-")
    assert first.count(b"/Type /Page\n") >= 2
    pdf_packs([page], index_date=INDEX_DATE)
    assert pdf.read_bytes() == first
