"""What changed since the list before, of one person: both values, what each weighed, and the words for it."""

from dataclasses import replace
from datetime import date

import pytest

from tests.spec.reasons.given import LONG_AGO, UNSEEN, Facts, Person, given, with_contacts
from vi_risk.errors import UsageError
from vi_risk.reasons.moved import what_moved

THEN = "2 October 2024"
ADMISSIONS = "emergency_admissions_365d"
LAST_ADMITTED = "days_since_emergency_admission_730d"
AT_ED = "ed_attendances_365d"
NOTHING = [f"no single change stands out since {THEN}"]
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
            {ADMISSIONS: (2, 0.5), LAST_ADMITTED: (9, 0.3)},  # of the two, the one of then may have left the year
            [f"at least 1 emergency admission since {THEN}, the last on 23 December"],
        ),
        # An attendance and its admission: the day is told once.
        (
            {ADMISSIONS: (0, 0), LAST_ADMITTED: (UNSEEN, 0), AT_ED: (0, 0), LAST_AT_ED: (UNSEEN, 0)},
            {ADMISSIONS: (1, 0.5), LAST_ADMITTED: (9, 0.3), AT_ED: (1, 0.4), LAST_AT_ED: (10, 0.2)},
            [f"1 emergency admission since {THEN}, on 23 December"],
        ),
        # Fewer, of someone whose risk fell.
        ({AT_ED: (5, 0.5)}, {AT_ED: (2, 0.1)}, [f"3 fewer A&E attendances in the last 12 months than at {THEN}"]),
        # No fewer and no more: that there was none since.
        (
            {ADMISSIONS: (1, 0.1), LAST_ADMITTED: (21, 0.9)},
            {ADMISSIONS: (1, 0.1), LAST_ADMITTED: (112, 0.3)},
            [f"last emergency admission 4 months ago, none since {THEN}"],
        ),
        # There was another one since: that is told though the risk fell, and no falling count beside it.
        (
            {LAST_ADMITTED: (21, 0.9), ADMISSIONS: (3, 0.5), "emergency_admissions_30d": (1, 0.5)},
            {LAST_ADMITTED: (35, 0.3), ADMISSIONS: (2, 0.1), "emergency_admissions_30d": (0, 0)},
            [f"at least 1 emergency admission since {THEN}, the last on 27 November"],
        ),
        # Nor is a short look-back told to have fallen where there was one since, or may have been.
        (
            {"community_contacts_90d": (9, 0.9), "days_since_community_contact_365d": (3, 0)},
            {"community_contacts_90d": (2, 0.1), "days_since_community_contact_365d": (9, 0)},
            NOTHING,
        ),
        (
            {"community_contacts_30d": (9, 0.9), "days_since_community_contact_365d": (3, 0)},
            {"community_contacts_30d": (0, 0.1), "days_since_community_contact_365d": (40, 0)},
            NOTHING,
        ),
        (
            {"community_contacts_90d": (9, 0.9), "days_since_community_contact_365d": (3, 0)},
            {"community_contacts_90d": (0, 0.1), "days_since_community_contact_365d": (94, 0)},
            [f"9 fewer community contacts in the last 90 days than at {THEN}"],
        ),
        # One fewer of anything, or one more of most things, is not worth a line, nor are fewer prescriptions.
        ({AT_ED: (5, 0.5)}, {AT_ED: (4, 0.1)}, NOTHING),
        ({"antibiotics_365d": (1, 0.1)}, {"antibiotics_365d": (2, 0.5)}, NOTHING),
        ({"antibiotics_365d": (5, 0.5)}, {"antibiotics_365d": (2, 0.1)}, NOTHING),
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
        ({"delirium_730d": (1, 0.4)}, {"delirium_730d": (0, 0)}, NOTHING),
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
        ({"elixhauser_points_1095d": (4, 0)}, {"elixhauser_points_1095d": (9, 0.4)}, NOTHING),
        ({"hospital_diagnoses_365d": (2, 0)}, {"hospital_diagnoses_365d": (9, 0.4)}, NOTHING),
        # What is made up of contacts that are told by setting, and what nobody would say of a person.
        ({"contacts_rise_365d": (1, 0)}, {"contacts_rise_365d": (2, 0.4)}, NOTHING),
        ({"settings_seen_90d": (1, 0)}, {"settings_seen_90d": (3, 0.4)}, NOTHING),
        ({"gap_between_contacts_365d": (30, 0)}, {"gap_between_contacts_365d": (12, 0.4)}, NOTHING),
        (
            {"contact_days_365d": (20, 0), "gp_appointments_365d": (10, 0)},
            {"contact_days_365d": (40, 0.9), "gp_appointments_365d": (20, 0.4)},
            [f"10 more GP practice appointments attended in the last 12 months than at {THEN}"],
        ),
        (
            {"gp_appointments_365d": (20, 0), "gp_nurse_appointments_365d": (2, 0)},
            {"gp_appointments_365d": (20, 0), "gp_nurse_appointments_365d": (9, 0.4)},
            NOTHING,
        ),
        # That care was given or recorded is no reason why a risk rose.
        ({"influenza_vaccination_365d": (0, 0)}, {"influenza_vaccination_365d": (1, 0.4)}, NOTHING),
        # A condition that was not coded again is still there; a review long ago is no news.
        ({"condition_copd_1095d": (1, 0.4)}, {"condition_copd_1095d": (0, 0)}, NOTHING),
        ({"days_since_medication_review_730d": (120, 0.1)}, {"days_since_medication_review_730d": (211, 0.4)}, NOTHING),
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
        ({"albumin_730d": (33, 0)}, {"albumin_730d": (32, 0.4)}, NOTHING),
        ({"bmi_730d": (20, 0)}, {"bmi_730d": (24, 0.4)}, NOTHING),
        # The trees moved, the person did not: time went by, one appointment more after forty, or nothing.
        ({"age": (81, 0.1)}, {"age": (82, 0.4)}, NOTHING),
        ({"gp_appointments_365d": (40, 0.1)}, {"gp_appointments_365d": (41, 0.4)}, NOTHING),
        ({AT_ED: (2, 0.1)}, {AT_ED: (2, 0.9)}, NOTHING),
        # Words that gainsay the risk are not told: more admissions of someone whose risk fell.
        ({ADMISSIONS: (1, 0.5), "age": (80, 0.5)}, {ADMISSIONS: (2, 0.3), "age": (80, 0.1)}, NOTHING),
        # Only what moved with the risk as a whole.
        (
            {ADMISSIONS: (1, 0.2), AT_ED: (3, 0.4)},
            {ADMISSIONS: (4, 0.9), AT_ED: (2, 0.3)},
            [f"3 more emergency admissions in the last 12 months than at {THEN}"],
        ),
        # Little is nothing.
        ({AT_ED: (1, 0.1)}, {AT_ED: (3, 0.14)}, NOTHING),
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
    now: Facts = {name: (3, 0.2 + place / 10) for place, name in enumerate(names)}

    assert moved(before, now) == [
        f"2 more home visits by the practice in the last 12 months than at {THEN}",
        f"2 more emergency admissions in the last 12 months than at {THEN}",
        f"2 more A&E attendances in the last 12 months than at {THEN}",
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

    assert found.to_numpy().tolist() == [
        ["p1", f"not among the people asked about on {THEN}", ""],
        ["p0", *NOTHING, ""],
    ]


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


NONE_THEN: Facts = dict.fromkeys((ADMISSIONS, "emergency_admissions_90d", "emergency_admissions_180d"), (0, 0))
STAYS = (date(2024, 10, 2), date(2024, 10, 8), date(2024, 10, 22))


@pytest.mark.parametrize(
    ("now", "before", "stays", "at_ed", "said"),
    [
        # What the model weighed is nothing here; what happened is told all the same.
        ((1, 1, 1, 71), NONE_THEN, STAYS[2:], (), ["1 emergency admission since 2 October 2024, on 22 October"]),
        # One of 2 October lies before the last 90 days, and is one: half a year holds it, and there was none before.
        ((2, 3, 3, 71), NONE_THEN, STAYS, (), ["3 emergency admissions since 2 October 2024, the last on 22 October"]),
        # The attendance that an admission began with is told with it, another beside it.
        (
            (1, 1, 1, 71),
            NONE_THEN,
            STAYS[2:],
            (date(2024, 9, 30), date(2024, 10, 21), date(2024, 12, 24)),
            [
                "1 emergency admission since 2 October 2024, on 22 October",
                "1 other A&E attendance since 2 October 2024, on 24 December",
            ],
        ),
        # Without an admission; planned stays are none.
        (
            (0, 0, 0, UNSEEN),
            NONE_THEN,
            STAYS[2:],
            (date(2024, 10, 21), date(2024, 10, 29)),
            ["2 A&E attendances since 2 October 2024, the last on 29 October"],
        ),
        # Before the list before.
        ((0, 1, 1, 100), NONE_THEN, (date(2024, 9, 23),), (date(2024, 9, 23),), NOTHING),
        # Where the features leave it open whether a stay was planned.
        (
            (1, 2, 3, 71),
            {ADMISSIONS: (2, 0), "emergency_admissions_90d": (1, 0), "emergency_admissions_180d": (2, 0)},
            STAYS[:1] + STAYS[2:],
            (),
            ["at least 1 emergency admission since 2 October 2024, the last on 22 October"],
        ),
    ],
)
def test_what_happened_since_stands_first_whatever_the_model_weighed(
    now: tuple[float, ...], before: Facts, stays: tuple[date, ...], at_ed: tuple[date, ...], said: list[str]
) -> None:
    names = ("emergency_admissions_90d", "emergency_admissions_180d", ADMISSIONS, LAST_ADMITTED)
    facts: Facts = {name: (value, 0.0) for name, value in zip(names, now, strict=True)}
    model, snapshots = given([Person({**facts, AT_ED: (2, 0)})], before=[Person(before)])
    contacts = [("p0", "admission", day) for day in stays] + [("p0", "ed", day) for day in at_ed]

    found = what_moved(model, with_contacts(snapshots, contacts), ["p0"])

    assert found["text"].tolist() == said
    assert (found["feature"] != "").all() or said == NOTHING


def test_someone_who_was_not_asked_about_then_is_told_what_happened_too() -> None:
    now = Person({LAST_ADMITTED: (9, 0.0), ADMISSIONS: (1, 0.0)})
    model, snapshots = given([Person(), now], before=[Person()])

    found = what_moved(model, snapshots, ["p1"])

    assert found["text"].tolist() == [
        f"1 emergency admission since {THEN}, on 23 December",
        f"not among the people asked about on {THEN}",
    ]


def test_a_day_of_another_year_is_told_with_its_year() -> None:
    model, snapshots = given(
        [Person({LAST_ADMITTED: (9, 0.0), ADMISSIONS: (1, 0.0)})], days=[date(2025, 1, 20)], before=[Person()]
    )

    assert what_moved(model, snapshots, ["p0"])["text"].tolist() == [
        f"1 emergency admission since {THEN}, on 11 January 2025"
    ]
