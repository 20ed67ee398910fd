"""Who might help, as a table: what the record shows of a person, who is asked, and what."""

import pandas as pd
import pytest

from vi_risk.features.catalogue import read_catalogue
from vi_risk.reasons.asking import prompts_for
from vi_risk.reasons.prompts import read_prompts

PROMPTS = read_prompts(catalogue=read_catalogue())
Facts = dict[str, float]
Asked = list[tuple[str, str]]

# What a practice would be asked about anybody else.
OVERDUE: Facts = {
    "medicines_90d": 6,
    "medication_review_365d": 0,
    "condition_copd_1095d": 1,
    "condition_review_365d": 0,
    "influenza_vaccination_365d": 0,
    "condition_dementia_1095d": 1,
    "delirium_730d": 1,
    "smoker_1825d": 1,
}

# what the record shows -> (role, what they are asked)
TABLE: dict[str, tuple[Facts, Asked]] = {
    "twelve medicines, reviewed half a year ago": (
        {"medicines_90d": 12, "medication_review_365d": 1, "days_since_medication_review_730d": 180},
        [("pharmacist", "12 medicines in the last 90 days: is each still needed, and can the person manage them?")],
    ),
    "twelve medicines, reviewed last month": (
        {"medicines_90d": 12, "medication_review_365d": 1, "days_since_medication_review_730d": 30},
        [],
    ),
    "six medicines, no review in a year": (
        {"medicines_90d": 6, "medication_review_365d": 0},
        [
            (
                "pharmacist",
                "6 medicines in the last 90 days, no medication review recorded in 12 months: would one help?",
            )
        ],
    ),
    "six medicines, reviews not seen": ({"medicines_90d": 6}, []),
    "warfarin and ibuprofen": (
        {"prescribed_anticoagulant_90d": 1, "prescribed_nsaid_90d": 1},
        [("pharmacist", "an anticoagulant and an NSAID in the last 90 days: is the NSAID still needed?")],
    ),
    "ramipril, furosemide and ibuprofen": (
        {"renin_angiotensin_medicine_90d": 1, "prescribed_diuretic_90d": 1, "prescribed_nsaid_90d": 1},
        [
            (
                "pharmacist",
                "a diuretic, an NSAID and an ACE inhibitor or ARB in the last 90 days: is the NSAID still needed?",
            )
        ],
    ),
    "two falls at 82": (
        {"falls_365d": 2, "age": 82},
        [("falls service", "falls recorded on 2 days in 12 months: has a falls assessment been offered?")],
    ),
    "two falls at 82, known to the falls service": (
        {"falls_365d": 2, "age": 82, "falls_service_contacts_365d": 3},
        [],
    ),
    "two falls at 40": ({"falls_365d": 2, "age": 40}, []),
    "lives alone": (
        {"lives_alone_1095d": 1},
        [("social prescriber", "living alone recorded: would a visit by a link worker be welcome?")],
    ),
    "lives alone by the record, and in a care home": (
        {"lives_alone_1095d": 1, "care_home": 1},
        [
            (
                "care home team",
                "lives in a care home: do its staff and the weekly round know why the person is on the list?",
            )
        ],
    ),
    "lives alone, referred already": ({"lives_alone_1095d": 1, "referred_to_social_prescribing_365d": 1}, []),
    "six times in A&E, not admitted": (
        {"ed_attendances_365d": 6, "emergency_admissions_365d": 0},
        [
            (
                "social prescriber",
                "6 A&E attendances in 12 months, no admission: what is the need, who else could help?",
            )
        ],
    ),
    "six times in A&E, admitted once": ({"ed_attendances_365d": 6, "emergency_admissions_365d": 1}, []),
    "third admission for COPD, no nurse": (
        {"copd_admissions_365d": 3, "specialist_nurse_contacts_365d": 0},
        [
            (
                "community matron",
                "3 emergency admissions for COPD in 12 months: is there a plan for the next flare-up?",
            ),
            (
                "specialist nurse",
                "in hospital with COPD in the last 12 months, no specialist nurse seen: would rehabilitation help?",
            ),
        ],
    ),
    "third admission for COPD, seen by matron and nurse": (
        {"copd_admissions_365d": 3, "community_matron_365d": 5, "specialist_nurse_contacts_365d": 2},
        [],
    ),
    "more likely to die than to be admitted": (
        {"risk": 0.31, "risk_of_death": 0.42},
        [
            (
                "palliative care team",
                "chance of dying 42 %, of an emergency admission 31 %: has anyone asked what matters to the person?",
            )
        ],
    ),
    "palliative care recorded, everything overdue": (
        {"end_of_life_register_1095d": 1, "palliative_team_contacts_365d": 0, **OVERDUE},
        [
            (
                "palliative care team",
                "palliative care recorded, no contact with the palliative care team in 12 months: would they help?",
            ),
            (
                "GP",
                "palliative care recorded: can ambulance and out-of-hours staff see what the person wants?",
            ),
            (
                "community nurse",
                "palliative care: who cares for the person day and night, and who supports them?",
            ),
            (
                "pharmacist",
                "palliative care, 6 medicines in the last 90 days: which of them still help?",
            ),
            ("memory service", "dementia recorded: who cares for the person, and who supports the carer?"),
        ],
    ),
    "more likely to die than to be admitted, everything overdue": (
        {"risk": 0.31, "risk_of_death": 0.42, **OVERDUE},
        [
            (
                "palliative care team",
                "chance of dying 42 %, of an emergency admission 31 %: has anyone asked what matters to the person?",
            ),
            ("memory service", "dementia recorded: who cares for the person, and who supports the carer?"),
        ],
    ),
    "known to the palliative care team, twice admitted, warfarin and ibuprofen": (
        {
            "palliative_team_contacts_365d": 4,
            "emergency_admissions_365d": 2,
            "prescribed_anticoagulant_90d": 1,
            "prescribed_nsaid_90d": 1,
        },
        [
            (
                "palliative care team",
                "known to the team, 2 emergency admissions in 12 months: where do they want to be if unwell?",
            ),
            ("GP", "seen by the palliative care team: can ambulance and out-of-hours staff see what the person wants?"),
            (
                "community nurse",
                "palliative care: who cares for the person day and night, and who supports them?",
            ),
            ("pharmacist", "an anticoagulant and an NSAID in the last 90 days: is the NSAID still needed?"),
        ],
    ),
    "palliative care on record, dying unlikely, eight admissions": (
        {
            "end_of_life_register_1095d": 1,
            "palliative_care_365d": 1,
            "palliative_team_contacts_365d": 0,
            "risk": 0.56,
            "risk_of_death": 0.009,
            "emergency_admissions_365d": 8,
            "three_or_more_conditions_1095d": 1,
            "condition_severe_mental_illness_1095d": 1,
            "prescribed_methotrexate_90d": 1,
        },
        [
            (
                "GP",
                "palliative care recorded in the last 12 months, chance of dying under 1 %: what does the person want?",
            ),
            ("mental health team", "severe mental illness recorded: who looks after the person's physical health?"),
            ("pharmacist", "methotrexate: are the blood count, liver and kidney tests up to date?"),
            (
                "community matron",
                "8 emergency admissions in 12 months, three or more conditions: who coordinates care?",
            ),
        ],
    ),
    "palliative care on record of two years ago, dying unlikely": (
        {"end_of_life_register_1095d": 1, "palliative_care_365d": 0, "risk": 0.3, "risk_of_death": 0.04},
        [("GP", "palliative care recorded over 12 months ago, chance of dying 4 %: is that plan still right?")],
    ),
    "likely to die, more likely to be admitted": (
        {"risk": 0.53, "risk_of_death": 0.2, "prescribed_methotrexate_90d": 1},
        [
            (
                "palliative care team",
                "chance of dying 20 %, of an emergency admission 53 %: has anyone asked what matters to the person?",
            ),
            ("pharmacist", "methotrexate: are the blood count, liver and kidney tests up to date?"),
        ],
    ),
    "less likely to die": ({"risk": 0.53, "risk_of_death": 0.19}, []),
    "three admissions, in a care home": (
        {"emergency_admissions_365d": 3, "three_or_more_conditions_1095d": 1, "care_home": 1},
        [
            (
                "care home team",
                "lives in a care home: do its staff and the weekly round know why the person is on the list?",
            )
        ],
    ),
    "in hospital now": (
        {"in_hospital": 1, "days_since_discharge": 9, "medicines_90d": 7},
        [("discharge team", "in hospital now: who plans the way home, and what has to be in place first?")],
    ),
    "home again, seven medicines": (
        {"in_hospital": 0, "days_since_discharge": 4, "medicines_90d": 7},
        [
            (
                "pharmacist",
                "left hospital 4 days ago, 7 medicines: has the practice taken up what was changed?",
            )
        ],
    ),
    "home again, two medicines": (
        {"in_hospital": 0, "days_since_discharge": 4, "medicines_90d": 2},
        [
            (
                "community nurse",
                "left hospital 4 days ago: does the person know what to watch for, and whom to ring?",
            )
        ],
    ),
    "a long stay, no therapy": (
        {"longest_emergency_stay_365d": 24, "community_therapy_365d": 0, "in_hospital": 0},
        [
            (
                "physiotherapist",
                "a stay of 24 nights, no therapy in 12 months: is the person back on their feet?",
            )
        ],
    ),
    "atrial fibrillation, no anticoagulant": (
        {"condition_atrial_fibrillation_1095d": 1, "prescribed_anticoagulant_90d": 0},
        [
            (
                "pharmacist",
                "atrial fibrillation, no anticoagulant in the last 90 days: has preventing a stroke been talked over?",
            )
        ],
    ),
    "insulin at 84, a low HbA1c": (
        {"prescribed_insulin_90d": 1, "hba1c_730d": 44, "age": 84},
        [
            (
                "pharmacist",
                "insulin or a sulfonylurea at 84, HbA1c last 44 mmol/mol: is this stricter than need be?",
            )
        ],
    ),
    "three ambulances, rapid response not seen": (
        {"ed_by_ambulance_365d": 3, "rapid_response_180d": 0},
        [
            (
                "rapid response team",
                "3 times to A&E by ambulance in 12 months: could urgent community response help?",
            )
        ],
    ),
    "discussed five months ago": (
        {"days_since_review": 150},
        [("care coordinator", "discussed 5 months ago: what has been done since, and has it helped?")],
    ),
    "taken on, the day to look again passed": (
        {"days_since_review": 420, "review_accepted": 1, "days_since_review_due": 366},
        [
            (
                "care coordinator",
                "to be looked at again 12 months ago, not looked at since: what was done, has it helped?",
            )
        ],
    ),
    "declined": (
        {"days_since_review": 150, "review_declined": 1, "days_since_review_due": 30},
        [("care coordinator", "help was offered 5 months ago, and declined: has anything changed?")],
    ),
    "thought not suitable": (
        {"days_since_review": 150, "review_not_suitable": 1},
        [("care coordinator", "discussed 5 months ago, nothing to offer then: has anything changed?")],
    ),
    "already in hand": (
        {"days_since_review": 150, "review_already_cared_for": 1},
        [("care coordinator", "already in hand 5 months ago: is that care still there, and is it enough?")],
    ),
    "put off": (
        {"days_since_review": 150, "review_deferred": 1},
        [("care coordinator", "put off 5 months ago: is now the time?")],
    ),
    "put off, the day passed": (
        {"days_since_review": 150, "review_deferred": 1, "days_since_review_due": 24},
        [("care coordinator", "put off 5 months ago, to be looked at again 3 weeks ago: is now the time?")],
    ),
    "put off, three years ago": ({"days_since_review": 1200, "review_deferred": 1, "days_since_review_due": 1100}, []),
    "delirium": (
        {"delirium_730d": 1},
        [("memory service", "delirium recorded: has the person recovered, and has memory been looked at since?")],
    ),
    "delirium in dementia": (
        {"delirium_730d": 1, "condition_dementia_1095d": 1},
        [("memory service", "dementia recorded: who cares for the person, and who supports the carer?")],
    ),
    "diabetes, no review and no vaccination in a year": (
        {"condition_diabetes_1095d": 1, "condition_review_365d": 0, "influenza_vaccination_365d": 0},
        [
            ("GP", "no review of a long-term condition recorded in 12 months: is one due?"),
            (
                "practice nurse",
                "no influenza vaccination recorded in 12 months, a condition that calls for one: has it been offered?",
            ),
        ],
    ),
    "diabetes, and the practice is not seen": ({"condition_diabetes_1095d": 1}, []),
}


@pytest.mark.parametrize(("facts", "asked"), TABLE.values(), ids=TABLE)
def test_who_might_help(facts: Facts, asked: Asked) -> None:
    found = prompts_for(pd.DataFrame([{"patient_id": "p", **facts}]), PROMPTS)

    assert list(found[["role", "text"]].itertuples(index=False, name=None)) == asked


def test_what_a_practice_does_not_keep_is_not_overdue() -> None:
    """Two practices of 200 people each; everybody here has diabetes. Only one practice keeps reviews of conditions."""
    everyone = pd.DataFrame(
        [
            {"practice_code": "keeps", "condition_review_365d": float(place < 20), "influenza_vaccination_365d": 0.0}
            for place in range(200)
        ]
        + [{"practice_code": "does not", "condition_review_365d": 0.0, "influenza_vaccination_365d": 0.0}] * 200
    )
    nothing_found = {"condition_diabetes_1095d": 1, "condition_review_365d": 0, "influenza_vaccination_365d": 0}
    people = pd.DataFrame(
        [
            {"patient_id": "a", "practice_code": "keeps", **nothing_found},
            {"patient_id": "b", "practice_code": "does not", **nothing_found},
        ]
    )

    found = prompts_for(people, PROMPTS, everyone=everyone)

    assert list(found[["patient_id", "text"]].itertuples(index=False, name=None)) == [
        ("a", "no review of a long-term condition recorded in 12 months: is one due?")
    ]


TRIED = {
    # decision and owner of the last review -> whether the pharmacist's question says that the plan was theirs
    ("accepted", "Pharmacist"): True,
    ("accepted", "GP and pharmacist"): True,
    ("accepted", "community matron"): False,
    ("accepted", None): False,
    ("declined", "pharmacist"): False,
}


@pytest.mark.parametrize(("last", "said"), TRIED.items(), ids=str)
def test_a_question_says_so_where_the_plan_of_the_last_review_was_theirs(
    last: tuple[str, str | None], said: bool
) -> None:
    person = pd.DataFrame([{"patient_id": "p", "medicines_90d": 12, "days_since_review": 500}])
    tried = pd.DataFrame([("p", *last)], columns=["patient_id", "decision", "owner"])

    (text,) = prompts_for(person, PROMPTS, tried=tried)["text"]

    assert text.endswith("(the plan of the last review, 16 months ago, was theirs)") == said
