"""Facts of the place, measured on the records that were made, beside their published values.

The place is Wolverhampton; figures are those that the Royal Wolverhampton NHS Trust, its practices and NHS England
publish of it. Admissions are stays: spells that a transfer joins count once. A fact is *inside* when it lies within the
larger of 10 % of the published value and three standard errors, or within a published range, three standard errors
allowed.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vi_risk.errors import UsageError
from vi_risk.records.codes import DID_NOT_ATTEND, SEEN
from vi_risk.records.synthetic.conditions import CONDITIONS
from vi_risk.records.synthetic.counted import CountedRecords, Tables, days_of
from vi_risk.records.synthetic.fact import Counts, Fact, quotient_of, rate_of, share_of

if TYPE_CHECKING:
    import pandas as pd

_AGES = {"0-4": 0.071, "5-15": 0.133, "16-24": 0.117, "25-44": 0.270, "45-59": 0.191, "60-74": 0.135, "75+": 0.083}
_AGES_FROM = (0, 5, 16, 25, 45, 60, 75, 130)
_DEATHS = {"25-44": 0.001, "45-64": 0.004, "65-74": 0.015, "75-84": 0.04, "85+": 0.14}
_DEATHS_FROM = (25, 45, 65, 75, 85, 130)
_ETHNIC_GROUPS = {
    "White": ("ABC", 0.68),
    "Asian": ("HJKL", 0.18),
    "Black": ("MNP", 0.07),
    "Mixed": ("DEFG", 0.05),
    "other": ("RS", 0.02),
}
_RECORDED = {
    "hypertension": 0.139,
    "diabetes": 0.068,
    "copd": 0.020,
    "coronary_heart_disease": 0.031,
    "atrial_fibrillation": 0.019,
    "chronic_kidney_disease": 0.040,
    "heart_failure": 0.009,
    "stroke": 0.018,
    "dementia": 0.009,
}
_NUMBERS_OF_ADMISSIONS = {1: 0.71, 2: 0.17, 3: 0.06, 4: 0.03, 5: 0.03}
# Primary diagnoses of the chronic ambulatory-care-sensitive conditions of the HES indicators: angina, asthma, heart
# failure and hypertension, COPD, complications of diabetes, iron deficiency anaemia, malnutrition.
_CHRONIC_CARE_SENSITIVE = r"I2(?:0|4[089])|J4[1-7]|I(?:110|50|10|119)|J81|E1[0-4][0-8]|D50[189]|E4[0-3]|E550|E643"


def facts(tables: Tables, truth: "pd.DataFrame | None" = None) -> list[Fact]:
    """Return the facts of the place, as far as the tables show them: of each whole year of the records, averaged.

    With the truth of index dates whose horizon lies within the records comes the best attainable c-statistic.

    Raises
    ------
    UsageError
        Records of less than a year.
    """
    records = CountedRecords(tables)
    found = [
        *_people(records),
        *_conditions(records),
        *_emergencies(records),
        *_services(records),
        *_deaths(records),
    ]
    return found + ([_best_attainable(records, truth)] if truth is not None else [])


def _people(records: CountedRecords) -> Iterable[Fact]:
    start, end = records.years[0][0], records.years[-1][1]
    person = records.person[records.registered(start + (end - start) // 2)]
    age = records.age(person, start + (end - start) // 2)
    for (name, target), first, past in zip(_AGES.items(), _AGES_FROM, _AGES_FROM[1:], strict=False):
        yield share_of(f"age {name}", (age >= first) & (age < past), target)
    patients = records.tables["patients"]
    group = patients["ethnic_category"].str[:1].where(patients["ethnic_category"] != "99")[person]
    known = group[group.notna() & (group != "Z")]
    for name, (letters, target) in _ETHNIC_GROUPS.items():
        yield share_of(f"ethnic group {name}", known.isin(list(letters)).to_numpy(), target)
    deciles = patients["imd_decile"].iloc[person].dropna().to_numpy(dtype=np.float64)
    yield replace(share_of("most deprived fifth (IMD deciles 1 and 2)", deciles <= 2, None), lowest=0.50, highest=0.57)


def _conditions(records: CountedRecords) -> Iterable[Fact]:
    # In the GP record by the last day, of practices whose records go back to the first.
    import pandas as pd  # noqa: PLC0415

    current = records.registered(records.last_day)
    seen_long = records.person[current[records.joined[current] <= records.first_day]]
    entries = records.tables["gp_events"]
    position = {condition.snomed: at for at, condition in enumerate(CONDITIONS)}
    which = entries["code"].map(position)
    coded = which.notna().to_numpy()
    has = np.zeros((records.persons, len(CONDITIONS)), dtype=bool)
    has[records.rows(entries[coded]), pd.to_numeric(which[coded]).to_numpy(dtype=np.int64)] = True
    has = has[seen_long]
    yield share_of("three or more long-term conditions (code list long_term_conditions)", has.sum(axis=1) >= 3, 0.10)
    for name, target in _RECORDED.items():
        at = next(at for at, condition in enumerate(CONDITIONS) if condition.name == name)
        yield share_of(f"recorded {name}", has[:, at], target)


def _emergencies(records: CountedRecords) -> Iterable[Fact]:
    per_person = records.events(records.stays, "admitted_on")
    years = records.person_years()
    yield rate_of("emergency admissions per 1,000 registered a year", 1000 * per_person, years, 100)
    yield _spread_of_practices(records)

    numbers, ages, events = [], [], []
    for start, end in records.years:
        person = records.person[records.registered(start)]
        within = (records.admitted_on >= start) & (records.admitted_on < end)
        admissions = np.bincount(records.admitted_person[within], minlength=records.persons)[person]
        numbers.append(admissions)
        ages.append(records.age(person, start))
        events.append((admissions > 0) | (records.died[person] < end))
    number, age, event = np.concatenate(numbers), np.concatenate(ages), np.concatenate(events)
    few = share_of("three or more emergency admissions in 12 months", number >= 3, None)
    yield replace(few, lowest=0.008, highest=0.010)
    for times, target in _NUMBERS_OF_ADMISSIONS.items():
        those = number[number > 0]
        which = those >= times if times == 5 else those == times
        yield share_of(f"of those admitted, {times}{'+' if times == 5 else ''} admissions", which, target)
    old, young = (share_of("", event[these], None) for these in (age >= 80, (age >= 20) & (age < 40)))
    yield quotient_of("admission or death in 12 months, 80+ over 20-39", old, young, 6.0)

    nights = (days_of(records.stays["discharged_on"]) - records.admitted_on).astype("timedelta64[D]")
    ended = ~np.isnat(nights)
    yield share_of("emergency admissions with zero nights", nights[ended] == np.timedelta64(0, "D"), 1 / 3)
    diagnoses = records.tables["diagnoses"]
    primary = diagnoses[(diagnoses["position"] == 1) & diagnoses["spell_id"].isin(records.stays["spell_id"])]
    sensitive = primary["code"].str.match(_CHRONIC_CARE_SENSITIVE).to_numpy(dtype=bool)
    yield share_of("emergency admissions, ambulatory-care-sensitive (chronic)", sensitive, 0.08)

    whole = (records.admitted_on >= records.years[0][0]) & (records.admitted_on < records.years[-1][1])
    month = records.admitted_on[whole].astype("datetime64[M]").astype(np.int64) % 12 + 1
    winter, summer = int(np.isin(month, (12, 1, 2)).sum()), int(np.isin(month, (6, 7, 8)).sum())
    ratio = (winter / 90.25) / (summer / 92)
    error = ratio * np.sqrt(1 / winter + 1 / summer)
    yield Fact("winter over summer emergency admissions, excess", ratio - 1, 0.06, float(error))


def _services(records: CountedRecords) -> Iterable[Fact]:
    tables, years = records.tables, records.person_years()
    attendances = records.events(tables["ed_attendances"], "arrived_at")
    yield rate_of("A&E attendances per 1,000", 1000 * attendances, years, 320)
    clinics = tables["outpatient_appointments"]
    seen = records.events(clinics[clinics["attended"].isin(SEEN)], "appointment_on")
    missed = records.events(clinics[clinics["attended"].isin(DID_NOT_ATTEND)], "appointment_on")
    yield rate_of("attended outpatient appointments per person a year", seen, years, 1.6)
    yield rate_of("outpatient appointments not attended", missed, seen + missed, 0.07)

    # Consultations are seen of practices in the trust, here of those whose records go back to the first day.
    of_trust = records.joined <= records.first_day
    appointments = tables["gp_appointments"]
    consultations = records.events(appointments[appointments["status"] == "attended"], "appointment_on")
    years = records.person_years(of_trust)
    # Whoever was at a practice outside the trust for part of the time counts with neither.
    years[np.bincount(records.person, weights=~of_trust, minlength=records.persons) > 0] = 0
    consultations = np.where(years > 0, consultations, 0.0)
    yield rate_of("GP consultations per person a year", consultations, years, 5.2)
    age = records.age(
        np.arange(records.persons), records.years[0][0] + (records.years[-1][1] - records.years[0][0]) // 2
    )

    def rate_at(first: float, past: float) -> Fact:
        these = (age >= first) & (age < past)
        return rate_of("", consultations[these], years[these], None)

    between = [rate_at(first, past) for first, past in ((5, 16), (16, 45), (45, 65), (65, 75), (75, 85))]
    most = max(between, key=lambda fact: fact.value)
    for name, first, past in (("under 5", 0, 5), ("over 85", 85, 130)):
        yield quotient_of(f"GP consultations, {name} over the most at 5 to 84", rate_at(first, past), most, None)
    female = (tables["patients"]["sex"] == "2").to_numpy()
    women, men = (rate_of("", consultations[these], years[these], None) for these in (female, ~female))
    yield quotient_of("GP consultations, women over men", women, men, None)


def _deaths(records: CountedRecords) -> Iterable[Fact]:
    ages, deaths = [], []
    for start, end in records.years:
        person = records.person[records.registered(start)]
        ages.append(records.age(person, start))
        deaths.append(records.died[person] < end)
    age, died = np.concatenate(ages), np.concatenate(deaths)
    for (name, target), first, past in zip(_DEATHS.items(), _DEATHS_FROM, _DEATHS_FROM[1:], strict=False):
        yield share_of(f"deaths a year at {name}", died[(age >= first) & (age < past)], target)


def _spread_of_practices(records: CountedRecords) -> Fact:
    # The standard deviation between practices, of which there are few: its own error is large.
    import pandas as pd  # noqa: PLC0415

    people, admissions = [], []
    for start, end in records.years:
        registered = records.registered(start)
        within = (records.admitted_on >= start) & (records.admitted_on < end)
        number = np.bincount(records.admitted_person[within], minlength=records.persons)[records.person[registered]]
        people.append(records.practice[registered])
        admissions.append(number)
    rates = 1000 * pd.Series(np.concatenate(admissions)).groupby(np.concatenate(people)).mean()
    spread = float(rates.std())
    error = spread / np.sqrt(2 * max(len(rates) - 1, 1))
    return Fact("emergency admissions per 1,000, SD between practices", spread, 27, float(error))


def _best_attainable(records: CountedRecords, truth: "pd.DataFrame") -> Fact:
    areas, errors = [], []
    for index_date, rows in truth.groupby("index_date"):
        start = np.datetime64(str(index_date), "D")
        end = start + int(rows["horizon_days"].iloc[0])
        if end > records.last_day + 7:
            continue
        within = (records.admitted_on >= start) & (records.admitted_on < end)
        admitted = np.zeros(records.persons, dtype=bool)
        admitted[records.admitted_person[within]] = True
        area, error = _area(rows["true_risk"].to_numpy(), admitted[records.rows(rows)])
        areas.append(area)
        errors.append(error)
    if not areas:
        raise UsageError(
            "facts: expected the truth of an index date whose horizon lies within the records, found none. "
            "Give an earlier index date or longer records."
        )
    value, error = float(np.mean(areas)), float(np.mean(errors))
    return Fact("best attainable c-statistic (true risk), 12 months", value, None, error, 0.80, 0.86)


def _area(risk: Counts, outcome: NDArray[np.bool_]) -> tuple[float, float]:
    # Area under the ROC curve by ranks, ties shared; its standard error after Hanley and McNeil (1982).
    _, at, size = np.unique(risk, return_inverse=True, return_counts=True)
    rank = (np.cumsum(size) - (size - 1) / 2)[at]
    cases, others = int(outcome.sum()), int((~outcome).sum())
    area = float((rank[outcome].sum() - cases * (cases + 1) / 2) / (cases * others))
    more = (cases - 1) * (area / (2 - area) - area**2) + (others - 1) * (2 * area**2 / (1 + area) - area**2)
    return area, float(np.sqrt((area * (1 - area) + more) / (cases * others)))
