"""How a synthetic trust on disk is known again: a file beside its tables that names the checksum of each of them.

It guards against a mistake: real extracts copied into that folder, a table exchanged. It is no proof against somebody
who means to deceive, and could write such a file as well.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from vi_risk.errors import InputError
from vi_risk.records.extract_files import files_of

MARKER_FILE = "synthetic.json"


def write_marker(folder: Path, files: Iterable[Path]) -> None:
    """Write down the checksums of the files of a synthetic trust, so that they are known for what they are."""
    checksums = {path.name: _checksum(path) for path in sorted(files)}
    content = {"made_by": "vi-risk synth", "files": checksums}
    (folder / MARKER_FILE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8", newline="\n")


def why_not_synthetic(folder: Path) -> str | None:
    """Return why the records of a folder do not count as a synthetic trust; None where they do.

    They do where every file that could be read as a table is as `write_marker` found it.
    """
    marker = folder / MARKER_FILE
    if not marker.is_file():
        return f"it holds no {MARKER_FILE}, which `vi-risk synth` writes"
    try:
        known = json.loads(marker.read_text(encoding="utf-8"))["files"]
        files = [path for paths in files_of(folder).values() for path in paths]
        for path in files:
            name = path.relative_to(folder).as_posix()
            if name not in known:
                return f"{name} is none of its files"
            if _checksum(path) != known[name]:
                return f"{name} has been changed since `vi-risk synth` wrote it"
    except InputError as error:
        return str(error).rstrip(".")
    except (OSError, ValueError, KeyError, TypeError):
        return f"its {MARKER_FILE} is damaged"
    return None


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
