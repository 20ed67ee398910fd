from pathlib import Path

import pytest

from vi_risk import declared
from vi_risk.errors import SpecificationError, UsageError
from vi_risk.features.catalogue import read_catalogue
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.spec import ModelSpec, load_spec
from vi_risk.models.spec_tables import LearnerSpec

LEAST = """
name = "readmission_30d"
title = "Emergency admission in the next 30 days"
outcome = "emergency_admission"
outcome_words = "an emergency admission in the next 30 days"
horizon_days = 30
"""


def spec_of(tmp_path: Path, text: str) -> ModelSpec:
    (tmp_path / "site.toml").write_text(text, encoding="utf-8")
    return load_spec(tmp_path / "site.toml")


def faults_of(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(SpecificationError) as refused:
        spec_of(tmp_path, text)
    return str(refused.value).splitlines()


@pytest.mark.parametrize("path", sorted(declared.shipped("models").glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_spec_is_whole_and_named_as_its_file(path: Path) -> None:
    spec = load_spec(path.stem)

    assert spec.name == path.stem
    assert len(spec.inputs(read_catalogue())) >= 40


def test_what_a_spec_leaves_out_is_filled_in(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, LEAST)

    assert spec.horizon_days == 30
    assert spec.cohort.min_age == 18
    assert spec.learner == LearnerSpec()


def test_the_learner_takes_exactly_the_parameters_of_the_classifier_but_for_the_seed() -> None:
    assert {*LearnerSpec.model_fields, "seed"} - {"objective"} == set(RiskClassifier().get_params())


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (LEAST.replace('name = "readmission_30d"', ""), "site.toml: name: is missing. Add it."),
        (LEAST.replace("readmission_30d", "30 days"), "site.toml: name: "),
        (LEAST.replace("emergency_admission", "jaundice"), "site.toml: outcome: expected one of emergency_admission, "),
        (LEAST.replace("= 30\n", "= 0\n"), "site.toml: horizon_days: "),
        (LEAST.replace("= 30\n", '= "30"\n'), "site.toml: horizon_days: "),
        (LEAST + "seed = -1\n", "site.toml: seed: "),
        (LEAST + "sed = 1\n", "site.toml: sed: is not a known key. Remove it or check its spelling."),
        (LEAST + "[cohort]\nmin_age = 130\n", "site.toml: cohort.min_age: "),
        (LEAST + "[snapshots]\nmost = 0\n", "site.toml: snapshots.most: "),
        (LEAST + '[features]\ndomains = ["social", "person"]\n', "site.toml: features.domains: expected 'person', "),
        (LEAST + "[features]\ndomains = []\n", "site.toml: features.domains: "),
        (LEAST + "[learner]\nlearning_rate = 1.5\n", "site.toml: learner.learning_rate: "),
        (LEAST + "[promotion]\nslope = [1.2, 0.8]\n", "site.toml: promotion.slope: expected the lower limit first"),
        (LEAST + "[promotion]\nmargin_true_cases = nan\n", "site.toml: promotion.margin_true_cases: "),
        (LEAST + "[learner]\nreg_lambda = inf\n", "site.toml: learner.reg_lambda: "),
        (LEAST + "[uncertainty]\nrefits = 1\n", "site.toml: uncertainty.refits: expected 0 or at least 2"),
        ('companions = ["death_12m", "death_12m"]\n' + LEAST, "site.toml: companions: expected a list"),
        (LEAST + '[learner]\nobjective = "poisson"\n', "site.toml: learner.objective: emergency_admission is a matter"),
        (LEAST + "[learner]\ndepth = 3\n", "site.toml: learner.depth: is not a known key."),
    ],
)
def test_a_fault_is_told_with_its_key(tmp_path: Path, text: str, fault: str) -> None:
    (line,) = faults_of(tmp_path, text)

    assert line.startswith(fault)


@pytest.mark.parametrize(
    ("companion", "fault"),
    [
        ("emergency_admission_12m", "companions: emergency_admission_12m: its horizon of 365 days is longer"),
        ("emergency_readmission_30d", "companions: emergency_readmission_30d: its cohort is not that of"),
        ("emergency_bed_days_12m", "companions: emergency_bed_days_12m: its horizon of 365 days is longer"),
    ],
)
def test_a_companion_that_cannot_stand_beside_is_refused(tmp_path: Path, companion: str, fault: str) -> None:
    assert any(f"site.toml: {fault}" in line for line in faults_of(tmp_path, f'companions = ["{companion}"]\n' + LEAST))


def test_a_companion_may_be_a_file_beside_the_spec(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(LEAST.replace("readmission_30d", "ours"), encoding="utf-8")

    spec = spec_of(tmp_path, 'companions = ["ours.toml"]\n' + LEAST)

    assert [companion.name for companion in spec.companions] == ["ours"]
    assert spec.with_seed(7).companions[0].seed == 7


@pytest.mark.parametrize("named", ["../ours.toml", "{elsewhere}/ours.toml", "link.toml", "below/ours.toml", "a\\u0000"])
def test_a_companion_from_elsewhere_is_refused(tmp_path: Path, named: str) -> None:
    place = tmp_path / "specs"
    (place / "below").mkdir(parents=True)
    for folder in (tmp_path, place / "below"):
        (folder / "ours.toml").write_text(LEAST.replace("readmission_30d", "ours"), encoding="utf-8")
    (place / "link.toml").symlink_to(tmp_path / "ours.toml")
    named = named.format(elsewhere=tmp_path)

    (line,) = faults_of(place, f'companions = ["{named}"]\n' + LEAST)

    assert line.endswith("leads out of the folder of the spec. Put the file itself beside the spec and give its name.")


def test_a_companion_is_not_looked_for_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "ours.toml").write_text(LEAST.replace("readmission_30d", "ours"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    (line,) = faults_of(tmp_path / "specs", 'companions = ["ours.toml"]\n' + LEAST)

    assert line == (
        "site.toml: companions: ours.toml: there is no such file beside the spec. Put it there, or mend the name."
    )


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    lines = faults_of(tmp_path, LEAST.replace("= 30\n", "= 0\n") + "colour = 1\n[cohort]\nmin_age = -1\n")

    assert [line.split(": ")[1] for line in lines] == ["horizon_days", "cohort.min_age", "colour"]


def test_a_spec_that_is_not_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    (line,) = faults_of(tmp_path, LEAST + "seed = \n")

    assert "is not valid TOML" in line
    assert "at line 7" in line


def test_an_unknown_name_is_answered_with_the_shipped_ones() -> None:
    with pytest.raises(UsageError, match=r"Expected one of: .*emergency_admission_12m"):
        load_spec("emergency_admission_24m")


def test_a_spec_cannot_be_changed_and_another_seed_makes_another_spec(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, LEAST)

    assert spec.with_seed(None) == spec
    assert spec.with_seed(9).seed == 9
    assert spec.seed == 1
    with pytest.raises(ValueError, match="frozen"):
        spec.seed = 2  # type: ignore[misc]


def test_undated_attributes_stay_out_of_the_model_unless_the_spec_lets_them_in(tmp_path: Path) -> None:
    catalogue = read_catalogue()
    undated = {d.name for d in catalogue.definitions if d.as_at_extract and d.model_input}
    assert undated
    let_in = sorted(undated)[0]

    usual = {feature.definition.name for feature in spec_of(tmp_path, LEAST).inputs(catalogue)}
    asked = spec_of(tmp_path, LEAST + f'[features]\nas_at_extract = ["{let_in}"]\n').inputs(catalogue)

    assert not usual & undated
    assert {feature.definition.name for feature in asked} & undated == {let_in}


def test_domains_and_exclusions_decide_what_the_model_may_use(tmp_path: Path) -> None:
    catalogue = read_catalogue()
    acute = spec_of(tmp_path, LEAST + '[features]\ndomains = ["acute use"]\nexclude = ["emergency_admissions"]\n')

    used = acute.inputs(catalogue)

    assert {feature.definition.domain for feature in used} == {"acute use"}
    assert not [feature for feature in used if feature.definition.name == "emergency_admissions"]
    assert [feature for feature in used if feature.definition.name == "days_since_emergency_admission"]


def test_inputs_stand_in_declared_order(tmp_path: Path) -> None:
    catalogue = read_catalogue()
    names = [feature.name for feature in spec_of(tmp_path, LEAST).inputs(catalogue)]

    assert names == [feature.name for feature in catalogue.features if feature.name in names]


def test_what_is_declared_as_no_input_stays_out_unless_the_spec_lets_it_in(tmp_path: Path) -> None:
    catalogue = read_catalogue()
    let_in = next(d.name for d in catalogue.definitions if not d.model_input and not d.as_at_extract)

    usual = {feature.definition.name for feature in spec_of(tmp_path, LEAST).inputs(catalogue)}
    asked = spec_of(tmp_path, LEAST + f'[features]\ninclude = ["{let_in}"]\n').inputs(catalogue)

    assert {feature.definition.name for feature in asked} - usual == {let_in}


@pytest.mark.parametrize("key", ["exclude", "include", "as_at_extract"])
def test_a_definition_that_is_not_declared_is_refused(tmp_path: Path, key: str) -> None:
    spec = spec_of(tmp_path, LEAST + f'[features]\n{key} = ["emergancy_admissions"]\n')

    with pytest.raises(SpecificationError, match="names emergancy_admissions, which no file in features/ declares"):
        spec.inputs(read_catalogue())
