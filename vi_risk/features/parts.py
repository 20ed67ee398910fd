"""The queries that features are made of: one per source and kind of reduction, each one row per person and index date.

Kinds: *rows* counts and dates the rows of a source as they are. *Things* reduces rows to distinct things first and
counts those; *groups* does so with the groups of code lists; *days* reduces rows to one per day, for values and for
what holds on the last day. Distinct first is what makes them fast: the second step sees few rows per person.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Self

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import (
    GROUPED_MEASURES,
    INTERVAL_MEASURES,
    NUMBER_MEASURES,
    PERSON_MEASURES,
    Condition,
    Definition,
    Feature,
    Range,
)
from vi_risk.features.matching import Chosen, Codes, chosen_by, flag_of
from vi_risk.features.rows import Asked
from vi_risk.records.linked import blank_unknown
from vi_risk.records.tables import TABLES

Kind = Literal["person", "rows", "things", "groups", "days"]

UNITS = 10_000  # values count to four decimals: sums of whole numbers do not depend on the order of the rows
_LARGEST = 1e10
DAYS_IN_YEAR = 365.25
LEAST_DAYS_OF_A_SLOPE = 90  # two readings of one week say nothing of a year


def kind_of(definition: Definition) -> Kind | None:
    """Return the kind of query that computes a definition; None where the people alone tell."""
    measure = definition.measure
    if measure == "seen_days":
        return None
    if measure in PERSON_MEASURES:
        return "person"
    if measure == "distinct":
        return "things"
    if measure in GROUPED_MEASURES:
        return "groups"
    return "days" if measure in (*NUMBER_MEASURES, "latest_is") else "rows"


def parts_of(definitions: Iterable[Definition]) -> dict[Hashable, list[Definition]]:
    """Group definitions that one query serves."""
    parts: dict[Hashable, list[Definition]] = {}
    for definition in definitions:
        kind = kind_of(definition)
        if kind is None:
            continue
        key: tuple[Hashable, ...] = (definition.table, kind)
        if kind == "groups":
            key = (*key, written(definition.where))
        if kind == "days":
            key = (*key, definition.codes is not None)
        if kind == "things":
            key = (*key, written(definition.where), definition.of, definition.prefix, chosen_by(definition))
        parts.setdefault(key, []).append(definition)
    return parts


def written(condition: Condition) -> str:
    """Return a condition as text: the same text, the same condition."""
    return str(sorted(condition.items()))


@dataclass(frozen=True)
class Part:
    """One query over one source: definitions of one kind that share what their rows are reduced to."""

    asked: Asked
    catalogue: Catalogue
    windows: Mapping[str, int | None]
    definitions: tuple[Definition, ...]
    codes: Codes | None

    @property
    def source(self) -> str:
        """The source that all of them read."""
        return self.definitions[0].table

    def query(self) -> ir.Table:
        """Return `row` and a column per feature, one row per person and index date that has any."""
        kinds: dict[Kind | None, Callable[[], ir.Table]] = {
            "person": self._person,
            "rows": self._rows,
            "things": self._things,
            "groups": self._groups,
            "days": self._days,
        }
        return kinds[kind_of(self.definitions[0])]()

    def _features(self) -> Iterator[tuple[Feature, int]]:
        """Return each feature that is built, with its window."""
        for definition in self.definitions:
            for feature in self.catalogue.features_of(definition):
                window = self.windows.get(feature.name, feature.window)
                if window is not None:
                    yield feature, window

    @property
    def _longest(self) -> int | None:
        """Look back so far; None where rows of any age may reach into a window."""
        if any(definition.measure in INTERVAL_MEASURES for definition in self.definitions):
            return None
        return max((window for _, window in self._features()), default=1)

    def _visible(self) -> ir.Table:
        """Return the visible rows that any of the definitions reads, with a flag for each code list that they name."""
        lists = list(dict.fromkeys(chosen_by(d) for d in self.definitions if d.codes is not None))
        only_matched = all(definition.codes is not None for definition in self.definitions)

        def narrow(rows: ir.Table) -> ir.Table:
            if self.codes is not None and lists:
                rows = self.codes.flagged(rows, lists, only_matched=only_matched)
            return rows

        return self.asked.visible(self.source, self._longest, narrow)

    # --- the person alone -------------------------------------------------------------------------------------------

    def _person(self) -> ir.Table:
        """Features of the person: no window."""
        rows = self.asked.people.select("row", "patient_id", "index_date").join(
            self.asked.tables["patients"], "patient_id"
        )
        rows = blank_unknown(rows, TABLES["patients"], rows.index_date)
        return rows.select("row", **{d.name: _of_person(rows, d) for d in self.definitions})

    # --- rows as they are -------------------------------------------------------------------------------------------

    def _rows(self) -> ir.Table:
        rows = self._visible()
        if any(definition.measure in INTERVAL_MEASURES for definition in self.definitions):
            end = rows[END_OF[self.source]]
            rows = rows.mutate(_days_out=rows.index_date.delta(end, unit="day").fill_null(0))
        holds = {definition.name: self._holds(rows, definition) for definition in self.definitions}
        return rows.group_by("row").agg(
            **{
                feature.name: _of_rows(rows, feature.definition, holds[feature.definition.name], window)
                for feature, window in self._features()
            }
        )

    def _holds(self, rows: ir.Table, definition: Definition) -> ir.BooleanValue:
        return all_hold(rows, definition.where, flag=flag_of(chosen_by(definition)) if definition.codes else None)

    # --- distinct things --------------------------------------------------------------------------------------------

    def _things(self) -> ir.Table:
        first = self.definitions[0]
        rows = self._visible()
        thing = rows[str(first.of)].cast("string")
        rows = rows.filter(self._holds(rows, first)).mutate(
            _thing=thing if first.prefix is None else thing.substr(0, first.prefix)
        )
        things = rows.filter(rows._thing.notnull()).group_by(["row", "_thing"]).agg(days=lambda t: t.days.min())
        return things.group_by("row").agg(
            **{feature.name: things.count(where=things.days <= window) for feature, window in self._features()}
        )

    # --- groups of code lists ---------------------------------------------------------------------------------------

    def _groups(self) -> ir.Table:
        codes = self.codes
        assert codes is not None  # noqa: S101 - a definition of groups names a code list
        lists = list(dict.fromkeys(chosen_by(definition) for definition in self.definitions))
        places: dict[tuple[tuple[str, tuple[str, ...]], str], int] = {}

        def narrow(rows: ir.Table) -> ir.Table:
            grouped, found = codes.grouped(rows.filter(all_hold(rows, self.definitions[0].where)), lists)
            places.update(found)
            return grouped

        rows = self.asked.visible(self.source, self._longest, narrow)
        groups = rows.group_by(["row", "_place"]).agg(days=lambda t: t.days.min())
        return groups.group_by("row").agg(
            **{feature.name: self._of_groups(groups, feature, window, places) for feature, window in self._features()}
        )

    def _of_groups(
        self,
        groups: ir.Table,
        feature: Feature,
        window: int,
        places: Mapping[tuple[tuple[str, tuple[str, ...]], str], int],
    ) -> ir.Value:
        definition, chosen = feature.definition, chosen_by(feature.definition)
        inside = groups.days <= window

        def there(group: str) -> ir.Value:
            return groups.count(where=inside & (groups._place == places[chosen, group]))

        if feature.group is not None:
            return there(feature.group)
        codelist = self.catalogue.codelists[chosen[0]]
        own = [group for (one, group) in places if one == chosen]
        points = {entry.group: entry.points for entry in codelist.entries} if definition.measure == "points" else {}
        worth = {group: round(points.get(group, 1.0) * UNITS) for group in own}
        each = ibis.cases(
            *((groups._place == places[chosen, group], ibis.literal(worth[group], "int64")) for group in own), else_=0
        )
        total = each.sum(where=inside).fill_null(0)
        for group, by in codelist.replaced_by.items():  # where both are there, the milder one does not count
            if group in worth and by in worth:
                both = (there(group) > 0) & (there(by) > 0)
                total -= both.ifelse(worth[group], 0)
        return total.cast("float64") / UNITS

    # --- one row a day ----------------------------------------------------------------------------------------------

    def _days(self) -> ir.Table:
        readings: dict[Reading, int] = {}
        for definition in self.definitions:
            readings.setdefault(Reading.of_definition(definition), len(readings))
        rows = self._read(readings)
        holds = [reading.holds(rows) for reading in readings]
        units = [reading.units(rows) for reading in readings]
        read = rows.mutate(
            _holds=ibis.cases(*((rows._reading == n, held) for n, held in enumerate(holds)), else_=False),
            _units=ibis.cases(*((rows._reading == n, value) for n, value in enumerate(units))),
        )
        read = read.filter(read._holds, read._units.notnull())
        days = read.group_by(["row", "_reading", "days"]).agg(
            _n=read.count(), _sum=read._units.sum().cast("int64"), _most=read._units.max()
        )
        return days.group_by("row").agg(
            **{
                feature.name: _of_days(
                    days, feature.definition, readings[Reading.of_definition(feature.definition)], window
                )
                for feature, window in self._features()
            }
        )

    def _read(self, readings: Mapping["Reading", int]) -> ir.Table:
        """Return the visible rows once per reading that may take them, as `_reading`."""
        if self.codes is not None and self.definitions[0].codes is not None:
            codes = self.codes
            lists = {number: reading.chosen for reading, number in readings.items()}
            return self.asked.visible(self.source, self._longest, lambda rows: codes.read(rows, lists))
        numbers = ibis.memtable(pa.table({"_reading": pa.array(readings.values(), pa.int32())}))
        return self.asked.visible(self.source, self._longest).cross_join(numbers)


@dataclass(frozen=True)
class Reading:
    """What a value is read from: definitions that read the same share the first step."""

    chosen: Chosen
    where: str
    of: str | None
    part: str
    first: Definition = field(compare=False, repr=False)

    @classmethod
    def of_definition(cls, definition: Definition) -> Self:
        """Return what a definition reads."""
        return cls(
            chosen_by(definition), written(definition.where), definition.of, written(definition.part), definition
        )

    def holds(self, rows: ir.Table) -> ir.BooleanValue:
        """Whether a row may be read."""
        return all_hold(rows, self.first.where)

    def units(self, rows: ir.Table) -> ir.Value:
        """Return what is read: the value in units, null where there is none; or 1 where the part holds, else 0."""
        if self.of is None:
            return all_hold(rows, self.first.part).cast("int64")
        return in_units(rows[self.of])


# --- conditions and measures ------------------------------------------------------------------------------------------

# table of an interval measure -> the column with the day on which it ended
END_OF = {"spells": "discharged_on", "registrations": "registered_to"}


def in_units(value: ir.Value) -> ir.Value:
    """Return a number as a whole number of units, null where it is none or too far out to be one."""
    number = value.cast("float64")
    real = (number.abs() <= _LARGEST).fill_null(False)
    return real.ifelse((number * UNITS).round(), ibis.null("float64")).cast("int64")


def all_hold(rows: ir.Table, condition: Condition, *, flag: str | None = None) -> ir.BooleanValue:
    """Whether a row holds every part of a condition (and the flag of a code list); a null never does."""
    holds: ir.BooleanValue = ibis.literal(True) if flag is None else rows[flag]
    for column, values in condition.items():
        value = rows[column]
        if isinstance(values, Range):
            if values.min is not None:
                holds &= (value >= values.min).fill_null(False)
            if values.max is not None:
                holds &= (value <= values.max).fill_null(False)
        else:
            holds &= value.isin(list(values)).fill_null(False)
    return holds


def _of_person(rows: ir.Table, definition: Definition) -> ir.Value:
    if definition.measure == "age":
        born, at = rows.birth_month, rows.index_date
        return at.year() - born.year() - (at.month() < born.month()).cast("int64")
    return attribute(rows, definition)


def attribute(rows: ir.Table, definition: Definition) -> ir.Value:
    """Return what a definition reads of a person, which hangs on no date: a value, or whether they are such."""
    if definition.measure == "value":
        return rows[str(definition.of)]
    unknown = ibis.or_(*(rows[column].isnull() for column in definition.where))
    return unknown.ifelse(ibis.null("int64"), all_hold(rows, definition.where).cast("int64"))


def _of_rows(rows: ir.Table, definition: Definition, holds: ir.BooleanValue, window: int) -> ir.Value:
    inside = holds & (rows.days <= window)
    match definition.measure:
        case "count" | "any":
            return rows.count(where=inside)
        case "days_since_last":
            return rows.days.min(where=inside)
        case "days_since_first":
            return rows.days.max(where=inside)
        case "share":
            whole = rows.count(where=inside)
            part = rows.count(where=inside & all_hold(rows, definition.part))
            return (whole > 0).ifelse(part.cast("float64") / whole.nullif(0), ibis.null("float64"))
        case "rise":
            whole, recent = rows.count(where=inside), int(definition.recent or 1)
            if window <= recent:  # a look-back that was cut short has no earlier part to compare with
                return ibis.null("float64")
            lately = rows.count(where=inside & (rows.days <= recent))
            return lately.cast("float64") * (window / recent) / whole.nullif(0)
        case _:  # an interval: its days inside the window, never more than the window has
            days_inside = ibis.least(rows.days, window) - rows._days_out
            return ibis.least(ibis.greatest(days_inside, 0).sum(where=holds).fill_null(0), window)


def _of_days(days: ir.Table, definition: Definition, reading: int, window: int) -> ir.Value:
    inside = (days._reading == reading) & (days.days <= window)
    number, total = days._n, days._sum
    match definition.measure:
        case "latest_is":
            return (total > 0).cast("int64").argmin(days.days, where=inside)
        case "latest":
            return (total.cast("float64") / number / UNITS).argmin(days.days, where=inside)
        case "maximum":
            return days._most.max(where=inside).cast("float64") / UNITS
        case "sum":
            return total.sum(where=inside).cast("float64") / UNITS
        case "mean":
            return total.sum(where=inside).cast("float64") / number.sum(where=inside).cast("float64") / UNITS
        case _:  # slope, of time that runs backwards in days
            sums = (
                number.sum(where=inside),
                (number * days.days).sum(where=inside),
                total.sum(where=inside),
                (total * days.days).sum(where=inside),
                (number * days.days * days.days).sum(where=inside),
            )
            n, d, v, dv, dd = (value.cast("float64") for value in sums)
            apart = days.days.max(where=inside) - days.days.min(where=inside)
            enough = (apart >= LEAST_DAYS_OF_A_SLOPE).fill_null(False)
            slope = (n * dv - d * v) / (n * dd - d * d).nullif(0)
            return enough.ifelse(-slope * DAYS_IN_YEAR / UNITS, ibis.null("float64"))
