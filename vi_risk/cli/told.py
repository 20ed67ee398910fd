"""How a command of `vi-risk` is told while it works, and how it ends: every way is a message and an exit code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from vi_risk.errors import ResourceError, ViRiskError
from vi_risk.terminal import TerminalReport

if TYPE_CHECKING:
    from vi_risk.progress import Report

INTERRUPTED = 130
_AS_BEFORE = "interrupted; the output folder is as it was before."


def example(text: str) -> str:
    """Return the end of a command's help: one call of it that works."""
    return f"[bold]Example[/bold]\n\n    {text}"


@contextmanager
def told(stages: int = 1, *, interrupted: str = _AS_BEFORE) -> Iterator["Report"]:
    """Show progress while the work goes on; turn every way it can end into a message and an exit code.

    Parameters
    ----------
    interrupted
        What is said where the user, or the system, broke the work off.
    """
    report = TerminalReport(stages)
    try:
        with report:
            yield report
    except ViRiskError as error:
        print(f"\nvi-risk: {error}", file=sys.stderr)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        print(f"\nvi-risk: {interrupted}", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    except MemoryError:
        print("\nvi-risk: not enough memory. Close other programs, or use a machine with more.", file=sys.stderr)
        raise typer.Exit(ResourceError.exit_code) from None
    except Exception as error:
        if type(error).__module__.split(".")[0] not in ("duckdb", "_duckdb"):
            if str(error) != "Query interrupted":
                raise
            print(f"\nvi-risk: {interrupted}", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None
        # The engine's own words may quote a record, so only the kind of fault is told.
        print(
            f"\nvi-risk: the engine stopped ({type(error).__name__}). Most often its working folder is full: free space"
            " in the folder for temporary files, or name another one in the environment variable TMPDIR.",
            file=sys.stderr,
        )
        raise typer.Exit(ResourceError.exit_code) from None
