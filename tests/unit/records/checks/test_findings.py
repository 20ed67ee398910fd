"""What a report says in words, in numbers and in check.json."""

import json

import pytest

from vi_risk.errors import InputError
from vi_risk.records.checks import CheckReport, Finding, Lag, TableSummary


def test_thousands_are_grouped_in_a_finding() -> None:
    finding = Finding("spells", "sex", "missing", 1234, 20310, "warning")

    assert str(finding) == "spells.sex: 1,234 of 20,310 rows: missing"


def test_a_finding_names_what_it_counts_where_that_is_not_rows() -> None:
    finding = Finding("gp_events", "", "begin late", 2, 52, "warning", unit="practices")

    assert str(finding) == "gp_events: 2 of 52 practices: begin late"


def test_of_what_is_not_there_nothing_is_counted() -> None:
    assert str(Finding("spells", "", "is not there", 0, 0, "error")) == "spells: is not there"


def test_a_lag_is_the_least_number_of_days_that_reaches_the_share() -> None:
    lag = Lag.of(dict.fromkeys(range(1, 101), 1))

    assert lag == Lag(rows=100, median=50, p90=90, p99=99, over_31_days=0.69)


def test_a_month_of_31_days_is_not_over_31_days() -> None:
    assert Lag.of({31: 3, 32: 1}) == Lag(rows=4, median=31, p90=32, p99=32, over_31_days=0.25)


def test_rows_recorded_before_they_happened_have_a_negative_lag() -> None:
    assert Lag.of({-2: 9, 5: 1}) == Lag(rows=10, median=-2, p90=-2, p99=5, over_31_days=0.0)


def test_without_a_recorded_row_there_is_no_lag() -> None:
    assert Lag.of({}) is None


@pytest.fixture
def report() -> CheckReport:
    return CheckReport(
        tables=(TableSummary("spells", 4, "2024-01-01", "2024-02-01", {"admitted_on": 0.0}, {"2024-01": 4}),),
        findings=(
            Finding("spells", "", "one", 1, 4, "warning"),
            Finding("spells", "", "two", 2, 4, "error", "Do this."),
            Finding("spells", "", "three", 3, 4, "error"),
        ),
        absent=("referrals",),
    )


def test_errors_stop_with_what_to_do_about_each(report: CheckReport) -> None:
    with pytest.raises(InputError) as refused:
        report.raise_errors()

    assert str(refused.value).splitlines() == [
        "spells: 2 of 4 rows: two. Do this.",
        "spells: 3 of 4 rows: three. Correct these rows or leave them out in the mapping.",
    ]


def test_the_report_is_plain_json(report: CheckReport) -> None:
    written = json.loads(json.dumps(report.to_dict(), allow_nan=False))

    assert written["absent"] == ["referrals"]
    assert [finding["rule"] for finding in written["errors"]] == ["two", "three"]
    assert [finding["rule"] for finding in written["warnings"]] == ["one"]
    assert written["tables"][0]["months"] == {"2024-01": 4}
