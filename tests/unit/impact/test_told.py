"""What others than the team are told: claims that the interval allows, small numbers left out."""

from datetime import date

import pytest

from vi_risk.errors import UsageError
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.impact import libraries
from vi_risk.impact.finding import Impact, Practices, Reviewed
from vi_risk.impact.joining import Interval, Joining, Pretrend
from vi_risk.impact.reviewing import AtTheLine, BeforeAfter, Matched
from vi_risk.impact.told import told
from vi_risk.impact.wording import sentences


def joining(effect: Interval, *, events: int = 900, p_value: float = 0.5, ratio: Interval | None = None) -> Joining:
    pretrend = Pretrend(p_value, 3)
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
        AtTheLine(Interval(-1, -2, 0), Interval(1, 1, 1), Interval(0, -1, 1), 3.0, 5, 900),
        Matched(None, None, 5, 3, {"age": (0.5, None)}, "most people who were reviewed have nobody like them"),
        BeforeAfter((5.0, 4.0), (3.0, 3.0), 5),
    )
    content = told(Impact(None, few, {"practices": "too few"}, (), Disclosure()))["reviewed"]
    assert content["people"] is None
    assert content["at_the_line"]["effect"] is None
    assert content["matched"]["pairs"] is None
    assert content["before_after"]["reviewed"] == [None, None]


def test_without_the_extra_the_message_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pysyncon", None)
    with pytest.raises(UsageError, match=r"pysyncon: is not installed.*vi-risk\[causal\]"):
        libraries.refuse_absent()
