"""What a measure is as a feature: by the query and by arrays the same, and what a clinician would say."""

from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest

from vi_risk.features.definition import Definition
from vi_risk.features.seen import AsSeen

FOUND = [0.0, 1.0, 5.0]
DAYS_SEEN = [None, -3, 0, 1, 182, 183, 364, 365, 900]
NEVER = -(1 << 31)


def rule(*, has_diagnoses: bool = True, **keys: Any) -> AsSeen:
    usual = {"name": "it", "domain": "acute use", "title": "It", "table": "gp_appointments", "windows": [365]}
    usual |= {"reason": "r", "measure": "count"}
    return AsSeen.of(Definition.model_validate({**usual, **keys}), 365, has_diagnoses=has_diagnoses)


def asked(one: AsSeen, found: list[float | None], days_seen: list[int | None]) -> list[float | None]:
    rows = pa.table({"found": pa.array(found, pa.float64()), "days_seen": pa.array(days_seen, pa.int64())})
    table = ibis.memtable(rows)
    values = table.select(value=one.expression(table.found, table.days_seen)).to_pyarrow()["value"].to_pylist()
    return [value if value is None else float(value) for value in values]


def swept(one: AsSeen, found: list[float | None], days_seen: list[int | None]) -> list[float | None]:
    values = np.array([np.nan if value is None else value for value in found])
    days = np.array([NEVER if day is None else day for day in days_seen])
    return [None if np.isnan(value) else float(value) for value in one.values(values, days)]


@pytest.mark.parametrize("has_diagnoses", [True, False])
@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"table": "ed_attendances"},
        {"table": "coded_entries", "codes": "falls"},
        {"measure": "any"},
        {"at_least": 2},
        {"unseen": "scale"},
        {"measure": "days_since_last"},
        {"measure": "days_since_first"},
        {"measure": "rise", "recent": 90},
    ],
    ids=str,
)
def test_the_query_and_the_arrays_agree(keys: dict[str, object], *, has_diagnoses: bool) -> None:
    one = rule(has_diagnoses=has_diagnoses, **keys)
    values = FOUND if one.is_zero_without_rows else [*FOUND, None]
    found, days_seen = zip(*[(value, days) for value in values for days in DAYS_SEEN], strict=True)

    assert swept(one, list(found), list(days_seen)) == asked(one, list(found), list(days_seen))


def test_what_is_found_in_a_window_seen_in_part_is_missing() -> None:
    assert asked(rule(), [5.0, 5.0, 5.0], [None, 364, 365]) == [None, None, 5.0]


def test_nothing_found_is_zero_for_a_count_and_missing_for_days_since() -> None:
    assert asked(rule(), [None], [365]) == [0.0]
    assert asked(rule(measure="days_since_first"), [None], [365]) == [None]


def test_what_is_there_is_certain_however_little_was_seen() -> None:
    assert asked(rule(measure="any"), [5.0, 0.0], [1, 1]) == [1.0, None]
    assert asked(rule(at_least=2), [5.0, 1.0], [1, 1]) == [1.0, None]


def test_a_count_is_scaled_up_where_half_of_its_window_was_seen() -> None:
    assert asked(rule(unseen="scale"), [2.0, 2.0], [182, 183]) == [None, pytest.approx(2 * 365 / 183)]


def test_diagnoses_of_the_hospital_are_seen_where_the_practice_is_not() -> None:
    assert asked(rule(table="coded_entries", codes="falls"), [1.0], [None]) == [1.0]
    assert asked(rule(table="coded_entries", codes="falls", has_diagnoses=False), [1.0], [None]) == [None]
