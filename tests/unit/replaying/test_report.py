"""What a replay found, as others than the team may see it, and its page."""

import re
from datetime import date

import pytest

from vi_risk.governance.small_numbers import Disclosure
from vi_risk.replaying.churn import Churn
from vi_risk.replaying.delays import CostOfDelay
from vi_risk.replaying.finds import DateEvidence
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
        "title": "Emergency admission", "outcome": "an emergency admission in the next 12 months", "source": "trust",
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
    assert "no loss of true cases beyond chance" in " ".join(in_short(found.disclosed()))


def test_a_loss_beyond_chance_is_told_with_its_interval() -> None:
    cost = CostOfDelay(3, lists=4, listed=600, true_cases=240, found_late=212, lost=28, interval=(8.1, 47.9))
    found = report(closed(SPRING), delays=(cost,))

    assert "3 months late: about 30 fewer true cases of 240 (95 % interval of those lost 5 to 50)" in " ".join(
        in_short(found.disclosed())
    )


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
