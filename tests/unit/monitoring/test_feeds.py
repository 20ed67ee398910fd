"""Volumes: what stands out, and what does not."""

from datetime import date, timedelta

import pytest

from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.spec_tables import MonitoringSpec
from vi_risk.monitoring.feeds import has_rows, volumes_of

TODAY = date(2025, 4, 1)


def _days(first, last, each):
    span = (last - first).days
    return [first + timedelta(days=n * span // each) for n in range(each)]


def _stays(make_records, now, *, people=None, then=300):
    """A stay of another person each, from two years back: so many in a quarter, and `now` in the last one."""
    days = [day for back in range(7, 0, -1) for day in _days(*_quarter(back), then)] + _days(*_quarter(0), now)
    number = people or len(days)
    patients = [{"patient_id": f"P{n}"} for n in range(number)]
    spells = [{"patient_id": f"P{n % number}", "admitted_on": day} for n, day in enumerate(days)]
    return make_records(patients=patients, spells=spells)


def _quarter(back):
    months = 2025 * 12 + 0 - 3 * back
    later = months + 3
    return date(months // 12, months % 12 + 1, 1), date(later // 12, later % 12 + 1, 1)


def _spells(records):
    found = volumes_of(records, today=TODAY, limits=MonitoringSpec(), rule=Disclosure())
    return next(one for one in found if one.table == "spells")


@pytest.mark.parametrize(
    ("now", "stands"), [(300, "as before"), (390, "as before"), (600, "more"), (120, "fewer"), (0, "stopped")]
)
def test_a_table_stands_out_where_it_has_far_more_or_fewer_rows_or_none(make_records, now, stands):
    assert _spells(_stays(make_records, now)).stands == stands


def test_rows_of_few_people_come_and_go_with_them(make_records):
    assert _spells(_stays(make_records, 120)).stands == "fewer"
    assert _spells(_stays(make_records, 120, people=4)).stands == "as before"


def test_numbers_are_told_by_the_rule_of_small_numbers(make_records):
    found = _spells(_stays(make_records, 123))

    assert (found.rows_then, found.rows_now) == (300, 125)
    assert [*found.months] == [date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)]
    assert found.ratio == pytest.approx(125 / 300)


def test_a_table_that_began_after_the_months_before_has_nothing_to_be_compared_with(make_records):
    days = _days(*_quarter(1), 300) + _days(*_quarter(0), 20)
    records = make_records(
        patients=[{"patient_id": f"P{n}"} for n in range(320)],
        spells=[{"patient_id": f"P{n}", "admitted_on": day} for n, day in enumerate(days)],
    )

    assert volumes_of(records, today=TODAY, limits=MonitoringSpec(), rule=Disclosure()) == ()


def test_a_table_without_a_row_is_as_one_that_is_not_there(make_records):
    records = make_records(patients=[{"patient_id": "P1"}], spells=[{"patient_id": "P1", "admitted_on": TODAY}])
    names = ("spells", "gp_events", "ed_attendances", "mdt_reviews")

    assert [has_rows(records, name) for name in names] == [True, False, False, True]
