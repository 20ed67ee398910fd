"""Who might help, as a table: what the record shows of a person, who is asked, and what."""

import pandas as pd
import pytest

from vi_risk.features.catalogue import read_catalogue
from vi_risk.reasons.prompts import prompts_for, read_prompts

PROMPTS = read_prompts(catalogue=read_catalogue())
Facts = dict[str, float]
Asked = list[tuple[str, str]]

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
    "lives alone by the record, and in a care home": ({"lives_alone_1095d": 1, "care_home": 1}, []),
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
                "palliative team",
                "risk of death 42 %, of an emergency admission 31 %: has anyone asked what matters to the person?",
            )
        ],
    ),
    "the same, palliative care recorded": ({"risk": 0.31, "risk_of_death": 0.42, "palliative_care_365d": 1}, []),
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
