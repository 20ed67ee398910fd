"""How the command line shows where long work is."""

import sys

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


class TerminalReport:
    """Stages with a bar on a terminal, plain lines anywhere else."""

    def __init__(self, stages: int = 1) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("stage {task.completed:.0f} of {task.total:.0f}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=stages, completed=0)

    def __enter__(self) -> "TerminalReport":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def stage(self, title: str) -> None:
        """Say that a stage begins."""
        self._console.print(title, style="bold", markup=False)
        self._bar.update(self._task, description=escape(title), advance=1)

    def rows(self, number: int) -> None:
        """Say nothing: a step says it where a person should know."""

    def step(self, text: str) -> None:
        """Say what a stage does or found."""
        self._console.print(f"  {text}", markup=False)

    def warn(self, text: str) -> None:
        """Say what the reader should know."""
        self._console.print(f"  ! {text}", style="yellow", markup=False)

    def failed(self, message: str, code: int) -> None:  # noqa: ARG002 - the shell shows the code
        """Say why the command did not end well."""
        print(f"\nvi-risk: {message}", file=sys.stderr)
