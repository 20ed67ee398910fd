"""How long work says where it is: the pipeline reports stages and steps, whoever called it shows them or not."""

from contextlib import ExitStack
from types import TracebackType
from typing import Protocol, Self


class Report(Protocol):
    """Somebody who wants to know how the work goes on."""

    def stage(self, title: str) -> None:
        """A stage begins."""

    def rows(self, number: int) -> None:
        """The stage deals with so many rows: of the records, or of people."""

    def step(self, text: str) -> None:
        """A part of the stage begins, or a finding is worth a line."""

    def warn(self, text: str) -> None:
        """Something that the reader should know, though the work goes on."""


class CommandReport(Report, Protocol):
    """Somebody who is told of a whole command: how it goes on, and why it did not end well."""

    def __enter__(self) -> Self:
        """The command begins."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None, /
    ) -> None:
        """The command ends."""

    def failed(self, message: str, code: int) -> None:
        """Why the command did not end well, and its exit code; said after its end."""


class Together:
    """Several who are told the same, in their order."""

    def __init__(self, *reports: CommandReport) -> None:
        self._reports = reports
        self._open = ExitStack()

    def __enter__(self) -> Self:
        for report in self._reports:
            self._open.enter_context(report)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None, /
    ) -> None:
        self._open.__exit__(kind, error, where)

    def stage(self, title: str) -> None:
        """Say that a stage begins."""
        for report in self._reports:
            report.stage(title)

    def rows(self, number: int) -> None:
        """Say how many rows the stage deals with."""
        for report in self._reports:
            report.rows(number)

    def step(self, text: str) -> None:
        """Say what a stage does or found."""
        for report in self._reports:
            report.step(text)

    def warn(self, text: str) -> None:
        """Say what the reader should know."""
        for report in self._reports:
            report.warn(text)

    def failed(self, message: str, code: int) -> None:
        """Say why the command did not end well, and its exit code."""
        for report in self._reports:
            report.failed(message, code)


class Silence:
    """Nobody wants to know."""

    def stage(self, title: str) -> None:
        """Say nothing."""

    def rows(self, number: int) -> None:
        """Say nothing."""

    def step(self, text: str) -> None:
        """Say nothing."""

    def warn(self, text: str) -> None:
        """Say nothing."""
