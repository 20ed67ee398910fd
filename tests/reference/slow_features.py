"""What every feature means, a second time: slow, obvious, one person and one definition at a time.

Written from features/README.md, without a look at the engine, so that the two can disagree. Nothing here is clever
on purpose: rows are dictionaries, sets are sets, numbers are fractions, and each line of the grammar is one branch.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from functools import cache

import pandas as pd

from tests.reference.slow_sources import Moment, Row, Tables, columns_of, rows_of, seen_rows
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.codelists import CodeList
from vi_risk.features.definition import Condition, Definition, Feature, Range, Values
from vi_risk.features.sources import CODED_ENTRIES, SOURCES

Value = float | Fraction | None
GroupsOf = Callable[[Row], frozenset[str]]

DAYS_IN_A_YEAR = Fraction("365.25")
FURTHEST_VALUE = 10_000_000_000


def slow_features(
    tables: Mapping[str, pd.DataFrame],
    cohort: pd.DataFrame,
    catalogue: Catalogue,
    windows: Mapping[str, int | None] | None = None,
) -> pd.DataFrame:
    """Return one row per row of the cohort and one column per feature, NaN where it is missing.

    `tables` are canonical frames, `cohort` has patient_id, index_date and gp_seen_from (None: never seen), `windows`
    has the features that look back less far than declared (None: missing).
    """
    features = {
        definition.name: [
            replace(f, window=(windows or {}).get(f.name, f.window)) for f in catalogue.features_of(definition)
        ]
        for definition in catalogue.definitions
    }
    everyone = Tables(tables)
    sources = {definition.table for definition in catalogue.definitions} - {"patients"}
    there = {source for source in sources if columns_of(everyone, source) is not None}
    groups = {definition.name: _groups_of_codes(definition, catalogue) for definition in catalogue.definitions}
    rows = []
    for asked in rows_of(cohort):
        person = everyone.of_person(asked["patient_id"])
        moment = Moment(asked["index_date"], asked["gp_seen_from"])
        seen = {source: seen_rows(person, source, moment) for source in there}
        row: Row = {"patient_id": asked["patient_id"], "index_date": asked["index_date"]}
        for definition in catalogue.definitions:
            row |= _values(person, seen, moment, features[definition.name], catalogue, groups[definition.name])
        rows.append(row)
    names = [feature.name for feature in catalogue.features]
    answer = pd.DataFrame(rows, columns=["patient_id", "index_date", *names])
    answer[names] = answer[names].astype(float)
    return answer.sort_values(["patient_id", "index_date"], ignore_index=True)


def _values(
    person: Tables,
    seen: Mapping[str, list[Row]],
    moment: Moment,
    features: list[Feature],
    catalogue: Catalogue,
    groups_of: GroupsOf,
) -> dict[str, Value]:
    """Return the values of the features of one definition."""
    definition = features[0].definition
    columns = columns_of(person, definition.table)
    if columns is None or not set(definition.columns_read) <= columns:
        return {feature.name: None for feature in features}
    if definition.table == "patients":
        return {features[0].name: _of_the_person(person, moment, definition)}
    codelist = catalogue.codelists[definition.codes] if definition.codes is not None else None
    rows = [
        row for row in seen[definition.table] if _holds(row, definition.where) and (codelist is None or groups_of(row))
    ]
    return {
        feature.name: _as_far_as_seen(
            _enough(_measured(rows, feature, moment, codelist, groups_of), definition.at_least),
            feature,
            moment,
            has_hospital="diagnoses" in person,
        )
        if feature.window is not None
        else None
        for feature in features
    }


def _enough(value: Value, at_least: float | None) -> Value:
    return value if at_least is None or value is None else int(value >= at_least)


# --- what was seen of a window -------------------------------------------------------------------------------------


def _as_far_as_seen(value: Value, feature: Feature, moment: Moment, *, has_hospital: bool) -> Value:
    """A window that was not wholly seen makes a value missing, but for what is certain or may be scaled up."""
    definition, window = feature.definition, feature.window or 0
    if definition.table == CODED_ENTRIES:
        last_day = moment.index_date - timedelta(days=1)
        return value if has_hospital or moment.sees_practice_on(last_day) else None
    if SOURCES[definition.table].held_by == "trust" or definition.measure == "seen_days":
        return value
    seen_days = _seen_days(window, moment)
    if seen_days == window:
        return value
    certain = {
        "any": value == 1,
        "group_flags": value == 1,
        "days_since_last": True,  # of a row that was found; missing where there is none
        "latest": True,
        "latest_is": True,
    }
    if certain.get(definition.measure):
        return value
    if definition.at_least is not None and definition.measure in ("count", "distinct", "groups") and value == 1:
        return value
    if definition.unseen == "scale" and value is not None and 2 * seen_days >= window:
        return Fraction(value) * window / seen_days
    return None


def _seen_days(window: int, moment: Moment) -> int:
    if moment.gp_seen_from is None:
        return 0
    first_seen = max(moment.gp_seen_from, moment.index_date - timedelta(days=window))
    return max((moment.index_date - first_seen).days, 0)


# --- measures ------------------------------------------------------------------------------------------------------


def _measured(
    rows: list[Row], feature: Feature, moment: Moment, codelist: CodeList | None, groups_of: GroupsOf
) -> Value:
    definition, window, index_date = feature.definition, feature.window or 0, moment.index_date
    first_day = index_date - timedelta(days=window)
    match definition.measure:
        case "bed_days":
            return _days_between(rows, "admitted_on", "discharged_on", first_day, index_date)
        case "registered_days":
            return _days_between(rows, "registered_from", "registered_to", first_day, index_date)
        case "seen_days":
            return _seen_days(window, moment)

    rows = [row for row in rows if row["happened_on"] >= first_day]
    days_ago = [(index_date - row["happened_on"]).days for row in rows]
    of = definition.of or ""
    match definition.measure:
        case "count":
            return len(rows)
        case "any":
            return 1 if rows else 0
        case "distinct":
            values = {row[of] for row in rows} - {None}
            return len({str(value)[: definition.prefix] for value in values} if definition.prefix else values)
        case "days_since_last":
            return min(days_ago, default=None)
        case "days_since_first":
            return max(days_ago, default=None)
        case "sum" | "maximum" | "mean" | "latest" | "slope":
            numbers = [(row["happened_on"], _to_four_decimals(row[of])) for row in rows if _is_a_value(row[of])]
            return _of_numbers(numbers, definition.measure)
        case "share":
            return Fraction(sum(_holds(row, definition.part) for row in rows), len(rows)) if rows else None
        case "latest_is":
            on_last_day = [row for row in rows if row["happened_on"] == max(row["happened_on"] for row in rows)]
            return int(any(_holds(row, definition.part) for row in on_last_day)) if rows else None
        case "rise":
            recent = definition.recent or 0
            if not rows or window <= recent:  # a look-back that was cut short has nothing earlier to compare with
                return None
            lately = sum(days <= recent for days in days_ago)
            return Fraction(lately, recent) / Fraction(len(rows), window)

    assert codelist is not None, definition.measure
    found = {group for row in rows for group in groups_of(row)}
    counting = {group for group in found if codelist.replaced_by.get(group) not in found}
    match definition.measure:
        case "groups":
            return len(counting)
        case "points":
            points = {entry.group: entry.points for entry in codelist.entries}
            return sum(points[group] for group in counting)
        case "group_flags":
            return 1 if feature.group in found else 0
    raise NotImplementedError(definition.measure)


def _of_numbers(numbers: list[tuple[date, Fraction]], measure: str) -> Value:
    values = [value for _, value in numbers]
    if measure == "sum":
        return sum(values, Fraction(0))
    if not numbers:
        return None
    if measure == "maximum":
        return max(values)
    if measure == "mean":
        return _mean(values)
    if measure == "latest":
        last_day = max(day for day, _ in numbers)
        return _mean([value for day, value in numbers if day == last_day])
    days = [Fraction(day.toordinal()) for day, _ in numbers]
    if max(days) - min(days) < 90:
        return None
    across = sum((day - _mean(days)) ** 2 for day in days)
    along = sum((day - _mean(days)) * (value - _mean(values)) for day, value in zip(days, values, strict=True))
    return along / across * DAYS_IN_A_YEAR


def _mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _is_a_value(value: float | None) -> bool:
    return value is not None and abs(value) <= FURTHEST_VALUE


def _to_four_decimals(value: float) -> Fraction:
    return Fraction(round(value * 10_000), 10_000)


def _days_between(rows: list[Row], start: str, end: str, first_day: date, index_date: date) -> int:
    """Days from start to end inside the window; what goes on runs to the index date, and no day is lived twice."""
    days: int = sum(max((min(row[end] or index_date, index_date) - max(row[start], first_day)).days, 0) for row in rows)
    return min(days, (index_date - first_day).days)


def _of_the_person(person: Tables, moment: Moment, definition: Definition) -> Value:
    found = person.rows["patients"]
    if not found:
        return None
    attributes = found[0]
    if definition.measure == "age":
        born = attributes["birth_month"]
        before_birthday = (moment.index_date.month, moment.index_date.day) < (born.month, born.day)
        years: int = moment.index_date.year - born.year - before_birthday
        return years
    if definition.measure == "value":
        value = attributes[str(definition.of)]
        return None if value is None else float(value)
    if any(attributes[column] is None for column in definition.where):
        return None
    return float(_holds(attributes, definition.where))


# --- which rows ----------------------------------------------------------------------------------------------------


def _holds(row: Row, condition: Condition) -> bool:
    return all(_is_one_of(row[column], wanted) for column, wanted in condition.items())


def _is_one_of(value: object, wanted: Values | Range) -> bool:
    if value is None:
        return False
    if isinstance(wanted, Range):
        assert isinstance(value, int | float)
        return (wanted.min is None or value >= wanted.min) and (wanted.max is None or value <= wanted.max)
    return value in wanted


def _groups_of_codes(definition: Definition, catalogue: Catalogue) -> GroupsOf:
    """Return a function from a row to the groups that its code belongs to, by plain comparison with every entry."""
    if definition.codes is None:
        return lambda _: frozenset()
    entries = catalogue.codelists[definition.codes].entries
    entries = tuple(e for e in entries if not definition.groups or e.group in definition.groups)

    @cache
    def groups_of_code(system: str, code: str) -> frozenset[str]:
        if system in ("icd10", "opcs4", "bnf"):
            plain = code.replace(".", "").upper()
            return frozenset(e.group for e in entries if e.system == system and plain.startswith(e.code))
        return frozenset(e.group for e in entries if e.system == system and code == e.code)

    if definition.table == "prescriptions":
        return lambda row: groups_of_code("bnf", row["bnf_code"])
    return lambda row: groups_of_code(row["code_system"], row["code"])
