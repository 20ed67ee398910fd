"""What governance makes of the rules of a list."""

from dataclasses import replace
from datetime import date
from typing import Any

from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.features.catalogue import read_catalogue
from vi_risk.governance.told import about_permission
from vi_risk.records.permission import NOBODYS
from vi_risk.stages.listing import permitted_rules

WITH_HIV = read_catalogue(sensitive={"hiv"})


def records(*shown: str) -> dict[str, Any]:
    """Return what run.json says of records of which HIV may be used, and named on a list where it is in `shown`."""
    permission = replace(NOBODYS, sensitive=frozenset({"hiv"}), shown_on_lists=frozenset(shown))
    return {
        "practices_outside": ["M92001"],
        "permission": about_permission(permission, date(2025, 1, 1), objections=True),
    }


def test_a_list_does_not_name_what_may_be_used_and_not_shown() -> None:
    rules = permitted_rules(load_rules(), records(), WITH_HIV)
    hidden = rules.hidden(WITH_HIV)

    assert "charlson_group_hiv_730d" in hidden
    assert not rules.hidden(read_catalogue())  # where it may not be used there is no feature of it
    assert permitted_rules(load_rules(), records("hiv"), WITH_HIV).hidden(WITH_HIV) == frozenset()


def test_practices_outside_that_governance_names_have_a_list() -> None:
    assert permitted_rules(load_rules(), records(), WITH_HIV).places.outside == ("M92001",)


def test_a_folder_of_before_the_door_keeps_the_rules_as_they_are() -> None:
    assert permitted_rules(load_rules(), {"governance": None}, read_catalogue()) == load_rules()
