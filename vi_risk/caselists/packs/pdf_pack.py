"""The page of a list as PDF, printed by a browser that the machine has: what is on paper is what the page prints.

A browser knows the page's own print style, needs no package of Python's, and is there already on the desktops that
packs are read on: Edge on Windows, Chrome or Chromium elsewhere.
"""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from vi_risk.errors import ResourceError
from vi_risk.running.scratch import PREFIX, ScratchFolder

_COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "msedge",
    "chrome",
)
# Where browsers are that are not on the path.
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
)
_QUIET = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-extensions",
    "--disable-background-networking",  # a page of patients: nothing goes out
    "--disable-component-update",
    "--disable-sync",
    "--no-pdf-header-footer",
)
_MOST_SECONDS = 120
_MEND = "The other packs are written. Any of these browsers will do: Chromium, Chrome, Edge."
_MADE = re.compile(rb"(?<=Date \(D:)\d{14}")  # CreationDate and ModDate, by the clock
_NODE = re.compile(rb"(?<=\(node)\d{8}(?=\))")  # heads of tables, by a count that goes on while a busy browser loads


def find_browser() -> str | None:
    """Return a browser that prints, or None where the machine has none."""
    on_path = (shutil.which(command) for command in _COMMANDS)
    return next((found for found in (*on_path, *(place for place in _PLACES if Path(place).is_file())) if found), None)


def pdf_packs(pages: Sequence[Path], *, index_date: date, browser: str | None = None) -> list[Path]:
    """Print pages, each to a PDF file beside it, and return the paths; about a second a page.

    The same page printed by the same browser gives the same bytes.

    Parameters
    ----------
    pages
        HTML packs.
    index_date
        Stands in the files as the day on which they were made.
    browser
        The program that prints; None takes the first that is found.

    Raises
    ------
    ResourceError
        There is no browser, or it does not print. No PDF of that page is left behind.
    """
    program = browser or find_browser()
    if program is None:
        msg = f"PDF: expected a browser that prints, found none. {_MEND}"
        raise ResourceError(msg)
    return [_printed(page, program, index_date) for page in pages]


def _printed(page: Path, program: str, index_date: date) -> Path:
    scratch = ScratchFolder(PREFIX)  # swept after a kill: what is printed is a page of patients
    try:
        made = scratch.path / "page.pdf"
        # The browser keeps a profile, which would otherwise be that of whoever runs this.
        arguments = [*_QUIET, f"--user-data-dir={scratch.path / 'profile'}", f"--print-to-pdf={made}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            arguments.append(
                "--no-sandbox"
            )  # it does not start as root otherwise; the page is ours and runs one script
        _run([program, *arguments, page.resolve().as_uri()], page)
        if not made.is_file():
            msg = f"PDF: {Path(program).name} made none of {page.name}. {_MEND}"
            raise ResourceError(msg)
        # As long as before, for a PDF knows the place of each of its parts.
        content = _counted_anew(_MADE.sub(f"{index_date:%Y%m%d}000000".encode(), made.read_bytes()))
    finally:
        scratch.remove()
    pdf = page.with_suffix(".pdf")
    try:
        pdf.write_bytes(content)
    except OSError as error:
        msg = f"{pdf.name}: cannot be written ({error.strerror}). Free space. The other packs are written."
        raise ResourceError(msg) from None
    return pdf


def _counted_anew(content: bytes) -> bytes:
    """Return a PDF whose heads of tables are counted from 1, in the order and with the digits that they had.

    Examples
    --------
    >>> _counted_anew(b"/ID (node00000044) /Headers [(node00000033) (node00000044)]")
    b'/ID (node00000002) /Headers [(node00000001) (node00000002)]'
    """
    numbers = {node: b"%08d" % (place + 1) for place, node in enumerate(sorted({*_NODE.findall(content)}))}
    return _NODE.sub(lambda found: numbers[found.group()], content)


def _run(command: Sequence[str], page: Path) -> None:
    """Run the browser to its end, its children with it; what it says of itself helps nobody."""
    quiet = subprocess.DEVNULL
    try:
        process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
    except OSError as error:
        msg = f"PDF: {Path(command[0]).name} cannot be started ({error.strerror}). {_MEND}"
        raise ResourceError(msg) from None
    try:
        process.wait(_MOST_SECONDS)
    except subprocess.TimeoutExpired:
        msg = f"PDF: {Path(command[0]).name} took more than {_MOST_SECONDS} seconds over {page.name}. {_MEND}"
        raise ResourceError(msg) from None
    finally:
        if process.poll() is None:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)  # its own group, by start_new_session
    else:  # pragma: no cover - Windows, on which nothing is measured
        process.kill()
    process.wait()
