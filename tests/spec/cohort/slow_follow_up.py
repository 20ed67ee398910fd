"""How a window ends in plain Python, person by person: slow, as the rule is written."""

from datetime import date, timedelta
from typing import Any

from tests.spec.records.slow_spells import slow_continuous_spells
from vi_risk.records.codes import EMERGENCY_ADMISSION_METHODS

Row = dict[str, Any]
Told = tuple[float, str, int] | None


def slow_follow_up(
    outcome: str, tables: dict[str, list[Row]], index_date: date, *, horizon: int, known_by: date, starts_after: int
) -> Told:
    """Return outcome, how the window of one person ended and on which day of it, of the tables of that person."""
    start = index_date + timedelta(days=starts_after)
    end = start + timedelta(days=horizon)
    if end > known_by:
        return None
    known = _known(tables, known_by)
    stays = _stays(known["spells"])
    deaths = [row["died_on"] for row in known["patients"] if row["died_on"]]
    deaths = deaths or [row["discharged_on"] for row in known["spells"] if row["discharge_method"] == "4"]
    died = min(deaths, default=date.max)
    left = _leaves(known["registrations"], index_date)
    if starts_after and (died < start or left < start):
        return None
    new = [stay for stay in stays if start <= stay["admitted_on"] < end and stay["admitted_on"] <= died]
    emergencies = sorted(stay["admitted_on"] for stay in new)
    avoidable = sorted(stay["admitted_on"] for stay in new if _is_avoidable(stay, known["diagnoses"]))
    dies = [died] if start <= died < end else []
    days = {
        "emergency_admission": emergencies[:1],
        "emergency_admission_or_death": sorted(emergencies[:1] + dies)[:1],
        "avoidable_admission": avoidable[:1],
        "high_intensity": emergencies[2:3],
        "death": dies,
    }.get(outcome, [])
    if days and days[0] <= left:
        return 1.0, "event", (days[0] - start).days
    ended, last = "horizon", end
    if died < end and died <= left:
        ended, last = "died", max(died, start)
    elif left < end:
        ended, last = "left", max(left, start)
    number = {
        "emergency_admissions_count": len(new),
        "emergency_bed_days": sum(_nights(stay, min(end, died)) for stay in new),
    }.get(outcome, 0)
    return 0.0 if ended == "left" else float(number), ended, (last - start).days


def _known(tables: dict[str, list[Row]], day: date) -> dict[str, list[Row]]:
    """Return the rows that had arrived before the day, without what was written into them later."""
    spells = [
        row if row["discharged_on"] and row["discharged_on"] < day else row | _OPEN
        for row in tables["spells"]
        if row["admitted_on"] < day and (row["recorded_on"] or row["admitted_on"]) < day
    ]
    coded = {row["spell_id"] for row in spells if row["discharged_on"]}
    return {
        "spells": spells,
        "diagnoses": [row for row in tables["diagnoses"] if row["spell_id"] in coded],
        "patients": [row | {"died_on": _before(row["died_on"], day)} for row in tables["patients"]],
        "registrations": [
            row | {"registered_to": _before(row["registered_to"], day)}
            for row in tables["registrations"]
            if row["registered_from"] < day and (row["recorded_on"] or row["registered_from"]) < day
        ],
    }


_OPEN = {"discharged_on": None, "discharge_method": None, "discharge_destination": None}


def _before(value: date | None, day: date) -> date | None:
    return value if value is not None and value < day else None


def _stays(spells: list[Row]) -> list[Row]:
    """Return the emergency stays: the first spell of each, with the day on which the last one ended."""
    began = slow_continuous_spells(spells)
    last: dict[str, Row] = {}
    for spell in sorted(spells, key=lambda row: (row["admitted_on"], row["discharged_on"] or date.max)):
        last[began[spell["spell_id"]]] = spell
    return [
        spell | {"discharged_on": last[spell["spell_id"]]["discharged_on"]}
        for spell in spells
        if began[spell["spell_id"]] == spell["spell_id"] and spell["admission_method"] in EMERGENCY_ADMISSION_METHODS
    ]


def _is_avoidable(stay: Row, diagnoses: list[Row]) -> bool:
    main = [row["code"] for row in diagnoses if row["spell_id"] == stay["spell_id"] and row["position"] == 1]
    return any(code.startswith("J44") for code in main)


def _nights(stay: Row, until: date) -> int:
    return max((min(stay["discharged_on"] or date.max, until) - stay["admitted_on"]).days, 0)


def _leaves(registrations: list[Row], index_date: date) -> date:
    """Return the day on which the person left, going from the registration of the index date to the next."""
    periods = [(row["registered_from"], row["registered_to"] or date.max) for row in registrations]
    periods = sorted(period for period in periods if period[0] < period[1])
    here = [to for since, to in periods if since < index_date <= to]
    if not here:  # between two registrations, or nowhere
        before = [to for _, to in periods if to < index_date]
        after = [to for since, to in periods if since >= index_date and before and (since - max(before)).days <= 31]
        if not after:
            return index_date
        here = after
    left = max(here)
    while left < date.max:
        onward = [to for since, to in periods if since <= left + timedelta(days=31) and to > left]
        if not onward:
            return left
        left = max(onward)
    return left
