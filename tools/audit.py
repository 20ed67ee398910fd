"""Ask a database of known vulnerabilities about every locked library; fail where one is known to be vulnerable.

Where the database cannot be reached, or does not know a library that everybody uses, nothing was audited: that is said
as a warning, and is no failure. Exit code 1 is a finding.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.lock import locked_requirements

ROOT = Path(__file__).resolve().parents[1]
FIRST = (
    "jinja2"  # asked of alone: whoever knows no advisory about it, or cannot be reached, is not asked about the others
)


def ask(requirements: Sequence[str]) -> list[dict[str, Any]] | None:
    """Return what pip-audit says of each requirement; None where it could not ask."""
    with tempfile.TemporaryDirectory() as place:
        asked = Path(place) / "requirements.txt"
        asked.write_text("\n".join(requirements) + "\n", encoding="utf-8")
        told = subprocess.run(
            [Path(sys.executable).with_name("pip-audit"), "--requirement", asked, "--no-deps", "--disable-pip",
             "--format", "json", "--progress-spinner", "off"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    try:
        found: list[dict[str, Any]] = json.loads(told.stdout)["dependencies"]
    except (ValueError, KeyError):
        return None
    return found


def findings(said: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line for each known vulnerability: library, version, advisory, and the version that mends it."""
    return [
        f"{library['name']} {library['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'none'}"
        for library in said
        for found in library.get("vulns", [])
    ]


def unknown(said: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of the libraries of which the database knows nothing."""
    return [str(library["name"]) for library in said if "skip_reason" in library]


def main() -> int:
    """Return 1 where a locked library is known to be vulnerable, 0 where none is or nothing could be asked."""
    locked = locked_requirements((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    first = ask([line for line in locked if line.startswith(f"{FIRST}==")])
    said = None if first is None or unknown(first) else ask(locked)
    if said is None:
        print("audit: WARNING: the database of vulnerabilities cannot be reached from here; nothing was audited")
        return 0
    if skipped := unknown(said):
        print(f"audit: WARNING: not audited, for the database does not know them: {', '.join(skipped)}")
    for line in findings(said):
        print(f"audit: {line}")
    print(f"audit: {len(said) - len(unknown(said))} libraries, {len(findings(said))} known vulnerabilities")
    return 1 if findings(said) else 0


if __name__ == "__main__":
    sys.exit(main())
