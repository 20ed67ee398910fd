from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest

from tests.unit.caselists.example_lists import example_list
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.lists import DECISION_COLUMNS, CaseList, ListAbout

MakeList = Callable[..., CaseList]


@pytest.fixture
def make_list() -> MakeList:
    """Build a case list of people given as dicts; what a person does not say is filled in."""

    def build(*people: dict[str, Any], facts: tuple[str, ...] = (), **fields: Any) -> CaseList:
        rules = load_rules()
        rows = []
        for rank, person in enumerate(people, start=1):
            risk = person.get("risk", 0.38)
            row = {
                "rank": rank,
                "patient_id": f"P-{rank:04d}",
                "age_band": "75 to 79",
                "practice_code": "M92001",
                "risk": risk,
                "band": rules.band(risk),
                **dict.fromkeys((f"reason_{number}" for number in range(1, 6)), ""),
                "sex": "female",
                **dict.fromkeys(facts),
                **dict.fromkeys(DECISION_COLUMNS, ""),
            }
            rows.append({**row, **person})
        columns = ["rank", "patient_id", "age_band", "practice_code", "risk", "band"]
        columns += [*(f"reason_{number}" for number in range(1, 6)), "sex", *facts, *DECISION_COLUMNS]
        about = ListAbout(
            model_title="Emergency admission",
            model_version="0.1.0",
            outcome="an emergency admission in the next 12 months",
            index_date=date(2025, 11, 1),
            data_to={"spells": date(2025, 10, 31), "gp_events": date(2025, 9, 30)},
            notes=("GP record not seen before 1 March",),
            capacity=20,
        )
        table = pd.DataFrame(rows, columns=columns)
        given = {"practice_code": "M92001", "practice_name": "Bilston Road Surgery", "network": None, "eligible": 7412}
        return CaseList(**{**given, "table": table, "about": about, **fields})

    return build


@pytest.fixture
def full_list() -> CaseList:
    """Return a list of six with every field filled, hostile texts among them."""
    return example_list()


@pytest.fixture
def bare_list(make_list: MakeList) -> CaseList:
    """Return a list of two with nothing beside the table, and no facts in it."""
    return make_list({"reason_1": "3 emergency admissions in the last 12 months"}, {})
