"""The pathway page: rates in words and pictures, and nothing that could tell of one person."""

import html
import re
from base64 import b64encode
from collections.abc import Collection, Sequence
from datetime import date
from hashlib import sha256
from typing import Any

import pandas as pd
import pytest

from vi_risk.caselists.packs.pathway_groups import TRUST, chosen
from vi_risk.caselists.packs.pathway_page import pathway_page
from vi_risk.caselists.packs.pathway_rates import NOT_TOLD, TOO_FEW, Group, Setting, groups_of
from vi_risk.caselists.wording import NOT_SEEN
from vi_risk.cohort.pathway_people import AFTER, BASELINE, BEFORE
from vi_risk.cohort.pathways import PATHWAY_COLUMNS, SPANS, TENS
from vi_risk.errors import UsageError
from vi_risk.governance.small_numbers import Disclosure

RULE = Disclosure()
INDEX_DATE = date(2025, 1, 1)
PRACTICES = {"A": {"name": "<script>alert(1)</script>", "network": None}, "B": {"name": None, "network": None}}


def rows(practice: str, setting: str = "gp", *, people: int = 200, tens: int = 30, **other: Any) -> pd.DataFrame:
    """Return the rows of one practice and setting: so many contacts in every ten days, nine times that in ninety.

    The contacts come as by chance (Poisson), so that 270 of them have an interval of 12 %. `other` gives
    columns of all rows, or under `at` {(from_day, to_day): {column: value}}.
    """
    at = other.pop("at", {})
    table = []
    for start, end in SPANS:
        where = {"practice_code": practice, "setting": setting, "from_day": start, "to_day": end}
        numbers = {"people": people, "died": 20, "contacts": tens * (end - start) // 10}
        numbers |= {"person_days": people * (end - start)} | other | at.get((start, end), {})
        contacts, days, baseline, each = numbers["contacts"], numbers["person_days"], 9 * tens, max(people, 1)
        squares = {"contacts_squared": contacts + contacts**2 // each, "days_squared": days**2 // each}
        products = {"contacts_by_days": contacts * days // each, "contacts_by_baseline": contacts * baseline // each}
        table.append({**where, **numbers, **squares, **products, "days_by_baseline": days * baseline // each})
    return pd.DataFrame(table, columns=list(PATHWAY_COLUMNS))


def groups(*parts: pd.DataFrame, practices: Any = PRACTICES) -> dict[str, Group]:
    pathways = pd.concat(parts, ignore_index=True)
    return {group.code: group for group in groups_of(pathways, chosen(pathways, practices).groups, RULE)}


def of_trust(*parts: pd.DataFrame) -> Group:
    return groups(*parts)[TRUST]


def only(group: Group) -> Setting:
    (setting,) = group.settings
    return setting


def page(*parts: pd.DataFrame, practices: Any = PRACTICES, without: Collection[str] = ()) -> str:
    pathways = pd.concat(parts, ignore_index=True)
    return pathway_page(pathways, index_date=INDEX_DATE, practices=practices, without=without).decode()


def groups_of_page(parts: Sequence[pd.DataFrame], *, without: Collection[str]) -> tuple[Group, ...]:
    pathways = pd.concat(parts, ignore_index=True)
    return groups_of(pathways, chosen(pathways, NETWORKS, without).groups, RULE)


def words_of(text: str) -> str:
    body = re.sub(r"<(style|script)>.*?</\1>", " ", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


NINETY, TEN = "45 (39 to 51)", "45 (30 to 68)"  # of 100 people in 30 days, told of 90 days and of 10


def test_rates_are_contacts_of_a_hundred_people_in_thirty_days() -> None:
    """30 contacts of 200 people in ten days are 45 of 100 people in thirty."""
    found = only(of_trust(rows("A"))).own

    assert (found.baseline.text, found.before.text, found.after.text) == (NINETY,) * 3
    assert [ten.text for ten in found.tens] == [TEN] * 18


def test_afterwards_is_compared_with_the_same_people_a_year_earlier() -> None:
    risen = {AFTER: {"contacts": 540}, BEFORE: {"contacts": 810}}

    found = only(of_trust(rows("A", at=risen))).own

    assert found.times == "2.0 times (1.7 to 2.4)"


def test_the_page_says_what_is_compared_and_that_nothing_is_claimed() -> None:
    text = words_of(page(rows("A"), rows("B")))

    for words in (
        "What happened before, and what happened afterwards",
        "from 4 October 2023 to 2 October 2024",
        "Compare the days after with the same people a year earlier, not with the days just before.",
        "comes down again by itself, whatever is done (regression to the mean)",
        "First emergency admissions of the year: about 400 people; died within 90 days: 10 in 100.",
        "After, against a year earlier",
        "The whole trust",
    ):
        assert words in text
    assert "because" not in text.lower()
    assert text.index("no sign that anything worked") < text.index("1.0 times")


def test_the_page_fetches_nothing_and_runs_its_own_script_alone() -> None:
    text = page(rows("A"), rows("B"))

    (script,) = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    assert f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in text
    assert not re.search(r"(src|href)=\"(?!#)|url\(|@import|https?:", text)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; (A)" in text
    assert text == page(rows("A"), rows("B"))


# --- who is told of --------------------------------------------------------------------------------------------------

NETWORKS = {code: {"name": f"Practice {code}", "network": net} for code, net in zip("ABCDE", "NNNSS", strict=True)}


def test_networks_stand_between_the_trust_and_its_practices() -> None:
    found = groups(*(rows(code) for code in "ABCDE"), practices=NETWORKS)

    assert [group.title for group in found.values()] == [
        *("The whole trust", "N", "S"),
        *(f"Practice {code} ({code})" for code in "ABCDE"),
    ]
    assert found["network:N"].people == "about 600 people"


def test_beside_a_practice_stands_its_network_and_beside_a_network_the_trust() -> None:
    found = groups(*(rows(code) for code in "ABCDE"), practices=NETWORKS)

    beside = {code: only(group).beside for code, group in found.items()}

    assert {code: rates and rates.whose for code, rates in beside.items()} == {
        TRUST: None,
        **dict.fromkeys(("network:N", "network:S"), "The whole trust"),
        **dict.fromkeys("ABC", "N"),
        **dict.fromkeys("DE", "S"),
    }


def test_where_a_practice_has_too_few_its_network_is_told_and_drawn() -> None:
    few = {AFTER: {"contacts": 5}}

    found = groups(*(rows(code, at=few if code == "D" else {}) for code in "ABCDE"), practices=NETWORKS)

    practice = only(found["D"])
    assert (practice.own.after.text, practice.own.times) == (TOO_FEW, TOO_FEW)
    assert practice.beside is not None
    assert (practice.beside.whose, practice.beside.after.text) == ("S", "23 (20 to 27)")
    assert practice.drawn is practice.beside


@pytest.mark.parametrize("admitted", [49, 50])
def test_a_practice_of_which_fewer_than_fifty_were_admitted_is_shown_with_its_network(admitted: int) -> None:
    parts = [rows(code, people=admitted if code == "D" else 200) for code in "ABCDE"]

    found, text = groups(*parts, practices=NETWORKS), page(*parts, practices=NETWORKS)

    small = admitted < 50
    assert ("D" in found) == (not small)
    assert found["network:S"].joined == (("Practice D (D)",) if small else ())
    assert found["network:S"].people == f"about {5 * round((200 + admitted) / 5)} people"
    assert ('<option value="network:S" data-code="D">Practice D (D): shown with S</option>' in text) == small


def test_without_a_network_a_small_practice_is_shown_with_the_trust() -> None:
    found = groups(rows("A", people=20), rows("B"))

    assert found[TRUST].joined == ("<script>alert(1)</script> (A)",)
    assert set(found) == {TRUST, "B"}


def test_practices_outside_the_trust_are_in_no_figure_and_said_to_be_left_out() -> None:
    inside, every = [rows("A"), rows("B")], [rows("A"), rows("B"), rows("E", tens=90)]

    text = page(*every, practices=NETWORKS, without=["E"])

    assert text.replace("Practice E (E)", "") != text
    assert "Left out of every figure: Practice E (E) , outside the trust and without a case list." in words_of(text)
    assert [group.settings for group in groups_of_page(every, without=["E"])] == [
        group.settings for group in groups_of_page(inside, without=[])
    ]


def test_practices_of_which_nobody_could_be_listed_are_named_up_to_five_of_them() -> None:
    pathways = rows("A")

    def told(*codes: str) -> str:
        made = pathway_page(pathways, index_date=INDEX_DATE, practices=NETWORKS, with_nobody=codes)
        return words_of(made.decode())

    nobody = "nobody there could be listed."
    assert nobody not in told()
    assert f"No case list was made for Practice E (E) , Y : {nobody}" in told("Y", "E")
    assert f"No case list was made for 6 practices: {nobody}" in told(*"EUVWXY")


def test_a_single_practice_is_told_once() -> None:
    assert [group.title for group in groups(rows("B"), practices=NETWORKS).values()] == ["Practice B (B)"]


# --- small numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("contacts", range(1, 8))
def test_a_rate_that_rests_on_one_to_seven_contacts_is_told_nowhere(contacts: int) -> None:
    few = {AFTER: {"contacts": contacts}}

    found = groups(rows("A", at=few), rows("B"), rows("C", tens=40))

    assert only(found["A"]).own.after.text == TOO_FEW
    assert {ten.text for ten in only(found["A"]).own.tens[9:]} == {TOO_FEW}
    assert only(found["A"]).own.before.text == NINETY
    assert only(found["B"]).own.after.text == NINETY  # rounded, so that what the others leave of the trust is a range


def test_where_rounding_leaves_too_little_room_a_second_practice_is_not_told() -> None:
    """1 of 642 contacts: the others would be told as 270 and 375, at the least 268 and 373, which leaves 1."""
    contacts = dict(zip("ABC", (1, 268, 373), strict=True))

    found = groups(*(rows(code, at={AFTER: {"contacts": number}}) for code, number in contacts.items()))

    assert [only(found[code]).own.after.text == TOO_FEW for code in "ABC"] == [True, True, False]
    assert only(found["C"]).own.after.text == "62 (56 to 69)"


def test_no_contact_at_all_is_told() -> None:
    found = only(of_trust(rows("A", tens=0))).own

    assert found.after.text == "0.0 (0.0 to 0.8)"
    assert found.times == NOT_TOLD


def test_the_ten_days_of_a_side_are_told_all_or_none() -> None:
    few = {(11, 21): {"contacts": 3}}

    found = only(of_trust(rows("A", at=few))).own

    assert {ten.text for ten in found.tens[:9]} == {TEN}
    assert {ten.text for ten in found.tens[9:]} == {TOO_FEW}
    assert found.after.text == NINETY


def test_a_side_that_cannot_be_drawn_in_tens_is_drawn_as_a_whole() -> None:
    few = {(11, 21): {"contacts": 3}}

    in_tens, in_part = (only(of_trust(rows("A", at=at))).picture for at in ({}, few))

    assert in_tens is not None
    assert in_part is not None
    assert (in_tens.intervals.count("z"), in_part.intervals.count("z")) == (18, 10)


def test_the_table_of_tens_has_the_settings_that_are_told_so() -> None:
    few = {(start, end): {"contacts": 3} for start, end in TENS}
    ed = rows("A", "ed", at=few)

    both, neither = page(rows("A"), ed), page(ed)

    (table,) = re.findall(r"<details>.*?</details>", both, flags=re.DOTALL)
    assert ("GP practice appointments" in table, "A&amp;E" in table) == (True, False)
    assert table.count(TEN) == 18
    assert "<details>" not in neither


def test_of_a_trust_of_which_fewer_than_eight_were_admitted_nothing_is_told() -> None:
    few, enough = of_trust(rows("A", people=7)), of_trust(rows("A", people=8))

    assert few.people == TOO_FEW
    assert {few.died, only(few).own.before.text, only(few).own.baseline.text} == {TOO_FEW}
    assert only(few).picture is None
    assert only(enough).own.before.text != TOO_FEW


def test_nor_of_a_setting_in_which_fewer_than_eight_are_seen() -> None:
    found = of_trust(rows("A", people=7), rows("A", "ed"))

    assert [setting.own.after.text for setting in found.settings] == [TOO_FEW, NINETY]


@pytest.mark.parametrize(("died", "told"), [(0, "0 in 100"), (1, TOO_FEW), (7, TOO_FEW), (8, "5 in 100")])
def test_deaths_are_told_of_eight_or_none(died: int, told: str) -> None:
    assert of_trust(rows("A", died=died)).died == told


def test_where_few_died_the_share_of_the_network_stands_beside() -> None:
    died = dict(zip("ABCDE", (3, 30, 12, 5, 20), strict=True))

    found = groups(*(rows(code, died=died[code]) for code in "ABCDE"), practices=NETWORKS)

    assert found["A"].died == "too few to tell (N: 8 in 100)"
    assert [found[code].died.partition(" (")[0] for code in "BCDE"] == ["15 in 100", "5 in 100", TOO_FEW, "10 in 100"]


def test_what_was_not_seen_is_said_and_never_zero() -> None:
    unseen = rows("A", people=0, tens=0, died=0)

    found = groups(unseen, rows("A", "ed"), rows("B"), rows("B", "ed"))["A"]

    gp, ed = found.settings
    assert {gp.own.baseline.text, gp.own.before.text, gp.own.after.text} == {NOT_SEEN}
    assert ed.own.before.text == NINETY
    assert found.people == "about 200 people"


def test_a_side_of_which_nobody_was_there_a_day_was_not_seen() -> None:
    gone = rows("A", at={AFTER: {"person_days": 0, "contacts": 0}})

    gp = only(of_trust(gone)).own

    assert (gp.after.text, gp.times) == (NOT_SEEN, NOT_SEEN)
    assert gp.before.text == NINETY


def test_emergency_admissions_are_told_afterwards_alone() -> None:
    nothing = {"contacts": 0, "person_days": 0}
    before = dict.fromkeys((BASELINE, BEFORE, *TENS[:9]), nothing)

    found = only(of_trust(rows("A", "emergency_admission", at=before)))

    own = found.own
    assert (own.baseline.text, own.before.text, own.after.text, own.times) == (NOT_TOLD, NOT_TOLD, NINETY, NOT_TOLD)
    assert found.picture is not None
    assert found.picture.baseline == ""
    assert found.picture.rates.count("M") == 1


def test_pictures_stay_inside_their_frame() -> None:
    many = {"contacts": 900}

    picture = only(of_trust(rows("A", at={TENS[12]: many}))).picture

    assert picture is not None
    for path in (picture.rates, picture.intervals, picture.baseline, picture.baseline_interval):
        heights = [float(y) for y in re.findall(r"(?:V|M[\d.]+ )(-?[\d.]+)", path)]
        assert all(8 <= y <= 148 for y in heights)
        assert all(34 <= float(x) <= 360 for x in re.findall(r"[MH](-?[\d.]+)", path))


def test_without_any_admission_the_page_says_so() -> None:
    nothing = pd.DataFrame(columns=list(PATHWAY_COLUMNS))

    text = words_of(pathway_page(nothing, index_date=INDEX_DATE, practices={}).decode())

    assert "Nobody was admitted as an emergency in this year and could be followed" in text


def test_a_table_of_other_columns_is_refused() -> None:
    with pytest.raises(UsageError, match=r"pathways: expected the columns .*; found none"):
        pathway_page(pd.DataFrame(), index_date=INDEX_DATE, practices={})
