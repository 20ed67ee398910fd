"""How far back each source can be seen, so that training, test and list look back equally far."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import ibis

from vi_risk.features.available import lacking
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import Definition
from vi_risk.features.sources import ADMISSIONS, CODE_COLUMNS, CODE_SYSTEMS, CODED_ENTRIES, CONTACTS
from vi_risk.records.linked import Records

# Windows of one definition that differ by less than this share tell the same story twice: 367 days beside 365.
_ALIKE = 0.05

_WORDS = {
    "ed_attendances": "A&E attendances",
    "gp_events": "GP events",
    "gp_appointments": "GP appointments",
    "mdt_reviews": "MDT reviews",
}

# A source with so many rows in a usual month has stopped when it has had none for so long.
_REGULAR_ROWS, _STOPPED_DAYS = 10, 92

# With fewer different codes in use than this, none in a code list says nothing.
_FEW_CODES = 20


@dataclass(frozen=True, slots=True)
class Coverage:
    """The look-back that every index date has in common.

    Attributes
    ----------
    windows
        Feature name -> days used instead of the declared window, or None where the feature cannot be told apart from a
        shorter one or its source is not seen at all; only features that differ from their declaration.
    notes
        The same in words, for the run's report and the model card.
    """

    windows: dict[str, int | None]
    notes: tuple[str, ...]


# An objection holds however long ago it was made, and the records hold those of before they begin.
_HOLD_FOR_EVER = ("objections",)


def common_coverage(records: Records, catalogue: Catalogue, index_dates: Iterable[date]) -> Coverage:
    """Cut every window to what all index dates can see of its source.

    A definition whose windows collapse into one keeps the shortest; the longer ones are left missing rather than
    repeated. Comparing a two-year count at one date with a one-year count at another would be comparing records, not
    patients.
    """
    dates = list(index_dates)
    earliest, latest = min(dates), max(dates)
    windows: dict[str, int | None] = {}
    notes: dict[str, list[str]] = {}  # what is said -> of which sources
    for source in dict.fromkeys(d.table for d in catalogue.definitions if d.windows):
        if source in _HOLD_FOR_EVER:
            continue
        definitions = [d for d in catalogue.definitions if d.table == source and d.windows]
        start = seen_from(records, source)
        if start is None or lacking(records.tables, source, ()):
            continue  # that the records lack the source is said where absent tables are
        reach = (earliest - start).days
        end = seen_to(records, source)
        stopped = end is not None and (latest - end).days > _STOPPED_DAYS and _is_regular(records, source)
        cut = {name: days for d in definitions for name, days in _cut(catalogue, d, 0 if stopped else reach).items()}
        windows |= cut
        if stopped:
            said = f"seen to {end} only, long before the last index date: all features of {{it}} are missing"
        elif reach <= 0:
            said = f"seen from {start} only, after the first index date: all features of {{it}} are missing"
        else:
            said = f"seen from {start}: every feature of {{it}} looks back {reach} days at most"
        if cut:
            notes.setdefault(said, []).append(source)
    return Coverage(windows, tuple(_note(sources, said) for said, sources in notes.items()))


def _note(sources: Sequence[str], said: str) -> str:
    """Return what is said of some sources as one sentence."""
    names = [_WORDS.get(source) or source.replace("_", " ") for source in sources]
    together = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{together[0].upper()}{together[1:]} {said.format(it='it' if len(names) == 1 else 'them')}"


def seen_from(records: Records, source: str) -> date | None:
    """Return the day from which a source is complete; coded entries go by the hospital's where there are any."""
    return records.seen_from(_volume_table(records, source))


def seen_to(records: Records, source: str) -> date | None:
    """Return the day up to which a source is complete; see `seen_from`."""
    return records.seen_to(_volume_table(records, source))


def _volume_table(records: Records, source: str) -> str:
    """Return the table whose months say how far a source reaches."""
    if source == CODED_ENTRIES:
        return "spells" if records.has("diagnoses") else "gp_events"
    if source == CONTACTS:
        return "gp_appointments"
    return "spells" if source in (ADMISSIONS, "diagnoses", "procedures") else source


def _is_regular(records: Records, source: str) -> bool:
    return records.monthly_rows(_volume_table(records, source)) >= _REGULAR_ROWS


def unmatched_codes(records: Records, catalogue: Catalogue) -> tuple[str, ...]:
    """Say which tables hold codes of which not one is in any code list: a wrong code system reads as good health."""
    notes = []
    coded = {definition.table for definition in catalogue.definitions if definition.codes is not None}
    read = {"diagnoses", "gp_events"} if CODED_ENTRIES in coded else set()
    for table, column in CODE_COLUMNS.items():
        if table not in coded | read or not records.has(table, column):
            continue
        rows = records.tables[table]
        fixed = CODE_SYSTEMS.get(table)
        system = rows["code_system"] if fixed is None else ibis.literal(fixed)
        in_use = rows.filter(rows[column].notnull()).select(system=system, code=rows[column]).distinct()
        by_system: dict[str, list[tuple[str, str]]] = {}
        for row in in_use.to_pyarrow().to_pylist():
            by_system.setdefault(row["system"] or "unnamed", []).append((row["system"] or "unnamed", row["code"]))
        notes += [
            f"{table}: not one of its {len(pairs):,} different {name} codes is in any code list,"
            " so that every feature of them is zero; check code and code system in the mapping"
            for name, pairs in sorted(by_system.items())
            if len(pairs) >= _FEW_CODES and not any(codes.match(pairs) for codes in catalogue.codelists.values())
        ]
    return tuple(notes)


def _cut(catalogue: Catalogue, definition: Definition, reach: int) -> dict[str, int | None]:
    cut: dict[str, int | None] = {}
    taken: dict[str | None, set[int]] = {}
    for feature in catalogue.features_of(definition):
        assert feature.window is not None  # noqa: S101 - the definition has windows
        used = min(feature.window, reach)
        others = taken.setdefault(feature.group, set())
        if used < 1 or (used < feature.window and any(used - other <= _ALIKE * used for other in others)):
            cut[feature.name] = None
        elif used != feature.window:
            cut[feature.name] = used
        others.add(used)
    return cut
