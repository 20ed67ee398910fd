"""Which practices are compared between two dates, as tables: like with like."""

from datetime import date

import pandas as pd

from vi_risk.monitoring.people import practices_alike, practices_not_sent

FORTY = 40


def _people(*rows):
    """So many people of a practice at a date, whose GP tables are seen from a day or not at all."""
    return pd.DataFrame(
        [
            {"patient_id": f"{code}{n}", "practice_code": code, "index_date": date(*at), "gp_seen_from": seen}
            for code, at, seen in rows
            for n in range(FORTY)
        ]
    )


LONG_AGO, JOINED = date(2015, 1, 1), date(2024, 6, 1)
THEN, NOW = (2023, 1, 1), (2025, 7, 1)


def test_a_practice_that_was_there_and_seen_alike_is_compared():
    then = _people(("A", THEN, LONG_AGO), ("B", THEN, None))
    now = _people(("A", NOW, LONG_AGO), ("B", NOW, None))

    assert practices_alike(then, now).compared == {"A", "B"}


def test_a_practice_that_joined_closed_or_opened_between_is_not_and_it_is_said_why():
    then = _people(("A", THEN, LONG_AGO), ("joined", THEN, None), ("closed", THEN, LONG_AGO))
    now = _people(("A", NOW, LONG_AGO), ("joined", NOW, JOINED), ("opened", NOW, LONG_AGO))
    found = practices_alike(then, now)

    assert found.compared == {"A"}
    assert found.left_out == {
        "closed": "is not there any more",
        "joined": "joined the trust, or left it, so that its own tables are seen for another time",
        "opened": "was not there at every date before",
    }
    assert found.rows(now).sum() == FORTY


def test_a_practice_that_joined_last_month_is_not_compared_though_no_year_of_it_is_seen():
    then = _people(("A", THEN, LONG_AGO), ("joined", THEN, None))
    now = _people(("A", NOW, LONG_AGO), ("joined", NOW, date(2025, 6, 1)))

    assert practices_alike(then, now).compared == {"A"}


def test_a_practice_seen_as_long_as_a_feature_looks_back_only_now_is_not_compared():
    joined = date(2022, 9, 1)
    then = _people(("A", (2025, 1, 1), LONG_AGO), ("B", (2025, 1, 1), joined))
    now = _people(("A", NOW, LONG_AGO), ("B", NOW, joined))

    assert practices_alike(then, now, [30, 365]).compared == {"A", "B"}
    assert practices_alike(then, now, [30, 365, 1000]).compared == {"A"}


def test_where_hardly_anybody_would_be_left_everyone_is_compared():
    then = _people(*((code, THEN, None) for code in "ABCDEF"))
    now = _people(*((code, NOW, JOINED) for code in "ABCDEF"))
    found = practices_alike(then, now)

    assert found.everyone
    assert found.rows(now).all()


def test_a_practice_that_closed_is_told_from_one_of_which_nothing_came():
    then = _people(("A", THEN, LONG_AGO), ("closed", THEN, LONG_AGO), ("not sent", THEN, LONG_AGO))
    now = _people(("A", NOW, LONG_AGO), ("closed", NOW, LONG_AGO))
    now["practice_code"] = now["practice_code"].replace("closed", "A")  # its people are with another
    practices = practices_alike(then, now)

    assert {*practices.left_out} == {"closed", "not sent"}
    assert practices_not_sent(then, now, practices) == ("not sent",)
