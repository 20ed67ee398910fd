"""The declared features for people: a line each, one described in full, and all of them as a page.

Everything said comes from the declarations; nothing here decides a value.
"""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from textwrap import wrap
from typing import get_args

from vi_risk.errors import UsageError
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.codelists import CodeList
from vi_risk.features.definition import Condition, Definition, Domain, Feature, Range
from vi_risk.features.wording import (
    declaration_of,
    in_words,
    missing_in_words,
    source_notes,
    unseen_in_words,
    values_in_words,
)
from vi_risk.reasons.sentences import sentence, span

_WIDTH = 110
_MOST_NEAR = 5

# measure -> a value that its sentence is shown with
_EXAMPLES = {
    "count": 3, "any": 1, "distinct": 4, "days_since_last": 9, "days_since_first": 250, "sum": 12, "maximum": 14,
    "mean": 21.5, "slope": 4.5, "share": 0.25, "latest_is": 1, "rise": 2.4, "bed_days": 16, "registered_days": 200,
    "seen_days": 180, "groups": 3, "points": 5, "group_flags": 1, "age": 87, "is": 1, "value": 2,
}  # fmt: skip
_DIRECTIONS = {"up": "a higher value goes with a higher risk", "down": "a lower value goes with a higher risk"}


# --- a line each ------------------------------------------------------------------------------------------------------


def list_lines(catalogue: Catalogue, whole: Catalogue) -> list[str]:
    """Return a line for each feature: name, domain, what it is; aligned, the first word the name.

    Parameters
    ----------
    whole
        The same catalogue with every sensitive group allowed: what is in it alone is off, and listed as such.
    """
    there = {feature.name for feature in catalogue.features}
    names = max(len(feature.name) for feature in whole.features)
    domains = max(len(domain) for domain in get_args(Domain))
    return [
        f"{feature.name:<{names}}  {feature.definition.domain:<{domains}}  {_title(feature)}"
        + "".join(f" ({remark})" for remark in _remarks(feature, catalogue, on=feature.name in there))
        for feature in whole.features
    ]


def _title(feature: Feature) -> str:
    parts = (feature.definition.title, feature.group_title, f"last {span(feature.window)}" if feature.window else "")
    return ", ".join(part for part in parts if part)


def _remarks(feature: Feature, catalogue: Catalogue, *, on: bool) -> Iterator[str]:
    definition = feature.definition
    if not definition.model_input:
        yield "never a model input"
    elif definition.as_at_extract:
        yield "a model input only where the spec names it"
    off = _off(definition, catalogue)
    if not on:
        yield f"off: {off[str(feature.group)]} is sensitive"
    elif off and feature.group is None:
        yield f"without {', '.join(off)}: sensitive"


def _off(definition: Definition, catalogue: Catalogue) -> dict[str, str]:
    """Return group -> kind of the sensitive groups that a definition would read, were they allowed."""
    if definition.codes is None:
        return {}
    codelist = catalogue.codelists[definition.codes]
    return {
        group: kind
        for group, kind in codelist.sensitive.items()
        if group not in codelist.groups and (not definition.groups or group in definition.groups)
    }


# --- one in full ------------------------------------------------------------------------------------------------------


def describe(name: str, catalogue: Catalogue, whole: Catalogue, *, folders: Sequence[Path] = ()) -> list[str]:
    """Return all that is declared of a definition, or of one of its features, as lines.

    Parameters
    ----------
    whole
        The same catalogue with every sensitive group allowed.
    folders
        The folders that were read beside the shipped one.

    Raises
    ------
    UsageError
        Nothing is called so; the message has the nearest names.
    """
    definition, features = _named(name, whole)
    there = {feature.name for feature in catalogue.features}
    lines = [f"{name}: {_title(features[0]) if name == features[0].name else definition.title}", ""]
    facts: list[tuple[str, str]] = [
        ("value", in_words(definition)),
        ("table", f"{definition.table}: {definition.source.grain}"),
        *_conditions("where", definition, definition.where),
        *_conditions("part", definition, definition.part),
        *_codes(definition, catalogue),
        ("windows", ", ".join(f"{days} days" for days in definition.windows) or "none: it looks at the person"),
        ("unit", definition.unit or "none"),
        ("direction", _DIRECTIONS.get(definition.direction, "none declared")),
        ("missing", missing_in_words(definition)),
        ("unseen time", unseen_in_words(definition)),
        ("reference", definition.reference or "none"),
        ("domain", definition.domain),
        ("theme", f"{definition.theme}: one reason on a list, with {_others(definition, catalogue)}")
        if definition.theme
        else ("theme", "its own"),
        ("model input", _model_input(definition)),
        *(("feature", f"{f.name}{'' if f.name in there else ' (off: sensitive)'}") for f in features),
        *((f"says of {shown}", words) for shown, words in _sentences(features[0])),
    ]
    width = max(len(label) for label, _ in facts) + 2
    before = ""
    for label, said in facts:
        first, *others = wrap(said, _WIDTH - width) or [""]
        lines.append(f"{label if label != before else '':<{width}}{first}".rstrip())
        lines += [f"{'':<{width}}{other}" for other in others]
        before = label
    return [*lines, "", *_declared(definition, folders)]


def _named(name: str, whole: Catalogue) -> tuple[Definition, tuple[Feature, ...]]:
    """Return the definition that is meant, and those of its features."""
    for definition in whole.definitions:
        features = whole.features_of(definition)
        if name == definition.name:
            return definition, features
        chosen = tuple(feature for feature in features if feature.name == name)
        if chosen:
            return definition, chosen
    names = [*(d.name for d in whole.definitions), *(feature.name for feature in whole.features)]
    near = difflib.get_close_matches(name, dict.fromkeys(names), n=_MOST_NEAR, cutoff=0.5)
    nearest = f"Nearest: {', '.join(near)}." if near else "Nothing is near."
    msg = f"{name}: no definition or feature is called so. {nearest} `vi-risk features list` has all of them."
    raise UsageError(msg)


def _conditions(key: str, definition: Definition, condition: Condition) -> Iterator[tuple[str, str]]:
    """Return each condition with the meanings of its codes."""
    for name, values in condition.items():
        meanings = definition.source.column(name).values
        if isinstance(values, Range) or meanings is None:
            yield key, f"{name}: {values_in_words(values)}"
        else:
            said = (f"{value} {meanings.get(str(value), '')}".rstrip() for value in values)
            yield key, f"{name}: {'; '.join(said)}"


def _codes(definition: Definition, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    if definition.codes is None:
        return
    codelist, groups = catalogue.codelists[definition.codes], catalogue.groups_of(definition)
    entries = [entry for entry in codelist.entries if entry.group in groups]
    counted = f"{len(entries):,} code{'' if len(entries) == 1 else 's'} in {len(groups)} group"
    yield "code list", f"{codelist.name}: {counted}{'' if len(groups) == 1 else 's'}"
    for group, title in groups.items():
        yield "group", f"{group}: {title}, {_group_in_words(codelist, group)}"
    for group, kind in _off(definition, catalogue).items():
        yield "group", f"{group}: off until the governance file allows it ([sensitive] {kind} = true)"


def _group_in_words(codelist: CodeList, group: str) -> str:
    entries = [entry for entry in codelist.entries if entry.group == group]
    said = [f"{len(entries)} code{'' if len(entries) == 1 else 's'}"]
    if any(entry.points != 1 for entry in codelist.entries):
        said.append(f"{entries[0].points:g} point{'' if entries[0].points == 1 else 's'}")
    if group in codelist.replaced_by:
        said.append(f"{codelist.replaced_by[group]} counts instead where both are there")
    return ", ".join(said)


def _others(definition: Definition, catalogue: Catalogue) -> str:
    others = [d.name for d in catalogue.definitions if d.theme == definition.theme and d.name != definition.name]
    return ", ".join(others) or "no other definition"


def _model_input(definition: Definition) -> str:
    if not definition.model_input:
        return "never"
    return "only where the spec names it, being as at the extract" if definition.as_at_extract else "yes"


def _sentences(feature: Feature) -> Iterator[tuple[str, str]]:
    """Return each sentence that a feature can make, with the value that it is shown of."""
    definition, value = feature.definition, example_value(feature.definition)
    kinds = [(f"{value:g}", definition.reason, value), ("0", definition.reason_zero, 0.0)]
    kinds += [(f"{-value:g}", definition.reason_negative, -value), ("missing", definition.reason_missing, float("nan"))]
    for shown, declared, of in kinds:
        if declared:
            yield shown, sentence(feature, of, feature.window)


def example_value(definition: Definition) -> float:
    """Return a value that a definition may well have; the middle of its range where it declares one."""
    if definition.at_least is not None:
        return 1
    plausible = definition.where.get(definition.of or "")
    if definition.measure in _EXAMPLES:
        return _EXAMPLES[definition.measure]
    if isinstance(plausible, Range) and plausible.min is not None and plausible.max is not None:
        return round((plausible.min + plausible.max) / 2)
    return 3


def _declared(definition: Definition, folders: Sequence[Path]) -> list[str]:
    found = declaration_of(definition.name, folders)
    if found is None:
        return ["declared in Python"]
    path, line, entry = found
    path = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return [f"declared at {path}:{line}", *(f"    {text}" for text in entry.splitlines())]


# --- all as a page ----------------------------------------------------------------------------------------------------

_INTRODUCTION = """\
# Feature catalogue

Generated from the declared features and code lists, by `make docs` for those shipped and by `vi-risk features catalogue
--features DIR` for a site's own; do not edit. `vi-risk features describe NAME` says more of one of them,
[features/README.md](../features/README.md) how they are declared.

{features} features of {definitions} definitions. A definition yields one feature for each window, and for each group
where it says so. A window of 365 days is the 365 days before the index date, which is not one of them. What the records
lack, and what was not seen of a window, is missing, never zero, unless a definition says otherwise. Groups of codes
that are sensitive are off until the governance file allows their kind (`[sensitive]`, `hiv = true`).
"""
_HEADER = ("definition", "value", "windows (days)", "higher risk", "on a list it reads")
_RISK = {"up": "higher", "down": "lower", "none": ""}


def catalogue_page(catalogue: Catalogue, whole: Catalogue, *, folders: Sequence[Path] = ()) -> str:
    """Return the catalogue in Markdown: a section for each domain, then the code lists with their sources.

    Parameters
    ----------
    whole
        The same catalogue with every sensitive group allowed.
    folders
        The folders that were read beside the shipped one.
    """
    sections = [_INTRODUCTION.format(features=len(catalogue.features), definitions=len(catalogue.definitions))]
    for domain in get_args(Domain):
        chosen = [definition for definition in catalogue.definitions if definition.domain == domain]
        rows = [_row(definition, catalogue) for definition in chosen]
        sections.append("\n".join([f"## {domain.capitalize()}", "", *_markdown_table(_HEADER, rows), ""]))
    notes = source_notes(folders)
    sections.append("## Code lists\n")
    sections += [_list_section(codelist, whole, notes) for _, codelist in sorted(catalogue.codelists.items())]
    return "\n".join(sections)


def _row(definition: Definition, catalogue: Catalogue) -> tuple[str, ...]:
    features = catalogue.features_of(definition)
    remarks = [f"Missing: {definition.missing}." if definition.missing else ""]
    unseen = unseen_in_words(definition)
    remarks.append("" if unseen == "missing" or definition.source.held_by == "trust" else f"Not wholly seen: {unseen}.")
    off = _off(definition, catalogue)
    remarks.append(f"Off as sensitive: {', '.join(off)}." if off else "")
    remarks.append("" if _model_input(definition) == "yes" else f"Model input: {_model_input(definition)}.")
    remarks.append(f"Reference: {definition.reference}." if definition.reference else "")
    value = " ".join([f"{in_words(definition)}.", *(remark for remark in remarks if remark)])
    return (
        f"`{definition.name}`<br>{definition.title}",
        value,
        ", ".join(str(days) for days in definition.windows),
        _RISK[definition.direction],
        next((words for _, words in _sentences(features[0])), "") if features else "",
    )


def _list_section(codelist: CodeList, whole: Catalogue, notes: dict[str, str]) -> str:
    complete = whole.codelists[codelist.name]
    rows = [
        (
            f"`{group}`",
            title,
            ", ".join(f"{n} {system}" for system, n in _by_system(complete, group)),
            f"{next(entry.points for entry in complete.entries if entry.group == group):g}",
            f"`{complete.replaced_by[group]}`" if group in complete.replaced_by else "",
            complete.sensitive.get(group, ""),
        )
        for group, title in complete.groups.items()
    ]
    header = ("group", "meaning", "codes", "points", "replaced by", "sensitive")
    used = [n for n in range(len(header)) if n < 3 or any(row[n] not in ("", "1") for row in rows)]
    readers = [f"`{d.name}`" for d in whole.definitions if d.codes == codelist.name]
    return "\n".join(
        [
            f"### {codelist.name}",
            "",
            f"{notes.get(codelist.name, '')} Read by {', '.join(readers) or 'no definition'}.".lstrip(),
            "",
            *_markdown_table(tuple(header[n] for n in used), (tuple(row[n] for n in used) for row in rows)),
            "",
        ]
    )


def _by_system(codelist: CodeList, group: str) -> list[tuple[str, int]]:
    systems = [entry.system for entry in codelist.entries if entry.group == group]
    return [(system, systems.count(system)) for system in dict.fromkeys(systems)]


def _markdown_table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for cells in (header, ("---",) * len(header), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
