"""The safety pages: links that lead somewhere, words that agree with the software, and a claim that nobody makes."""

import re
from pathlib import Path

import pytest

from vi_risk.caselists.wording import DECISION_SUPPORT
from vi_risk.models.card.content import NOT_FOR

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "safety"
PAGES = sorted(FOLDER.glob("*.md"))
each_page = pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CHANGE = re.compile(r"\b(reduc\w*|prevent(s|ed|ing)?|avert\w*|avoid(s|ed|ing)?|lower\w*|cut(s|ting)?|fewer|less)\b")
_DENIED = re.compile(r"\b(no|not|nor|never|nobody|nothing|none|whether|without)\b")


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a page, cells of tables and items of lists apart, links as their words."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text.replace("*", ""))
    parts = re.split(r"\n\n|\n(?=[-|0-9])|\||<br>", plain)
    joined = (" ".join(part.split()) for part in parts)
    return [sentence for part in joined for sentence in re.split(r"(?<=[.:;?])\s", part) if sentence]


def claims_in(text: str) -> list[str]:
    """Return the sentences that speak of admissions becoming fewer and do not deny it."""
    lowered = ((sentence, sentence.lower()) for sentence in sentences_of(text))
    return [
        sentence for sentence, low in lowered if "admission" in low and _CHANGE.search(low) and not _DENIED.search(low)
    ]


@each_page
def test_no_sentence_says_that_lists_change_how_many_are_admitted(page: Path) -> None:
    assert claims_in(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("sentence", "claims"),
    [
        ("Lists reduce emergency admissions.", True),
        ("With a list, fewer people\nhave an admission.", True),
        ("| a | An admission is *prevented* by it |", True),
        ("Nobody claims so. Teams avert admissions.", True),
        ("It is not claimed that lists lead to fewer admissions.", False),
        ("Whether lists reduce admissions is a question about the service.", False),
        ("Emergency admissions rose.", False),
        ("A list may go by avoidable admissions.", False),
    ],
)
def test_such_a_sentence_would_be_found(sentence: str, claims: bool) -> None:
    assert bool(claims_in(sentence)) is claims


@each_page
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    dead = []
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        file, _, anchor = link.partition("#")
        target = page if not file else (page.parent / file).resolve()
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            dead.append(link)
    assert dead == []


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) for heading in headings}


@each_page
def test_every_row_of_a_table_has_as_many_cells_as_its_header(page: Path) -> None:
    cells = 0
    for line in page.read_text(encoding="utf-8").splitlines():
        found = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not cells or not found or found == cells, line[:60]
        cells = found


def test_every_page_is_named_on_the_first() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")

    assert {page.name for page in PAGES} - {"README.md"} <= set(_LINK.findall(index))


def test_what_it_is_not_for_holds_what_the_card_says() -> None:
    purpose = (FOLDER / "intended_purpose.md").read_text(encoding="utf-8")

    assert NOT_FOR[0].rstrip(".") in purpose
    for words in ("Urgent assessment", "it does not know what happened today", "Judging practices"):
        assert any(words in line for line in NOT_FOR)
        assert words in purpose


def test_that_a_clinician_reviews_is_said_as_on_every_list() -> None:
    assert DECISION_SUPPORT == "Decision support: to be reviewed by a clinician."
    assert "A clinician reviews every list." in " ".join(
        (FOLDER / "intended_purpose.md").read_text(encoding="utf-8").split()
    )


@each_page
def test_a_page_holds_no_placeholder(page: Path) -> None:
    assert not re.search(r"\b(TBC|TODO|TBD|XXX|lorem)\b|\[\s*\]", page.read_text(encoding="utf-8"))
