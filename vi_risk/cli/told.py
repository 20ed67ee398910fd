"""How a command of `vi-risk` is told while it works, and how it ends: every way is a message and an exit code."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
import typer

from vi_risk.errors import ResourceError, UsageError, ViRiskError
from vi_risk.json_log import JsonReport
from vi_risk.terminal import TerminalReport

if TYPE_CHECKING:
    from vi_risk.progress import Report

INTERRUPTED = 130
LOG = "VI_RISK_LOG"  # the environment variable that asks for JSON lines
_NO_MEMORY = "not enough memory. Close other programs, or use a machine with more."
# The engine's own words may quote a record, so only the kind of fault is told.
_ENGINE_STOPPED = (
    "the engine stopped ({}). Most often its working folder is full: free space in the folder for temporary files, or"
    " name another one in the environment variable TMPDIR."
)
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
    report = _report(stages)
    try:
        with report:
            yield report
    except ViRiskError as error:
        raise _ended(report, str(error), error.exit_code) from None
    except KeyboardInterrupt:
        raise _ended(report, interrupted, INTERRUPTED) from None
    except MemoryError:
        raise _ended(report, _NO_MEMORY, ResourceError.exit_code) from None
    except (typer.Exit, typer.Abort, click.ClickException):
        raise
    except Exception as error:
        if str(error) == "Query interrupted":
            raise _ended(report, interrupted, INTERRUPTED) from None
        if type(error).__module__.split(".")[0] in ("duckdb", "_duckdb"):
            raise _ended(report, _ENGINE_STOPPED.format(type(error).__name__), ResourceError.exit_code) from None
        raise _ended(report, _fault_of_ours(error), ViRiskError.exit_code) from None


def _report(stages: int) -> TerminalReport | JsonReport:
    wanted = os.environ.get(LOG, "")
    if wanted not in ("", "json"):
        print(f"\nvi-risk: {LOG}={wanted}: expected json, or nothing for lines that people read.", file=sys.stderr)
        raise typer.Exit(UsageError.exit_code)
    return JsonReport() if wanted else TerminalReport(stages)


def _ended(report: TerminalReport | JsonReport, message: str, code: int) -> typer.Exit:
    report.failed(message, code)
    return typer.Exit(code)


def _fault_of_ours(error: Exception) -> str:
    """Return where in the code an error that nobody foresaw came from, without its words: they may quote a record."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return (
        f"this is a fault of vi_risk ({type(error).__name__}; its own words are left out, as they may quote a record)."
        f" Please report it with these lines:\n{frames}"
    ).rstrip()
