"""Example case lists for the tests of every pack: one with every field filled, hostile texts among them."""

from datetime import date, timedelta
from typing import Any

import pandas as pd

from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.lists import (
    CHANGE_COLUMNS,
    CONTACT_COLUMNS,
    DECISION_COLUMNS,
    EXCLUDED_COLUMNS,
    LEADING_COLUMNS,
    LEFT_COLUMNS,
    PROMPT_COLUMNS,
    REASON_COLUMNS,
    SAID_COLUMNS,
    CaseList,
    ListAbout,
)
from vi_risk.caselists.practice.practice_summary import Compared, PracticeSummary, StandsOut

INDEX_DATE = date(2025, 11, 1)
SCRIPT = "<script>alert(1)</script>"
QUOTES = "\"O'Neill\" & 'Sons' <b>"
RIGHT_TO_LEFT = "مركز صحي"
EMOJI = "🏥 \N{RIGHT-TO-LEFT OVERRIDE}clinic"
FORMULA = '=HYPERLINK("http://example.org","click")'
HOSTILE = (SCRIPT, QUOTES, RIGHT_TO_LEFT, EMOJI, FORMULA)

FACTS = (
    "risk_of_death",
    "risk_3m",
    "certainty",
    "change",
    "rank_before",
    "is_new",
    "not_already_known",
    "prompts",
    "flags",
    "emergency_admissions_12m",
    "ed_attendances_12m",
    "emergency_bed_days_12m",
    "last_emergency_admission",
    "last_discharge",
    "long_term_conditions",
    "frailty",
    "medicines_90d",
    "high_risk_medicines",
    "last_gp_contact",
    "community_caseload",
    "conditions",
    "last_review",
    "record",
)
# theme, domain, text, comparison
_RAISES = (
    (
        "emergency admissions",
        "acute use",
        "3 emergency admissions in the last 12 months, the last 9 days ago",
        "people of the same age and sex: 0.2",
    ),
    (
        "frailty",
        "comorbidity",
        "Hospital frailty score 14.2, intermediate",
        "people of the same age and sex: 3.1",
    ),
    ("medicines", "primary and community use", "11 medicines in the last 90 days", "people of the same age and sex: 4"),
    ("missed appointments", "primary and community use", "Missed 3 of 5 outpatient appointments", ""),
    ("COPD", "comorbidity", "COPD recorded", "9 in 100 of the same age and sex"),
)
_LOWERS = (
    ("GP contacts", "primary and community use", "GP review 5 weeks ago", ""),
    ("falls", "acute use", "No falls recorded in the last 12 months", "12 in 100 of the same age and sex"),
)
_PROMPTS = (
    ("Pharmacist", "11 medicines including an anticoagulant and an NSAID", "ten_or_more_medicines"),
    ("Community matron", "third admission for COPD in 12 months", "repeated_admissions"),
    ("Social prescriber", "lives alone and missed 3 appointments", "lives_alone"),
)


def example_list(patients: int = 6, *, hostile: bool = True, **fields: Any) -> CaseList:
    """Return a list with every field of a case list filled; patient 3 is in hospital and unseen by the GP.

    With `hostile`, texts of the records hold a script, quotes, right-to-left letters, emoji and a formula.
    """
    rules = load_rules()
    odd = HOSTILE if hostile else ("plain",) * len(HOSTILE)
    people = [f"P-{number:04d}" for number in range(1, patients + 1)]
    rows: list[dict[str, Any]] = []
    said: list[tuple[Any, ...]] = []
    prompts: list[tuple[Any, ...]] = []
    changes: list[tuple[Any, ...]] = []
    for number, patient in enumerate(people, start=1):
        risk = round(max(0.62 * 0.93**number, 0.04), 4)
        raises = [*_RAISES[number % 3 :], *_RAISES[: number % 3]]
        if number == 1:
            raises[1] = ("hostile", "comorbidity", odd[1], odd[2])
        roles = _PROMPTS[: number % 4] if number != 1 else ((odd[3], odd[0], odd[1]), *_PROMPTS)
        said += [
            (patient, kind, place, theme, domain, text, comparison, sign * 0.9 / place)
            for kind, sign, things in (("raises", 1, raises), ("lowers", -1, _LOWERS[: number % 3]))
            for place, (theme, domain, text, comparison) in enumerate(things, start=1)
        ]
        prompts += [(patient, *prompt) for prompt in roles]
        is_new, rank_before = number % 3 == 1, None if number % 3 == 1 else max(1, number + (number % 5 - 2) * 3)
        if not is_new:
            changes.append((patient, "2 more A&E attendances in the last 12 months than at 1 August 2025"))
            changes.append((patient, odd[0] if number == 2 else "Community nursing stopped on 12 September 2025"))
        gp_seen = number != 3
        if not gp_seen:
            said.append((patient, "unseen", 1, "GP record", "primary and community use", "GP record not seen", "", 0.1))
        rows.append(
            {
                "rank": number,
                "patient_id": patient,
                "age_band": "75 to 79" if number % 2 else "80 to 84",
                "practice_code": "M92001",
                "risk": risk,
                "band": rules.band(risk),
                **{column: raises[place][2] for place, column in enumerate(REASON_COLUMNS)},
                "sex": "female" if number % 2 else "male",
                "risk_of_death": round(risk / 6, 4),
                "risk_3m": round(risk / 3, 4),
                "certainty": f"in the list in {max(20 - number, 1)} of 20 refits",
                "change": "new" if is_new else "same" if rank_before == number else f"from {rank_before}",
                "rank_before": rank_before,
                "is_new": is_new,
                "not_already_known": number % 4 == 0,
                "prompts": "; ".join(f"{role}: {text}" for role, text, _ in roles),
                "flags": "in hospital now; care home" if number == 3 else odd[1] if number == 1 else None,
                "emergency_admissions_12m": 3 + number % 2,
                "ed_attendances_12m": number % 7,
                "emergency_bed_days_12m": 4 * (number % 5),
                "last_emergency_admission": "9 days ago" if number % 2 else "5 months ago",
                "last_discharge": "5 days ago" if number % 2 else "5 months ago",
                "long_term_conditions": float(number % 6) if gp_seen else "2 (hospital)",
                "frailty": "moderate" if gp_seen else "intermediate (hospital)",
                "medicines_90d": 8.0 + number % 5 if gp_seen else None,
                "high_risk_medicines": "anticoagulant, NSAID" if gp_seen else None,
                "last_gp_contact": "5 weeks ago" if gp_seen else None,
                "community_caseload": "yes, community matron" if number % 2 else "no",
                "conditions": f"COPD, heart failure, {odd[4]}" if number == 1 else "COPD, heart failure",
                "last_review": "2 October 2024: accept, community matron" if number % 2 == 0 else None,
                "record": "complete to 31 October 2025" if gp_seen else "GP record not seen before 1 March 2024",
                **dict.fromkeys(DECISION_COLUMNS, ""),
            }
        )
    about = ListAbout(
        model_title="Emergency admission in the next 12 months",
        model_version="91ec8b37a806",
        outcome="an emergency admission in the next 12 months",
        index_date=INDEX_DATE,
        data_to={"spells": date(2025, 10, 31), "gp_events": date(2025, 9, 30)},
        notes=("The GP record is seen from 1 March 2024 only, when the practice joined the trust",),
        capacity=20,
        places="20 places for each practice, those with the highest risk first",
        previous_date=date(2025, 8, 1),
        governance="Direct care; Health and Social Care (Safety and Quality) Act 2015",
    )
    given: dict[str, Any] = {
        "practice_code": "M92001",
        "practice_name": odd[0] if hostile else "Bilston Road Surgery",
        "network": odd[2] if hostile else "Bilston network",
        "table": pd.DataFrame(rows, columns=[*LEADING_COLUMNS, *FACTS, *DECISION_COLUMNS]),
        "eligible": 7412,
        "about": about,
        "said": pd.DataFrame(said, columns=list(SAID_COLUMNS)),
        "prompts": pd.DataFrame(prompts, columns=list(PROMPT_COLUMNS)),
        "changes": pd.DataFrame(changes, columns=list(CHANGE_COLUMNS)),
        "contacts": _contacts(people),
        "excluded": pd.DataFrame(
            [
                ("P-9001", "85 to 89", 0.44, "reviewed within 8 weeks"),
                ("P-9002", "60 to 64", 0.31, odd[0]),
            ],
            columns=list(EXCLUDED_COLUMNS),
        ),
        "left": pd.DataFrame(
            [("P-8001", 4, "died on 3 September 2025"), ("P-8002", 9, odd[1])], columns=list(LEFT_COLUMNS)
        ),
        "excluded_counts": {"reviewed within 8 weeks": 12, "objects to risk stratification": 31, odd[3]: 1},
        "summary": example_summary(odd[0]),
    }
    return CaseList(**{**given, **fields})


def example_summary(title: str = "COPD") -> PracticeSummary:
    """Return a practice in one view; `title` is the name of the condition that stands out most."""
    age_bands = ("18 to 39", "40 to 59", "60 to 74", "75 to 84", "85 and over")
    return PracticeSummary(
        people=7412,
        figures=(
            Compared("People on the list of the practice", 7412, 62_000, "people"),
            Compared("Three or more long-term conditions", 0.214, 0.188),
            Compared("Three or more emergency admissions in 12 months", 0.011, 0.009),
            Compared("Median age", 43.0, 41.0, "years"),
            Compared("Emergency admissions expected next year", 611.4, 4980.2, "admissions"),
            Compared("Emergency bed days expected next year", 4012.0, 30_200.0, "days"),
        ),
        pyramid={
            (age, band): (5 - place) * 90 // (4 - number) + place * number
            for place, age in enumerate(age_bands)
            for number, band in enumerate(("very high", "high", "moderate", "lower"))
        },
        stands_out=(
            StandsOut("condition", title, 211, 160.2, 1.32, 1.15, 1.51),
            StandsOut("care gap", "Medication review overdue", 96, 70.0, 1.37, 1.11, 1.67),
            StandsOut("condition", "Diabetes", 402, 470.1, 0.86, 0.77, 0.94),
        ),
        share_of_people=0.119,
        share_of_need=0.136,
        reviewed={"listed": 20, "reviewed": 17, "accepted": 9, "left the list": 6},
        notes=("Care gaps are not compared: the GP record is seen from 1 March 2024 only",),
    )


def _contacts(people: list[str]) -> pd.DataFrame:
    """Return contacts of two years: the same pattern for everyone, shifted by a few days."""
    rows = [
        (patient, setting, days + shift % 5, nights)
        for shift, patient in enumerate(people)
        for setting, all_days, nights in (
            ("gp", range(20, 730, 23), None),
            ("ed", (9, 10, 120, 350, 690), None),
            ("admission", (9,), 4),
            ("admission", (120,), 12),
            ("admission", (350,), 0),
            ("outpatient", (45, 200, 410), None),
            ("community", range(50, 300, 7), None),
        )
        for days in all_days
    ]
    frame = pd.DataFrame(rows, columns=["patient_id", "setting", "days", "nights"])
    began = [INDEX_DATE - timedelta(days=int(days)) for days in frame["days"]]
    ended = [
        None if pd.isna(nights) else day + timedelta(days=int(nights))
        for day, nights in zip(began, frame["nights"], strict=True)
    ]
    return pd.DataFrame(
        {
            "patient_id": frame["patient_id"],
            "setting": frame["setting"],
            "began_on": pd.to_datetime(pd.Series(began)),
            "ended_on": pd.to_datetime(pd.Series(ended, dtype=object)),
        },
        columns=list(CONTACT_COLUMNS),
    )
