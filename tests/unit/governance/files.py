"""Governance files of tests: a whole one, and the same with parts changed."""

from pathlib import Path
from typing import Any

from vi_risk.governance import Governance, read_governance

WHOLE = """\
purpose = "{purpose}"
legal_basis = "{legal_basis}"
tables = ["patients", "spells", "diagnoses", "gp_events"]
retention_months = 12
[approval]
reference = "DPIA 7"
ends = 2026-03-31
[objections]
type_1 = "exclude"
national_data_opt_out = "exclude"
"""


def written(
    folder: Path, more: str = "", *, first: str = "", purpose: str = "direct_care", legal_basis: str = "duty to care"
) -> Path:
    """Write a governance file that permits a use until 31 March 2026, `first` before its tables and `more` after."""
    file = folder / "governance.toml"
    file.write_text(first + WHOLE.format(purpose=purpose, legal_basis=legal_basis) + more, encoding="utf-8")
    return file


def governance(folder: Path, more: str = "", **said: Any) -> Governance:
    """Read what `written` wrote."""
    return read_governance(written(folder, more, **said))
