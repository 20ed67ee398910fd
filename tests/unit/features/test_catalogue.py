import math
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from vi_risk.declared import shipped
from vi_risk.errors import SpecificationError, UsageError
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.features.codelists import CodeEntry, CodeList
from vi_risk.features.definition import Definition, Domain, Feature, Measure, Range
from vi_risk.reasons.sentences import sentence
from vi_risk.records import codes

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


def test_the_box_holds_a_hundred_and_fifty_features_of_all_domains() -> None:
    assert len(SHIPPED.features) >= 150
    assert len(SHIPPED.definitions) >= 60
    assert {definition.domain for definition in SHIPPED.definitions} == set(get_args(Domain))


def test_nearly_every_measure_is_in_use() -> None:
    assert set(get_args(Measure)) - {definition.measure for definition in SHIPPED.definitions} == {
        "sum",
        "days_since_first",
    }


def test_the_columns_that_comparators_use_are_there() -> None:
    names = {feature.name for feature in SHIPPED.features}
    assert {"age", "sex_female", "emergency_admissions_365d"} <= names


@pytest.mark.parametrize("feature", SHIPPED.features, ids=lambda feature: feature.name)
def test_every_sentence_of_the_shipped_catalogue_can_be_said(feature: Feature) -> None:
    can_be_negative = feature.definition.measure in ("slope", "points")
    for value in (3.0, 1.0, 0.0, *((-3.0,) if can_be_negative else ()), math.nan):
        said = sentence(feature, value, feature.window)
        assert "{" not in said
        assert "}" not in said
        assert "because" not in said.lower()
        assert not re.search(r"_|\d{3}d|  ", said), "a raw feature name is not a sentence"
        assert len(said) <= 120, "a reason fits on one line of a list"
        assert not said.endswith(".")


@pytest.mark.parametrize("feature", SHIPPED.features, ids=lambda feature: feature.name)
def test_a_sentence_that_counts_says_how_many_and_since_when(feature: Feature) -> None:
    definition = feature.definition
    counted = ("count", "distinct", "groups", "bed_days", "maximum", "mean")
    if definition.measure in counted and definition.at_least is None:
        assert "{n}" in definition.reason or "{times}" in definition.reason
    if definition.measure in (
        "count",
        "distinct",
        "groups",
        "points",
        "any",
        "group_flags",
        "bed_days",
        "share",
        "rise",
    ):
        assert "{window}" in definition.reason
    if definition.measure in ("days_since_last", "days_since_first"):
        assert "{ago}" in definition.reason
    if definition.measure == "share":
        assert "{percent}" in definition.reason
    if definition.measure == "group_flags":
        assert "{group}" in definition.reason


@pytest.mark.parametrize("name", ["charlson_points", "charlson_shmi_points", "elixhauser_points"])
def test_a_score_is_told_with_the_most_that_it_can_be(name: str) -> None:
    score = next(d for d in SHIPPED.definitions if d.name == name)
    codelist = read_catalogue(sensitive={"hiv"}).codelists[str(score.codes)]
    points = {entry.group: entry.points for entry in codelist.entries}
    replaced = {group for group, by in codelist.replaced_by.items() if by in points}
    most = sum(of_group for group, of_group in points.items() if of_group > 0 and group not in replaced)
    assert f"{{n}} of at most {most:g}," in score.reason.replace("(SHMI) ", "")


def test_signs_of_frailty_are_told_with_how_many_were_looked_for() -> None:
    deficits = next(d for d in SHIPPED.definitions if d.name == "frailty_deficits")
    assert f"{{n}} of {len(SHIPPED.codelists['frailty_deficits'].groups)} signs" in deficits.reason


def test_a_change_is_told_by_its_direction_both_ways() -> None:
    changes = [definition for definition in SHIPPED.definitions if definition.measure == "slope"]
    assert len(changes) == 7
    assert all("rising" in d.reason and "falling" in d.reason_negative for d in changes)


def test_the_more_recent_of_a_date_is_never_the_lower_risk() -> None:
    dates = [definition for definition in SHIPPED.definitions if definition.measure == "days_since_last"]
    assert {definition.direction for definition in dates} == {"down", "none"}


def test_what_can_be_missing_says_what_a_missing_value_means() -> None:
    can_be = ("days_since_last", "days_since_first", "maximum", "mean", "latest", "slope", "share", "latest_is", "rise")
    assert [d.name for d in SHIPPED.definitions if d.measure in can_be and not d.missing] == []


def test_what_is_counted_or_measured_has_a_unit() -> None:
    without = ("any", "group_flags", "is", "latest_is")
    counted = [d for d in SHIPPED.definitions if d.measure not in without and d.at_least is None]
    assert [d.name for d in counted if not d.unit] == []


def test_measurements_count_only_in_an_accepted_unit_and_within_what_a_living_person_can_have() -> None:
    measured = [d for d in SHIPPED.definitions if d.domain == "measurements"]
    assert {group for d in measured for group in d.groups} == set(SHIPPED.codelists["measurements"].groups)
    for definition in measured:
        plausible = definition.where["value"]
        assert isinstance(plausible, Range)
        assert plausible.min is not None
        assert plausible.max is not None
        assert definition.where["unit"]


def test_a_stay_in_hospital_is_counted_once_however_often_it_moved() -> None:
    counted = {d.name: d.table for d in SHIPPED.definitions if "admission_method" in d.where and d.measure == "count"}
    assert {table for name, table in counted.items() if "diagnoses" not in table} == {"admissions"}
    assert counted["emergency_admissions"] == "admissions"


def test_ethnic_group_and_what_an_mdt_did_are_never_model_inputs() -> None:
    kept_out = {definition.name for definition in SHIPPED.definitions if not definition.model_input}
    groups = {"ethnic_white", "ethnic_mixed", "ethnic_asian", "ethnic_black", "ethnic_other"}
    assert groups | {"days_since_mdt_review"} <= kept_out
    assert {d.name for d in SHIPPED.definitions if "ethnic_category" in d.columns_read} == groups


def test_the_five_ethnic_groups_share_out_the_stated_categories() -> None:
    said = [code for d in SHIPPED.definitions for code in d.where.get("ethnic_category", ())]
    assert sorted(said) == sorted(set(codes.ETHNIC_CATEGORY) - {"Z", "99"})


def test_values_of_a_filter_are_values_that_the_column_has() -> None:
    unknown = [
        (definition.name, column, value)
        for definition in SHIPPED.definitions
        for condition in (definition.where, definition.part)
        for column, values in condition.items()
        if (known := definition.source.column(column).values) is not None and not isinstance(values, Range)
        for value in values
        if value not in known
    ]
    assert unknown == []


def test_attributes_as_at_the_extract_are_marked_and_no_others() -> None:
    assert {d.name for d in SHIPPED.definitions if d.as_at_extract} == {"imd_decile", "care_home"}


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


def test_a_definition_reads_only_the_groups_of_the_list_that_it_names() -> None:
    flags = definition(
        table="diagnoses", measure="group_flags", codes="lungs", groups=["copd"], reason="{group} recorded"
    )
    entries = (CodeEntry("icd10", "J44", "copd"), CodeEntry("icd10", "J45", "asthma"))
    lungs = CodeList("lungs", entries, {"copd": "COPD", "asthma": "asthma"})
    assert [f.name for f in Catalogue((flags,), {"lungs": lungs}).features] == ["stays_copd_365d"]


def test_the_fingerprint_does_not_change_with_words() -> None:
    said = Catalogue((definition(title="Stays in hospital", reason="{n} stays", direction="up", unit="stays"),), {})
    assert said.fingerprint == Catalogue((definition(),), {}).fingerprint


def test_the_fingerprint_of_a_definition_changes_with_what_replaces_a_group() -> None:
    score = definition(table="diagnoses", measure="points", codes="score")
    entries = (CodeEntry("icd10", "K70", "mild"), CodeEntry("icd10", "K72", "severe"))
    prints = {
        Catalogue(
            (score,), {"score": CodeList("score", entries, {"mild": "m", "severe": "s"}, replaced_by)}
        ).fingerprint_of(score)
        for replaced_by in ({}, {"mild": "severe"})
    }
    assert len(prints) == 2


# --- definitions made in Python ---------------------------------------------------------------------------------------


def test_definitions_of_ones_own_come_after_those_that_are_there() -> None:
    own = definition(name="my_stays")
    together = SHIPPED.with_definitions(own)
    assert together.definitions == (*SHIPPED.definitions, own)
    assert together.features[-1].name == "my_stays_365d"


def test_the_named_sets_of_the_files_serve_definitions_of_ones_own() -> None:
    own = definition(name="mine", table="admissions", where={"admission_method": SHIPPED.sets["emergency"]})
    declared_so = next(one for one in SHIPPED.definitions if one.name == "emergency_admissions")
    assert SHIPPED.with_definitions(own).definitions[-1].where == declared_so.where


def test_a_definition_of_ones_own_may_bring_its_code_list() -> None:
    own = definition(name="gout", table="diagnoses", measure="any", codes="gout")
    gout = CodeList("gout", (CodeEntry("icd10", "M10", "gout"),), {"gout": "gout"})
    assert SHIPPED.with_definitions(own, codelists=[gout]).codelists["gout"] is gout


def test_a_code_list_of_ones_own_does_not_replace_one_that_is_there() -> None:
    falls = CodeList("falls", (CodeEntry("icd10", "W01", "fall"),), {"fall": "fall"})
    with pytest.raises(SpecificationError, match="falls: a code list of this name is there already"):
        SHIPPED.with_definitions(definition(name="mine"), codelists=[falls])


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ({"name": "emergency_admissions"}, "emergency_admissions: a definition of this name is there already."),
        ({"name": "mine", "table": "diagnoses", "codes": "gout"}, "mine: codes names the code list gout"),
        (
            {"name": "mine", "table": "diagnoses", "codes": "falls", "groups": ["stairs"]},
            "mine: groups names stairs, which the code list falls does not have. Expected some of: fall.",
        ),
    ],
)
def test_a_definition_of_ones_own_that_does_not_fit_is_a_fault(keys: dict[str, Any], fault: str) -> None:
    with pytest.raises(SpecificationError, match=re.escape(fault)):
        SHIPPED.with_definitions(definition(**keys))


# --- what governance allows -------------------------------------------------------------------------------------------


def test_a_sensitive_group_is_in_no_feature_until_governance_allows_its_kind(tmp_path: Path) -> None:
    (tmp_path / "codelists").mkdir()
    (tmp_path / "codelists" / "blood.csv").write_text(
        "system,code,group,title,points,replaced_by,sensitive\n"
        "icd10,B20,hiv,HIV,1,,hiv\nicd10,D57,sickle,sickle cell disease,1,,\n",
        encoding="utf-8",
    )
    declare(
        tmp_path,
        '[blood]\ntitle = "Blood"\ntable = "diagnoses"\nmeasure = "group_flags"\ncodes = "blood"\nwindows = [365]\n'
        'reason = "{group} recorded"\n',
    )

    def flags(*sensitive: str) -> list[str]:
        catalogue = read_catalogue(tmp_path, sensitive=sensitive)
        return [feature.name for feature in catalogue.features if feature.definition.name == "blood"]

    assert flags() == ["blood_sickle_365d"]
    assert flags("hiv") == ["blood_hiv_365d", "blood_sickle_365d"]


def test_a_kind_that_no_code_list_has_is_a_fault_with_those_that_there_are() -> None:
    for asked in ({"hvi"}, {"hvi": True}, {"hvi": False}):
        with pytest.raises(
            SpecificationError, match=r"sensitive\.hvi: no code list .* Expected one of: custody, .*, hiv, .*\. Check"
        ):
            read_catalogue(sensitive=asked)


def test_a_kind_that_is_named_and_not_allowed_stays_out() -> None:
    assert read_catalogue(sensitive={"hiv": False}).fingerprint == SHIPPED.fingerprint
    assert SHIPPED.sensitive == {"hiv": False}
    assert read_catalogue(sensitive={"hiv": True}).sensitive == {"hiv": True}


# --- written whole ----------------------------------------------------------------------------------------------------


def test_a_catalogue_comes_back_from_json_as_it_was() -> None:
    ranges = definition(name="long", table="admissions", where={"nights": Range(min=3.5)}, part={}, at_least=2)
    whole = read_catalogue(sensitive={"hiv"}).with_definitions(ranges)
    again = Catalogue.from_json(whole.to_json())
    assert again.definitions == whole.definitions
    assert again.codelists == whole.codelists
    assert again.sets == whole.sets
    assert again.fingerprint == whole.fingerprint
    assert again.to_json() == whole.to_json()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"definitions": [{"name": "x"}], "codelists": {}}', "3"])
def test_what_is_no_catalogue_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a catalogue as it was written"):
        Catalogue.from_json(text)


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
        ({"domain": "social"}, "Input should be 'person', 'comorbidity', 'acute use', 'primary and community use', "),
        ({"table": "wards"}, "table must be one of patients, practices"),
        ({"measure": "median"}, "Input should be 'count', 'any'"),
        ({"where": {"ward": "7"}}, "spells has no column ward; it has spell_id, patient_id"),
        (
            {"table": "coded_entries", "where": {"value": 7}},
            "coded_entries has no column value; it has patient_id, event_on",
        ),
        (
            {"where": {"admission_method": "@urgent"}},
            "names the set @urgent, and sets stand for values in declared files only; in Python write the values, cat",
        ),
        ({"windows": []}, "measure count needs windows, a list of days such as [90, 365]"),
        ({"windows": [365, 90]}, "windows must rise, each once"),
        ({"windows": [90, 90]}, "windows must rise, each once"),
        ({"windows": [0]}, "windows must be 1 day or more, got 0; a window ends the day before the index date"),
        ({"windows": [36526]}, "windows must be 36525 days (a century) or less, got 36526"),
        ({"measure": "age"}, "measure age is of the table patients"),
        ({"measure": "age", "table": "patients"}, "measure age takes no windows"),
        ({"table": "patients"}, "measure count needs a table of dated rows, not patients"),
        ({"measure": "bed_days", "table": "ed_attendances"}, "measure bed_days is of the table spells"),
        ({"measure": "distinct"}, "measure distinct needs `of`, the column that it reads"),
        (
            {"of": "provider_code"},
            "`of` belongs to the measures distinct, value, sum, maximum, mean, latest and slope, and count does not",
        ),
        ({"measure": "distinct", "of": "ward"}, "spells has no column ward"),
        ({"prefix": 3}, "`prefix` belongs to measure distinct"),
        ({"measure": "points", "table": "diagnoses"}, "measure points needs `codes`, the name of a code list"),
        ({"codes": "falls"}, "`codes` needs a table with clinical codes: coded_entries, diagnoses, procedures"),
        (
            {"reason": "{count} stays"},
            "reason has the unknown placeholder {count}; known: {ago}, {band}, {group}, {n}, {percent}, {s}",
        ),
        ({"reason_zero": "{what}"}, "reason_zero has the unknown placeholder {what}"),
        ({"reason_missing": "not seen {window"}, "reason_missing has a brace without its other half"),
        ({"reason": "{group}"}, "reason has {group}, which only group_flags can say, not count"),
        ({"reason": "{n} {ago}"}, "reason has {ago}, which only days_since_last and days_since_first can say, not"),
        ({"reason_zero": "{percent}"}, "reason_zero has {percent}, which only share and rise can say, not count"),
        ({"reason_missing": "{n} {ago}"}, "reason_missing has {ago}, {n}, and a missing value has none to say"),
        (
            {"table": "patients", "measure": "age", "windows": [], "reason": "{band} {window}"},
            "reason has {window}, and measure age has no windows",
        ),
        ({"table": "patients", "measure": "is", "windows": []}, "measure is needs `where`, what must hold of the"),
        ({"where": {"admission_method": []}}, "admission_method is an empty list, which no row holds"),
        (
            {"table": "admissions", "unseen": "scale"},
            'unseen = "scale" is for a table that practices hold, and admissions counts as wholly seen',
        ),
        (
            {"table": "gp_events", "measure": "slope", "of": "value", "codes": "measurements"},
            "measure slope reckons with value whatever its unit; name the units that count in `where`",
        ),
        (
            {"table": "gp_events", "measure": "mean", "of": "value", "where": {"unit": "mmHg"}},
            "measure mean reckons with value whatever was measured; name its code list with `codes`",
        ),
        ({"any_unit": True}, "`any_unit` is of a measure that reckons with values whose unit stands beside them"),
        (
            {"measure": "mean", "of": "provider_code"},
            "measure mean needs a column of numbers, and provider_code is not",
        ),
        ({"measure": "registered_days"}, "measure registered_days is of the table registrations"),
        ({"measure": "seen_days"}, "measure seen_days is of a table that practices hold"),
        (
            {"measure": "seen_days", "table": "gp_appointments", "where": {"status": "attended"}},
            "measure seen_days takes no where and no codes",
        ),
        ({"measure": "share"}, "measure share needs `part`, what the part of the rows holds, written as `where` is"),
        (
            {"part": {"admission_method": "21"}},
            "`part` belongs to the measures share and latest_is, and count does not take it",
        ),
        ({"measure": "share", "part": {"ward": "7"}}, "spells has no column ward"),
        ({"measure": "rise"}, "measure rise needs `recent`, the days that count as recent"),
        ({"recent": 30}, "`recent` belongs to the measure rise, and count does not take it"),
        ({"measure": "rise", "recent": 365}, "`recent` must be shorter than every window"),
        ({"measure": "any", "unseen": "scale"}, 'unseen = "scale" belongs to the measures count and sum'),
        ({"measure": "any", "at_least": 2}, "`at_least` belongs to the measures "),
        (
            {"table": "gp_appointments", "at_least": 2, "unseen": "scale"},
            '`at_least` and unseen = "scale" do not go together',
        ),
        ({"groups": ["heart"]}, "`groups` needs `codes`, the code list that they are groups of"),
        ({"where": {"admission_method": {"min": 1}}}, "is a range, and admission_method is not a number"),
        (
            {"table": "admissions", "where": {"nights": {}}},
            "nights is a range without min and max; give one of them, or both",
        ),
        (
            {"table": "admissions", "where": {"nights": {"min": 9, "max": 3}}},
            "nights is a range whose min is above its max",
        ),
        (
            {"table": "admissions", "where": {"nights": {"most": 3}}},
            "nights.most is not a key of a range; it has min and max",
        ),
        ({"table": "admissions", "where": {"nights": "3"}}, "where.nights has '3', but nights is integer"),
        ({"table": "admissions", "where": {"nights": True}}, "where.nights has True, but nights is integer"),
        ({"where": {"admitted_on": "2024"}}, "admitted_on is a date, which `where` cannot compare"),
        ({"colour": "red"}, "Extra inputs are not permitted"),
        ({"direction": "sideways"}, "Input should be 'up', 'down' or 'none'"),
        ({"title": 7}, "Input should be a valid string"),
    ],
)
def test_an_incoherent_definition_says_what_is_wrong(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=re.escape(fault)):
        definition(**change)


def test_all_faults_of_one_definition_are_told() -> None:
    with pytest.raises(ValueError, match=r"(?s)no column ward.*windows must rise.*prefix.*unknown placeholder \{x\}"):
        definition(where={"ward": "7"}, windows=[9, 3], prefix=3, reason="{x}")


def test_a_fault_names_the_file_the_feature_and_the_key(tmp_path: Path) -> None:
    declare(tmp_path, GOOD + 'direction = "sideways"\n')
    assert one_fault(tmp_path).startswith(
        f"{tmp_path.name}/mine.toml: visits: direction: expected 'up', 'down' or 'none'. Found"
    )


def test_an_unknown_key_is_a_fault(tmp_path: Path) -> None:
    declare(tmp_path, GOOD + "window = 30\n")
    fault = f"{tmp_path.name}/mine.toml: visits: window: is not a known key. Remove it or check its spelling."
    assert one_fault(tmp_path) == fault


def test_a_missing_key_is_a_fault(tmp_path: Path) -> None:
    declare(tmp_path, GOOD.replace('title = "Visits"\n', ""))
    assert one_fault(tmp_path) == f"{tmp_path.name}/mine.toml: visits: title: is missing. Add it."


def test_a_file_without_a_domain_is_a_fault(tmp_path: Path) -> None:
    declare(tmp_path, GOOD, domain="")
    assert f'{tmp_path.name}/mine.toml: domain: is missing. Expected, at the head of the file, one of "person", ' in (
        one_fault(tmp_path)
    )


def test_an_entry_that_is_no_table_is_a_fault(tmp_path: Path) -> None:
    declare(tmp_path, "visits = 3\n")
    fault = "mine.toml: visits: is no known key. Expected domain, [sets], or an entry: [visits]."
    assert one_fault(tmp_path).endswith(fault)


def test_a_code_list_that_is_not_there_is_a_fault_with_the_lists_there_are(tmp_path: Path) -> None:
    declare(tmp_path, GOOD.replace("community_contacts", "gp_events") + 'codes = "gout"\n')
    fault = one_fault(tmp_path)
    place = f"{tmp_path.name}/mine.toml: visits: "
    assert fault.startswith(f"{place}codes names the code list gout, which is not in codelists/.")
    assert "charlson" in fault


def test_a_name_that_is_taken_is_a_fault(tmp_path: Path) -> None:
    declare(tmp_path, GOOD.replace("[visits]", "[emergency_admissions]"))
    declared_in = "a feature of this name is declared already, in features/acute_use.toml"
    fault = f"emergency_admissions: {declared_in}. Rename one of the two."
    assert one_fault(tmp_path).endswith(fault)


def test_two_definitions_that_yield_one_column_are_a_fault(tmp_path: Path) -> None:
    flags = 'table = "coded_entries"\nmeasure = "{}"\ncodes = "delirium"\nwindows = [365]\ntitle = "t"\nreason = "r"\n'
    declare(tmp_path, "[mind]\n" + flags.format("group_flags") + "[mind_delirium]\n" + flags.format("any"))
    fault = "mine.toml: mind_delirium: yields the feature mind_delirium_365d, as mind does. Rename one of the two."
    assert one_fault(tmp_path).endswith(fault)


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
        "codelists/d.csv: line 2",
    ):
        assert place in told


def test_a_wrong_type_in_one_key_does_not_hide_what_is_wrong_with_the_others(tmp_path: Path) -> None:
    entry = GOOD.replace('"Visits"', "7").replace('"count"', '"cuont"').replace("[30, 365]", "[365, 0]")
    declare(tmp_path, entry + 'where = { team = "matrons" }\ncodes = "gout"\nrecent = 3\nreason_zero = "{x}"\n')
    said = [fault.partition("visits: ")[2] for fault in faults_of(tmp_path)]
    expected = [
        "codes names the code list gout, which is not in codelists/.",
        "title: expected text in quotes. Found 7.",
        "measure: expected 'count', 'any', ",
        "community_contacts has no column team; it has patient_id",
        "windows must rise, each once.",
        "windows must be 1 day or more, got 0;",
        "`recent` must be shorter than every window",
        "`codes` needs a table with clinical codes",
        "reason_zero has the unknown placeholder {x}",
    ]
    assert len(said) == len(expected), "nothing is said of the measure's own keys, as nobody knows which it is"
    for fault, words in zip(said, expected, strict=True):
        assert fault.startswith(words)


def test_a_set_that_no_file_declares_is_told_with_those_that_there_are_and_the_other_faults(tmp_path: Path) -> None:
    text = GOOD.replace('"count"', '"share"').replace("[30, 365]", "[0]") + 'part = { team_type = "@nurse" }\n'
    unknown, window = faults_of(declare(tmp_path, text))
    assert "visits: part.team_type names the set @nurse, which no file declares under [sets]. Expected one " in unknown
    assert "emergency" in unknown
    assert "windows must be 1 day or more" in window


def test_the_faults_of_an_entry_whose_name_is_taken_are_told_too(tmp_path: Path) -> None:
    declare(tmp_path, GOOD.replace("[visits]", "[emergency_admissions]").replace("[30, 365]", "[0]"))
    taken, window = faults_of(tmp_path)
    assert "emergency_admissions: a feature of this name is declared already" in taken
    assert "emergency_admissions: windows must be 1 day or more" in window


def test_values_of_several_groups_are_not_reckoned_with_as_one_measurement(tmp_path: Path) -> None:
    entry = GOOD.replace("community_contacts", "gp_events").replace('"count"', '"mean"')
    entry += 'of = "value"\nwhere = { unit = "mmol/L" }\ncodes = "measurements"\n'
    fault = one_fault(declare(tmp_path, entry))
    assert "visits: measure mean reckons with value of 7 groups as if they were one measurement: bmi, " in fault
    assert fault.endswith("Name one of them in groups.")
    for mend in ('groups = ["sodium"]\n', "any_unit = true\n"):
        declare(tmp_path, entry + mend)
        assert read_catalogue(tmp_path).definitions[-1].name == "visits"


def test_a_sound_code_list_beside_a_broken_one_is_there(tmp_path: Path) -> None:
    (tmp_path / "codelists").mkdir()
    (tmp_path / "codelists" / "gout.csv").write_text("system,code,group\nicd10,M10,gout\n", encoding="utf-8")
    (tmp_path / "codelists" / "worse.csv").write_text("system,code,group\nicd10,10M,gout\n", encoding="utf-8")
    declare(tmp_path, GOOD.replace("community_contacts", "gp_events") + 'codes = "gout"\ngroups = ["toe"]\n')
    broken, groups = faults_of(tmp_path)
    assert "worse.csv: line 2: '10M' has not the shape" in broken
    assert "visits: groups names toe, which the code list gout does not have. Expected some of: gout." in groups


def test_a_code_list_of_a_shipped_name_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "codelists").mkdir()
    (tmp_path / "codelists" / "falls.csv").write_text("system,code,group\nicd10,W01,fall\n", encoding="utf-8")
    place = f"{tmp_path.name}/codelists/falls.csv"
    assert one_fault(tmp_path) == f"{place}: a code list of this name is there already. Rename one of the two."


def test_a_code_list_with_a_fault_is_not_told_as_absent_too(tmp_path: Path) -> None:
    (tmp_path / "codelists").mkdir()
    (tmp_path / "codelists" / "gout.csv").write_text("system,code,group\nicd10,10M,gout\n", encoding="utf-8")
    declare(tmp_path, GOOD.replace("community_contacts", "gp_events") + 'codes = "gout"\n')
    assert "'10M' has not the shape of a code of icd10" in one_fault(tmp_path)


def test_a_name_that_two_files_declare_is_told_where_it_stands_again(tmp_path: Path) -> None:
    declare(tmp_path, GOOD, name="a.toml")
    declare(tmp_path, GOOD, name="b.toml")
    declared_in = f"a feature of this name is declared already, in {tmp_path.name}/a.toml"
    assert one_fault(tmp_path) == f"{tmp_path.name}/b.toml: visits: {declared_in}. Rename one of the two."


def test_the_domain_is_told_once_for_a_file_and_the_faults_of_its_entries_too(tmp_path: Path) -> None:
    declare(tmp_path, GOOD + GOOD.replace("[visits]", "[calls]").replace("[30, 365]", "[0]"), domain='domain = "x"\n')
    domain, window = faults_of(tmp_path)
    assert "mine.toml: domain: is 'x'. Expected, at the head of the file, one of" in domain
    assert "mine.toml: calls: windows must be 1 day or more, got 0" in window


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("title = 7", "title: expected text in quotes. Found 7."),
        ('windows = "90"', "windows: expected a list in [brackets]. Found '90'."),
        ("windows = [90.5]", "windows: expected a whole number, without quotes. Found 90.5."),
        ('windows = ["90"]', "windows: expected a whole number, without quotes. Found '90'."),
        ("where = 5", "where: expected a table in {braces}. Found 5."),
        ("where = { contact_on = 2024-01-01 }", "where: contact_on must be text, a number or true or false, a list of"),
        ('where = { team_type = { min = "a" } }', "where: team_type.min must be a number without quotes, got 'a'."),
        ('measure = "median"', "measure: expected 'count', 'any', "),
        ('prefix = "3"', "prefix: expected a whole number, without quotes. Found '3'."),
        ("prefix = 0", "prefix: expected 1 or more. Found 0."),
        ('at_least = "3"', "at_least: expected a number, without quotes. Found '3'."),
        ("at_least = 0", "at_least: expected more than 0"),
        ('model_input = "yes"', "model_input: expected true or false, without quotes. Found 'yes'."),
        ("unseen = true", "unseen: expected 'missing' or 'scale'. Found True."),
        (
            'domain = "person"',
            "domain: is not a key of an entry; the domain stands at the head of the file. Remove it.",
        ),
    ],
)
def test_a_wrong_type_is_told_as_a_writer_of_toml_would_say_it(tmp_path: Path, line: str, fault: str) -> None:
    key = line.partition(" ")[0]
    kept = [old for old in GOOD.splitlines() if old.partition(" ")[0] != key]
    declare(tmp_path, "\n".join([*kept, line]) + "\n")
    assert one_fault(tmp_path).startswith(f"{tmp_path.name}/mine.toml: visits: {fault}")


def test_a_set_that_is_no_list_is_a_fault(tmp_path: Path) -> None:
    declare(tmp_path, '[sets]\nnurses = "matron"\n')
    assert one_fault(tmp_path).endswith(
        "mine.toml: sets.nurses: expected a list of values, got 'matron'. Write it in [brackets]."
    )


def test_sets_that_are_no_table_are_a_fault(tmp_path: Path) -> None:
    declare(tmp_path, "", domain='domain = "acute use"\nsets = ["matron"]\n')
    assert one_fault(tmp_path).endswith(
        "mine.toml: sets: is not a table. Expected [sets] with a list of values for each name."
    )


def test_a_set_has_the_same_values_in_every_file_that_declares_it(tmp_path: Path) -> None:
    declare(tmp_path, '[sets]\nnurses = ["matron"]\n', name="a.toml")
    declare(tmp_path, '[sets]\nnurses = ["matron", "district"]\n', name="b.toml")
    assert one_fault(tmp_path).endswith(
        "b.toml: sets.nurses: another file has a set of this name with other values. Rename one."
    )


@pytest.mark.parametrize(
    ("ends", "fault"),
    [
        ({}, "a range has min, max or both"),
        ({"min": 9, "max": 3}, "min is above max"),
        ({"min": math.nan}, "min and max are numbers"),
    ],
)
def test_a_range_made_in_python_has_an_end_that_is_a_number_and_does_not_run_backwards(
    ends: dict[str, float], fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        Range(**ends)


def test_a_range_of_one_number_is_that_number() -> None:
    assert Range(min=3, max=3) == Range.model_validate({"min": 3.0, "max": 3.0})


def test_a_catalogue_of_some_definitions_has_those_in_their_order_and_refuses_a_name_it_lacks() -> None:
    assert [one.name for one in SHIPPED.only("medicines", "age").definitions] == ["age", "medicines"]
    with pytest.raises(UsageError, match=r"catalogue: medicines_90d: no such definition.* leave out the days"):
        SHIPPED.only("age", "medicines_90d")


def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    assert one_fault(tmp_path / "none").endswith(
        "none: no such folder. Name a folder of feature declarations (*.toml, codelists/*.csv)."
    )


def test_a_folder_is_named_once_and_holds_declarations(tmp_path: Path) -> None:
    def fault_of(*folders: Path) -> str:
        with pytest.raises(SpecificationError) as caught:
            read_catalogue(*folders)
        (fault,) = str(caught.value).splitlines()
        return fault

    own, empty = tmp_path / "own", tmp_path / "empty"
    own.mkdir()
    empty.mkdir()
    declare(own, GOOD)
    assert fault_of(own, tmp_path / "empty" / ".." / "own").endswith("own: is given twice. Name each folder once.")
    assert fault_of(own / "mine.toml").endswith("mine.toml: is a file. Name the folder in which it lies.")
    assert "empty: holds no feature declarations. Expected *.toml, or codelists/*.csv, in it." in fault_of(empty)
    assert "is the shipped folder, which is always read. Leave it out." in fault_of(shipped("features"))


def test_a_code_that_the_column_never_holds_is_refused_with_those_it_does() -> None:
    with pytest.raises(ValueError, match=r"has 21x, which admission_method never is"):
        Definition(
            name="x",
            domain="acute use",
            title="x",
            table="admissions",
            measure="count",
            windows=(365,),
            where={"admission_method": ("21", "21x")},
            reason="{n}",
        )
