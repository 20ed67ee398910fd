"""What a replay is asked for."""

from datetime import date
from pathlib import Path

import pytest

from vi_risk.caselists.choosing.rules import CaseListRules, load_rules
from vi_risk.errors import UsageError
from vi_risk.models.spec import ModelSpec, load_spec
from vi_risk.replaying.asked import ReplayRequest
from vi_risk.replaying.dates import ReplayDates

DATES = ReplayDates((date(2024, 4, 1),))


def asked(model: str = "emergency_admission_12m", rules: CaseListRules | None = None) -> ReplayRequest:
    return ReplayRequest(DATES, Path("out"), spec=load_spec(model), rules=rules or load_rules())


def test_what_no_place_goes_by_is_not_learnt() -> None:
    spec = asked().listing_spec

    assert (spec.companions, spec.uncertainty.refits) == ((), 0)
    assert spec.learner == load_spec().learner


def test_a_risk_that_the_rules_ask_about_is_learnt_beside_the_main_one(tmp_path: Path) -> None:
    file = tmp_path / "caselist.toml"
    file.write_text('order = "risk * (1 - risk_of_death)"\n')

    spec = asked(rules=load_rules(file)).listing_spec

    assert [one.name for one in spec.companions] == ["death_12m"]


@pytest.mark.parametrize("kind", ["expected numbers", "risks after each discharge"])
def test_a_model_without_a_risk_at_a_date_is_refused(kind: str) -> None:
    counts = kind == "expected numbers"
    named = [one.name for one in _shipped() if (one.counts if counts else one.cohort.index != "date")]

    assert named
    with pytest.raises(UsageError, match=kind):
        asked(named[0])


def _shipped() -> list[ModelSpec]:
    return [load_spec(path.stem) for path in sorted((Path(__file__).parents[3] / "models").glob("*.toml"))]
