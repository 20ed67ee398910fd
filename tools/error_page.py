"""Write docs/reference/errors.md, each message with its cause and its mend; with --check, say whether it is stale.

Most messages say themselves what was found and what to do: those are read from the source (tools/error_messages.py).
What a message does not say stands in docs/reference/errors.toml, and a message that has a mend in neither place fails.
The same holds for what a value of a declared file is expected to be (vi_risk/declared.py), and for the causes of what
`vi-risk check` finds in records (tools/check_findings.py).
"""

import re
import sys
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from string import Formatter
from typing import Any

from tools.check_findings import Found, findings
from tools.error_messages import GAP, ROOT, Message, messages
from vi_risk import errors
from vi_risk.declared import EXPECTED

PAGE = ROOT / "docs" / "reference" / "errors.md"
WORDS = PAGE.with_suffix(".toml")
_FAULTS = "faults"  # of errors.toml: messages that are told together
# A sentence, or a part of one, that begins with one of these tells what to do.
_VERBS = (
    "Add|Ask|Bring|Build|Calibrate|Check|Choose|Close|Convert|Copy|Correct|Delete|Drop|Fill|Fit|Free|Give"
    "|Have|Import|Install|Join|Keep|Leave|Let|Load|Look|Lower|Make|Map|Mend|Move|Name|Pass|Pseudonymise|Put|Raise|Read"
    "|Recalibrate|Register|Remove|Rename|Reorder|Repeat|Run|Save|Say|Score|Search|Shorten|Split|Start|Take"
    "|Train|Try|Turn|Unlock|Use|Wait|Write"
)
_TO_DO = re.compile(rf"(?:^|(?<=[.:;…] )|(?<=; or )|(?<=, or ))(?:{_VERBS})\b", re.IGNORECASE)
_AREAS = {
    "records": "Records, mappings, extracts",
    "features": "Features and code lists",
    "cohort": "Cohorts and outcomes",
    "models": "Models, specs and evidence",
    "reasons": "Reasons and prompts",
    "caselists": "Case lists and their rules",
    "reviews": "Decisions that come back",
    "governance": "Governance",
    "identity": "NHS numbers, pseudonyms, keys, the audit log",
    "leaks": "Searching for leaks",
    "tracking": "MLflow's store",
    "spark": "Spark",
    "cli": "The command line",
}
_ELSEWHERE = "Runs, output folders and everything else"
_HEAD = """\
# Messages and what to do

vi_risk refuses with a message that says where, what was expected, what was found and what to do, and never tells a
value of any record. Copy a few of its words into the search box above: what is filled in when the message is told
stands here as …. What to do stands in bold. Where nothing does, the message says what is expected: give that in the
place that the message begins with. In Python every one of them is a `vi_risk.ViRiskError`, and each kind has its exit
code.

| exit code | in Python | what it means |
|---|---|---|
| 0 | | it went well |
"""
_INTERRUPTED = "| 130 | | interrupted; the output folder is as it was before |\n"
_CALLS = """
A wrong call, such as a parameter that there is not, is Python's own `TypeError`; a `vi_risk.Definition` or
`vi_risk.ModelSpec` made in Python of values that cannot be is pydantic's `ValidationError`, a `ValueError`. An error
that nobody foresaw ends with code 1 and asks to be reported; its own words are left out, as they may quote a record.
What is found wrong with rows of the records stands in a part of its own, [what `vi-risk check` finds](#check).
"""
_CHECK = """
## What `vi-risk check` finds {#check}

`vi-risk check` tells all that it finds on check.html. Before a run an error stops it, with exit code 3, and a warning
goes onto the model card. A line reads like `spells.admission_method: 14 of 20,310 rows: code outside the list of the
data dictionary`; the tables tell its last part.
"""
_SEVERITIES = {"error": "Errors, which stop a run", "warning": "Warnings, which a run goes on with"}
_EXPECTED = """
## What a value of a declared file is expected to be

`FILE: key: expected … Found ….` is told, with exit code 4, of a value in the declaration of a feature, a model spec, a
mapping or the prompts; in the governance file with exit code 5.

| expected | what to write |
|---|---|
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A message with what it does not say itself; "" where it does."""

    message: Message
    cause: str
    mend: str


def kinds() -> dict[str, type[errors.ViRiskError]]:
    """Return the kinds of error by their names, in the order of their exit codes."""
    tree = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.ViRiskError)]
    return {kind.__name__: kind for kind in sorted(tree, key=lambda kind: kind.exit_code)}


def entries(
    found: Sequence[Message], words: Sequence[Mapping[str, str]], enough: Sequence[str] = ()
) -> tuple[list[Entry], list[str]]:
    """Return every message with its cause and mend, and what is wrong: messages without any, entries of no message.

    Parameters
    ----------
    words
        Entries of errors.toml: `has`, `mend` and where there is one `cause`.
    enough
        What says enough in a message: the page tells the mend of all of these once.
    """
    made, faults = [], []
    used: set[int] = set()
    for message in found:
        entry = next((place for place, one in enumerate(words) if one["has"] in message.text), None)
        says = _TO_DO.search(message.text) is not None
        if says or (entry is None and any(part in message.text for part in enough)):
            made.append(Entry(message, "", ""))
        elif entry is None:
            faults.append(f"{message.area}: {message.text}: says nothing to do. Say it there, or in {WORDS.name}.")
        else:
            used.add(entry)
            made.append(Entry(message, words[entry].get("cause", ""), words[entry]["mend"]))
    faults += [
        f"{WORDS.name}: {one['has']}: is of no message that wants words. Take it out."
        for place, one in enumerate(words)
        if place not in used
    ]
    return made, faults


def expected_values() -> list[str]:
    """Return what values of declared files are expected to be, each once, with `GAP` for what is filled in."""
    filled = {name: GAP for words in EXPECTED.values() for _, name, _, _ in Formatter().parse(words) if name}
    filled |= {"expected": f"'{GAP}', '{GAP}' or '{GAP}'"}  # what may stand there, one by one
    return [*dict.fromkeys(words.format(**filled) for words in EXPECTED.values())]


def without_words(what: Collection[str], words: Collection[str], table: str) -> list[str]:
    """Return what has no entry in a table of errors.toml, and the entries of what is no more."""
    return [
        *(f"{WORDS.name}: [{table}]: {one}: is missing. Add it." for one in what if one not in words),
        *(f"{WORDS.name}: [{table}]: {one}: is gone. Take it out." for one in words if one not in what),
    ]


def page(made: Sequence[Entry], words: Mapping[str, Mapping[str, str]]) -> str:
    """Return the page's part on messages."""
    lines = [_HEAD]
    for name, kind in kinds().items():
        lines.append(f"| {kind.exit_code} | {name} | {words[name]['cause']} |\n")
    lines += [_INTERRUPTED, _CALLS]
    for name, title in [(name, f"`{name}`, exit code {kind.exit_code}") for name, kind in kinds().items()] + [
        ("", "Faults that are told together")
    ]:
        of_kind = [one for one in made if one.message.kind == name]
        if of_kind:
            said = words[name or _FAULTS]
            lines.append(f"\n## {title}\n\n{said['cause']} {said['mend']}\n")
            lines += _by_area(of_kind)
    return "".join(lines)


def page_of_expected(words: Mapping[str, str]) -> str:
    """Return the page's part on values of declared files: each expectation with what to write."""
    return _EXPECTED + "".join(f"| {_escaped(one)} | {words[one]} |\n" for one in expected_values())


def page_of_findings(found: Sequence[Found], causes: Mapping[str, str]) -> str:
    """Return the page's part on what the check of records finds: each grade a table, each rule with cause and mend."""
    lines = [_CHECK]
    for severity, title in _SEVERITIES.items():
        lines.append(f"\n### {title}\n\n| what is told | usual cause | what to do |\n|---|---|---|\n")
        for one in found:
            if one.severity == severity:
                where = f" ({', '.join(f'`{place}`' for place in one.places)})" if one.places else ""
                of = "" if one.unit == "rows" else f"{GAP} of {GAP} {one.unit}: "
                lines.append(f"| {of}{_escaped(one.rule)}{where} | {causes[one.rule]} | {_escaped(one.mend)} |\n")
    return "".join(lines)


def _by_area(of_kind: Sequence[Entry]) -> list[str]:
    lines = []
    order = [*_AREAS.values(), _ELSEWHERE]
    of_area = sorted(of_kind, key=lambda one: order.index(_area(one)))
    for area, group in groupby(of_area, key=_area):
        lines.append(f"\n### {area}\n")
        for one in sorted(group, key=lambda one: _sorting(one.message.text)):
            lines.append(f"\n- {_shown(one.message.text)}")
            if one.cause:
                lines.append(f"\n  **Cause.** {one.cause}")
            if one.mend:
                lines.append(f"\n  **Mend.** {one.mend}")
        lines.append("\n")
    return lines


def _area(entry: Entry) -> str:
    return _AREAS.get(entry.message.area, _ELSEWHERE)


def _sorting(text: str) -> str:
    return re.sub(r"\W", "", text).casefold()


def _shown(text: str) -> str:
    """Return a message as Markdown shows it, with what to do set off."""
    do = _TO_DO.search(text)
    if do is None or do.start() == 0:
        return _escaped(text)
    return f"{_escaped(text[: do.start()].rstrip())} **{_escaped(text[do.start() :])}**"


def _escaped(text: str) -> str:
    """Return a text in which only what stands in backticks is anything but text to Markdown."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        parts = [text]
    shown = [part if place % 2 else re.sub(r"([\\*_<>\[\]{}#|])", r"\\\1", part) for place, part in enumerate(parts)]
    return "`".join(shown)


def main(arguments: list[str], target: Path = PAGE) -> int:
    """Write the page, or compare it; 1 where it is stale, or a message has no mend."""
    words: dict[str, Any] = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    names = {name: name for name in kinds()} | {"AnswerError": "InputError"}  # told by the import of a workbook
    found = messages(names)
    whole = [one for one in found if one.text not in words["parts"]]
    made, faults = entries(whole, words["message"], words["enough"])
    faults += [f"{WORDS.name}: parts: {one}: is gone." for one in {*words["parts"]} - {one.text for one in found}]
    faults += [f"{WORDS.name}: kinds.{name}: is missing. Add it." for name in {*kinds(), _FAULTS} - {*words["kinds"]}]
    of_rows = findings()
    faults += without_words({one.rule for one in of_rows}, words["finding"], "finding")
    faults += without_words(expected_values(), words["expected"], "expected")
    if faults:
        sys.stderr.write("\n".join(faults) + "\n")
        return 1
    current = page(made, words["kinds"]) + page_of_expected(words["expected"])
    current += page_of_findings(of_rows, words["finding"])
    if "--check" not in arguments:
        target.write_text(current, encoding="utf-8", newline="\n")
        return 0
    if target.is_file() and target.read_text(encoding="utf-8") == current:
        return 0
    sys.stderr.write(f"docs/reference/{target.name} is not what the source says now. Run make docs.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
