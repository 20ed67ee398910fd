"""What reviews did, of people made by hand."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from vi_risk.impact.listed import EarlierList, Followed, _placed
from vi_risk.impact.reviewing import AtTheLine, Compared, Matched, _within_pairs, at_the_line, before_after, matched

LIST = pd.Timestamp("2023-07-01")
PLACES = 60


def risk_at(rank: float) -> float:
    return float(0.6 * np.exp(-rank / 150) + 0.02)


def log_odds(risk: float) -> float:
    return float(np.log(risk / (1 - risk)))


def followed(
    *, share: float = 1.0, effect: float = 0.0, jump_before: float = 0.0, ordered: bool = True, seed: int = 5
) -> Followed:
    """Eight practices of 400 people; of those above the line, a share is reviewed, which adds `effect` admissions."""
    rng = np.random.default_rng(seed)
    people, admissions = [], []
    for practice in range(8):
        for rank in range(400):
            places = PLACES - rank - 0.5
            reviewed = places > 0 and rng.random() < share
            risk = risk_at(rank)
            after = rng.poisson(max(0.0, risk + (effect if reviewed else 0)))
            before = rng.poisson(risk + (jump_before if places > 0 else 0))
            name = f"p{practice}-{rank}"
            day = LIST + pd.Timedelta(days=30)
            admissions += [(name, day)] * after
            at = [
                name,
                f"Z{practice}",
                LIST,
                risk,
                places > 0,
                places,
                log_odds(risk) - log_odds(risk_at(PLACES - 0.5)),
            ]
            people.append((*at, LIST if reviewed else pd.NaT, 60 + rng.normal(), before, after, before))
    columns = [
        "patient_id",
        "practice_code",
        "list_date",
        "risk",
        "listed",
        "places",
        "from_line",
        "reviewed_on",
        "age",
    ]
    columns += [f"emergency_admissions_{span}" for span in ("year_before", "after", "before")]
    rows = pd.DataFrame(people, columns=columns)
    rows = rows.assign(reviewed_before=False, died_on=pd.NaT, there_until=pd.NaT)
    happened = {"emergency_admissions": pd.DataFrame(admissions, columns=["patient_id", "day"])}
    return Followed(rows, happened, 180, date(2024, 7, 1), ordered, ())


def of(found: AtTheLine | Matched) -> Compared:
    return found.outcomes["emergency_admissions"]


def test_the_step_at_the_line_is_found_within_its_interval() -> None:
    found = at_the_line(followed(effect=-0.3))
    one = of(found)
    assert one.effect is not None
    truth = 100 * -0.3 * 30.4375 / 180
    assert one.effect.low < truth < one.effect.high
    assert found.step is not None
    assert found.step.value == 1


def test_where_only_some_above_the_line_were_reviewed_the_step_is_scaled_up() -> None:
    found = at_the_line(followed(share=0.6, effect=-0.3))
    one = of(found)
    assert found.step is not None
    assert 0.4 < found.step.value < 0.8
    assert one.effect is not None
    assert one.effect.low < 100 * -0.3 * 30.4375 / 180 < one.effect.high


def test_people_who_differed_before_any_review_are_not_compared() -> None:
    one = of(at_the_line(followed(jump_before=3.0)))
    assert one.effect is None
    assert "before any review" in one.why


def test_lists_that_did_not_follow_the_rank_are_not_compared_at_the_line() -> None:
    one = of(at_the_line(followed(ordered=False)))
    assert one.effect is None
    assert "did not follow the rank" in one.why


def test_a_line_that_hardly_decides_who_is_reviewed_tells_nothing() -> None:
    one = of(at_the_line(followed(share=0.05)))
    assert one.effect is None
    assert one.why


def test_nobody_is_matched_across_the_line_when_all_above_it_were_reviewed() -> None:
    one = of(matched(followed(share=1.0)))
    assert one.effect is None
    assert "nobody like them" in one.why or "differ" in one.why


def test_differences_that_matching_left_are_taken_out() -> None:
    left = np.array([[0.1, 0.0, 0.0], [0.3, 0.0, 0.0], [0.5, 0.0, 0.0], [0.7, 0.0, 0.0]])
    others = pd.Series([1.0, 2.0, 3.0, 4.0])
    ones = others - 0.5 + 2 * left[:, 0]  # a review takes 0.5; each unit of score adds 2
    one = _within_pairs(ones, others, left, 180).effect
    assert one is not None
    assert one.value == pytest.approx(100 * -0.5 * 30.4375 / 180)


def test_the_matched_are_alike_and_the_interval_holds_the_effect() -> None:
    found = matched(followed(share=0.4, effect=-0.3))
    one = of(found)
    assert one.effect is not None, one.why
    assert all(abs(after or 0) <= 0.1 for _, after in found.differences.values())
    assert one.effect.low < 100 * -0.3 * 30.4375 / 180 < one.effect.high


def test_before_against_after_is_of_the_reviewed_and_of_as_many_others() -> None:
    one = before_after(followed(share=0.4))
    assert one.people > 100
    assert one.next_people == one.people
    assert set(one.reviewed) == set(one.others) == {"emergency_admissions"}


def test_who_died_before_the_day_of_the_review_is_no_match() -> None:
    whole = followed(share=0.4)
    late = whole.people["reviewed_on"].mask(whole.people["reviewed_on"].notna(), LIST + pd.Timedelta(days=30))
    others = late.isna()
    dead = whole.people.assign(reviewed_on=late, died_on=pd.NaT)
    dead.loc[others, "died_on"] = LIST + pd.Timedelta(days=20)
    assert matched(replace(whole, people=dead)).pairs == 0
    dead.loc[others, "died_on"] = LIST + pd.Timedelta(days=40)
    found = matched(replace(whole, people=dead))
    assert found.pairs > 100
    assert found.died == (0, found.pairs)


def test_who_moved_away_before_the_day_of_the_review_is_no_match() -> None:
    whole = followed(share=0.4)
    moved = whole.people.assign(there_until=LIST - pd.Timedelta(days=1))
    assert matched(replace(whole, people=moved)).pairs == 0


def test_people_reviewed_before_the_list_are_matched_with_such_people() -> None:
    whole = followed(share=0.4)
    apart = whole.people.assign(reviewed_before=whole.people["reviewed_on"].notna())
    assert matched(replace(whole, people=apart)).pairs == 0


def test_a_review_that_cannot_be_followed_to_the_end_is_left_out_of_the_pairs() -> None:
    whole = followed(share=0.4)
    until = {"over": LIST + pd.Timedelta(days=180), "not over": LIST + pd.Timedelta(days=179)}
    pairs = {name: matched(replace(whole, known_by=day.date())).pairs for name, day in until.items()}
    assert pairs["over"] > 100
    assert pairs["not over"] == 0


def test_people_kept_off_a_list_leave_no_gap_in_the_rank() -> None:
    people = pd.DataFrame(
        {
            "patient_id": list("abcdef"),
            "practice_code": "A",
            "risk": [0.9, 0.8, 0.7, 0.6, 0.5, 0.4],
            "listed": [True, False, True, False, False, False],
        }
    )
    rows, off = _placed(EarlierList(date(2023, 7, 1), people).people)
    #  a 0.9 listed; b 0.8 kept off; c 0.7 listed; d 0.6 first below the line
    assert off == 1
    assert dict(zip(rows["patient_id"], rows["places"], strict=True)) == pytest.approx(
        {"a": 1.5, "c": 0.5, "d": -0.5, "e": -1.5, "f": -2.5}
    )
