import math
import re
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from vi_risk.caselists import lists
from vi_risk.caselists.choosing.people import known_columns
from vi_risk.declared import shipped
from vi_risk.errors import SpecificationError
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.reasons.askable import PEOPLE_COLUMNS
from vi_risk.reasons.asking import PROMPT_COLUMNS, asked_where_none, prompts_for
from vi_risk.reasons.prompts import Prompt, read_prompts

CATALOGUE = read_catalogue()
SHIPPED = read_prompts(catalogue=CATALOGUE)

GOOD = """
[[prompt]]
name = "ten or more medicines"
role = "pharmacist"
when = { medicines_90d = { min = 10 } }
words = "{medicines_90d} medicines: is each still needed?"
reference = "NICE NG5"
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "ours.toml"
    file.write_text(text, encoding="utf-8")
    return file


def read(folder: Path, text: str) -> tuple[Prompt, ...]:
    return read_prompts(written(folder, text), catalogue=CATALOGUE)


def entry(**keys: str) -> str:
    """Return the good entry with some keys replaced, each as TOML has it; an empty one is left out."""
    content = {
        "name": '"ours"', "role": '"GP"', "when": "{ falls_365d = { min = 1 } }", "words": '"a fall: why?"',
        "reference": '"ours"',
    } | keys  # fmt: skip
    return "[[prompt]]\n" + "".join(f"{key} = {value}\n" for key, value in content.items() if value)


def near(**keys: str) -> str:
    """Return who is near the end of life, as a file says it, with some keys replaced."""
    content = {"when": "{ end_of_life_register_1095d = { min = 1 } }"} | keys
    return "[end_of_life]\n" + "".join(f"{key} = {value}\n" for key, value in content.items())


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(SpecificationError) as caught:
        read(folder, text)
    return str(caught.value).splitlines()


def people(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{"patient_id": f"p{number}", **row} for number, row in enumerate(rows)])


# --- asking -----------------------------------------------------------------------------------------------------------


def test_a_prompt_names_its_role_its_words_and_its_rule(tmp_path: Path) -> None:
    found = prompts_for(people({"medicines_90d": 11.0}, {"medicines_90d": 9.0}), read(tmp_path, GOOD))

    assert tuple(found.columns) == PROMPT_COLUMNS == lists.PROMPT_COLUMNS
    assert found.to_numpy().tolist() == [
        ["p0", "pharmacist", "11 medicines: is each still needed?", "ten or more medicines (NICE NG5)"]
    ]


def test_prompts_stand_by_person_and_then_as_they_were_declared(tmp_path: Path) -> None:
    declared = read(tmp_path, entry(name='"second"', when="{ age = { min = 0 } }") + entry(name='"first"') + GOOD)
    both = {"medicines_90d": 12.0, "age": 80.0, "falls_365d": 2.0}

    found = prompts_for(people(both, {"age": 80.0}, both), declared)

    assert found["patient_id"].tolist() == ["p0", "p0", "p0", "p1", "p2", "p2", "p2"]
    assert [rule.split(" (")[0] for rule in found["rule"]][:4] == ["second", "first", "ten or more medicines", "second"]


def test_nothing_is_asked_of_what_was_not_seen(tmp_path: Path) -> None:
    none_recorded = read(tmp_path, entry(when="{ condition_review_365d = { max = 0 } }"))

    assert prompts_for(people({"condition_review_365d": math.nan}), none_recorded).empty
    assert prompts_for(people({"age": 70.0}), none_recorded).empty, "a column that is not there is missing"
    assert len(prompts_for(people({"condition_review_365d": 0.0}), none_recorded)) == 1


def test_words_that_name_a_missing_value_are_not_said(tmp_path: Path) -> None:
    two_ways = read(
        tmp_path,
        entry(
            when="[{ medicines_90d = { min = 10 } }, { prescribed_nsaid_90d = { min = 1 } }]",
            words='"{medicines_90d} medicines: why?"',
        ),
    )

    found = prompts_for(
        people(
            {"medicines_90d": math.nan, "prescribed_nsaid_90d": 1.0},
            {"medicines_90d": 3.0, "prescribed_nsaid_90d": 1.0},
        ),
        two_ways,
    )

    assert found["text"].tolist() == ["3 medicines: why?"]


def test_who_has_the_help_already_is_not_asked_about(tmp_path: Path) -> None:
    declared = read(tmp_path, entry(unless="{ falls_service_contacts_365d = { min = 1 } }"))
    contacts = (0.0, 1.0, math.nan)

    found = prompts_for(people(*({"falls_365d": 2.0, "falls_service_contacts_365d": n} for n in contacts)), declared)

    assert found["patient_id"].tolist() == ["p0", "p2"], "help that was not seen keeps nobody from being asked about"


def test_values_are_written_as_people_write_them(tmp_path: Path) -> None:
    words = (
        '"{emergency_admissions_365d} admissions, risk {risk}, death {risk_of_death}, {outpatient_missed_share_730d}'
        ' missed, last review {days_since_medication_review_730d}, discussed {days_since_review}, aged {age}: why?"'
    )
    declared = read(tmp_path, entry(when="{ age = { min = 1 } }", words=words))
    person = {
        "emergency_admissions_365d": 3.0,
        "risk": 0.384,
        "risk_of_death": 0.004,
        "outpatient_missed_share_730d": 0.25,
        "days_since_medication_review_730d": 150.0,
        "days_since_review": 9.0,
        "age": 80,
    }

    (text,) = prompts_for(people(person), declared)["text"]

    assert text == (
        "3 admissions, risk 38 %, death under 1 %, 25 % missed, last review 5 months ago, discussed 9 days ago,"
        " aged 80: why?"
    )


@pytest.mark.parametrize(
    ("when", "words", "asked"),
    [
        ("{ falls_365d = { min = 1 } }", "a fall: why?", True),
        ("{ falls_365d = { max = 0 } }", "no fall in 12 months: why?", False),
        ("{ falls_365d = { min = 1 } }", "{falls_365d} falls in 12 months: why?", False),
        ("{ days_since_ed_attendance_730d = { max = 30 } }", "in A&E {days_since_ed_attendance_730d}: why?", True),
    ],
    ids=["one that was found", "none", "how many", "a day that was found"],
)
def test_where_the_records_reach_back_less_only_what_was_found_is_said(
    tmp_path: Path, when: str, words: str, asked: bool
) -> None:
    declared = read(tmp_path, entry(when=when, words=f'"{words}"'))
    person = {"falls_365d": 0.0 if "max = 0" in when else 1.0, "days_since_ed_attendance_730d": 9.0}
    cut = {"falls_365d": 200, "days_since_ed_attendance_730d": 200}

    assert len(prompts_for(people(person), declared)) == 1
    assert len(prompts_for(people(person), declared, windows=cut)) == asked


def test_of_people_near_the_end_of_life_only_what_says_so_is_asked(tmp_path: Path) -> None:
    declared = read(
        tmp_path,
        near()
        + entry(name='"for all"', end_of_life="true")
        + entry(name='"for others"', unless="{ age = { max = 20 } }"),
    )
    dying, well = {"falls_365d": 1.0, "end_of_life_register_1095d": 1.0}, {"falls_365d": 1.0}

    found = prompts_for(people(dying, well, well | {"age": 18.0}), declared)

    assert [(one.patient_id, one.rule) for one in found.itertuples()] == [
        ("p0", "for all (ours)"),
        ("p1", "for all (ours)"),
        ("p1", "for others (ours)"),
        ("p2", "for all (ours)"),
    ]


def test_who_is_unlikely_to_die_is_not_near_the_end_of_life_whatever_was_recorded(tmp_path: Path) -> None:
    declared = read(tmp_path, near(unless="{ risk_of_death = { max = 0.1 } }") + entry())
    recorded = {"falls_365d": 1.0, "end_of_life_register_1095d": 1.0}

    found = prompts_for(people(*(recorded | {"risk_of_death": risk} for risk in (0.05, 0.3, math.nan))), declared)

    assert found["patient_id"].tolist() == ["p0"], "where no risk says so, what was recorded stands"


def test_a_file_that_does_not_say_who_is_near_the_end_of_life_asks_everyone(tmp_path: Path) -> None:
    person = {"falls_365d": 1.0, "end_of_life_register_1095d": 1.0}

    assert len(prompts_for(people(person), read(tmp_path, entry()))) == 1
    assert prompts_for(people(person), read(tmp_path, near() + entry())).empty


def test_a_person_has_the_first_five_prompts_and_two_of_a_role(tmp_path: Path) -> None:
    roles = ["GP", "GP", "GP", "pharmacist", "matron", "falls service", "dietitian"]
    declared = read(tmp_path, "".join(entry(name=f'"{place}"', role=f'"{role}"') for place, role in enumerate(roles)))

    found = prompts_for(people({"falls_365d": 1.0}, {"falls_365d": 1.0}), declared)

    assert found["rule"].tolist() == [f"{place} (ours)" for place in (0, 1, 3, 4, 5)] * 2


NO_REVIEW = "{ condition_review_365d = { max = 0 } }"


def asked_among(folder: Path, of_practice: list[float], when: str = NO_REVIEW, unless: str = "") -> bool:
    """Whether somebody without a review is asked about, where the others of the practice have these values."""
    declared = read(folder, entry(when=when, unless=unless))
    person = people({"condition_review_365d": 0.0, "falls_365d": 1.0}).assign(practice_code="A")
    everyone = pd.DataFrame({"practice_code": "A", "condition_review_365d": of_practice, "falls_365d": 1.0})
    return not prompts_for(person, declared, everyone=everyone).empty


def test_none_recorded_is_asked_only_where_the_practice_keeps_such_a_thing(tmp_path: Path) -> None:
    assert asked_among(tmp_path, [1.0] + [0.0] * 99)
    assert not asked_among(tmp_path, [1.0] + [0.0] * 100), "fewer than 1 in 100"
    assert asked_among(tmp_path, [1.0] + [0.0] * 99 + [math.nan] * 50), "who was not seen does not count"
    assert not asked_among(tmp_path, [math.nan] * 10)


def test_a_rule_of_which_the_record_keeps_nothing_does_not_hold_another_back(tmp_path: Path) -> None:
    """Here the second asks unless the first does, as with ten medicines and a medication review overdue."""
    fall = "{ falls_365d = { min = 1 } }"

    assert not asked_among(tmp_path, [1.0, 0.0], when=fall, unless=NO_REVIEW)
    assert asked_among(tmp_path, [0.0, 0.0], when=fall, unless=NO_REVIEW)


def test_what_prompts_ask_the_absence_of_is_told_with_who_holds_it(tmp_path: Path) -> None:
    declared = read(
        tmp_path,
        entry(
            when="{ condition_review_365d.max = 0, community_matron_365d.max = 2, age.max = 80, hba1c_730d.max = 50 }"
        )
        + entry(name='"second"', unless="{ falls_365d = { below = 'falls_1095d' } }"),
    )

    assert asked_where_none(declared) == {
        "condition_review_365d": "practice", "community_matron_365d": "trust", "falls_365d": "trust",
    }  # fmt: skip


def test_the_plan_of_the_last_review_is_told_once_to_a_role_and_not_for_ever(tmp_path: Path) -> None:
    declared = read(tmp_path, entry(name='"first"') + entry(name='"second"'))
    tried = pd.DataFrame(
        [("p0", "accepted", "GP"), ("p1", "accepted", "GP")], columns=["patient_id", "decision", "owner"]
    )
    fall = {"falls_365d": 1.0}

    found = prompts_for(
        people(fall | {"days_since_review": 60.0}, fall | {"days_since_review": 731.0}, fall), declared, tried=tried
    )

    asked = "a fall: why?"
    assert found["text"].tolist() == [f"{asked} (the plan of the last review, 9 weeks ago, was theirs)", *[asked] * 5]


def test_nobody_and_no_prompts_give_an_empty_table_with_its_columns() -> None:
    for found in (prompts_for(people({"age": 80.0}).head(0), SHIPPED), prompts_for(people({"age": 80.0}), ())):
        assert found.empty
        assert tuple(found.columns) == PROMPT_COLUMNS


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (entry(role=""), "prompt 1 (ours): role: is missing. Add it."),
        (entry(who='"GP"'), "prompt 1 (ours): who: is not a known key. Remove it or check its spelling."),
        (entry(words='""'), "prompt 1 (ours): words: "),
        (entry(when=""), "prompt 1 (ours): when: is missing. Add it."),
        (entry(when="{ fals_365d = { min = 1 } }"), "prompt 1 (ours): when.fals_365d: is no feature and no risk."),
        (entry(unless="{ fals_365d = { min = 1 } }"), "prompt 1 (ours): unless.fals_365d: is no feature and no risk."),
        (entry(when="{ falls_365d = { least = 1 } }"), "prompt 1 (ours): when.falls_365d.least: is not a known key."),
        (entry(words='"{fals_365d} falls: why?"'), "prompt 1 (ours): words: {fals_365d} is no feature and no risk."),
        (entry(words='"{housebound_1095d}: why?"'), "prompt 1 (ours): words: {housebound_1095d} is 1 or 0."),
        (entry(words='"{in_hospital}: why?"'), "prompt 1 (ours): words: {in_hospital} is 1 or 0."),
        (entry(words='"falls_365d} falls: why?"'), "prompt 1 (ours): words: has a brace without its other half."),
        (entry(words='"{age.real} years: why?"'), "prompt 1 (ours): words: {age.real} is no feature and no risk."),
        (entry() + entry(), "prompt 2 (ours): name: is that of a prompt before it. Rename one of the two."),
        ('[prompt]\nname = "x"', "prompt: expected [[prompt]] tables; found something else."),
        (entry() + "[prompts]\n", "prompts: is no known key. Expected [[prompt]] and [end_of_life]."),
        (entry(end_of_life="true"), "prompt 1 (ours): end_of_life: the file does not say who that is."),
        (entry(end_of_life="1"), "prompt 1 (ours): end_of_life: "),
        ("end_of_life = true\n" + entry(), "end_of_life: expected a table with `when`."),
        ("[end_of_life]\n" + entry(), "end_of_life: expected a table with `when`."),
        (near(also="1") + entry(), "end_of_life: also: is no known key. Expected when and unless."),
        (near(when="{ fals_365d = { min = 1 } }") + entry(), "end_of_life: when.fals_365d: is no feature and no risk."),
        (near(when="{ risk = { min = 30 } }") + entry(), "end_of_life: when: risk: can never hold"),
        (near(when="{ objection_type_1_36525d.min = 1 }"), "end_of_life: when: objection_type_1_36525d: an objection"),
    ],
)
def test_a_fault_says_where_it_is_and_what_to_do(tmp_path: Path, text: str, said: str) -> None:
    (fault,) = faults(tmp_path, text)

    assert fault.startswith(f"ours.toml: {said}")
    assert fault.endswith(".")


@pytest.mark.parametrize(
    "never",
    [
        "housebound_1095d = { min = 2 }",
        "risk = { min = 30 }",
        "falls_365d = { max = -1 }",
        "days_since_ed_attendance_730d = { min = 731 }",
        "emergency_bed_days_90d = { min = 91 }",
        "three_or_more_conditions_1095d = { min = 3 }",
        "risk = { above = 'risk' }",
    ],
)
def test_a_condition_that_nobody_can_meet_is_a_fault(tmp_path: Path, never: str) -> None:
    (fault,) = faults(tmp_path, entry(when=f"[{{ age = {{ min = 80 }} }}, {{ {never} }}]"))

    assert f"when: {never.split()[0]}: can never hold" in fault


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    many = entry(
        role="", words='"{fals}, {housebound_1095d}: why?"', when="{ fals = { min = 1 }, risk = { min = 20 } }"
    )

    found = faults(tmp_path, many + GOOD + entry(name='"third"', unless="3"))

    assert [fault.removeprefix("ours.toml: ").split(". ")[0] for fault in found] == [
        "prompt 1 (ours): role: is missing",
        "prompt 1 (ours): when.fals: is no feature and no risk",
        "prompt 1 (ours): when: risk: can never hold, as it lies between 0 and 1",
        "prompt 1 (ours): words: {fals} is no feature and no risk",
        "prompt 1 (ours): words: {housebound_1095d} is 1 or 0",
        "prompt 3 (third): unless: expected { feature = { min = 1 } }, or a list of such tables; found something else.",
    ]


OBJECTION = "objection_type_1_36525d"


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        ("when", {"when": f"{{ {OBJECTION} = {{ min = 1 }} }}"}),
        ("when", {"when": f"[{{ falls_365d = {{ min = 1 }} }}, {{ falls_365d = {{ above = '{OBJECTION}' }} }}]"}),
        ("unless", {"unless": f"{{ {OBJECTION} = {{ max = 0 }} }}"}),
        ("words", {"words": f"'{{{OBJECTION}}} objections: why?'"}),
    ],
)
def test_an_objection_is_never_said_beside_a_name(tmp_path: Path, where: str, keys: dict[str, str]) -> None:
    told = faults(tmp_path, entry(**keys))
    assert told[0].startswith(
        f"ours.toml: prompt 1 (ours): {where}: {OBJECTION}: an objection is never said beside a name"
    )


def test_an_objection_under_a_name_of_the_site_is_one_too(tmp_path: Path) -> None:
    own = next(one for one in CATALOGUE.definitions if one.name == "objection_type_1")
    renamed = own.model_copy(update={"name": "opted_out"})
    catalogue = Catalogue((*CATALOGUE.definitions, renamed), CATALOGUE.codelists, CATALOGUE.sets)
    file = written(tmp_path, entry(when="{ opted_out_36525d = { min = 1 } }"))
    with pytest.raises(SpecificationError, match="when: opted_out_36525d: an objection is never said beside a name"):
        read_prompts(file, catalogue=catalogue)


def test_a_file_without_prompts_asks_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "") == ()


# --- those shipped ----------------------------------------------------------------------------------------------------

AVOIDABLE = "ambulatory_care_sensitive_admissions_365d"

by_name = pytest.mark.parametrize("prompt", SHIPPED, ids=lambda prompt: prompt.name)


def test_every_prompt_that_is_shipped_can_be_asked_of_the_shipped_features() -> None:
    file = shipped("features") / "prompts.toml"
    declared = tomllib.loads(file.read_text(encoding="utf-8"))["prompt"]

    assert [prompt.name for prompt in SHIPPED] == [one["name"] for one in declared]
    assert read_prompts(file, catalogue=CATALOGUE) == SHIPPED, "a site's copy of the file stands as it is"


@by_name
def test_a_shipped_prompt_asks_and_never_instructs(prompt: Prompt) -> None:
    assert prompt.words.endswith("?")
    assert ": " in prompt.words, "first what the record shows"
    assert not re.search(
        r"\b(because|must|should|failed|fails|refus\w*|non-complian\w*|please)\b", prompt.words.lower()
    )
    assert len(prompt.words) <= 120, "it fits on a line of the page"
    assert not prompt.words[0].isupper() or prompt.words.startswith(("A&E", "HbA1c"))


def least(bounds: Any) -> float:
    return float(bounds.min if math.isfinite(bounds.min) else min(bounds.max, 0.0))


@by_name
def test_every_way_to_a_shipped_prompt_leads_there(prompt: Prompt) -> None:
    """What one alternative asks, and everything that the words name, is all that it takes."""
    for alternative in prompt.when.alternatives:
        person = dict.fromkeys(prompt.says, 0.5) | {name: least(bounds) for name, bounds in alternative.items()}
        for name, bounds in alternative.items():
            if bounds.above is not None:
                person |= {name: 0.6, bounds.above: 0.5}

        (found,) = prompts_for(people(person), [prompt]).to_dict("records")

        assert found["rule"] == f"{prompt.name} ({prompt.reference})"
        assert "{" not in found["text"]


@pytest.mark.parametrize(
    ("facts", "asks", "leaves_out"),
    [
        ({"medicines_90d": 12, "medication_review_365d": 0}, "medication review overdue", "ten or more medicines"),
        (
            {"falls_365d": 3, "fall_admissions_365d": 1, "falls_service_contacts_365d": 0, "age": 80},
            "repeated falls",
            "in hospital after a fall",
        ),
        (
            {"prescribed_anticoagulant_90d": 1, "prescribed_nsaid_90d": 1, "prescribed_antiplatelet_90d": 1},
            "an anticoagulant with an NSAID",
            "an antiplatelet with an NSAID",
        ),
        (
            {"falls_365d": 1, "prescribed_opioid_90d": 1, "prescribed_sedative_90d": 1},
            "an opioid with a sedative",
            "a fall with a medicine that dulls",
        ),
        (
            {"copd_admissions_365d": 1, "specialist_nurse_contacts_365d": 0, AVOIDABLE: 1},
            "admission for COPD without a specialist nurse",
            "admission for what is often treated at home",
        ),
        (
            {"days_since_discharge": 9, "in_hospital": 0, "medicines_90d": 5},
            "medicines after a stay in hospital",
            "home from hospital",
        ),
    ],
)
def test_one_prompt_does_not_ask_what_another_has_asked(facts: dict[str, float], asks: str, leaves_out: str) -> None:
    names = {rule.split(" (")[0] for rule in prompts_for(people(facts), SHIPPED)["rule"]}

    assert asks in names
    assert leaves_out not in names


def test_near_the_end_of_life_nobody_is_asked_for_reviews_screening_or_prevention() -> None:
    """Every prompt but a few leaves such people out; those few were read one by one."""
    declared = tomllib.loads((shipped("features") / "prompts.toml").read_text(encoding="utf-8"))["prompt"]

    assert {one["name"] for one in declared if one.get("end_of_life")} == {
        "put off, and the day has come",
        "put off",
        "declined before",
        "not suitable before",
        "already in hand before",
        "discussed before, and the day to look again has passed",
        "discussed before",
        "likely to die",
        "palliative care recorded, the team not seen",
        "emergency admissions with the palliative care team",
        "known to the palliative care team",
        "palliative care recorded",
        "carers near the end of life",
        "in hospital now",
        "medicines after a stay in hospital",
        "home from hospital",
        "back in hospital within 30 days",
        "lives in a care home",
        "self-harm in the last year",
        "severe mental illness",
        "medicines near the end of life",
        "an anticoagulant with an NSAID",
        "an anticoagulant with an antiplatelet",
        "an antiplatelet with an NSAID",
        "three medicines that harm kidneys together",
        "three or more emergency admissions",
        "three or more emergency admissions, few conditions",
        "three or more ambulances",
        "a pressure or leg ulcer",
        "a condition due to alcohol",
        "dementia",
        "housebound",
        "need for care",
        "lives alone",
    }


def test_a_shipped_prompt_about_a_feature_that_is_not_there_is_left_out() -> None:
    fewer = Catalogue(
        tuple(one for one in CATALOGUE.definitions if one.name != "medicines"), CATALOGUE.codelists, CATALOGUE.sets
    )

    left_out = {prompt.name for prompt in SHIPPED} - {prompt.name for prompt in read_prompts(catalogue=fewer)}

    assert left_out == {prompt.name for prompt in SHIPPED if "medicines_90d" in prompt.columns} != set()


def test_who_is_near_the_end_of_life_is_still_known_where_a_feature_of_it_is_not_there() -> None:
    definitions = tuple(one for one in CATALOGUE.definitions if one.name != "palliative_team_contacts")
    fewer = read_prompts(catalogue=Catalogue(definitions, CATALOGUE.codelists, CATALOGUE.sets))
    dying = {"end_of_life_register_1095d": 1.0, "medicines_90d": 12.0}

    names = {rule.split(" (")[0] for rule in prompts_for(people(dying), fewer)["rule"]}

    assert names == set()


def test_prompts_know_the_columns_that_the_people_of_a_list_have() -> None:
    features = {feature.name for feature in CATALOGUE.features}

    assert set(PEOPLE_COLUMNS) - features == known_columns(CATALOGUE) - features


def test_prompts_beside_features_of_ones_own_are_no_file_of_features(tmp_path: Path) -> None:
    (tmp_path / "prompts.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(SpecificationError, match="holds no feature declarations"):
        read_catalogue(tmp_path)

    (tmp_path / "mine.toml").write_text('domain = "person"\n', encoding="utf-8")

    assert read_catalogue(tmp_path).definitions == CATALOGUE.definitions
