"""The hazards of docs/safety/hazards.toml, checked: their risks by the matrix of DCB0129, the tests of their controls.

A control counts for nothing here unless tests are named that fail without it, and these are looked up where they stand.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vi_risk.declared import faults_of, read_toml
from vi_risk.errors import SpecificationError

ROOT = Path(__file__).resolve().parents[1]
HAZARDS = ROOT / "docs" / "safety" / "hazards.toml"

Severity = Literal["minor", "significant", "considerable", "major", "catastrophic"]
Likelihood = Literal["very low", "low", "medium", "high", "very high"]
Words = Annotated[str, Field(min_length=3, pattern=r"\S$")]

# Likelihood -> rating for each severity, from minor to catastrophic: the matrix that NHS England gives with DCB0129.
MATRIX: Mapping[Likelihood, tuple[int, ...]] = MappingProxyType(
    {
        "very high": (3, 4, 4, 5, 5),
        "high": (2, 3, 3, 4, 5),
        "medium": (2, 2, 3, 3, 4),
        "low": (1, 2, 2, 3, 4),
        "very low": (1, 1, 2, 2, 3),
    }
)
# What each rating asks for, in short.
RATINGS: Mapping[int, str] = MappingProxyType(
    {
        5: "unacceptable",
        4: "must be eliminated, or controlled down to an acceptable level",
        3: "undesirable; acceptable only where further reduction is impractical",
        2: "acceptable where further reduction costs more than it gains",
        1: "acceptable, no further action",
    }
)


class Declared(BaseModel):
    """What every part of the log has in common: it cannot be changed, and unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Risk(Declared):
    """How bad the harm would be, and how likely.

    >>> Risk(severity="considerable", likelihood="medium").rating
    3
    """

    severity: Severity
    likelihood: Likelihood

    @property
    def rating(self) -> int:
        """From 1 (acceptable) to 5 (unacceptable)."""
        return MATRIX[self.likelihood][get_args(Severity).index(self.severity)]


class Removal(Declared):
    """How a control was taken away by hand, and which of its tests failed then.

    Attributes
    ----------
    file
        From the root of the repository.
    before, after
        The text that was changed, which stands there once, and what it became.
    fails
        One of the control's tests.
    """

    file: Words
    before: Words
    after: str
    words: Words  # what the change does, as a reader may say it
    fails: Words


class Control(Declared):
    """What the software does against a hazard, the tests that hold it to that, and what happened without it."""

    what: Words
    tests: Annotated[list[Words], Field(min_length=1)]
    removed: Removal | None = None

    @model_validator(mode="after")
    def _is_coherent(self) -> Self:
        if self.removed is not None and self.removed.fails not in self.tests:
            msg = f"removed.fails names a test that is not among tests: {self.removed.fails}"
            raise ValueError(msg)
        return self


class Hazard(Declared):
    """One hazard in the form of DCB0129.

    Attributes
    ----------
    rest
        What the controls do not reach.
    site
        What is left for the deploying organisation to do (DCB0160).
    """

    id: Annotated[str, Field(pattern=r"^H\d\d$")]
    name: Words
    hazard: Words
    causes: Annotated[list[Words], Field(min_length=1)]
    effect: Words
    initial: Risk
    residual: Risk
    rest: Words
    site: Annotated[list[Words], Field(min_length=1)]
    control: Annotated[list[Control], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_coherent(self) -> Self:
        if self.residual.rating > self.initial.rating:
            msg = f"residual is rated {self.residual.rating}, above initial, {self.initial.rating}: controls do no harm"
            raise ValueError(msg)
        return self


class HazardLog(Declared):
    """All hazards, in order."""

    hazard: Annotated[list[Hazard], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_coherent(self) -> Self:
        numbers = [hazard.id for hazard in self.hazard]
        if numbers != [f"H{number:02}" for number in range(1, len(numbers) + 1)]:
            msg = f"ids: expected H01, H02 and so on in order, found {', '.join(numbers)}"
            raise ValueError(msg)
        return self

    @property
    def controls(self) -> Iterator[tuple[Hazard, Control]]:
        """Every control with its hazard."""
        return ((hazard, control) for hazard in self.hazard for control in hazard.control)


def read_hazards(path: Path = HAZARDS) -> HazardLog:
    """Return the log.

    Raises
    ------
    SpecificationError
        The file has faults; all of them at once.
    """
    try:
        return HazardLog.model_validate(read_toml(path))
    except ValidationError as error:
        raise SpecificationError("\n".join(faults_of(error, path.name))) from None


# Marks of tests that `make test` leaves out -> what runs them.
_RUN_BY = {"slow": "make test-slow", "faults": "make test-faults"}


@dataclass(frozen=True, slots=True)
class Found:
    """A test that is there.

    Attributes
    ----------
    run_by
        The target of make that runs it, where `make test` does not; else empty.
    is_conditional
        Whether it is skipped on some machines.
    """

    run_by: str
    is_conditional: bool

    @property
    def always_runs(self) -> bool:
        """Whether every `make test` runs it, on every machine."""
        return not self.run_by and not self.is_conditional


def collected_from(file: Path) -> dict[str, Found]:
    """Return the tests that pytest collects of a file, by name; nothing of a file that it does not look at."""
    if not file.is_file() or not file.name.startswith("test_") or file.suffix != ".py":
        return {}
    module = ast.parse(file.read_text(encoding="utf-8"))
    named = {
        target.id: _marks(node.value)
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = {}
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            marks = set(named.get("pytestmark", frozenset()))
            for decorator in node.decorator_list:
                marks |= named.get(decorator.id, frozenset()) if isinstance(decorator, ast.Name) else _marks(decorator)
            run_by = next((target for mark, target in _RUN_BY.items() if mark in marks), "")
            found[node.name] = Found(run_by, bool(marks & {"skip", "skipif", "xfail"}))
    return found


def _marks(expression: ast.expr) -> frozenset[str]:
    """Return x of every pytest.mark.x in an expression."""
    attributes = [node for node in ast.walk(expression) if isinstance(node, ast.Attribute)]
    return frozenset(
        node.attr for node in attributes if isinstance(node.value, ast.Attribute) and node.value.attr == "mark"
    )


def named_tests(log: HazardLog, root: Path = ROOT) -> dict[str, Found]:
    """Return the tests that the log names and that are there, each file read once."""
    named = {test for _, control in log.controls for test in control.tests}
    files = {file: collected_from(root / file) for file in {test.partition("::")[0] for test in named}}
    there = {f"{file}::{name}": test for file, found in files.items() for name, test in found.items()}
    return {test: there[test] for test in sorted(named & there.keys())}


def faults_of_log(log: HazardLog, root: Path = ROOT) -> list[str]:
    """Say where the log has lost touch with the code, a line for each fault.

    A control names a test that is not there, or none that every `make test` runs; or the place where a control was
    taken away is no longer what it was.
    """
    there = named_tests(log, root)
    faults = []
    for hazard, control in log.controls:
        where = f"{HAZARDS.name}: {hazard.id}: {control.what[:60]}"
        faults += [
            f"{where}: {test} is no test. Name one that is there." for test in control.tests if test not in there
        ]
        if not any(test in there and there[test].always_runs for test in control.tests):
            faults.append(f"{where}: none of its tests runs in every `make test`. Name one that does.")
        if control.removed is not None and (times := _times(control.removed, root)) != 1:
            faults.append(
                f"{where}: removed.before stands {times} times in {control.removed.file}, expected once. Look whether"
                " the control is still there, and mend the log."
            )
    return faults


def _times(removed: Removal, root: Path) -> int:
    file = root / removed.file
    return file.read_text(encoding="utf-8").count(removed.before) if file.is_file() else 0
