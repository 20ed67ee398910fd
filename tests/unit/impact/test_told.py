"""What others than the team are told: claims that the interval allows, small numbers left out."""

from dataclasses import replace
from datetime import date

import pytest

from vi_risk.errors import UsageError
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.impact import libraries
from vi_risk.impact.finding import Impact, Practices, Reviewed
from vi_risk.impact.joining import Interval, Joining, Pretrend
from vi_risk.impact.reviewing import AtTheLine, BeforeAfter, Compared, Matched
from vi_risk.impact.told import told
from vi_risk.impact.wording import sentences


def joining(effect: Interval, *, events: int = 900, p_value: float = 0.5, ratio: Interval | None = None) -> Joining:
    pretrend = Pretrend(p_value)
    return Joining("emergency_admissions", effect, ratio, 1.0, 0.4, (1.2, 1.0), events, (), pretrend)


def said(one: Joining) -> str:
    practices = Practices(date(2016, 6, 1), date(2022, 11, 1), 5, 2, (one,), (), 5)
    return next(sentences(told(Impact(practices, None, {}, (), Disclosure()))))


def test_an_interval_that_holds_zero_claims_nothing() -> None:
    words = said(joining(Interval(-0.2, -0.9, 0.4)))
    assert "Between 0.9 fewer and 0.4 more per 100 registered a month: this cannot tell" in words
    assert "An effect of 0.4 or more" in words


def test_an_interval_below_zero_claims_its_ends_and_no_more() -> None:
    words = said(joining(Interval(-0.3, -0.5, -0.1), ratio=Interval(0.7, 0.6, 0.9)))
    assert words == "Emergency admissions: Between 0.5 and 0.1 fewer per 100 registered a month with joining."


def test_a_rate_ratio_that_disagrees_is_told_with_the_claim() -> None:
    assert "holds 1" in said(joining(Interval(-0.3, -0.5, -0.1), ratio=Interval(0.7, 0.4, 1.2)))


def test_practices_that_had_moved_apart_are_given_no_effect() -> None:
    words = said(joining(Interval(-0.3, -0.5, -0.1), p_value=0.01))
    assert words == "Emergency admissions: no effect is told, as the practices had moved apart before they joined."


def test_small_numbers_of_admissions_are_not_told() -> None:
    one = joining(Interval(-0.3, -0.5, -0.1), events=5)
    practices = Practices(date(2016, 6, 1), date(2022, 11, 1), 5, 2, (one,), (), 5)
    content = told(Impact(practices, None, {}, (), Disclosure()))["practices"]["outcomes"]["emergency_admissions"]
    assert content["events"] is None
    assert content["effect"] is None
    assert content["before_after"] == [None, None]


def test_the_few_who_were_reviewed_are_not_told() -> None:
    few = Reviewed(
        (date(2023, 7, 1),),
        180,
        AtTheLine(
            {"emergency_admissions": Compared(Interval(-1, -2, 0), 3.0, Interval(0, -1, 1), (90, 80))},
            Interval(1, 1, 1),
            5,
            900,
        ),
        Matched(
            {"emergency_admissions": Compared(None, why="most people who were reviewed have nobody like them")},
            5,
            3,
            {"age": (0.5, None)},
            None,
        ),
        BeforeAfter({"emergency_admissions": (5.0, 4.0)}, {"emergency_admissions": (3.0, 3.0)}, 5, 5),
    )
    content = told(Impact(None, few, {"practices": "too few"}, (), Disclosure()))["reviewed"]
    assert content["people"] is None
    assert content["at_the_line"]["outcomes"]["emergency_admissions"]["effect"] is None
    assert content["matched"]["pairs"] is None
    assert content["before_after"]["reviewed"] == {"emergency_admissions": [None, None]}


def test_an_outcome_seen_in_few_people_is_not_told_of_reviews() -> None:
    content = told(Impact(None, reviewed((40, 3)), {}, (), Disclosure()))["reviewed"]["matched"]["outcomes"]
    assert content["readmissions"]["effect"] is None
    assert content["readmissions"]["why_not"] == "too few were seen to be told"
    assert content["emergency_admissions"]["effect"] == {"value": -1, "low": -2, "high": -0.5}


def test_rates_of_a_few_others_next_in_score_are_not_told() -> None:
    content = told(Impact(None, reviewed((40, 30), others=4), {}, (), Disclosure()))["reviewed"]["before_after"]
    assert content["others"] == {"emergency_admissions": [None, None]}
    assert None not in content["reviewed"]["emergency_admissions"]


def test_each_outcome_of_reviews_is_claimed_and_the_untold_ones_together() -> None:
    words = list(sentences(told(Impact(None, reviewed((40, 3)), {}, (), Disclosure()))))
    against = "Reviews, against people like them"
    assert words == [
        "Reviews, at the line of the list: no effect is told, as too few people stand near the line.",
        f"{against}: Between 2 and 0.5 fewer emergency admissions per 100 such people a month with reviews.",
        f"{against}: no effect on emergency readmissions within 30 days is told, as too few were seen to be told.",
    ]


def reviewed(readmissions: tuple[int, int], others: int = 100) -> Reviewed:
    untold = Compared(None, why="too few people stand near the line")
    return Reviewed(
        (date(2023, 7, 1),),
        180,
        AtTheLine(dict.fromkeys(("emergency_admissions", "readmissions"), untold), None, 20, 900),
        Matched(
            {
                "emergency_admissions": Compared(Interval(-1, -2, -0.5), 1.0, events=(90, 120)),
                "readmissions": Compared(Interval(-1, -2, -0.5), 1.0, events=readmissions),
            },
            100,
            90,
            {"age": (0.5, 0.0)},
            (3, 9),
        ),
        BeforeAfter({"emergency_admissions": (5.0, 4.0)}, {"emergency_admissions": (3.0, 3.0)}, 100, others),
    )


def test_the_few_who_died_are_not_told() -> None:
    assert told(Impact(None, reviewed((40, 30)), {}, (), Disclosure()))["reviewed"]["matched"]["died"] == [None, 10]


def test_practices_that_could_not_be_asked_whether_they_moved_apart_are_given_no_effect() -> None:
    assert "no effect is told, as there is too little time before joining" in said(
        replace(joining(Interval(-0.3, -0.5, -0.1)), pretrend=None)
    )


def test_without_the_extra_the_message_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pysyncon", None)
    with pytest.raises(UsageError, match=r"pysyncon: is not installed.*vi-risk\[causal\]"):
        libraries.refuse_absent()
