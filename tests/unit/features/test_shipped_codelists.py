"""The code lists in the box: published sizes and points, codes that can exist, and what governance keeps out."""

from itertools import pairwise
from pathlib import Path

import pytest

from vi_risk import declared
from vi_risk.features.catalogue import read_catalogue
from vi_risk.features.codelists import PREFIX_SYSTEMS, CodeList
from vi_risk.records.synthetic import measurements, prevention
from vi_risk.records.synthetic.conditions import CONDITIONS
from vi_risk.records.synthetic.general_practice import FINDINGS

SHIPPED = read_catalogue()
WITH_HIV = read_catalogue(sensitive={"hiv"})
FOLDER = declared.shipped("features") / "codelists"
LISTS = sorted(WITH_HIV.codelists.values(), key=lambda codelist: codelist.name)

every_list = pytest.mark.parametrize("codelist", LISTS, ids=lambda codelist: codelist.name)

# The multiplication of the dihedral group D5 and the permutation of Verhoeff's check digit.
_D5 = (
    *((0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 0, 6, 7, 8, 9, 5), (2, 3, 4, 0, 1, 7, 8, 9, 5, 6)),
    *((3, 4, 0, 1, 2, 8, 9, 5, 6, 7), (4, 0, 1, 2, 3, 9, 5, 6, 7, 8), (5, 9, 8, 7, 6, 0, 4, 3, 2, 1)),
    *((6, 5, 9, 8, 7, 1, 0, 4, 3, 2), (7, 6, 5, 9, 8, 2, 1, 0, 4, 3), (8, 7, 6, 5, 9, 3, 2, 1, 0, 4)),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_PERMUTED = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def verhoeff(number: str) -> int:
    """Return 0 for a number whose last digit is the right check digit (Verhoeff 1969)."""
    check = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit)
        for _ in range(place % 8):
            value = _PERMUTED[value]
        check = _D5[check][value]
    return check


def points_of(codelist: CodeList) -> dict[str, float]:
    return {entry.group: entry.points for entry in codelist.entries}


# --- what can be said of every list ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.csv")), ids=lambda path: path.stem)
def test_every_list_begins_with_its_source(path: Path) -> None:
    head = path.read_text(encoding="utf-8").partition("\nsystem,code")[0]
    assert all(line.startswith("# ") for line in head.splitlines())
    assert any(word in head for word in ("ICD-10", "SNOMED CT", "BNF", "OPCS-4"))


def test_every_list_is_used_and_none_is_missing() -> None:
    assert {d.codes for d in SHIPPED.definitions if d.codes} == {codelist.name for codelist in LISTS}


@every_list
def test_every_snomed_concept_has_the_partition_and_the_check_digit_of_a_concept(codelist: CodeList) -> None:
    codes = [entry.code for entry in codelist.entries if entry.system == "snomed"]
    assert [code for code in codes if code[-3:-1] not in ("00", "10") or verhoeff(code) != 0] == []


def test_the_check_digit_finds_a_wrong_digit_and_two_that_changed_places() -> None:
    assert verhoeff("84114007") == 0
    assert verhoeff("84114008") != 0
    assert verhoeff("84141007") != 0


@every_list
def test_no_code_of_a_group_stands_below_another_one_of_it(codelist: CodeList) -> None:
    said = sorted((e.group, e.system, e.code) for e in codelist.entries if e.system in PREFIX_SYSTEMS)
    twice = [(one[2], two[2]) for one, two in pairwise(said) if one[:2] == two[:2] and two[2].startswith(one[2])]
    assert twice == []


@every_list
def test_titles_are_words_for_a_sentence(codelist: CodeList) -> None:
    for title in codelist.groups.values():
        assert title
        assert title == title.strip()
        assert "_" not in title
        assert not title.endswith(".")


# --- scores ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "groups", "points_in_all"),
    [
        ("charlson", 17, 28),  # Quan 2011: 2+2+1+1+2+1+2+1+2+4+6+4 for the twelve groups that weigh
        ("charlson_shmi", 17, 129),  # SHMI: 5+13+6+11+14+4+4+9+8+3-1+1+10+8+18+14+2
        ("elixhauser", 31, 70),  # van Walraven: 7+5-1+4+2+7+6+3+5+11+9+12+4+3-4+6+5-2-2-7-3
        ("hospital_frailty", 109, 173.2),  # Gilbert 2018
    ],
)
def test_a_published_score_has_its_published_size(name: str, groups: int, points_in_all: float) -> None:
    points = points_of(WITH_HIV.codelists[name])
    assert len(points) == groups
    assert sum(points.values()) == pytest.approx(points_in_all)


@pytest.mark.parametrize(
    ("name", "coded", "group", "points"),
    [
        ("charlson", "I50.9", "congestive_heart_failure", 2),
        ("charlson", "I21.0", "myocardial_infarction", 0),
        ("charlson", "E11.2", "diabetes_complicated", 1),
        ("charlson", "E11.9", "diabetes_uncomplicated", 0),
        ("charlson", "C78.7", "metastatic_cancer", 6),
        ("charlson", "N18.3", "renal_disease", 1),
        ("charlson", "K76.7", "severe_liver_disease", 4),
        ("charlson", "B20.1", "hiv", 4),
        ("charlson_shmi", "I50.0", "congestive_heart_failure", 13),
        ("charlson_shmi", "E11.4", "diabetes_complicated", -1),
        ("charlson_shmi", "E11.5", "diabetes_uncomplicated", 3),
        ("charlson_shmi", "F03X", "dementia", 14),
        ("elixhauser", "R63.4", "weight_loss", 6),
        ("elixhauser", "I48.0", "arrhythmia", 5),
        ("elixhauser", "E66.9", "obesity", -4),
        ("elixhauser", "E87.1", "fluid_electrolyte", 5),
        ("elixhauser", "D50.0", "blood_loss_anaemia", -2),
        ("hospital_frailty", "F00.9", "f00", 7.1),
        ("hospital_frailty", "W19.0", "w19", 3.2),
        ("hospital_frailty", "R50.9", "r50", 0.1),
    ],
)
def test_a_code_has_the_points_of_its_publication(name: str, coded: str, group: str, points: float) -> None:
    assert WITH_HIV.codelists[name].match([("icd10", coded)]) == [("icd10", coded, group, points)]


@pytest.mark.parametrize(
    ("name", "coded"),
    [
        ("charlson", "C44.3"),  # skin cancer other than melanoma
        ("charlson", "I10"),
        ("charlson", "B23.0"),  # in Quan's list of AIDS/HIV B23 is not
        ("charlson_shmi", "E11.0"),
        ("charlson_shmi", "M35.1"),
        ("elixhauser", "K25.0"),  # bleeding ulcer
        ("elixhauser", "F17.2"),  # tobacco is no drug misuse
        ("long_term_conditions", "C44.3"),
        ("long_term_conditions", "N18.2"),
    ],
)
def test_a_code_that_the_source_leaves_out_is_in_no_group(name: str, coded: str) -> None:
    assert WITH_HIV.codelists[name].match([("icd10", coded)]) == []


_MILD_AND_SEVERE = {
    "mild_liver_disease": "severe_liver_disease",
    "diabetes_uncomplicated": "diabetes_complicated",
    "cancer": "metastatic_cancer",
}


@pytest.mark.parametrize(
    ("name", "replaced_by"),
    [
        ("charlson", _MILD_AND_SEVERE),
        ("charlson_shmi", _MILD_AND_SEVERE),
        (
            "elixhauser",
            {
                "hypertension_uncomplicated": "hypertension_complicated",
                "diabetes_uncomplicated": "diabetes_complicated",
                "solid_tumour": "metastatic_cancer",
            },
        ),
    ],
)
def test_a_severe_form_counts_instead_of_its_mild_one(name: str, replaced_by: dict[str, str]) -> None:
    assert WITH_HIV.codelists[name].replaced_by == replaced_by


def test_no_hospital_code_is_in_two_groups_of_charlson() -> None:
    for name in ("charlson", "charlson_shmi"):
        codes = [(e.system, e.code) for e in WITH_HIV.codelists[name].entries]
        assert len(codes) == len(set(codes))


def test_the_nineteen_conditions_are_nineteen_with_heart_failure_and_hypertension_apart() -> None:
    conditions = SHIPPED.codelists["ambulatory_care_sensitive"]
    assert len(conditions.groups) == 19
    coded = [("icd10", "I50.0"), ("icd10", "I10X"), ("icd10", "I11.0"), ("icd10", "I11.9")]
    assert [group for _, _, group, _ in conditions.match(coded)] == [
        "hypertension",
        "heart_failure",
        "hypertension",
        "heart_failure",
    ]


def test_the_frailty_deficits_are_those_of_the_index_but_polypharmacy() -> None:
    assert len(SHIPPED.codelists["frailty_deficits"].groups) == 36 - 1


# --- what governance keeps out --------------------------------------------------------------------------------------

_HIV_CODES = [("icd10", "B20.0"), ("icd10", "B22"), ("icd10", "B24X"), ("icd10", "B23.8"), ("snomed", "86406008")]


@every_list
def test_hiv_is_in_no_list_until_governance_allows_it(codelist: CodeList) -> None:
    assert SHIPPED.codelists[codelist.name].match(_HIV_CODES) == []


def test_hiv_is_in_the_published_scores_where_governance_allows_it() -> None:
    allowed = {codelist.name for codelist in LISTS if codelist.match(_HIV_CODES)}
    assert allowed == {"charlson", "charlson_shmi", "elixhauser"}
    assert all(WITH_HIV.codelists[name].sensitive == {"hiv": "hiv"} for name in allowed)


# --- the synthetic trust and the lists speak of the same codes --------------------------------------------------------


def test_every_condition_of_the_synthetic_trust_is_in_its_group_by_both_of_its_codes() -> None:
    conditions = SHIPPED.codelists["long_term_conditions"]
    for condition in CONDITIONS:
        codes = [("snomed", condition.snomed), *(("icd10", code) for code in condition.icd10)]
        groups = {code: group for _, code, group, _ in conditions.match(codes) if group == condition.name}
        assert set(groups) == {code for _, code in codes}


def test_what_a_synthetic_practice_writes_is_what_the_lists_look_for() -> None:
    written = {
        *(m.snomed for m in measurements.MEASUREMENTS),
        *(finding.snomed for finding in FINDINGS),
        *prevention.REVIEWS.values(),
        *(prevention.INFLUENZA, prevention.PNEUMOCOCCAL, prevention.MEDICATION_REVIEW),
    }
    listed = {entry.code for codelist in LISTS for entry in codelist.entries}
    assert written <= listed
