"""Features that several replayed dates need are computed once."""

from collections.abc import Mapping
from datetime import date

import pytest

from vi_risk.cohort.index_dates import IndexDates
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.models.planning import Plan
from vi_risk.replaying.sharing import asked_alike

SPRING, SUMMER, AUTUMN = date(2024, 4, 1), date(2024, 7, 1), date(2024, 9, 30)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue().only("age", "emergency_admissions", "medicines")


def plan(catalogue: Catalogue, day: date, windows: Mapping[str, int | None]) -> Plan:
    return Plan(IndexDates(day, test=day, train=()), windows, (), (), {}, {}, catalogue)


def asked(catalogue: Catalogue, **windows: dict[str, int | None]) -> dict[tuple[str, ...], tuple[date, ...]]:
    days = {"spring": SPRING, "summer": SUMMER, "autumn": AUTUMN}
    plans = [plan(catalogue, day, windows.get(name, {})) for name, day in days.items()]
    return {tuple(d.name for d in one.definitions): one.dates for one in asked_alike(plans)}


def test_what_every_date_asks_alike_is_asked_once_for_all_of_them(catalogue: Catalogue) -> None:
    assert asked(catalogue) == {tuple(d.name for d in catalogue.definitions): (SPRING, SUMMER, AUTUMN)}


def test_a_look_back_that_only_one_date_has_is_asked_for_it_alone(catalogue: Catalogue) -> None:
    (name, *_) = (f.name for f in catalogue.features if f.definition.name == "emergency_admissions")

    found = asked(catalogue, spring={name: 17})

    assert found[("emergency_admissions",)] in ((SPRING,), (SUMMER, AUTUMN))
    shared = [one for one in found if "age" in one]
    assert [found[one] for one in shared] == [(SPRING, SUMMER, AUTUMN)]


def test_each_definition_is_asked_for_every_date_once_with_its_own_look_back(catalogue: Catalogue) -> None:
    (name, *_) = (f.name for f in catalogue.features if f.definition.name == "emergency_admissions")
    plans = [plan(catalogue, SPRING, {name: 17}), plan(catalogue, SUMMER, {name: None}), plan(catalogue, AUTUMN, {})]

    shared = asked_alike(plans)

    for definition in catalogue.definitions:
        days = [day for one in shared if definition in one.definitions for day in one.dates]
        assert sorted(days) == [SPRING, SUMMER, AUTUMN]
    look_back = {
        day: one.windows.get(name, "declared")
        for one in shared
        for day in one.dates
        if any(d.name == "emergency_admissions" for d in one.definitions)
    }
    assert look_back == {SPRING: 17, SUMMER: None, AUTUMN: "declared"}
