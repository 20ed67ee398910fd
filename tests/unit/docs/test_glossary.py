"""The glossary: plain words, in order, each once."""

import re
from pathlib import Path

TEXT = (Path(__file__).parents[3] / "docs" / "glossary.md").read_text(encoding="utf-8")
SECTIONS = [re.findall(r"^\*\*(.+?)\.\*\* ", section, re.MULTILINE) for section in TEXT.split("\n## ")[1:]]


def test_each_section_is_in_the_order_of_the_alphabet() -> None:
    assert len(SECTIONS) == 4
    assert [sorted(terms, key=str.casefold) for terms in SECTIONS] == SECTIONS


def test_no_word_is_explained_twice() -> None:
    terms = [term.casefold() for terms in SECTIONS for term in terms]
    assert len(terms) == len(set(terms))


def test_every_paragraph_explains_a_word() -> None:
    told = [part for section in TEXT.split("\n## ")[1:] for part in section.strip().split("\n\n")[1:]]
    assert [part for part in told if not part.startswith("**")] == []


def test_the_words_that_a_list_cannot_do_without_are_there() -> None:
    terms = {each for terms in SECTIONS for term in terms for each in term.split(", ")}
    needed = {
        "Index date",
        "Emergency admission",
        "Spell",
        "Calibration",
        "AUROC",
        "Prompt",
        "Pack",
        "Reason",
        "MDT",
        "PPV",
        "Outcome window",
        "Spec",
        "Mapping",
        "Governance file",
        "Exposure",
        "Tie band",
    }
    assert needed <= terms
