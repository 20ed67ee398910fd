"""Two patients with one story, Ann's practice in the trust and Bob's outside it: what can and what cannot be told.

Zero says that nothing happened; a practice outside the trust says nothing.
"""

from typing import Any

import pytest

from tests.spec.features.asking import (
    LONG_SEEN,
    NEVER,
    Entry,
    appointment,
    codelist,
    diagnosis,
    ed,
    measured,
    spell,
    values,
)

HEART = codelist(("icd10", "I50", "heart", 1), ("snomed", "84114007", "heart", 1), ("snomed", "13645005", "lungs", 1))
BLOOD_PRESSURE = codelist(("snomed", "271649006", "systolic", 1))

STORY: list[Entry] = [
    measured(200, 150),
    measured(20, 165),
    measured(60, None, code="13645005"),  # chronic lung disease, in the practice's record alone
    appointment(21),
    appointment(7),
    ed(5),
    spell("1", 5, 2),
    diagnosis("1", 1, "I50.0"),
]


@pytest.mark.parametrize(
    ("declared", "ann", "bob"),
    [
        # What the hospital holds is told of both.
        ({"table": "admissions", "measure": "count", "windows": [365]}, 1, 1),
        ({"table": "ed_attendances", "measure": "days_since_last", "windows": [365]}, 5, 5),
        ({"table": "diagnoses", "measure": "any", "codes": HEART, "windows": [365]}, 1, 1),
        # What the practice holds is missing for Bob, never zero.
        ({"table": "gp_appointments", "measure": "count", "windows": [365]}, 2, None),
        ({"table": "gp_appointments", "measure": "any", "windows": [365]}, 1, None),
        ({"table": "gp_appointments", "measure": "count", "windows": [365], "unseen": "scale"}, 2, None),
        (
            {"table": "gp_events", "measure": "latest", "of": "value", "codes": BLOOD_PRESSURE, "windows": [365]}
            | {"where": {"unit": "mmHg"}},
            165,
            None,
        ),
        ({"table": "prescriptions", "measure": "count", "windows": [365]}, 0, None),
        # The sequence of contacts has holes where the practice is not seen.
        ({"table": "contacts", "measure": "distinct", "of": "setting", "windows": [365]}, 3, None),
        # Conditions are what is seen of both sources: of Bob the hospital's alone.
        ({"table": "coded_entries", "measure": "groups", "codes": HEART, "windows": [365]}, 2, 1),
        # How much was seen is told outright.
        ({"table": "gp_events", "measure": "seen_days", "windows": [365]}, 365, 0),
    ],
)
def test_time_that_is_not_seen_is_missing_and_never_zero(
    declared: dict[str, Any], ann: float | None, bob: float | None
) -> None:
    practice_joined = {"Ann": LONG_SEEN, "Bob": NEVER}
    assert values({"Ann": STORY, "Bob": STORY}, seen_from=practice_joined, **declared) == {"Ann": ann, "Bob": bob}
