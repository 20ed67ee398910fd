import math
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from vi_risk.errors import SpecificationError
from vi_risk.features.codelists import CodeEntry, CodeList
from vi_risk.features.declarations import Catalogue, Definition, Feature, read_catalogue
from vi_risk.reasons.sentences import sentence

SHIPPED = read_catalogue()

GOOD = """
[visits]
title = "Visits"
table = "community_contacts"
measure = "count"
windows = [30, 365]
reason = "{n} visit{s} in the last {window}"
"""


def declare(folder: Path, text: str, *, domain: str = 'domain = "acute use"\n', name: str = "mine.toml") -> Path:
    (folder / name).write_text(domain + text, encoding="utf-8")
    return folder


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(SpecificationError) as caught:
        read_catalogue(folder)
    return str(caught.value).splitlines()


def one_fault(folder: Path) -> str:
    (fault,) = faults_of(folder)
    return fault


def definition(**keys: Any) -> Definition:
    keys = {
        "name": "stays",
        "domain": "acute use",
        "title": "Stays",
        "table": "spells",
        "measure": "count",
        "windows": [365],
        "reason": "{n}",
    } | keys
    return Definition(**keys)


# --- the shipped catalogue ------------------------------------------------------------------------------------------


def test_the_shipped_catalogue_has_at_least_forty_definitions_in_four_domains() -> None:
    domains = Counter(definition.domain for definition in SHIPPED.definitions)
    assert len(SHIPPED.definitions) >= 40
    assert set(domains) == {"person", "comorbidity", "acute use", "primary and community use"}


def test_the_columns_that_comparators_use_are_there() -> None:
    names = {feature.name for feature in SHIPPED.features}
    assert {"age", "sex_female", "emergency_admissions_365d"} <= names


@pytest.mark.parametrize("feature", SHIPPED.features, ids=lambda feature: feature.name)
def test_every_sentence_of_the_shipped_catalogue_can_be_said(feature: Feature) -> None:
    for value in (3.0, 1.0, 0.0, math.nan):
        said = sentence(feature, value, feature.window)
        assert "{" not in said
        assert "}" not in said
        assert "because" not in said.lower()
        assert not re.search(r"_|\d{3}d", said), "a raw feature name is not a sentence"


@pytest.mark.parametrize("feature", SHIPPED.features, ids=lambda feature: feature.name)
def test_a_sentence_that_counts_says_how_many_and_since_when(feature: Feature) -> None:
    definition = feature.definition
    if definition.measure in ("count", "distinct", "groups", "bed_days"):
        assert "{n}" in definition.reason or "{times}" in definition.reason
        assert "{window}" in definition.reason
    if definition.measure == "days_since_last":
        assert "{ago}" in definition.reason


def test_a_longer_window_never_has_another_meaning_of_more() -> None:
    for definition in SHIPPED.definitions:
        assert all(shorter < longer for shorter, longer in pairwise(definition.windows))
        if definition.measure == "days_since_last":
            assert definition.direction in ("down", "none")


def test_attributes_as_at_the_extract_are_marked_and_no_others() -> None:
    assert {d.name for d in SHIPPED.definitions if d.as_at_extract} == {"imd_decile", "care_home"}


def test_every_code_list_names_its_source_and_is_used() -> None:
    folder = Path(__file__).parents[3] / "features" / "codelists"
    for path in folder.glob("*.csv"):
        assert path.read_text(encoding="utf-8").startswith("# ")
    assert {d.codes for d in SHIPPED.definitions if d.codes} == {path.stem for path in folder.glob("*.csv")}


@pytest.mark.parametrize(
    ("codelist", "groups", "points_in_all"),
    [
        ("charlson", 16, 24),  # Quan 2011: 2+2+1+1+2+1+2+1+2+4+6 with AIDS/HIV (4) left out
        ("hospital_frailty", 109, 173.2),  # Gilbert 2018
    ],
)
def test_the_published_scores_have_their_published_size(codelist: str, groups: int, points_in_all: float) -> None:
    points = {entry.group: entry.points for entry in SHIPPED.codelists[codelist].entries}
    assert len(points) == groups
    assert sum(points.values()) == pytest.approx(points_in_all)


@pytest.mark.parametrize(
    ("codelist", "coded", "group", "points"),
    [
        ("charlson", "I50.9", "congestive_heart_failure", 2),
        ("charlson", "I21.0", "myocardial_infarction", 0),
        ("charlson", "E11.2", "diabetes_complicated", 1),
        ("charlson", "E11.9", "diabetes_uncomplicated", 0),
        ("charlson", "C78.7", "metastatic_cancer", 6),
        ("charlson", "N18.3", "renal_disease", 1),
        ("hospital_frailty", "F00.9", "f00", 7.1),
        ("hospital_frailty", "W19.0", "w19", 3.2),
        ("hospital_frailty", "R50.9", "r50", 0.1),
    ],
)
def test_a_code_has_the_points_of_its_publication(codelist: str, coded: str, group: str, points: float) -> None:
    assert SHIPPED.codelists[codelist].match([("icd10", coded)]) == [("icd10", coded, group, points)]


@pytest.mark.parametrize("coded", ["B20.0", "B22", "B24X"])
def test_hiv_is_in_no_code_list(coded: str) -> None:
    assert not any(codelist.match([("icd10", coded)]) for codelist in SHIPPED.codelists.values())


def test_skin_cancer_other_than_melanoma_is_not_a_long_term_cancer() -> None:
    conditions = SHIPPED.codelists["long_term_conditions"]
    assert conditions.match([("icd10", "C44.3")]) == []
    assert [group for _, _, group, _ in conditions.match([("icd10", "C43.3")])] == ["cancer"]


# --- features of a definition ---------------------------------------------------------------------------------------


def test_a_definition_yields_a_feature_for_each_window() -> None:
    catalogue = Catalogue((definition(windows=[30, 365]),), {})
    assert [(f.name, f.window) for f in catalogue.features] == [("stays_30d", 30), ("stays_365d", 365)]


def test_flags_yield_a_feature_for_each_group_with_its_title() -> None:
    flags = definition(table="coded_entries", measure="group_flags", codes="lungs", reason="{group} recorded")
    lungs = CodeList(
        "lungs",
        (CodeEntry("icd10", "J44", "copd"), CodeEntry("icd10", "J45", "asthma")),
        {"copd": "COPD", "asthma": "asthma"},
    )
    features = Catalogue((flags,), {"lungs": lungs}).features
    assert [(f.name, f.group_title) for f in features] == [("stays_copd_365d", "COPD"), ("stays_asthma_365d", "asthma")]
    assert features[0].theme != features[1].theme


def test_the_windows_of_a_definition_are_one_theme() -> None:
    short, long = Catalogue((definition(windows=[30, 365]),), {}).features
    assert short.theme == long.theme


def test_a_feature_of_the_person_is_named_as_its_definition() -> None:
    age = definition(name="age", table="patients", measure="age", windows=[])
    assert [f.name for f in Catalogue((age,), {}).features] == ["age"]


def test_the_fingerprint_changes_with_a_window_and_with_the_points_of_a_code() -> None:
    def catalogue(window: int, points: float) -> Catalogue:
        score = definition(table="diagnoses", measure="points", codes="score", windows=[window])
        return Catalogue((score,), {"score": CodeList("score", (CodeEntry("icd10", "I50", "a", points),), {"a": "a"})})

    prints = [catalogue(w, p).fingerprint for w, p in ((365, 1.0), (730, 1.0), (365, 2.0))]
    assert len(set(prints)) == 3
    assert catalogue(365, 1.0).fingerprint == prints[0]


# --- reading --------------------------------------------------------------------------------------------------------


def test_a_site_adds_features_and_code_lists_in_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "codelists").mkdir()
    (tmp_path / "codelists" / "gout.csv").write_text("system,code,group\nicd10,M10,gout\n", encoding="utf-8")
    declare(
        tmp_path,
        '[gout]\ntitle = "Gout"\ntable = "coded_entries"\nmeasure = "any"\ncodes = "gout"\nwindows = [365]\n'
        'reason = "gout recorded"\n',
        domain='domain = "comorbidity"\n',
    )
    catalogue = read_catalogue(tmp_path)
    assert len(catalogue.definitions) == len(SHIPPED.definitions) + 1
    assert catalogue.codelists["gout"].groups == {"gout": "gout"}


def test_a_named_set_stands_for_its_values_in_every_file_of_the_folder(tmp_path: Path) -> None:
    declare(tmp_path, '[sets]\nnurses = ["district_nursing", "community_matron"]\n', name="a_sets.toml")
    declare(tmp_path, GOOD + 'where = { team_type = "@nurses" }\n')
    added = read_catalogue(tmp_path).definitions[-1]
    assert added.where == {"team_type": ("district_nursing", "community_matron")}


def test_one_value_is_a_list_of_one(tmp_path: Path) -> None:
    declare(tmp_path, GOOD + 'where = { team_type = "falls" }\n')
    assert read_catalogue(tmp_path).definitions[-1].where == {"team_type": ("falls",)}


# --- faults ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"name": "Stays"}, "a name is lower case letters, digits and underscores"),
        ({"domain": "social"}, "Input should be 'person', 'comorbidity', 'acute use' or 'primary and community use'"),
        ({"table": "admissions"}, "table must be one of patients, practices"),
        ({"measure": "mean"}, "Input should be 'count', 'any'"),
        ({"where": {"ward": "7"}}, "spells has no column ward; it has spell_id, patient_id"),
        (
            {"table": "coded_entries", "where": {"value": 7}},
            "coded_entries has no column value; it has patient_id, event_on",
        ),
        ({"where": {"admission_method": "@urgent"}}, "names the set @urgent, which no file declares under [sets]"),
        ({"windows": []}, "measure count needs windows, a list of days such as [90, 365]"),
        ({"windows": [365, 90]}, "windows must rise, each once"),
        ({"windows": [90, 90]}, "windows must rise, each once"),
        ({"windows": [0]}, "greater than or equal to 1"),
        ({"windows": [36526]}, "less than or equal to 36525"),
        ({"measure": "age"}, "measure age is of the table patients"),
        ({"measure": "age", "table": "patients"}, "measure age takes no windows"),
        ({"table": "patients"}, "measure count needs a table of dated rows, not patients"),
        ({"measure": "bed_days", "table": "ed_attendances"}, "measure bed_days is of the table spells"),
        ({"measure": "distinct"}, "`of` names the column that measures distinct and value read"),
        ({"of": "provider_code"}, "no other measure takes it"),
        ({"measure": "distinct", "of": "ward"}, "spells has no column ward"),
        ({"prefix": 3}, "`prefix` belongs to measure distinct"),
        ({"measure": "points", "table": "diagnoses"}, "measure points needs `codes`, the name of a code list"),
        ({"codes": "falls"}, "`codes` needs a table with clinical codes: coded_entries, diagnoses, gp_events"),
        ({"reason": "{count} stays"}, "reason has the unknown placeholder count; known: ago, band, group, n, s"),
        ({"reason_zero": "{what}"}, "reason_zero has the unknown placeholder what"),
        ({"reason_missing": "not seen {window"}, "reason_missing has a brace without its other half"),
        ({"reason": "{group}"}, "only measure group_flags has the placeholder group"),
        ({"colour": "red"}, "Extra inputs are not permitted"),
        ({"direction": "sideways"}, "Input should be 'up', 'down' or 'none'"),
        ({"title": 7}, "Input should be a valid string"),
    ],
)
def test_an_incoherent_definition_says_what_is_wrong(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=re.escape(fault)):
        definition(**change)


def test_all_faults_of_one_definition_are_told() -> None:
    with pytest.raises(ValueError, match=r"(?s)no column ward.*windows must rise.*prefix.*unknown placeholder x"):
        definition(where={"ward": "7"}, windows=[9, 3], prefix=3, reason="{x}")


def test_a_fault_names_the_file_the_feature_and_the_key(tmp_path: Path) -> None:
    declare(tmp_path, GOOD + 'direction = "sideways"\n')
    assert one_fault(tmp_path).startswith(f"{tmp_path.name}/mine.toml: visits: direction: Input should be 'up'")


def test_an_unknown_key_is_a_fault(tmp_path: Path) -> None:
    declare(tmp_path, GOOD + "window = 30\n")
    fault = f"{tmp_path.name}/mine.toml: visits: window: is not a known key. Remove it or check its spelling."
    assert one_fault(tmp_path) == fault


def test_a_missing_key_is_a_fault(tmp_path: Path) -> None:
    declare(tmp_path, GOOD.replace('title = "Visits"\n', ""))
    assert one_fault(tmp_path) == f"{tmp_path.name}/mine.toml: visits: title: is missing. Add it."


def test_a_file_without_a_domain_is_a_fault(tmp_path: Path) -> None:
    declare(tmp_path, GOOD, domain="")
    assert "visits: domain: Input should be 'person', 'comorbidity'" in one_fault(tmp_path)


def test_an_entry_that_is_no_table_is_a_fault(tmp_path: Path) -> None:
    declare(tmp_path, "visits = 3\n")
    assert one_fault(tmp_path).endswith("mine.toml: visits: is not a table. Expected [visits] with its keys.")


def test_a_code_list_that_is_not_there_is_a_fault_with_the_lists_there_are(tmp_path: Path) -> None:
    declare(tmp_path, GOOD.replace("community_contacts", "gp_events") + 'codes = "gout"\n')
    fault = one_fault(tmp_path)
    assert fault.startswith("visits: codes names the code list gout, which is not in codelists/.")
    assert "charlson" in fault


def test_a_name_that_is_taken_is_a_fault(tmp_path: Path) -> None:
    declare(tmp_path, GOOD.replace("[visits]", "[emergency_admissions]"))
    fault = "emergency_admissions: a feature of this name is declared already. Rename one of the two."
    assert one_fault(tmp_path).endswith(fault)


def test_two_definitions_that_yield_one_column_are_a_fault(tmp_path: Path) -> None:
    flags = 'table = "coded_entries"\nmeasure = "{}"\ncodes = "delirium"\nwindows = [365]\ntitle = "t"\nreason = "r"\n'
    declare(tmp_path, "[mind]\n" + flags.format("group_flags") + "[mind_delirium]\n" + flags.format("any"))
    assert one_fault(tmp_path).startswith("features: two definitions yield the feature mind_delirium_365d.")


def test_broken_toml_is_told_with_its_place(tmp_path: Path) -> None:
    declare(tmp_path, '[visits\ntitle = "Visits"\n')
    assert "mine.toml: is not valid TOML" in one_fault(tmp_path)
    assert "line 2" in one_fault(tmp_path)


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    declare(tmp_path, GOOD + 'colour = "red"\n', name="a.toml")
    declare(tmp_path, GOOD.replace("[visits]", "[calls]").replace("[30, 365]", "[0]"), name="b.toml")
    declare(tmp_path, "[broken\n", name="c.toml")
    (tmp_path / "codelists").mkdir()
    (tmp_path / "codelists" / "d.csv").write_text("system,code,group\nicd10,50I,heart\n", encoding="utf-8")

    told = "\n".join(faults_of(tmp_path))

    for place in (
        "a.toml: visits: colour",
        "b.toml: calls: windows",
        "c.toml: is not valid TOML",
        "codelists/d.csv: entry 1",
    ):
        assert place in told
