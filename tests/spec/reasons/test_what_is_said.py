"""What a team reads about one person: facts and what they weigh, and the words that come of them."""

from datetime import date

import pytest

from tests.spec.reasons.given import LONG_AGO, UNSEEN, Facts, Person, given, peers, texts
from vi_risk.reasons.explain import explain

# fact -> value, and what it adds to the log-odds
ADMISSIONS = "emergency_admissions_365d"
LAST_ADMITTED = "days_since_emergency_admission_730d"
AT_ED = "ed_attendances_365d"
LAST_AT_ED = "days_since_ed_attendance_730d"


def said_of(facts: Facts, kind: str = "raises", *, sex: str = "female", seen: date | None = LONG_AGO) -> list[str]:
    model, snapshots = given([Person(facts, sex=sex, gp_seen_from=seen)])
    return texts(explain(model, snapshots, ["p0"]), kind)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        # One theme is one reason: how many, and when the last was.
        (
            {ADMISSIONS: (3, 0.4), LAST_ADMITTED: (9, 0.9), "emergency_admissions_90d": (1, 0.1)},
            ["3 emergency admissions in the last 12 months, the last 9 days ago"],
        ),
        ({ADMISSIONS: (1, 0.4), LAST_ADMITTED: (9, 0.9)}, ["1 emergency admission in the last 12 months, 9 days ago"]),
        # The last one may lie before the year that is counted.
        ({ADMISSIONS: (0, -0.1), LAST_ADMITTED: (400, 0.3)}, ["last emergency admission 13 months ago"]),
        # Of late: most of the year's in a month.
        (
            {ADMISSIONS: (5, 0.2), "emergency_admissions_30d": (3, 0.6)},
            ["5 emergency admissions in the last 12 months, 3 of them in the last 30 days"],
        ),
        (
            {AT_ED: (4, 0.2), "ed_attendances_90d": (4, 0.1), "ed_rise_365d": (4.06, 0.6)},
            ["4 A&E attendances in the last 12 months, all in the last 90 days"],
        ),
        # What weighed most, where it is not the number itself.
        (
            {ADMISSIONS: (2, 0.2), "bed_days_365d": (51, 0.6)},
            ["2 emergency admissions in the last 12 months; 51 nights in hospital in the last 12 months"],
        ),
        # How appointments divide is not worth a second half.
        (
            {"gp_appointments_365d": (26, 0.2), "gp_face_to_face_365d": (20, 0.6)},
            ["26 GP practice appointments attended in the last 12 months"],
        ),
        # An attendance at A&E and the admission that it ended in are told once, as are their days.
        (
            {ADMISSIONS: (2, 0.9), LAST_ADMITTED: (9, 0.5), AT_ED: (4, 0.4), LAST_AT_ED: (10, 0.1)},
            [
                "2 emergency admissions in the last 12 months, the last 9 days ago",
                "4 A&E attendances in the last 12 months",
            ],
        ),
        # All contacts are the sum of what is told by setting.
        (
            {"contact_days_365d": (40, 0.9), "gp_appointments_365d": (26, 0.2)},
            ["26 GP practice appointments attended in the last 12 months"],
        ),
        ({"contact_days_365d": (40, 0.9)}, ["40 contacts with health and community services in the last 12 months"]),
        # Conditions are reasons of their own.
        (
            {"condition_copd_1095d": (1, 0.5), "condition_heart_failure_1095d": (1, 0.6)},
            ["heart failure recorded in the last 3 years", "COPD recorded in the last 3 years"],
        ),
        # What adds little is not worth a line; nor can nothing raise a risk that rises with it.
        ({"falls_365d": (2, 0.01)}, []),
        ({"falls_365d": (0, 0.3)}, []),
        # How long the practice is seen is about the data.
        ({"practice_seen_days_365d": (365, 0.3), "registered_days_365d": (365, 0.3)}, []),
        # How care was given or recorded does not sound like a fault.
        (
            {"registered_days_365d": (40, 0.3)},
            ["on record: registered with a practice on 40 days of the last 12 months"],
        ),
        ({"days_since_medication_review_730d": (90, 0.3)}, ["on record: last medication review 13 weeks ago"]),
        # Age and sex stand in the heading of each person.
        ({"age": (82, 0.9), "sex_female": (1, 0.4)}, []),
        # Conditions are named where they are counted, and then are no reasons again.
        (
            {
                "long_term_conditions_1095d": (2, 0.5),
                "condition_copd_1095d": (1, 0.1),
                "condition_stroke_1095d": (1, 0),
            },
            ["2 long-term conditions recorded in the last 3 years: COPD and stroke or TIA"],
        ),
        (
            {"high_risk_medicines_90d": (3, 0.2), "prescribed_opioid_90d": (1, 0), "prescribed_insulin_90d": (1, 0)},
            ["3 kinds of high-risk medicine issued in the last 90 days, among them an opioid and insulin"],
        ),
    ],
)
def test_what_raises_a_risk_in_words(facts: Facts, said: list[str]) -> None:
    assert said_of(facts) == said


@pytest.mark.parametrize(
    ("facts", "sex", "said"),
    [
        # A measurement is told with what is usual, a normal one is no reason.
        ({"albumin_730d": (29, 0.3)}, "female", ["albumin last measured at 29 g/L, low (usual 35 to 50)"]),
        ({"albumin_730d": (39, 0.3)}, "female", []),
        ({"albumin_730d": (53, 0.3)}, "female", []),  # high, where a low one is what the risk goes with
        ({"sodium_730d": (128, 0.3)}, "female", ["sodium last measured at 128 mmol/L, low (usual 133 to 146)"]),
        ({"sodium_730d": (151, 0.3)}, "female", ["sodium last measured at 151 mmol/L, high (usual 133 to 146)"]),
        ({"egfr_730d": (38, 0.3)}, "female", ["kidney function (eGFR) last measured at 38, low (usual 60 or more)"]),
        ({"hba1c_730d": (64, 0.3)}, "female", ["HbA1c last measured at 64 mmol/mol, high (usual up to 47)"]),
        # Of haemoglobin the range goes by sex.
        ({"haemoglobin_730d": (125, 0.3)}, "female", []),
        (
            {"haemoglobin_730d": (125, 0.3)},
            "male",
            ["haemoglobin last measured at 125 g/L, low (usual 130 to 180)"],
        ),
        # A change is told where a second sample would show it too, the way that matters.
        (
            {"haemoglobin_change_1095d": (-17.5, 0.3)},
            "female",
            ["haemoglobin falling by 18 g/L a year over the last 3 years"],
        ),
        (
            {"haemoglobin_730d": (124, 0), "haemoglobin_change_1095d": (-17.2, 0.3)},
            "female",
            ["haemoglobin falling by 17 g/L a year over the last 3 years, to 124"],
        ),
        ({"bmi_change_1095d": (-2.04, 0.3)}, "female", ["body mass index falling by 2 a year over the last 3 years"]),
        ({"haemoglobin_change_1095d": (-3, 0.3)}, "female", []),
        ({"haemoglobin_change_1095d": (17.5, 0.3)}, "female", []),
        # A low value is told before how it changed.
        (
            {"haemoglobin_730d": (98, 0.3), "haemoglobin_change_1095d": (-17.5, 0.2)},
            "female",
            ["haemoglobin last measured at 98 g/L, low (usual 120 to 165)"],
        ),
    ],
)
def test_what_measurements_say(facts: Facts, sex: str, said: list[str]) -> None:
    assert said_of(facts, sex=sex) == said


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        # A trouble that is not there, of the longest look-back.
        (
            {"emergency_admissions_30d": (0, -0.3), ADMISSIONS: (0, -0.1)},
            ["no emergency admission in the last 12 months"],
        ),
        ({"emergency_admissions_30d": (0, -0.3), ADMISSIONS: (2, 0.1)}, ["no emergency admission in the last 30 days"]),
        ({"falls_365d": (0, -0.1)}, ["no falls recorded in the last 12 months"]),
        ({"smoker_1825d": (0, -0.1)}, ["recorded as not smoking"]),
        # Care that took place, of late.
        ({"days_since_medication_review_730d": (35, -0.1)}, ["last medication review 5 weeks ago"]),
        ({"days_since_medication_review_730d": (300, -0.1)}, []),
        # A measurement that is normal; of body mass index the range ends only where obesity begins.
        ({"albumin_730d": (41, -0.1)}, ["albumin last measured at 41 g/L, normal (usual 35 to 50)"]),
        ({"albumin_730d": (33, -0.1)}, []),
        ({"albumin_730d": (UNSEEN, -0.1)}, []),
        ({"bmi_730d": (27, -0.1)}, []),
        (
            {"albumin_730d": (41, -0.1), "haemoglobin_730d": (140, -0.2)},
            ["haemoglobin last measured at 140 g/L, normal (usual 120 to 165)"],
        ),
        # How someone fares stands before a laboratory's number; of sodium both ends are trouble, and most are normal.
        (
            {"albumin_730d": (41, -0.5), "falls_365d": (0, -0.1)},
            ["no falls recorded in the last 12 months", "albumin last measured at 41 g/L, normal (usual 35 to 50)"],
        ),
        ({"sodium_730d": (140, -0.2)}, []),
        ({"influenza_vaccination_365d": (1, -0.1)}, ["influenza vaccination in the last 12 months"]),
        # Being thirty, having another disease, or being seen less than others is no merit.
        ({"age": (30, -0.9)}, []),
        ({"condition_hypertension_1095d": (1, -0.4)}, []),
        ({ADMISSIONS: (1, -0.4)}, []),
        ({"gp_appointments_365d": (3, -0.4)}, []),
        ({"gp_appointments_365d": (0, -0.4)}, []),
    ],
)
def test_what_is_told_in_a_persons_favour(facts: Facts, said: list[str]) -> None:
    assert said_of(facts, "lowers") == said
    assert said_of(facts, "raises") == []


def test_at_most_three_things_are_told_in_a_persons_favour() -> None:
    facts: Facts = {
        ADMISSIONS: (0, -0.4),
        AT_ED: (0, -0.3),
        "falls_365d": (0, -0.2),
        "smoker_1825d": (0, -0.1),
    }

    assert said_of(facts, "lowers") == [
        "no emergency admission in the last 12 months",
        "no A&E attendance in the last 12 months",
        "no falls recorded in the last 12 months",
    ]


UNSEEN_PRACTICE: Facts = {
    "gp_appointments_365d": (UNSEEN, 0.3),
    "medicines_90d": (UNSEEN, 0.2),
    "antibiotics_365d": (UNSEEN, 0.4),
    "long_term_conditions_1095d": (4, 0.5),
    "falls_365d": (0, -0.2),
}


@pytest.mark.parametrize(
    ("gp_seen_from", "unseen", "raises", "lowers"),
    [
        # Said once, whatever of the record it was; never a reason on top. No fall coded in hospital says little.
        (
            None,
            ["GP record not seen"],
            ["4 long-term conditions recorded in the last 3 years (hospital coding only)"],
            [],
        ),
        (
            date(2024, 11, 20),
            ["GP record not seen before 20 November 2024"],
            ["4 long-term conditions recorded in the last 3 years"],
            [],
        ),
    ],
)
def test_what_the_record_lacks(
    gp_seen_from: date | None, unseen: list[str], raises: list[str], lowers: list[str]
) -> None:
    model, snapshots = given([Person(UNSEEN_PRACTICE, gp_seen_from=gp_seen_from)])

    said = explain(model, snapshots, ["p0"])

    assert (texts(said, "unseen"), texts(said, "raises"), texts(said, "lowers")) == (unseen, raises, lowers)
    assert said.loc[said["kind"] == "unseen", "contribution"].tolist() == pytest.approx([0.9])
    assert said.loc[said["kind"] == "unseen", ["theme", "comparison"]].to_numpy().tolist() == [["GP record", ""]]


def test_what_is_lacking_elsewhere_has_words_of_its_own() -> None:
    facts: Facts = {"imd_decile": (UNSEEN, 0.1), "medicines_90d": (UNSEEN, 0.2)}

    assert said_of(facts, "unseen") == [
        "deprivation of the area not known",
        "prescriptions not seen for the whole of the last 90 days",
    ]
    assert said_of(facts, "unseen", seen=None) == ["deprivation of the area not known", "GP record not seen"]


@pytest.mark.parametrize(
    ("feature", "of_patient", "of_peers", "comparison"),
    [
        # A count: the mean of those 60 people and the patient.
        (ADMISSIONS, 3, [0, 0, 1], "people of the same age and sex: 0.4"),
        (ADMISSIONS, 1, [0], "people of the same age and sex: under 0.1"),
        ("medicines_90d", 14, [3, 5], "people of the same age and sex: 4.2"),
        # Yes or no: so many in 100.
        ("condition_copd_1095d", 1, [0, 0, 0, 0, 0, 1], "18 in 100 of the same age and sex"),
        # A measurement: the median of those measured, who must be 50 or more.
        ("albumin_730d", 29, [38, 40, 42], "people of the same age and sex: median 40 g/L"),
        ("albumin_730d", 29, [38, UNSEEN], ""),
        # Its change, and what is a place on a scale.
        ("albumin_change_1095d", -6, [-0.5, -1, 0], "people of the same age and sex: median fall of 0.5 g/L a year"),
        ("albumin_change_1095d", -6, [0], "people of the same age and sex: median no change"),
        ("imd_decile", 1, [5], "people of the same age and sex: median 5"),
        # A share: their mean share.
        ("outpatient_missed_share_730d", 0.6, [0.1, 0.0], "people of the same age and sex: 6 %"),
        # How long ago: how many had one as lately.
        (
            "days_since_community_contact_365d",
            9,
            [3, 30, UNSEEN, UNSEEN, UNSEEN],
            "21 in 100 of the same age and sex had one as lately",
        ),
    ],
)
def test_what_is_usual_at_the_same_age_and_sex(
    feature: str, of_patient: float, of_peers: list[float], comparison: str
) -> None:
    others = peers(60, [{feature: (value, 0.0)} for value in of_peers])
    of_another_age = peers(200, [{feature: (9, 0.0)}], age=30)
    model, snapshots = given([Person({feature: (of_patient, 0.5)}), *others, *of_another_age])

    said = explain(model, snapshots, ["p0"])

    assert said["comparison"].tolist() == [comparison]


def test_what_is_usual_is_told_of_both_numbers_of_a_text() -> None:
    facts: Facts = {ADMISSIONS: (2, 0.2), "bed_days_365d": (51, 0.6)}
    model, snapshots = given([Person(facts), *peers(60)])

    said = explain(model, snapshots, ["p0"])

    assert said["text"].tolist() == [
        "2 emergency admissions in the last 12 months; 51 nights in hospital in the last 12 months"
    ]
    assert said["comparison"].tolist() == [
        "people of the same age and sex: under 0.1 emergency admissions and 0.8 nights in hospital"
    ]


def test_that_something_is_not_there_is_compared_with_of_how_many_it_is_not() -> None:
    smoking: Facts = {"smoker_1825d": (1, 0)}
    model, snapshots = given([Person({"smoker_1825d": (0, -0.2)}), *peers(59, [smoking, smoking, smoking, {}])])

    said = explain(model, snapshots, ["p0"])

    assert said[["text", "comparison"]].to_numpy().tolist() == [
        ["recorded as not smoking", "25 in 100 of the same age and sex"]
    ]


@pytest.mark.parametrize(
    ("feature", "of_patient", "of_peers", "is_told"),
    [
        # A count a quarter above what is usual, in the digits that are told.
        (ADMISSIONS, 3, [0, 1], True),
        ("community_contacts_365d", 4, [0, 10], False),
        ("community_contacts_365d", 6, [0, 10], False),
        ("community_contacts_365d", 7, [0, 10], True),
        # Fewer than what is usual are no reason, whatever a model makes of them.
        ("gp_appointments_365d", 2, [8], False),
        # What fewer than a third have.
        ("condition_copd_1095d", 1, [0, 0, 0, 1], True),
        ("condition_copd_1095d", 1, [0, 1], False),
        ("days_since_medication_review_730d", 90, [30, UNSEEN, UNSEEN, UNSEEN], True),
        ("days_since_medication_review_730d", 90, [30, 400], False),
        # Beyond the usual measurement, on the side that is not normal.
        ("albumin_730d", 33, [38], True),
        ("albumin_730d", 33, [31], False),
        ("bmi_730d", 31, [33], False),
        ("systolic_730d", 171, [150], True),
        ("haemoglobin_change_1095d", -17, [-20], False),
        ("outpatient_missed_share_730d", 0.08, [0.07], False),
    ],
)
def test_a_reason_lies_beyond_what_is_usual_at_the_same_age_and_sex(
    feature: str, of_patient: float, of_peers: list[float], is_told: bool
) -> None:
    others = peers(60, [{feature: (value, 0.0)} for value in of_peers])
    model, snapshots = given([Person({feature: (of_patient, 0.5)}), *others])

    assert bool(texts(explain(model, snapshots, ["p0"]))) is is_told


def test_a_year_that_is_as_usual_gives_way_to_a_month_that_is_not() -> None:
    facts: Facts = {"community_contacts_365d": (4, 0.1), "community_contacts_30d": (4, 0.3)}
    model, snapshots = given([Person(facts), *peers(60, [{"community_contacts_365d": (5, 0)}])])

    assert texts(explain(model, snapshots, ["p0"])) == ["4 community contacts in the last 30 days"]


@pytest.mark.parametrize(
    ("feature", "of_patient", "of_peers", "is_told"),
    [
        # Normal, and better than the median.
        ("haemoglobin_730d", 131, [130], True),
        ("haemoglobin_730d", 130, [130], False),
        ("egfr_730d", 63, [67], False),
        ("systolic_730d", 124, [130], True),
        ("systolic_730d", 135, [129], False),
        # Of sodium both ends are trouble: nothing is better than normal, as most are.
        ("sodium_730d", 140, [130], False),
        # None of what half of them had, or a visit as late as fewer than half had.
        (ADMISSIONS, 0, [1, 0, 1], True),
        (ADMISSIONS, 0, [1, 0, 0], False),
        ("smoker_1825d", 0, [1, 0, 0], False),
        ("days_since_gp_appointment_365d", 20, [90, 10, 90], True),
        ("days_since_gp_appointment_365d", 20, [90, 10, 10], False),
        ("influenza_vaccination_365d", 1, [0, 1, 0], True),
        ("influenza_vaccination_365d", 1, [1, 1, 0], False),
    ],
)
def test_what_speaks_for_a_person_is_better_than_for_most_peers(
    feature: str, of_patient: float, of_peers: list[float], is_told: bool
) -> None:
    others = peers(60, [{feature: (value, 0.0)} for value in of_peers])
    model, snapshots = given([Person({feature: (of_patient, -0.5)}), *others])

    assert bool(texts(explain(model, snapshots, ["p0"]), "lowers")) is is_told


def test_that_there_was_none_is_told_before_that_there_was_little() -> None:
    facts: Facts = {ADMISSIONS: (0, -0.1), "bed_days_365d": (1, -0.3)}
    model, snapshots = given([Person(facts), *peers(60, [{ADMISSIONS: (1, 0), "bed_days_365d": (4, 0)}])])

    assert texts(explain(model, snapshots, ["p0"]), "lowers") == ["no emergency admission in the last 12 months"]


def test_how_appointments_divide_is_no_reason_where_their_number_is_as_usual() -> None:
    facts: Facts = {"gp_appointments_365d": (8, 0.1), "gp_nurse_appointments_365d": (6, 0.4)}
    model, snapshots = given([Person(facts), *peers(60, [{"gp_appointments_365d": (8, 0)}])])

    assert texts(explain(model, snapshots, ["p0"])) == []


def test_what_few_peers_have_stands_before_what_adds_as_much_and_many_have() -> None:
    """Of these 100 people 30 have what adds most, 10 what adds less, and one the admissions."""
    # delirium: 0.6 x log10(100 / 30) = 0.31; COPD: 0.4 x log10(100 / 10) = 0.4; admissions: 0.3 x 2
    facts: Facts = {"delirium_730d": (1, 0.6), "condition_copd_1095d": (1, 0.4), ADMISSIONS: (2, 0.3)}
    some: list[Facts] = [{"delirium_730d": (1, 0)}] * 29 + [{"condition_copd_1095d": (1, 0)}] * 9 + [{}] * 61
    model, snapshots = given([Person(facts), *peers(99, some)])

    assert texts(explain(model, snapshots, ["p0"])) == [
        "2 emergency admissions in the last 12 months",
        "COPD recorded in the last 3 years",
        "delirium recorded in the last 2 years",
    ]


def test_how_care_was_given_or_recorded_stands_last_whatever_it_adds() -> None:
    facts: Facts = {"days_since_medication_review_730d": (90, 0.9), "falls_365d": (2, 0.1)}

    assert said_of(facts) == [
        "falls recorded twice in the last 12 months",
        "on record: last medication review 13 weeks ago",
    ]


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (9, ["1 emergency admission in the last 12 months, 9 days ago", "delirium recorded in the last 2 years"]),
        (92, ["1 emergency admission in the last 12 months, 13 weeks ago", "delirium recorded in the last 2 years"]),
        (93, ["delirium recorded in the last 2 years", "1 emergency admission in the last 12 months, 13 weeks ago"]),
    ],
)
def test_an_emergency_admission_of_the_last_three_months_is_told_first(days: int, said: list[str]) -> None:
    assert said_of({"delirium_730d": (1, 0.9), ADMISSIONS: (1, 0.1), LAST_ADMITTED: (days, 0.1)}) == said


def test_the_day_of_an_admission_stands_with_it_and_not_with_its_attendance() -> None:
    facts: Facts = {AT_ED: (4, 0.9), LAST_AT_ED: (9, 0.1), ADMISSIONS: (1, 0.1), LAST_ADMITTED: (9, 0.1)}

    assert said_of(facts) == [
        "1 emergency admission in the last 12 months, 9 days ago",
        "4 A&E attendances in the last 12 months",
    ]


def test_what_a_stay_is_told_by_is_followed_by_when_it_was() -> None:
    facts: Facts = {"emergency_bed_days_90d": (14, 0.5), LAST_ADMITTED: (30, -0.1)}

    assert said_of(facts) == [
        "14 nights in hospital as an emergency in the last 90 days; last emergency admission 4 weeks ago"
    ]


def test_conditions_are_named_by_how_few_peers_have_them_and_four_at_most() -> None:
    groups = ("hypertension", "copd", "diabetes", "stroke", "dementia")
    flags: Facts = {f"condition_{group}_1095d": (1, 0) for group in groups}
    others: list[Facts] = [{"condition_hypertension_1095d": (1, 0)}] * 6 + [{"condition_diabetes_1095d": (1, 0)}, {}]
    model, snapshots = given([Person({"long_term_conditions_1095d": (5, 0.4), **flags}), *peers(80, others)])

    assert texts(explain(model, snapshots, ["p0"])) == [
        "5 long-term conditions recorded in the last 3 years, among them COPD, stroke or TIA, dementia and diabetes"
    ]


def test_a_condition_that_no_text_names_is_a_reason_of_its_own() -> None:
    facts: Facts = {
        "long_term_conditions_1095d": (1, 0.1),
        "elixhauser_conditions_1095d": (4, 0.5),
        "condition_copd_1095d": (0, 0),
        "condition_stroke_1095d": (0, 0),
        "complication_paralysis_1095d": (1, 0.3),
    }
    model, snapshots = given([Person(facts), *peers(60, [{"long_term_conditions_1095d": (1, 0)}])])

    assert texts(explain(model, snapshots, ["p0"])) == [
        "4 kinds of long-standing illness recorded in the last 3 years",
        "paralysis recorded in the last 3 years",
    ]


def test_a_condition_that_a_list_hides_is_counted_and_not_named() -> None:
    facts: Facts = {
        "long_term_conditions_1095d": (2, 0.4),
        "condition_copd_1095d": (1, 0),
        "condition_dementia_1095d": (1, 0),
    }
    model, snapshots = given([Person(facts)])

    said = [
        texts(explain(model, snapshots, ["p0"], unnamed=hidden))
        for hidden in (["condition_dementia_1095d"], ["condition_dementia_1095d", "condition_copd_1095d"])
    ]

    assert said == [
        ["2 long-term conditions recorded in the last 3 years, among them COPD"],
        ["2 long-term conditions recorded in the last 3 years"],
    ]


def test_where_few_of_the_same_age_and_sex_are_known_those_nearest_in_age_are_compared_with() -> None:
    of_the_band = peers(20, [{ADMISSIONS: (1, 0)}], age=82)
    model, snapshots = given([Person({ADMISSIONS: (3, 0.5)}), *of_the_band, *peers(60, [{}], age=78)])
    alone, nobody_near = given([Person({ADMISSIONS: (3, 0.5)}), *of_the_band, *peers(60, [{}], age=60)])

    assert explain(model, snapshots, ["p0"])["comparison"].tolist() == [
        "people of the same sex nearest in age: 0.3"  # 20 with one and the 3 of the patient, of 81
    ]
    assert explain(alone, nobody_near, ["p0"])["comparison"].tolist() == [""]


def test_a_trouble_of_which_peers_have_twice_as_much_is_told_in_a_persons_favour() -> None:
    facts: Facts = {AT_ED: (1, -0.3), "gp_appointments_365d": (1, -0.3), "referrals_365d": (1, -0.3)}
    many: Facts = {AT_ED: (2, 0), "gp_appointments_365d": (9, 0), "referrals_365d": (9, 0)}
    model, snapshots = given([Person(facts), *peers(200, [many, {**many, AT_ED: (3, 0)}])])

    assert texts(explain(model, snapshots, ["p0"]), "lowers") == ["1 A&E attendance in the last 12 months"]


def test_why_this_82_year_old_and_not_another() -> None:
    """What every peer has is no reason: at 82 age says nothing, and community contacts little."""
    everyone: Facts = {"age": (82, 0.6), "community_contacts_365d": (6, 0.3)}
    facts: Facts = {**everyone, "community_contacts_365d": (9, 0.4), "falls_365d": (2, 0.2)}
    model, snapshots = given([Person(facts), *peers(199, [everyone])])

    said = explain(model, snapshots, ["p0"])

    assert texts(said) == ["falls recorded twice in the last 12 months", "9 community contacts in the last 12 months"]


def test_nothing_said_is_worded_as_a_cause() -> None:
    model, snapshots = given([Person({ADMISSIONS: (3, 0.4), "falls_365d": (2, 0.4), "lives_alone_1095d": (1, 0.3)})])

    said = explain(model, snapshots, ["p0"])

    assert len(said) == 3
    assert not said["text"].str.contains("because|due to|causes").any()
