"""How a command of `vi-risk` is told while it works, and how it ends: every way is a message and an exit code."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from vi_risk.cli.json_log import JsonReport, LogFile
from vi_risk.cli.terminal import TerminalReport
from vi_risk.errors import ResourceError, ViRiskError
from vi_risk.running.progress import CommandReport, Together
from vi_risk.running.scratch import sweep

INTERRUPTED = 130
_STANDARD_ERROR = "json"
_ENDING = ".jsonl"
_NO_MEMORY = "not enough memory. Close other programs, or use a machine with more."
# The engine's own words may quote a record, so only the kind of fault is told.
_ENGINE_STOPPED = (
    "the engine stopped ({}). Most often its working folder is full: free space in the folder for temporary files, or"
    " name another one with --spill or in the environment variable TMPDIR. With a small --memory-limit, raise it."
)
_AS_BEFORE = "interrupted; the output folder is as it was before."


def example(text: str) -> str:
    """Return the end of a command's help: one call of it that works."""
    return f"[bold]Example[/bold]\n\n    {text}"


@dataclass(frozen=True, slots=True)
class _Logged:
    """Which command works, and where its JSON lines go: ``json`` is standard error, None nowhere."""

    command: str = ""
    to: str | None = None


_NOWHERE = _Logged()
# Of the command that works in this process: the option stands before its name, where it does not see it.
_logged: ContextVar[_Logged] = ContextVar("logged", default=_NOWHERE)


def _place_of_log(text: str) -> str:
    if text not in ("", _STANDARD_ERROR) and Path(text).suffix != _ENDING:
        msg = f"{text}: expected {_STANDARD_ERROR}, for standard error, or a file that ends in {_ENDING}."
        raise typer.BadParameter(msg)
    return text


JsonLogFlag = Annotated[
    str | None,
    typer.Option(
        "--log",
        metavar=f"{_STANDARD_ERROR}|FILE{_ENDING}",
        envvar="VI_RISK_LOG",
        parser=_place_of_log,
        help="Log as JSON lines: to standard error, in place of the lines for people, or added to a file, beside them.",
    ),
]


def log_to(where: str | None, context: typer.Context) -> None:
    """Keep where the command that is about to work is logged."""
    token = _logged.set(_Logged(context.invoked_subcommand or "", where or None))
    context.call_on_close(lambda: _logged.reset(token))


@contextmanager
def told(stages: int = 1, *, interrupted: str = _AS_BEFORE) -> Iterator[CommandReport]:
    """Show progress while the work goes on; turn every way it can end into a message and an exit code.

    Parameters
    ----------
    interrupted
        What is said where the user, or the system, broke the work off.
    """
    with ExitStack() as open_so_long:
        report = _report(stages, open_so_long)
        sweep()
        with _ended_in_words(report, interrupted), report:
            yield report


@contextmanager
def _ended_in_words(report: CommandReport, interrupted: str) -> Iterator[None]:
    """Say how the work in the block ended where it did not end well, and leave with its exit code."""
    try:
        yield
    except ViRiskError as error:
        raise _ended(report, str(error), error.exit_code) from None
    except KeyboardInterrupt:
        raise _ended(report, interrupted, INTERRUPTED) from None
    except MemoryError:
        raise _ended(report, _NO_MEMORY, ResourceError.exit_code) from None
    except (typer.Exit, typer.Abort, typer.TyperException):
        raise
    except Exception as error:
        if str(error) == "Query interrupted":
            raise _ended(report, interrupted, INTERRUPTED) from None
        if type(error).__module__.split(".")[0] in ("duckdb", "_duckdb"):
            raise _ended(report, _ENGINE_STOPPED.format(type(error).__name__), ResourceError.exit_code) from None
        raise _ended(report, _fault_of_ours(error), ViRiskError.exit_code) from None


def _report(stages: int, open_so_long: ExitStack) -> CommandReport:
    """Return who is told of the command: people, programs that read its standard error, or people and a file."""
    logged, now = _logged.get(), datetime.now().astimezone()  # noqa: TID251
    if logged.to == _STANDARD_ERROR:
        return JsonReport(sys.stderr, command=logged.command, when=now)
    people = TerminalReport(stages)
    if logged.to is None:
        return people
    try:
        file = open_so_long.enter_context(LogFile(Path(logged.to)))
    except ResourceError as error:
        raise _ended(people, str(error), error.exit_code) from None
    return Together(people, JsonReport(file, command=logged.command, when=now, unwritten=people.warn))


def _ended(report: CommandReport, message: str, code: int) -> typer.Exit:
    report.failed(message, code)
    return typer.Exit(code)


def _fault_of_ours(error: Exception) -> str:
    """Return where in the code an error that nobody foresaw came from, without its words: they may quote a record."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return (
        f"this is a fault of vi_risk ({type(error).__name__}; its own words are left out, as they may quote a record)."
        f" Please report it with these lines:\n{frames}"
    ).rstrip()
