"""What changed since the list before, of one person: both values, what each weighed, and the words for it."""

from dataclasses import replace
from datetime import date

import pytest

from tests.spec.reasons.given import LONG_AGO, UNSEEN, Facts, Person, given
from vi_risk.errors import UsageError
from vi_risk.reasons.moved import what_moved

THEN = "2 October 2024"
ADMISSIONS = "emergency_admissions_365d"
LAST_ADMITTED = "days_since_emergency_admission_730d"
AT_ED = "ed_attendances_365d"
LAST_AT_ED = "days_since_ed_attendance_730d"


def moved(before: Facts, now: Facts, *, seen: date | None = LONG_AGO) -> list[str]:
    model, snapshots = given([Person(now, gp_seen_from=seen)], before=[Person(before)])
    found = what_moved(model, snapshots, ["p0"])
    assert (found["patient_id"] == "p0").all()
    return [str(text) for text in found["text"]]


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        # More of something, and when the last was.
        ({AT_ED: (1, 0.1)}, {AT_ED: (3, 0.5)}, [f"2 more A&E attendances in the last 12 months than at {THEN}"]),
        (
            {ADMISSIONS: (1, 0.1), LAST_ADMITTED: (60, 0.1)},
            {ADMISSIONS: (2, 0.5), LAST_ADMITTED: (9, 0.3)},
            [f"1 more emergency admission in the last 12 months than at {THEN}, the last 9 days ago"],
        ),
        # An attendance and its admission: the day is told once.
        (
            {ADMISSIONS: (0, 0), LAST_ADMITTED: (UNSEEN, 0), AT_ED: (0, 0), LAST_AT_ED: (UNSEEN, 0)},
            {ADMISSIONS: (1, 0.5), LAST_ADMITTED: (9, 0.3), AT_ED: (1, 0.4), LAST_AT_ED: (10, 0.2)},
            [
                f"1 more emergency admission in the last 12 months than at {THEN}, the last 9 days ago",
                f"1 more A&E attendance in the last 12 months than at {THEN}",
            ],
        ),
        # Fewer, of someone whose risk fell.
        ({AT_ED: (5, 0.5)}, {AT_ED: (2, 0.1)}, [f"3 fewer A&E attendances in the last 12 months than at {THEN}"]),
        # No fewer and no more: that there was none since.
        (
            {ADMISSIONS: (1, 0.1), LAST_ADMITTED: (21, 0.9)},
            {ADMISSIONS: (1, 0.1), LAST_ADMITTED: (112, 0.3)},
            [f"last emergency admission 4 months ago, none since {THEN}"],
        ),
        # There was another one since, though it is longer ago than the last one was then.
        ({LAST_ADMITTED: (21, 0.9)}, {LAST_ADMITTED: (80, 0.3)}, []),
        (
            {"days_since_community_contact_365d": (UNSEEN, 0)},
            {"days_since_community_contact_365d": (5, 0.3)},
            [f"last community contact 5 days ago (at {THEN}: none in the 12 months before)"],
        ),
        # Yes or no.
        (
            {"condition_copd_1095d": (0, 0)},
            {"condition_copd_1095d": (1, 0.4)},
            [f"COPD, recorded since {THEN} and not in the 3 years before"],
        ),
        (
            {"delirium_730d": (0, 0)},
            {"delirium_730d": (1, 0.4)},
            [f"new since {THEN}: delirium recorded in the last 2 years"],
        ),
        (
            {"prescribed_opioid_90d": (0, 0)},
            {"prescribed_opioid_90d": (1, 0.4)},
            [f"an opioid, issued since {THEN} and not in the 90 days before"],
        ),
        (
            {"prescribed_opioid_90d": (1, 0.4)},
            {"prescribed_opioid_90d": (0, 0)},
            [f"at {THEN} and not now: prescribed an opioid in the last 90 days"],
        ),
        ({"smoker_1825d": (1, 0.4)}, {"smoker_1825d": (0, 0)}, [f"at {THEN} and not now: recorded as a smoker"]),
        # What was not coded again is no news: time went by.
        ({"delirium_730d": (1, 0.4)}, {"delirium_730d": (0, 0)}, []),
        # A number of conditions, or a score, moves with conditions: those are named, once.
        (
            {"long_term_conditions_1095d": (1, 0), "condition_copd_1095d": (0, 0), "condition_stroke_1095d": (0, 0)},
            {
                "long_term_conditions_1095d": (3, 0.4),
                "condition_copd_1095d": (1, 0.1),
                "condition_stroke_1095d": (1, 0.2),
            },
            [f"stroke or TIA and COPD, recorded since {THEN} and not in the 3 years before"],
        ),
        ({"elixhauser_points_1095d": (4, 0)}, {"elixhauser_points_1095d": (9, 0.4)}, []),
        ({"hospital_diagnoses_365d": (2, 0)}, {"hospital_diagnoses_365d": (9, 0.4)}, []),
        # What is made up of contacts that are told by setting, and what nobody would say of a person.
        ({"contacts_rise_365d": (1, 0)}, {"contacts_rise_365d": (2, 0.4)}, []),
        ({"settings_seen_90d": (1, 0)}, {"settings_seen_90d": (3, 0.4)}, []),
        ({"gap_between_contacts_365d": (30, 0)}, {"gap_between_contacts_365d": (12, 0.4)}, []),
        (
            {"contact_days_365d": (20, 0), "gp_appointments_365d": (10, 0)},
            {"contact_days_365d": (40, 0.9), "gp_appointments_365d": (20, 0.4)},
            [f"10 more GP practice appointments attended in the last 12 months than at {THEN}"],
        ),
        (
            {"gp_appointments_365d": (20, 0), "gp_nurse_appointments_365d": (2, 0)},
            {"gp_appointments_365d": (20, 0), "gp_nurse_appointments_365d": (9, 0.4)},
            [],
        ),
        # That care was given or recorded is no reason why a risk rose.
        ({"influenza_vaccination_365d": (0, 0)}, {"influenza_vaccination_365d": (1, 0.4)}, []),
        # A condition that was not coded again is still there; a review long ago is no news.
        ({"condition_copd_1095d": (1, 0.4)}, {"condition_copd_1095d": (0, 0)}, []),
        ({"days_since_medication_review_730d": (120, 0.1)}, {"days_since_medication_review_730d": (211, 0.4)}, []),
        # How often, a score, a share.
        (
            {"ed_by_ambulance_365d": (1, 0.1)},
            {"ed_by_ambulance_365d": (3, 0.4)},
            [f"taken to A&E by ambulance 3 times in the last 12 months (at {THEN}: 1)"],
        ),
        (
            {"outpatient_missed_share_730d": (0.2, 0)},
            {"outpatient_missed_share_730d": (0.5, 0.4)},
            [f"missed 50 % of outpatient appointments in the last 2 years (at {THEN}: 20 %)"],
        ),
        # A measurement, where it moved by more than chance and is not normal now.
        (
            {"albumin_730d": (38, 0)},
            {"albumin_730d": (31, 0.4)},
            [f"albumin last measured at 31 g/L (at {THEN}: 38)"],
        ),
        ({"albumin_730d": (33, 0)}, {"albumin_730d": (32, 0.4)}, []),
        ({"bmi_730d": (20, 0)}, {"bmi_730d": (24, 0.4)}, []),
        # The trees moved, the person did not: time went by, one appointment more after forty, or nothing.
        ({"age": (81, 0.1)}, {"age": (82, 0.4)}, []),
        ({"gp_appointments_365d": (40, 0.1)}, {"gp_appointments_365d": (41, 0.4)}, []),
        ({AT_ED: (2, 0.1)}, {AT_ED: (2, 0.9)}, []),
        # Words that gainsay the risk are not told: more admissions of someone whose risk fell.
        ({ADMISSIONS: (1, 0.5), "age": (80, 0.5)}, {ADMISSIONS: (2, 0.3), "age": (80, 0.1)}, []),
        # Only what moved with the risk as a whole.
        (
            {ADMISSIONS: (1, 0.2), AT_ED: (3, 0.4)},
            {ADMISSIONS: (4, 0.9), AT_ED: (2, 0.3)},
            [f"3 more emergency admissions in the last 12 months than at {THEN}"],
        ),
        # Little is nothing.
        ({AT_ED: (1, 0.1)}, {AT_ED: (3, 0.14)}, []),
    ],
)
def test_what_moved_in_words(before: Facts, now: Facts, said: list[str]) -> None:
    assert moved(before, now) == said


def test_that_the_gp_record_came_into_view_or_left_it_is_said_once() -> None:
    unseen: Facts = {"medicines_90d": (UNSEEN, 0.0), "gp_appointments_365d": (UNSEEN, 0.0)}
    seen: Facts = {"medicines_90d": (12, 0.3), "gp_appointments_365d": (14, 0.2)}

    assert moved(unseen, seen) == [f"GP record not seen at {THEN}"]
    assert moved(seen, unseen, seen=None) == [f"GP record not seen, as it was at {THEN}"]


def test_at_most_three_texts_are_told_what_moved_most_first() -> None:
    names = ("falls_365d", AT_ED, ADMISSIONS, "gp_home_visits_365d")
    before: Facts = dict.fromkeys(names, (1, 0.0))
    now: Facts = {name: (2, 0.2 + place / 10) for place, name in enumerate(names)}

    assert moved(before, now) == [
        f"1 more home visit by the practice in the last 12 months than at {THEN}",
        f"1 more emergency admission in the last 12 months than at {THEN}",
        f"1 more A&E attendance in the last 12 months than at {THEN}",
    ]


def test_a_condition_that_a_list_hides_is_not_named_among_the_new_ones() -> None:
    before: Facts = {
        "long_term_conditions_1095d": (1, 0),
        "condition_copd_1095d": (0, 0),
        "condition_dementia_1095d": (0, 0),
    }
    now: Facts = {
        "long_term_conditions_1095d": (3, 0.4),
        "condition_copd_1095d": (1, 0),
        "condition_dementia_1095d": (1, 0),
    }
    model, snapshots = given([Person(now)], before=[Person(before)])

    found = what_moved(model, snapshots, ["p0"], unnamed=["condition_dementia_1095d"])

    assert found["text"].tolist() == [f"COPD, recorded since {THEN} and not in the 3 years before"]


def test_someone_who_was_not_asked_about_then_is_told_so() -> None:
    model, snapshots = given([Person({AT_ED: (1, 0.0)}), Person({AT_ED: (3, 0.4)})], before=[Person({AT_ED: (0, 0.0)})])

    found = what_moved(model, snapshots, ["p1", "p0"])

    assert found.to_numpy().tolist() == [["p1", f"not among the people asked about on {THEN}", ""]]


def test_each_is_told_by_own_values_in_the_order_asked_for() -> None:
    now = [Person({AT_ED: (n, n / 10)}) for n in (2, 5, 9)]
    model, snapshots = given(now, before=[Person({AT_ED: (1, 0.0)})] * 3)

    found = what_moved(model, snapshots, ["p2", "p0"])

    assert found.to_numpy().tolist() == [
        ["p2", f"8 more A&E attendances in the last 12 months than at {THEN}", AT_ED],
        ["p0", f"1 more A&E attendance in the last 12 months than at {THEN}", AT_ED],
    ]


def test_without_an_earlier_list_or_a_known_patient_nothing_can_be_said() -> None:
    model, snapshots = given([Person({AT_ED: (1, 0.0)})], before=[Person()])

    with pytest.raises(UsageError, match="1 of 1 patients are not eligible at 2025-01-01"):
        what_moved(model, snapshots, ["nobody"])
    alone = replace(snapshots, index_dates=replace(snapshots.index_dates, previous=None))
    with pytest.raises(UsageError, match="hold no list before"):
        what_moved(model, alone, ["p0"])
