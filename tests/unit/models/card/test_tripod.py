"""The TRIPOD+AI checklist of a card: every item as published, answered with a place or left to the author."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from vi_risk.models.card import ModelCard
from vi_risk.models.card.document import sections
from vi_risk.models.card.parts import Link, Paragraph, Table
from vi_risk.models.card.tripod import ITEMS

# Collins GS, et al. BMJ, 2024. doi:10.1136/bmj-2023-078378, table 2.
_PUBLISHED = [
    *(
        "1",
        "2",
        "3a",
        "3b",
        "3c",
        "4",
        "5a",
        "5b",
        "6a",
        "6b",
        "6c",
        "7",
        "8a",
        "8b",
        "8c",
        "9a",
        "9b",
        "9c",
        "10",
        "11",
    ),
    *("12a", "12b", "12c", "12d", "12e", "12f", "12g", "13", "14", "15", "16", "17"),
    *("18a", "18b", "18c", "18d", "18e", "18f", "19", "20a", "20b", "20c", "21", "22", "23a", "23b", "24"),
    *("25", "26", "27a", "27b", "27c"),
]
_AUTHOR = "For the author to write."


def checklist(card: ModelCard) -> dict[str, tuple[str, str, str]]:
    """Return item -> answer, place and what the author adds."""
    *_, last = sections(card)
    (table,) = (part for part in last.parts if isinstance(part, Table))
    found = {}
    for group in table.groups:
        for row in group.rows:
            answer, place, author = row.texts
            assert isinstance(answer, str)
            assert isinstance(author, str)
            found[row.title.split()[0]] = (answer, place.title if isinstance(place, Link) else place, author)
    return found


def test_the_items_are_those_that_were_published_each_once_and_in_order(card: ModelCard) -> None:
    assert [item.number for item in ITEMS] == _PUBLISHED
    assert len({re.sub(r"\D", "", number) for number in _PUBLISHED}) == 27
    assert list(checklist(card)) == _PUBLISHED


def test_every_item_is_answered_with_its_place_or_left_to_the_author(
    card: ModelCard, count_card: ModelCard, write: Callable[[ModelCard], Any]
) -> None:
    for each in (card, count_card):
        page = write(each).page
        for number, (answer, place, _) in checklist(each).items():
            if answer == _AUTHOR:
                assert place == "", number
            else:
                assert answer.endswith("."), number
                assert re.search(rf"<h[23] id=[^>]*>{re.escape(place)}</h", page), number


def test_what_no_run_can_know_is_for_the_author(card: ModelCard) -> None:
    found = checklist(card)
    left = [number for number, (answer, *_) in found.items() if answer == _AUTHOR]
    assert left == ["2", "3a", "3c", "6c", "9c", "17", "18a", "18b", "18c", "18d", "18e", "19", "25", "27c"]


def test_answers_tell_the_numbers_of_the_run(card: ModelCard) -> None:
    found = {number: answer for number, (answer, *_) in checklist(card).items()}
    assert found["10"].startswith("31,234 rows of 9,876 people in training, 2,345 with the outcome; 900 people tested")
    assert found["5b"] == (
        "Training from 1 January 2023 to 1 April 2023; test at 1 November 2024, each followed for 365 days at most."
    )
    assert found["7"].endswith("1 warning.")
    assert found["23a"].startswith(f"AUROC {card.evaluation['model']['auroc']:.3f};")
    assert found["20a"] == "At the test date: in the records 20,000, with the outcome not told."
    assert found["22"].endswith(f"SHA-256 {card.checksum[:12]}.")


def test_an_item_of_which_this_run_says_nothing_is_left_to_the_author(card: ModelCard) -> None:
    bare = {name: part for name, part in card.evaluation.items() if name not in {"subgroups", "held_out", "by_age"}}
    found = checklist(
        replace(card, evaluation={**bare, "fairness": {}}, characteristics={}, features=(), practices=None, making={})
    )
    for number in ("4", "6a", "9b", "12a", "12d", "14", "16", "20b", "23b"):
        assert found[number][:2] == (_AUTHOR, ""), number


def test_a_model_recalibrated_says_so(card: ModelCard) -> None:
    assert checklist(card)["24"][0] == "None was made."
    found = checklist(replace(card, recalibrated_from="0ld", recalibrated_how="in_the_large"))
    assert found["24"][0].startswith("Recalibrated from version 0ld, moved until as many are expected as were seen;")
    assert found["12c"][0] == "Boosted trees of version 0ld, unchanged; their calibration was moved."
    assert "people in recalibration" in found["10"][0]


def test_steps_of_one_role_alone_are_told_of_it_and_no_number_twice(discharge_card: ModelCard) -> None:
    found = {number: answer for number, (answer, *_) in checklist(discharge_card).items()}
    assert found["6b"] == (
        "Discharged, then aged 18 or over; for the test also one discharge of each, drawn; for the list also the latest"
        " discharge of each."
    )
    assert found["20a"] == (
        "Of the discharges tested: discharged 1,424, aged 18 or over 1,133, one discharge of each, drawn 900, with the"
        " outcome 90."
    )


def test_what_a_run_cannot_know_or_does_not_do_is_not_said(card: ModelCard, count_card: ModelCard) -> None:
    found = {number: answer for number, (answer, *_) in checklist(replace(card, choice=["42 are let in."])).items()}
    assert found["9a"].endswith("42 are let in.")
    assert "none was selected" not in found["9a"]
    assert "does not know how they were chosen" in found["12c"]
    assert "where the records hold registrations, none then is not asked about" in found["11"]
    assert "over all practices together" in found["15"].lower()
    counted = {number: answer for number, (answer, *_) in checklist(count_card).items()}
    assert counted["15"] == "An expected number; no lists are made by it and there is no threshold."
    assert "Lists hold" not in counted["23a"]
    assert "each with its interval" not in counted["12e"]
    assert "clinician" not in counted["27b"]


def test_how_many_items_are_answered_is_counted(card: ModelCard) -> None:
    *_, last = sections(card)
    (summary,) = (part for part in last.parts if isinstance(part, Paragraph))
    found = checklist(card).values()
    left = sum(answer == _AUTHOR for answer, *_ in found)
    whole = sum(answer != _AUTHOR and not author for answer, _, author in found)
    assert (
        f"Of its 52 items and sub-items {whole} are answered on this card, {52 - whole - left} in part" in summary.text
    )
    assert f"and {left} are for the author" in summary.text
