"""What of a use lies outside a permission, and the words in which a run is stopped."""

from datetime import date
from pathlib import Path

import pytest

from tests.conftest import GOVERNANCE
from vi_risk.errors import GovernanceError
from vi_risk.governance import read_governance
from vi_risk.governance.door import permission_of
from vi_risk.governance.reading import read_records
from vi_risk.governance.told import about_permission, refuse_use

FILE = GOVERNANCE.replace("2099-12-31", "2026-03-31").replace("'referrals', ", "")
ENDED = (
    "governance: approval: none ended on 2026-03-31, and today is 2026-04-01. Have it extended, and write its new end"
)
BEYOND = (
    "governance: tables: not among those that are permitted: referrals. Leave what is not permitted out of the records"
)


@pytest.mark.parametrize(
    ("today", "more_tables", "told"),
    [
        # day of the use, tables beside patients and spells, what stops it
        ("2026-03-31", [], []),
        ("2026-04-01", [], [ENDED]),
        ("2026-03-31", ["referrals"], [BEYOND]),
        ("2026-04-01", ["referrals"], [ENDED, BEYOND]),  # both at once
        ("2026-03-31", ["objections"], []),  # there to be honoured
    ],
)
def test_a_use_outside_the_permission_is_stopped(
    tmp_path: Path, today: str, more_tables: list[str], told: list[str]
) -> None:
    (tmp_path / "governance.toml").write_text(FILE)
    folder = tmp_path / "extracts"
    folder.mkdir()
    (folder / "patients.csv").write_text("patient_id,birth_month,sex\np,1950-06-01,1\n")
    (folder / "spells.csv").write_text(
        "spell_id,patient_id,admitted_on,discharged_on,admission_method\ns,p,2025-03-01,2025-03-04,21\n"
    )
    contents = {
        "referrals": "patient_id,referred_on,service\np,2025-01-01,falls\n",
        "objections": "patient_id,kind,objected_from\np,type_1,2025-01-01\n",
    }
    for name in more_tables:
        (folder / f"{name}.csv").write_text(contents[name])

    governance = read_governance(tmp_path / "governance.toml")
    lines: list[str] = []
    try:
        read_records(folder, governance=governance, today=date.fromisoformat(today))
    except GovernanceError as error:
        lines = str(error).splitlines()
    assert [line[: len(words)] for line, words in zip(lines, told, strict=True)] == told


@pytest.mark.parametrize(
    ("purpose", "scores", "lists"),
    [
        ("direct_care", True, True),
        ("section_251_risk_stratification", True, True),
        ("planning", False, False),
    ],
)
def test_a_purpose_permits_scores_and_lists_or_not(tmp_path: Path, purpose: str, scores: bool, lists: bool) -> None:
    (tmp_path / "governance.toml").write_text(FILE.replace("direct_care", purpose))
    permission = permission_of(read_governance(tmp_path / "governance.toml"))
    about = about_permission(permission, date(2026, 1, 1), objections=True)
    for use, permitted in (("scores", scores), ("lists", lists)):
        if permitted:
            refuse_use(about, of=use)
        else:
            with pytest.raises(GovernanceError, match=f"the purpose {purpose} does not permit"):
                refuse_use(about, of=use)
