"""Packs written: each practice's list as CSV, XLSX and HTML, the same words in the same order."""

import re
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from vi_risk.caselists.csv_pack import csv_pack
from vi_risk.caselists.html_pack import html_pack
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.rules import CaseListRules, load_rules
from vi_risk.caselists.xlsx_pack import xlsx_pack
from vi_risk.errors import ResourceError, UsageError

_SAFE_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?")
_WINDOWS_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


def write_packs(lists: Sequence[CaseList], folder: Path, *, rules: CaseListRules | None = None) -> list[Path]:
    """Write <practice_code>.csv, .xlsx and .html of every list into `folder`, and return the paths in that order.

    The same lists give the same bytes. `rules` are those that the lists were made by (without them, the shipped
    ones): the packs show their bands.

    Raises
    ------
    UsageError
        Two lists are of one practice, or a list has a band that the rules do not know.
    ResourceError
        The folder or a file cannot be written.
    """
    chosen = load_rules() if rules is None else rules
    names = file_names([case_list.practice_code for case_list in lists])
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for case_list in lists:
            name = names[case_list.practice_code]
            packs = {
                "csv": csv_pack(case_list),
                "xlsx": xlsx_pack(case_list, chosen),
                "html": html_pack(case_list, chosen, workbook=f"{name}.xlsx"),
            }
            for ending, content in packs.items():
                path = folder / f"{name}.{ending}"
                path.write_bytes(content)
                written.append(path)
    except OSError as error:
        msg = (
            f"{folder}: a pack cannot be written ({error.strerror}). Free space, or choose a folder that you may write."
        )
        raise ResourceError(msg) from None
    return written


def file_names(practice_codes: Sequence[str]) -> dict[str, str]:
    """Return the file name, without ending, of each practice: its code where that is safe on every file system.

    Any other code keeps its safe characters and gains a fingerprint of the whole, so that no two packs share a name
    (not even on file shares that take upper and lower case for the same).
    """
    twice = sorted(code for code, times in Counter(practice_codes).items() if times > 1)
    if twice:
        msg = f"case lists: expected one list per practice, found more for {', '.join(twice)}. Join them into one."
        raise UsageError(msg)
    spellings = Counter(code.casefold() for code in practice_codes)
    return {
        code: code if spellings[code.casefold()] == 1 and _is_safe(code) else _escaped(code) for code in practice_codes
    }


def _is_safe(code: str) -> bool:
    return _SAFE_NAME.fullmatch(code) is not None and _WINDOWS_DEVICE.fullmatch(code) is None


def _escaped(code: str) -> str:
    readable = re.sub(r"[^A-Za-z0-9]+", "-", code)[:40].strip("-")
    return f"practice-{readable}-{sha256(code.encode()).hexdigest()[:12]}".replace("--", "-")
