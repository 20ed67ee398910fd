"""What a replay found, as others than the team may see it, and its page."""

import re
from datetime import date

import pytest

from vi_risk.governance.small_numbers import Disclosure
from vi_risk.replaying.churn import Churn
from vi_risk.replaying.delays import CostOfAMonth, CostOfDelay
from vi_risk.replaying.finds import DateEvidence
from vi_risk.replaying.not_run import NotRun
from vi_risk.replaying.page import in_short, replay_page
from vi_risk.replaying.report import ReplayReport

SPRING, SUMMER = date(2024, 4, 1), date(2024, 7, 1)


def closed(day: date, **more: object) -> DateEvidence:
    figures: dict[str, object] = {
        "day": day, "closed": True, "people": 3361, "listed": 152, "rows": 20003, "training_events": 1381,
        "themes": {"Frailty": 83, "Asthma": 3}, "events": 217, "auroc": 0.74361, "auroc_interval": (0.708, 0.779),
        "slope": 1.01, "slope_interval": (0.86, 1.16), "in_the_large": -0.133, "in_the_large_interval": (-0.28, 0.01),
        "true_cases": 61, "ppv": 0.4, "new": 9, "rule_true_cases": 48, "beyond_rule": 27,
    }  # fmt: skip
    return DateEvidence(**{**figures, **more})  # type: ignore[arg-type]


def still_open(day: date) -> DateEvidence:
    return DateEvidence(day, False, 3402, 151, 20011, 1390, {"Frailty": 90})


def report(*dates: DateEvidence, **more: object) -> ReplayReport:
    churn = tuple(Churn(one.day, one.listed, 38, 104, one.listed - 142, 47) for one in dates[1:])
    about: dict[str, object] = {
        "title": "Emergency admission", "every": "3m", "treated_as": "ignore", "each_month": None,
        "outcome": "an emergency admission in the next 12 months", "source": "trust",
        "places": 20, "horizon_days": 365, "known_to": date(2025, 4, 1), "dates": dates, "churn": churn,
        "churn_by_practice": {"A": churn}, "delays": (), "rule": Disclosure(),
    }  # fmt: skip
    return ReplayReport(**{**about, **more})  # type: ignore[arg-type]


def test_numbers_of_people_are_rounded_and_small_ones_are_not_told() -> None:
    told = report(closed(SPRING, new=3), still_open(SUMMER)).disclosed()

    spring, summer = told["dates"]
    assert (spring["people"], spring["events"], spring["listed"]) == (3360, 215, 150)
    assert (spring["true_cases"], spring["rule_true_cases"], spring["new"]) == (60, 50, None)
    assert told["reasons"]["Asthma"] == [None, 0.0]
    assert summer["closed"] is False
    assert "auroc" not in summer
    assert "events" not in summer


def test_a_part_is_not_told_where_the_rest_could_be_worked_out() -> None:
    told = report(closed(SPRING, listed=9, true_cases=8, rule_true_cases=8)).disclosed()

    assert told["dates"][0]["true_cases"] is told["dates"][0]["ppv"] is told["dates"][0]["rule_true_cases"] is None


def test_of_the_churn_a_small_part_is_not_told() -> None:
    few_back = (Churn(SUMMER, listed=160, new=52, stayed=107, returned=1, left=50),)

    (told,) = report(closed(SPRING), closed(SUMMER), churn=few_back).disclosed()["churn"]

    assert told == {"day": "2024-07-01", "listed": 160, "new": 50, "stayed": 105, "returned": None, "left": 50}


def test_a_loss_whose_interval_holds_nought_is_told_as_none_beyond_chance() -> None:
    cost = CostOfDelay(2, lists=4, listed=600, true_cases=240, found_late=231, lost=9, interval=(-8.2, 26.2))
    found = report(closed(SPRING), delays=(cost,))

    (told,) = found.disclosed()["delays"]
    assert (told["lost"], told["interval"], told["beyond_chance"]) == (10, [-10, 30], None)


def test_a_loss_beyond_chance_is_told_with_its_interval() -> None:
    cost = CostOfDelay(3, lists=4, listed=600, true_cases=240, found_late=212, lost=28, interval=(8.1, 47.9))
    found = report(closed(SPRING), delays=(cost,))

    (told,) = found.disclosed()["delays"]
    assert (told["lost"], told["interval"], told["beyond_chance"]) == (30, [5, 50], "lost")
    assert "3 months late, by themselves: about 30 fewer true cases of 240 (95 % interval of those lost 5 to 50)" in (
        " ".join(in_short(found.disclosed()))
    )
    assert "30 (5 to 50)" in replay_page(found).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("lost", "interval", "said"),
    [
        (18.2, (4.1, 32.3), "about 20 fewer true cases among 600 people listed, 3.3 of every 100 (95 % interval of"),
        (-18.2, (-32.3, -4.1), "about 20 more true cases among 600 people listed, 3.3 of every 100"),
        (3.0, (-4.1, 10.2), "no loss of true cases beyond chance among 600 people listed (95 % interval of those lost"),
    ],
)
def test_what_each_month_costs_is_said_in_short(lost: float, interval: tuple[float, float], said: str) -> None:
    found = report(closed(SPRING), each_month=CostOfAMonth(601, lost, interval))

    assert f"Each month by which records arrive later: {said}" in " ".join(in_short(found.disclosed()))


def test_what_each_month_costs_is_said_to_rest_on_a_loss_that_grows_evenly() -> None:
    found = report(closed(SPRING), each_month=CostOfAMonth(601, 18.2, (4.1, 32.3)))

    assert "if the loss grew evenly; whether it does is in the rows" in " ".join(in_short(found.disclosed()))


def test_what_each_month_costs_is_not_told_where_what_it_is_made_of_is_not() -> None:
    few = CostOfDelay(1, lists=1, listed=20, true_cases=3, found_late=2, lost=1, interval=(-1.0, 3.0))
    found = report(closed(SPRING), delays=(few,), each_month=CostOfAMonth(20, 1.0, (-1.0, 3.0)))

    assert found.disclosed()["each_month_late"] is None


def test_a_date_that_could_not_be_run_stands_on_the_page_with_its_reason() -> None:
    found = report(closed(SPRING), not_run=(NotRun(SUMMER, "outcome: found 3 events in 402 rows."),))
    page = replay_page(found)

    assert "<strong>2024-07-01</strong>: outcome: found fewer than 8 events in 400 rows." in page
    assert "1 date of 2 could not be run" in page


@pytest.mark.parametrize(
    ("every", "said"), [("3m", "every 3 months,"), ("1y", "every year,"), ("4w", "every 4 weeks,")]
)
def test_the_page_says_which_step_its_dates_have(every: str, said: str) -> None:
    assert f"{said} from 1 April 2024 to 1 July 2024" in replay_page(
        report(closed(SPRING), closed(SUMMER), every=every)
    )


def test_people_left_out_for_a_review_have_a_column_where_reviews_are_exposure() -> None:
    page = replay_page(report(closed(SPRING, reviewed=41), treated_as="exclude"))

    assert "Reviewed, left out" in page
    assert ">40</td></tr>" in page
    assert "Reviewed, left out" not in replay_page(report(closed(SPRING, reviewed=0)))


def test_the_page_of_one_date_says_that_change_is_not_told() -> None:
    page = replay_page(report(closed(SPRING)))

    assert "One date alone" in page
    assert "Who is on each list" not in page


def test_the_page_names_the_dates_whose_window_is_open() -> None:
    page = re.sub(r"\s+", " ", replay_page(report(closed(SPRING), still_open(SUMMER))))

    assert "Not over yet: the window of 365 days after 1 July 2024." in page


def test_without_any_closed_window_the_page_tells_only_who_is_listed() -> None:
    page = replay_page(report(still_open(SPRING), still_open(SUMMER)))

    assert "No outcome window is over yet" in page
    assert 'aria-label="AUROC' not in page
    assert "What late records cost" not in page


def test_the_same_report_gives_the_same_bytes_and_asks_nothing_of_the_network() -> None:
    pages = [replay_page(report(closed(SPRING), closed(SUMMER))) for _ in range(2)]

    assert pages[0] == pages[1]
    assert not re.search(r"(?:src|href)=\"(?!#)", pages[0])
    assert "<script" not in pages[0]


@pytest.mark.parametrize("exact", ["3361", "3,361", "217", "152", "0.74361"])
def test_no_exact_number_of_people_stands_on_the_page(exact: str) -> None:
    assert not re.search(rf"(?<![\d.]){re.escape(exact)}(?![\d.])", replay_page(report(closed(SPRING))))
