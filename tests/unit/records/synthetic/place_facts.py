"""What the published figures of the place are measured by, on canonical frames: one function per table of facts."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from vi_risk.records.codes import DID_NOT_ATTEND, EMERGENCY_ADMISSION_METHODS, SEEN

Tables = Mapping[str, pd.DataFrame]
AGE_BANDS = {"0-4": 0, "5-15": 5, "16-24": 16, "25-44": 25, "45-59": 45, "60-74": 60, "75+": 75}
DEATH_BANDS = {"25-44": 25, "45-64": 45, "65-74": 65, "75-84": 75, "85+": 85}


def registered_on(tables: Tables, day: date) -> pd.DataFrame:
    """People registered on a day, with their practice and their age in years."""
    registrations = tables["registrations"]
    until = registrations["registered_to"].fillna(date(9999, 1, 1))
    current = registrations[(registrations["registered_from"] <= day) & (until > day)]
    people = current[["patient_id", "practice_code"]].merge(tables["patients"], on="patient_id")
    people = people[~(people["died_on"] <= day).fillna(False).astype(bool)]
    return people.assign(age=(pd.Timestamp(day) - pd.to_datetime(people["birth_month"])).dt.days / 365.25)


def within(events: pd.DataFrame, column: str, start: date, end: date) -> pd.DataFrame:
    """Rows whose event lies in [start, end)."""
    days = pd.to_datetime(events[column])
    return events[(days >= pd.Timestamp(start)) & (days < pd.Timestamp(end))]


def emergencies(tables: Tables) -> pd.DataFrame:
    """Emergency spells."""
    spells = tables["spells"]
    return spells[spells["admission_method"].isin(EMERGENCY_ADMISSION_METHODS)]


def shares_by_age(people: pd.DataFrame) -> dict[str, float]:
    """Share of people in each age band."""
    bands = pd.cut(people["age"], [*AGE_BANDS.values(), 130], right=False, labels=list(AGE_BANDS))
    return bands.value_counts(normalize=True).to_dict()


def use_of_services(tables: Tables, start: date, end: date) -> dict[str, float]:
    """Yearly use per person registered at the start (emergency care per 1,000) and how admissions are spread."""
    people = registered_on(tables, start)
    years = (end - start).days / 365.25
    ours = set(people["patient_id"])
    admitted = within(emergencies(tables), "admitted_on", start, end)
    admitted = admitted[admitted["patient_id"].isin(ours)]
    per_person = admitted.groupby("patient_id").size()
    outpatients = within(tables["outpatient_appointments"], "appointment_on", start, end)
    seen = outpatients["attended"].isin(SEEN).sum()
    missed = outpatients["attended"].isin(DID_NOT_ATTEND).sum()
    attendances = within(tables["ed_attendances"], "arrived_at", start, end)
    nights = (pd.to_datetime(admitted["discharged_on"]) - pd.to_datetime(admitted["admitted_on"])).dt.days
    adults = people[people["age"] >= 18]
    facts = {
        "emergency admissions per 1,000": 1000 * len(admitted) / len(people) / years,
        "admitted, share of adults": float(adults["patient_id"].isin(per_person.index).mean()),
        "three or more emergency admissions": float((per_person >= 3).sum() / len(people)),
        "A&E attendances per 1,000": 1000 * len(attendances) / len(people) / years,
        "outpatient attendances per person": seen / len(people) / years,
        "outpatient did not attend": missed / (seen + missed),
        "zero nights": float((nights == 0).sum() / nights.notna().sum()),
    }
    facts |= {f"{n} admissions, of those admitted": float((per_person == n).mean()) for n in (1, 2, 3, 4)}
    facts["5+ admissions, of those admitted"] = float((per_person >= 5).mean())
    return facts


def gp_consultations(tables: Tables, start: date, end: date) -> pd.DataFrame:
    """Attended GP appointments a year of each person whose practice had joined the trust by the start."""
    people = registered_on(tables, start)
    joined = tables["practices"].set_index("practice_code")["integrated_from"]
    inside = people[(people["practice_code"].map(joined) <= start).fillna(False).astype(bool)]
    appointments = within(tables["gp_appointments"], "appointment_on", start, end)
    attended = appointments[appointments["status"] == "attended"].groupby("patient_id").size()
    years = (end - start).days / 365.25
    return inside.assign(consultations=inside["patient_id"].map(attended).fillna(0) / years)


def recorded_conditions(tables: Tables, day: date, condition_of: Mapping[str, str]) -> pd.DataFrame:
    """Whether each condition stands in the GP record by a day: registered people of practices long in the trust."""
    people = registered_on(tables, day)
    joined = tables["practices"].set_index("practice_code")["integrated_from"]
    first_day = tables["spells"]["admitted_on"].min()
    inside = people[(people["practice_code"].map(joined) <= first_day).fillna(False).astype(bool)]
    events = tables["gp_events"][tables["gp_events"]["event_on"] < day]
    coded = events.assign(condition=events["code"].map(condition_of)).dropna(subset="condition")
    coded = coded[["patient_id", "condition"]].drop_duplicates()
    has = coded.assign(has=True).pivot_table(index="patient_id", columns="condition", values="has", aggfunc="any")
    return has.reindex(inside["patient_id"]).notna()


def deaths_a_year(tables: Tables, start: date, end: date) -> dict[str, float]:
    """Share of people of an age, at the middle of each year, who die in that year."""
    deaths: dict[str, int] = dict.fromkeys(DEATH_BANDS, 0)
    alive: dict[str, int] = dict.fromkeys(DEATH_BANDS, 0)
    edges = [*DEATH_BANDS.values(), 130]
    for year in range(start.year, end.year):
        people = registered_on(tables, date(year, 1, 1))
        died = (people["died_on"] < date(year + 1, 1, 1)).fillna(False).astype(bool)
        band = pd.cut(people["age"], edges, right=False, labels=list(DEATH_BANDS))
        for name in DEATH_BANDS:
            alive[name] += int((band == name).sum())
            deaths[name] += int((died & (band == name)).sum())
    return {name: deaths[name] / max(alive[name], 1) for name in DEATH_BANDS}


def emergencies_by_practice(tables: Tables, start: date, end: date) -> pd.Series:
    """Emergency admissions per 1,000 people a year of each practice."""
    people = registered_on(tables, start)
    admitted = within(emergencies(tables), "admitted_on", start, end).groupby("patient_id").size()
    counts = people["patient_id"].map(admitted).fillna(0)
    return 1000 * counts.groupby(people["practice_code"]).mean() / ((end - start).days / 365.25)


def event_in_a_year_by_age(tables: Tables, start: date, end: date) -> pd.DataFrame:
    """Whether each person had an emergency admission or died in [start, end), beside their age."""
    people = registered_on(tables, start)
    admitted = set(within(emergencies(tables), "admitted_on", start, end)["patient_id"])
    died = (people["died_on"] < end).fillna(False).astype(bool)
    return people.assign(event=people["patient_id"].isin(admitted) | died)


def winter_over_summer(tables: Tables) -> float:
    """Emergency admissions a day, December to February over June to August."""
    months = pd.to_datetime(emergencies(tables)["admitted_on"]).dt.month
    return float(np.isin(months, (12, 1, 2)).sum() / 90.25) / float(np.isin(months, (6, 7, 8)).sum() / 92)
