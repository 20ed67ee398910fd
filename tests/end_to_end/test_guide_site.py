"""The guide as its readers meet it: built strictly, opened from a folder with no network, searched, read on a phone."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.guide_blocks import ROOT
from vi_risk.caselists.packs.pdf_pack import find_browser

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")

BROWSER = find_browser()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="needs Chromium, Chrome or Edge (Debian: apt install chromium)"),
]
_FETCHED = re.compile(r'<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)="(?:https?:)?//[^"]*"')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guide, built as `make docs` does: a link that leads nowhere, or a page left out, fails."""
    folder = tmp_path_factory.mktemp("guide") / "site"
    # Not --quiet: with it MkDocs counts no warnings, and nothing is strict.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        # It opens this test's own files alone; the sandbox cannot be had everywhere that tests run.
        running = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A tab that may not ask anything of a network, nor complain."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "about:"))] == []
    assert complaints == []


def test_no_built_page_fetches_anything_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    assert {page.name: found for page in pages if (found := _FETCHED.findall(page.read_text(encoding="utf-8")))} == {}


def test_the_first_page_shows_a_list_and_leads_on(site: Path, page: Any) -> None:
    page.goto((site / "index.html").as_uri())
    assert page.locator("img.picture").evaluate("picture => picture.naturalWidth") == 1280
    page.get_by_role("link", name="your own extract").first.click()
    assert page.locator("h1").inner_text().startswith("Your own extract")


def test_the_search_finds_a_word_from_a_folder(site: Path, page: Any) -> None:
    page.goto((site / "index.html").as_uri())
    page.locator(".md-search__input").click()
    page.keyboard.type("cooling-off", delay=30)
    page.locator(".md-search-result__item").first.wait_for()
    found = page.locator(".md-search-result__link").evaluate_all("links => links.map(link => link.href)")
    assert any("glossary.html" in link for link in found)


def test_the_api_is_told_with_its_parameters(site: Path, page: Any) -> None:
    page.goto((site / "reference" / "api.html").as_uri())
    told = page.locator("article").inner_text()
    assert "vi_risk.read_records" in told
    assert "governance" in told


def test_pages_that_lie_elsewhere_are_shown_and_their_links_hold(site: Path, page: Any) -> None:
    page.goto((site / "reference" / "models.html").as_uri())
    page.get_by_role("link", name="decision 9").click()
    assert "Leaving" in page.title() or "leav" in page.locator("h1").inner_text()


@pytest.mark.parametrize("name", ["index", "concepts", "how-to/own-extract", "data-dictionary", "safety/hazard_log"])
def test_on_a_phone_no_page_is_wider_than_the_screen(site: Path, browser: Any, name: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    opened = context.new_page()
    opened.goto((site / f"{name}.html").as_uri())
    assert opened.evaluate("document.documentElement.scrollWidth") == 390
    context.close()
