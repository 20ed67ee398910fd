"""Write docs/safety/hazard_log.md from hazards.toml; with --check, say whether the page is what it should be.

With --prove, each control that the log says was taken away is taken away again, in a copy, and its test must fail.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

from tools.controls_removed import proven
from tools.hazards import (
    HAZARDS,
    MATRIX,
    RATINGS,
    ROOT,
    Found,
    Hazard,
    HazardLog,
    Risk,
    Severity,
    faults_of_log,
    named_tests,
    read_hazards,
)
from vi_risk.errors import ViRiskError

PAGE = ROOT / "docs" / "safety" / "hazard_log.md"
STATUS = "to be confirmed by the deploying organisation's Clinical Safety Officer"
_UP = "../../"  # from the page to the root of the repository
Tests = Mapping[str, Found]  # "path::test_name" -> the test

_OPENING = """\
# Hazard log

Generated from [hazards.toml](hazards.toml) by `make docs`; `make check` fails where the page and the file differ, and
where a test that is named here is not there.

The form is that of DCB0129 (Clinical Risk Management: its Application in the Manufacture of Health IT Systems, Amd
24/2018, specification 4.2): hazard, causes, effect, initial risk, controls with the evidence that they are there,
residual risk, status. Causes, controls and tests come from the software. **Severities and likelihoods are proposals
of its developers: no Clinical Safety Officer has approved any version of this log, and DCB0129 asks for one.** The
status of every hazard is: *{status}*.

Risks are those of a list that stands beside usual care. Where a list takes the place of something that was there
before, such as a register or a clinic, all of them are to be judged anew.
"""

_RATED = "Risks are rated from 1, acceptable, to 5, unacceptable, by [the matrix](#the-matrix)."

_MATRIX_WORDS = """\
It is the example that NHS England's guidance to DCB0129 gives; an organisation may have another.

Severity is of the harm to patients: *catastrophic* is death or permanent incapacity of several people, *major* that
of one, *considerable* a severe injury of one with recovery, *significant* a minor injury of one without early recovery
or minor harm of several, *minor* a minor harm of one. A breach of confidence is told by the distress that it does.
"""

_REMOVED_WORDS = """\
A test that cannot fail shows nothing. Each control below was taken away in a copy of the repository, by the change in
its line, and the test was seen to fail; it is marked so above. `.venv/bin/python tools/hazard_log.py --prove` does all
of it again, and so does `make test-slow`. Where one of these places is changed, `make check` fails until this log has
been looked at.
"""


def hazard_log(log: HazardLog) -> str:
    """Return the page of a log whose tests are there (`faults_of_log`)."""
    tests = named_tests(log)
    parts = [_OPENING.format(status=STATUS), *_overview(log, tests)]
    for hazard in log.hazard:
        parts += _section(hazard, tests)
    parts += ["## Controls taken away\n", _REMOVED_WORDS, _table(_removed(log, tests))]
    parts += ["## The matrix\n", _MATRIX_WORDS, _table(_matrix()), _table(_ratings())]
    return "\n".join(parts)


def _overview(log: HazardLog, tests: Tests) -> Iterator[str]:
    controls = sum(1 for _ in log.controls)
    yield f"{len(log.hazard)} hazards, {controls} controls, {len(tests)} tests. {_RATED}\n"
    rows = [["", "hazard", "initial", "residual"], ["---", "---", "---", "---"]]
    for hazard in log.hazard:
        title = f"{hazard.id} {hazard.name}"
        rows.append([hazard.id, f"[{hazard.name}](#{_anchor(title)})", _risk(hazard.initial), _risk(hazard.residual)])
    yield _table(rows)


def _section(hazard: Hazard, tests: Tests) -> Iterator[str]:
    yield f"## {hazard.id} {hazard.name}\n"
    rows = [
        ["Hazard", hazard.hazard],
        ["---", "---"],
        ["Causes", _numbered(hazard.causes)],
        ["Effect", hazard.effect],
        ["Initial risk", f"{_risk(hazard.initial)}: {RATINGS[hazard.initial.rating]}"],
        ["Residual risk", f"{_risk(hazard.residual)}: {RATINGS[hazard.residual.rating]}"],
        ["What is left", hazard.rest],
        ["For the site", _numbered(hazard.site)],
        ["Status", STATUS],
    ]
    yield _table(rows)
    rows = [["control", "tested by"], ["---", "---"]]
    for control in hazard.control:
        fails = None if control.removed is None else control.removed.fails
        links = [_link(test, tests) + " (seen to fail)" * (test == fails) for test in control.tests]
        rows.append([control.what, "<br>".join(links)])
    yield _table(rows)


def _removed(log: HazardLog, tests: Tests) -> Iterator[list[str]]:
    yield from (["", "what was changed", "then fails"], ["---", "---", "---"])
    for hazard, control in log.controls:
        if (removed := control.removed) is not None:
            changed = f"{removed.words} ([{removed.file}]({_UP}{removed.file}))"
            yield [hazard.id, changed, _link(removed.fails, tests)]


def _matrix() -> Iterator[list[str]]:
    severities = get_args(Severity)
    yield from (["likelihood", *severities], ["---"] * (len(severities) + 1))
    for likelihood, ratings in MATRIX.items():
        yield [likelihood, *map(str, ratings)]


def _ratings() -> Iterator[list[str]]:
    yield from (["rating", "what it asks for"], ["---", "---"])
    for rating, words in RATINGS.items():
        yield [str(rating), words]


def _link(test: str, tests: Tests) -> str:
    file, _, name = test.partition("::")
    found = tests[test]
    when = f" (`{found.run_by}`)" if found.run_by else " (where the machine has what it needs)" * found.is_conditional
    return f"[{name.removeprefix('test_').replace('_', ' ')}]({_UP}{file}){when}"


def _risk(risk: Risk) -> str:
    return f"{risk.rating} ({risk.severity}, {risk.likelihood})"


def _numbered(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else "<br>".join(f"{number}. {text}" for number, text in enumerate(texts, 1))


def _table(rows: Iterator[list[str]] | list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows) + "\n"


def _anchor(title: str) -> str:
    """Return the anchor of a heading, as GitHub makes it."""
    return "".join(sign for sign in title.lower().replace(" ", "-") if sign.isalnum() or sign in "-_")


def prove(log: HazardLog) -> int:
    """Take away every control that the log says was, and tell of each whether its test failed; 1 where one did not."""
    status = 0
    for removed, fails in proven([control.removed for _, control in log.controls if control.removed], ROOT):
        status |= not fails
        print(f"{'fails, as it should' if fails else 'DOES NOT FAIL'}  {removed.fails}", flush=True)
    return status


def main(arguments: list[str], page: Path = PAGE, hazards: Path = HAZARDS) -> int:
    """Write the page, or compare it, or prove its controls; 1 where something is amiss."""
    try:
        log = read_hazards(hazards)
    except ViRiskError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if faults := faults_of_log(log):
        sys.stderr.write("\n".join(faults) + "\n")
        return 1
    if "--prove" in arguments:
        return prove(log)
    current = hazard_log(log)
    if "--check" not in arguments:
        page.write_text(current, encoding="utf-8", newline="\n")
        return 0
    if page.is_file() and page.read_text(encoding="utf-8") == current:
        return 0
    sys.stderr.write(f"docs/safety/{page.name} is not what {HAZARDS.name} says now. Run make docs.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
