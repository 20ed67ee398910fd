"""Definitions in words: what a feature counts, what it does where not all was seen, where it was declared."""

import re
from collections.abc import Iterable
from pathlib import Path

from vi_risk import declared
from vi_risk.features.declarations import feature_files
from vi_risk.features.definition import GROUPED_MEASURES, PERSON_MEASURES, Condition, Definition, Range, Values
from vi_risk.features.sources import CODED_ENTRIES

# What of a window was seen is certain for these, though it was not wholly seen: a value, or a yes.
CERTAIN_VALUES = ("days_since_last", "latest", "latest_is")
CERTAIN_FLAGS = ("any", "group_flags")
CERTAIN_COUNTS = ("count", "distinct", "groups")

# "rows" stands for the rows that a definition reads; a word in braces for what it declares.
_SAID = {
    "count": "number of {rows}",
    "any": "1 if there is one of the {rows}, else 0",
    "distinct": "number of different {of} in the {rows}",
    "days_since_last": "days from the last of the {rows} to the index date",
    "days_since_first": "days from the first of the {rows} to the index date",
    "sum": "sum of {of} over the {rows}",
    "maximum": "largest {of} of the {rows}",
    "mean": "mean {of} of the {rows}",
    "latest": "{of} on the last day that has one, of the {rows}",
    "slope": "change of {of} in a year, along the straight line through the {rows}",
    "share": "share, of the {rows}, of those with {part}",
    "latest_is": "1 if one of the {rows} on the last day that has any is with {part}, else 0",
    "rise": "how many times as frequent the {rows} are in the last {recent} days as in the whole window",
    "bed_days": "nights in hospital inside the window, of the {rows}",
    "registered_days": "days registered inside the window, of the {rows}",
    "seen_days": "days of the window in which the person's {rows} were seen",
    "groups": "number of groups of {codes} that have a code in the {rows}",
    "points": "points of the groups of {codes} that have a code in the {rows}, each group once",
    "group_flags": "for each group of {codes}, 1 if it has a code in the {rows}, else 0",
    "age": "whole years from the first day of the birth month to the index date",
    "is": "1 if {where}, else 0",
    "value": "{of} of the person",
}


def in_words(definition: Definition) -> str:
    """Return what a definition counts or measures, without its windows.

    Examples
    --------
    >>> falls = Definition(
    ...     name="falls", domain="acute use", title="Falls", table="diagnoses", measure="any", codes="falls",
    ...     where={"position": 1}, windows=[365], reason="a fall",
    ... )
    >>> in_words(falls)
    '1 if there is one of the diagnoses with a code of falls and with position 1, else 0'
    """
    codes = _codes_in_words(definition)
    conditions = [f"a code of {codes}"] if codes and definition.measure not in GROUPED_MEASURES else []
    conditions += [condition_in_words(definition.where)] if definition.where else []
    of = definition.of or ""
    said = _SAID[definition.measure].format(
        rows=f"{definition.table} with {' and with '.join(conditions)}" if conditions else definition.table,
        of=of if definition.prefix is None else f"{of} (told apart by the first {definition.prefix} characters)",
        codes=codes,
        where=condition_in_words(definition.where),
        part=condition_in_words(definition.part),
        recent=definition.recent,
    )
    return said if definition.at_least is None else f"1 if the {said} is {definition.at_least:g} or more, else 0"


def condition_in_words(condition: Condition) -> str:
    """Return a condition in words.

    Examples
    --------
    >>> condition_in_words({"admission_method": ("21", "22", "28"), "nights": Range(max=0)})
    'admission_method 21, 22 or 28 and nights at most 0'
    """
    return " and ".join(f"{column} {values_in_words(values)}" for column, values in condition.items())


def values_in_words(values: Values | Range) -> str:
    """Return the values that a column may have."""
    if isinstance(values, Range):
        if values.min is None:
            return f"at most {values.max:g}"
        if values.max is None:
            return f"at least {values.min:g}"
        return f"{values.min:g} to {values.max:g}"
    shown = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _codes_in_words(definition: Definition) -> str:
    if definition.codes is None:
        return ""
    return f"{definition.codes} ({values_in_words(definition.groups)})" if definition.groups else definition.codes


def missing_in_words(definition: Definition) -> str:
    """Return when the value is missing, apart from what the records lack and what was not seen."""
    if definition.missing:
        return definition.missing
    if definition.measure in ("is", "value"):
        return "not recorded"
    return "without such a row the value is 0, not missing"


def unseen_in_words(definition: Definition) -> str:
    """Return what a value is where its window was not wholly seen."""
    measure = definition.measure
    if measure in PERSON_MEASURES:
        return "does not arise: it is an attribute of the person"
    if measure == "seen_days":
        return "it counts the days that were seen"
    if definition.table == CODED_ENTRIES:
        return "where the GP record is not seen, the hospital's diagnoses alone count"
    if definition.source.held_by == "trust":
        return "does not arise: the trust holds these rows itself"
    if measure in CERTAIN_VALUES:
        return "the value of what was seen; missing where nothing was"
    if measure in CERTAIN_FLAGS:
        return "1 where what was seen has such a row, otherwise missing"
    if definition.at_least is not None and measure in CERTAIN_COUNTS:
        return "1 where what was seen is enough, otherwise missing"
    if definition.unseen == "scale":
        return "scaled up to the whole window where at least half of it was seen, otherwise missing"
    return "missing"


# --- where it was declared --------------------------------------------------------------------------------------------


def declaration_of(name: str, folders: Iterable[Path] = ()) -> tuple[Path, int, str] | None:
    """Return the file, the line and the text of a declared entry; None of a definition made in Python.

    Parameters
    ----------
    folders
        The folders that were read beside the shipped one.
    """
    heading = re.compile(rf"""\s*\[\s*["']?{re.escape(name)}["']?\s*\]\s*(#.*)?""")
    for folder in (declared.shipped("features"), *folders):
        for path in feature_files(folder):
            lines = path.read_text(encoding="utf-8").splitlines()
            start = next((number for number, line in enumerate(lines) if heading.fullmatch(line)), None)
            if start is None:
                continue
            end = next((n for n in range(start + 1, len(lines)) if lines[n].lstrip().startswith("[")), len(lines))
            entry = "\n".join(lines[start:end]).rstrip()
            # A comment before the next entry is that entry's.
            while entry.rpartition("\n")[2].startswith("#"):
                entry = entry.rpartition("\n")[0].rstrip()
            return path, start + 1, entry
    return None


def source_notes(folders: Iterable[Path] = ()) -> dict[str, str]:
    """Return code list -> the comment at the head of its file, which names the source."""
    notes = {}
    for folder in (declared.shipped("features"), *folders):
        for path in sorted((folder / "codelists").glob("*.csv")):
            lines = path.read_text(encoding="utf-8-sig").splitlines()
            said = [line.removeprefix("#").strip() for line in lines if line.startswith("#")]
            notes[path.stem] = " ".join(said)
    return notes
