"""The pathway page: rates in words and pictures, and nothing that could tell of one person."""

import html
import math
import re
from base64 import b64encode
from datetime import date
from hashlib import sha256
from typing import Any

import pandas as pd
import pytest

from vi_risk.caselists.packs.pathway_page import NOT_TOLD, TOO_FEW, Group, Setting, groups_of, pathway_page
from vi_risk.caselists.wording import NOT_SEEN
from vi_risk.cohort.pathways import AFTER, BEFORE, PATHWAY_COLUMNS, TENS, WHOLE_TRUST
from vi_risk.errors import UsageError

INDEX_DATE = date(2025, 1, 1)
PRACTICES = {"A": {"name": "<script>alert(1)</script>", "network": None}, "B": {"name": None, "network": None}}


def rows(practice: str, setting: str = "gp", *, people: int = 200, tens: int = 30, **other: Any) -> pd.DataFrame:
    """Return the rows of one practice and setting: so many contacts in every ten days, nine times that in ninety.

    `other` gives columns of all rows, or under `at` {(from_day, to_day): {column: value}}.
    """
    at = other.pop("at", {})
    table = []
    for start, end in (BEFORE, AFTER, *TENS):
        contacts, days = tens * (end - start) // 10, people * (end - start)
        row: dict[str, Any] = dict.fromkeys(PATHWAY_COLUMNS, math.nan)
        row |= {"practice_code": practice, "setting": setting, "from_day": start, "to_day": end, "people": people}
        row |= {"died": 20, "contacts": contacts, "person_days": days}
        row |= {"baseline_contacts": 9 * tens, "baseline_person_days": 90 * people} | other | at.get((start, end), {})
        for named, number, of_days in (
            (PATHWAY_COLUMNS[8:11], row["contacts"], row["person_days"]),
            (PATHWAY_COLUMNS[13:], row["baseline_contacts"], row["baseline_person_days"]),
        ):
            if of_days:
                rate = number / of_days * 365.25
                row |= dict(zip(named, (rate, rate * 0.8, rate * 1.25), strict=True))
        table.append(row)
    return pd.DataFrame(table, columns=list(PATHWAY_COLUMNS))


def groups(*parts: pd.DataFrame) -> dict[str, Group]:
    return {group.code: group for group in groups_of(pd.concat(parts, ignore_index=True), PRACTICES)}


def only(group: Group) -> Setting:
    (setting,) = group.settings
    return setting


def page(*parts: pd.DataFrame) -> str:
    pathways = pd.concat(parts, ignore_index=True)
    return pathway_page(pathways, index_date=INDEX_DATE, practices=PRACTICES).decode()


def words_of(text: str) -> str:
    body = re.sub(r"<(style|script)>.*?</\1>", " ", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_rates_are_contacts_of_a_hundred_people_in_thirty_days() -> None:
    """30 contacts of 200 people in ten days are 45 of 100 people in thirty."""
    found = only(groups(rows(WHOLE_TRUST))[WHOLE_TRUST])

    assert (found.baseline.text, found.before.text, found.after.text) == ("45 (36 to 56)",) * 3
    assert [ten.text for ten in found.tens] == ["45 (36 to 56)"] * 18


def test_the_page_says_what_is_compared_and_that_nothing_is_claimed() -> None:
    text = words_of(page(rows(WHOLE_TRUST), rows("B")))

    for words in (
        "What happened before, and what happened afterwards",
        "from 4 October 2023 to 2 October 2024",
        "regression to the mean",
        "First emergency admission of the year of about 200 people; died within 90 days: 10 in 100.",
        "A year earlier",
        "The whole trust",
    ):
        assert words in text
    assert "because" not in text.lower()
    assert text.index("do not say that one thing led to another") < text.index("45 (36 to 56)")


def test_the_page_fetches_nothing_and_runs_its_own_script_alone() -> None:
    text = page(rows(WHOLE_TRUST), rows("A"))

    (script,) = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    assert f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in text
    assert not re.search(r"(src|href)=\"(?!#)|url\(|@import|https?:", text)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; (A)" in text
    assert text == page(rows(WHOLE_TRUST), rows("A"))


@pytest.mark.parametrize("contacts", range(1, 8))
def test_a_rate_that_rests_on_one_to_seven_contacts_is_told_nowhere(contacts: int) -> None:
    few = {AFTER: {"contacts": contacts}}

    found = groups(rows(WHOLE_TRUST), rows("A", at=few), rows("B"), rows("C", tens=40))

    assert only(found["A"]).after.text == TOO_FEW
    assert {ten.text for ten in only(found["A"]).tens[9:]} == {TOO_FEW}
    assert only(found["A"]).before.text == "45 (36 to 56)"
    # With the whole trust's and all others', the one left out could be worked out.
    assert only(found["B"]).after.text == TOO_FEW
    assert only(found["C"]).after.text == "60 (48 to 75)"


def test_no_contact_at_all_is_told() -> None:
    found = only(groups(rows(WHOLE_TRUST, tens=0))[WHOLE_TRUST])

    assert found.after.text == "0.0 (0.0 to 0.0)"


def test_the_ten_days_of_a_side_are_told_all_or_none() -> None:
    few = {(11, 21): {"contacts": 3}}

    found = only(groups(rows(WHOLE_TRUST, at=few))[WHOLE_TRUST])

    assert {ten.text for ten in found.tens[:9]} == {"45 (36 to 56)"}
    assert {ten.text for ten in found.tens[9:]} == {TOO_FEW}
    assert found.after.text == "45 (36 to 56)"


def test_a_side_that_cannot_be_drawn_in_tens_is_drawn_as_a_whole() -> None:
    few = {(11, 21): {"contacts": 3}}

    in_tens, in_part = (only(groups(rows(WHOLE_TRUST, at=at))[WHOLE_TRUST]).picture for at in ({}, few))

    assert in_tens is not None
    assert in_part is not None
    assert (in_tens.intervals.count("z"), in_part.intervals.count("z")) == (18, 10)


def test_the_table_of_tens_has_the_settings_that_are_told_so() -> None:
    few = {(start, end): {"contacts": 3} for start, end in TENS}
    ed = rows(WHOLE_TRUST, "ed", at=few)

    both, neither = page(rows(WHOLE_TRUST), ed), page(ed)

    (table,) = re.findall(r"<details>.*?</details>", both, flags=re.DOTALL)
    assert ("GP practice appointments" in table, "A&amp;E" in table) == (True, False)
    assert table.count("45 (36 to 56)") == 18
    assert "<details>" not in neither


def test_of_a_practice_of_which_fewer_than_eight_were_admitted_nothing_is_told() -> None:
    found = groups(rows(WHOLE_TRUST), rows("A", people=7), rows("B", people=8))

    assert found["A"].people == "1 to 7 people"
    assert {found["A"].died, only(found["A"]).before.text, only(found["A"]).baseline.text} == {TOO_FEW}
    assert only(found["A"]).picture is None
    assert only(found["B"]).before.text != TOO_FEW


def test_nor_of_a_setting_in_which_fewer_than_eight_are_seen() -> None:
    found = groups(rows(WHOLE_TRUST), rows("A", people=7), rows("A", "ed"))

    assert [setting.after.text for setting in found["A"].settings] == [TOO_FEW, "45 (36 to 56)"]


@pytest.mark.parametrize(("died", "told"), [(0, "0 in 100"), (1, TOO_FEW), (7, TOO_FEW), (8, "4 in 100")])
def test_deaths_are_told_of_eight_or_none(died: int, told: str) -> None:
    assert groups(rows(WHOLE_TRUST, died=died))[WHOLE_TRUST].died == told


def test_what_was_not_seen_is_said_and_never_zero() -> None:
    unseen = rows("A", people=0, tens=0, died=0)

    found = groups(rows(WHOLE_TRUST), unseen, rows("A", "ed"))["A"]

    gp, ed = found.settings
    assert {gp.baseline.text, gp.before.text, gp.after.text} == {NOT_SEEN}
    assert gp.picture is None
    assert ed.before.text == "45 (36 to 56)"
    assert found.people == "about 200 people"


def test_emergency_admissions_are_told_afterwards_alone() -> None:
    nothing = {"contacts": 0, "person_days": 0}
    before = dict.fromkeys((BEFORE, *TENS[:9]), nothing)
    no_year = {"baseline_contacts": 0, "baseline_person_days": 0}

    found = only(groups(rows(WHOLE_TRUST, "emergency_admission", at=before, **no_year))[WHOLE_TRUST])

    assert (found.baseline.text, found.before.text, found.after.text) == (NOT_TOLD, NOT_TOLD, "45 (36 to 56)")
    assert found.picture is not None
    assert found.picture.baseline == ""
    assert found.picture.rates.count("M") == 1


def test_pictures_stay_inside_their_frame() -> None:
    wide = {"rate_high": 900.0}

    picture = only(groups(rows(WHOLE_TRUST, at={TENS[12]: wide}))[WHOLE_TRUST]).picture

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
