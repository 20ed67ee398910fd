"""How long work says where it is: the pipeline reports stages and steps, whoever called it shows them or not."""

from typing import Protocol


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
