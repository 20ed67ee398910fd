"""The governance file: what the records may be used for, and which sensitive kinds of codes features may read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vi_risk import declared
from vi_risk.errors import GovernanceError, UsageError


@dataclass(frozen=True, slots=True)
class Governance:
    """What a site permits.

    Attributes
    ----------
    purpose
        What the records are used for and on what legal basis, in one line.
    sensitive
        Kind of sensitive code groups (such as ``"hiv"``) -> whether features may read them; a kind that is not named
        may not be read.
    practices_outside
        Codes of practices outside the trust that have a list all the same.
    """

    purpose: str
    sensitive: Mapping[str, bool] = field(default_factory=dict)
    practices_outside: tuple[str, ...] = ()


def read_governance(path: Path) -> Governance:
    """Read a governance file.

    Raises
    ------
    UsageError
        There is no such file, or it is none: a folder, a device.
    GovernanceError
        It says no purpose, what it says of sensitive kinds is not yes or no, or of practices no list of codes; all
        faults at once.
    """
    if not path.is_file():
        found = "is a folder" if path.is_dir() else "is no plain file" if path.exists() else "no such file"
        msg = f"--governance {path}: {found}. Name a TOML file with at least the key purpose."
        raise UsageError(msg)
    content = declared.read_toml(path)
    faults = []
    purpose, sensitive = content.get("purpose"), content.get("sensitive", {})
    if not isinstance(purpose, str) or not purpose.strip():
        faults.append("purpose is missing. Say in one line what the records are used for and on what legal basis.")
    faults += _sensitive_faults(sensitive)
    outside = content.get("practices_outside", [])
    if not isinstance(outside, list) or not all(isinstance(code, str) and code.strip() for code in outside):
        faults.append(
            'practices_outside: expected a list of practice codes, such as ["M92001"]: those outside the trust that are'
            " to have a list."
        )
    if faults:
        raise GovernanceError("\n".join(f"{path}: {fault}" for fault in faults))
    return Governance(str(purpose), sensitive, tuple(outside))


def _sensitive_faults(sensitive: Any) -> list[str]:
    if not isinstance(sensitive, dict):
        return ["sensitive: is not a table. Expected [sensitive] with true or false for each kind, such as hiv = true."]
    return [
        f"sensitive.{kind}: expected true or false, got {allowed!r}. Write {kind} = true to allow it."
        for kind, allowed in sensitive.items()
        if not isinstance(allowed, bool)
    ]
