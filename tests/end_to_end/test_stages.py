"""The stages one by one: the same case lists as in one run, and each before its time says which comes first."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.end_to_end.conftest import LIST_DATE, Ended, Invoke, contents, run_here


@pytest.fixture(scope="module")
def whole_run(trust: Path, small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A run from records to lists in one go."""
    cwd = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        arguments = ("run", "--records", trust, "--model", small_model, "--index-date", LIST_DATE, "--capacity", 7)
        result = run_here(*arguments)
    assert result.exit_code == 0, result.stderr
    return Ended(cwd, result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="module")
def by_stages(trust: Path, small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The same, one command after the other."""
    cwd = tmp_path_factory.mktemp("stages")
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        for arguments in (
            ("check", "--records", trust),
            ("features", "build", "--records", trust, "--model", small_model, "--index-date", LIST_DATE),
            ("train",),
            ("evaluate", "--capacity", 7),
            ("score",),
            ("caselist", "--capacity", 7),
        ):
            result = run_here(*arguments)
            assert result.exit_code == 0, result.stderr
            told.append(result.stderr)
    return Ended(cwd, 0, "", "\n".join(told))


def test_stage_by_stage_gives_the_same_lists_as_a_run(whole_run: Ended, by_stages: Ended) -> None:
    lists = {name: content for name, content in contents(whole_run.out / "case_lists").items() if name.endswith(".csv")}

    assert len(lists) > 3
    for name, content in lists.items():
        assert (by_stages.out / "case_lists" / name).read_bytes() == content


@pytest.mark.parametrize("name", ["scores.parquet", "features.parquet", "evaluation.json", "model/booster.txt"])
def test_stage_by_stage_gives_the_same_files_as_a_run(whole_run: Ended, by_stages: Ended, name: str) -> None:
    assert (by_stages.out / name).read_bytes() == (whole_run.out / name).read_bytes()


def test_stage_by_stage_gives_the_same_run_file_as_a_run_but_for_the_tracked_run(
    whole_run: Ended, by_stages: Ended
) -> None:
    files = [json.loads((ended.out / "run.json").read_text(encoding="utf-8")) for ended in (whole_run, by_stages)]
    for file in files:
        del file["tracking"]

    assert files[0] == files[1]
    assert files[0]["case_lists"]["capacity"] == 7


def test_nothing_is_left_beside_the_output_folder(whole_run: Ended, by_stages: Ended) -> None:
    for ended in (whole_run, by_stages):
        assert {path.name for path in ended.cwd.iterdir()} == {"out", "mlruns"}


def test_the_capacity_asked_for_is_that_of_the_lists(whole_run: Ended) -> None:
    for path in (whole_run.out / "case_lists").glob("*.csv"):
        if not path.stem.startswith("network-"):
            assert 1 <= len(pd.read_csv(path)) <= 7


def test_the_synthetic_trust_needs_no_governance_file_and_comes_through_the_same_door(whole_run: Ended) -> None:
    assert whole_run.stderr.count("Sensitive codes refused at the door: ") == 1


@pytest.mark.parametrize("verb", ["score", "caselist"])
def test_planning_ends_before_anyone_is_scored_or_listed(
    invoke: Invoke, by_stages: Ended, verb: str, tmp_path: Path
) -> None:
    with_permission(by_stages, tmp_path, purpose="planning", scores=False, lists=False)
    before = contents(tmp_path / "out")

    ended = invoke(verb)

    assert ended.exit_code == 5
    assert "governance: the purpose planning does not permit" in ended.stderr
    assert contents(tmp_path / "out") == before


@pytest.mark.parametrize("verb", ["train", "evaluate", "score", "caselist", "tune", "recalibrate"])
def test_no_stage_begins_after_the_approval_has_ended(
    invoke: Invoke, by_stages: Ended, verb: str, tmp_path: Path
) -> None:
    with_permission(by_stages, tmp_path, approval_ends="2020-12-31")
    before = contents(tmp_path / "out")

    ended = invoke(verb)

    assert ended.exit_code == 5
    assert "governance: the approval ended on 2020-12-31, and today is " in ended.stderr
    assert contents(tmp_path / "out") == before


def with_permission(ended: Ended, cwd: Path, **said: object) -> None:
    """Copy an output folder, with another permission in its run.json."""
    shutil.copytree(ended.out, cwd / "out")
    run = json.loads((cwd / "out" / "run.json").read_text(encoding="utf-8"))
    run["records"]["permission"] |= said
    (cwd / "out" / "run.json").write_text(json.dumps(run), encoding="utf-8")


# --- out of turn -----------------------------------------------------------------------------------------------------

NEEDS = {"train": "features build", "evaluate": "train", "score": "train", "caselist": "score"}


@pytest.mark.parametrize("verb", NEEDS)
def test_a_verb_without_an_output_folder_says_what_writes_it(invoke: Invoke, verb: str, tmp_path: Path) -> None:
    ended = invoke(verb)

    assert ended.exit_code == 3
    assert "--out out: no such folder. Name the folder that `vi-risk features build` wrote." in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", NEEDS)
def test_a_verb_after_check_alone_names_the_features(invoke: Invoke, verb: str, trust: Path, tmp_path: Path) -> None:
    assert invoke("check", "--records", trust).exit_code == 0
    before = contents(tmp_path / "out")

    ended = invoke(verb)

    assert ended.exit_code == 3
    assert "Run `vi-risk features build` with the same --out first." in ended.stderr
    assert contents(tmp_path / "out") == before


@pytest.mark.parametrize("verb", ["evaluate", "score"])
def test_a_verb_before_training_names_train(invoke: Invoke, verb: str, by_stages: Ended, tmp_path: Path) -> None:
    before = _only_up_to("features", by_stages, tmp_path / "out")

    ended = invoke(verb)

    assert ended.exit_code == 3
    assert "Run `vi-risk train` with the same --out first." in ended.stderr
    assert contents(tmp_path / "out") == before


def test_a_list_before_scores_names_score(invoke: Invoke, by_stages: Ended, tmp_path: Path) -> None:
    before = _only_up_to("evaluation", by_stages, tmp_path / "out")

    ended = invoke("caselist")

    assert ended.exit_code == 3
    assert "Run `vi-risk score` with the same --out first." in ended.stderr
    assert contents(tmp_path / "out") == before


def test_a_list_before_evaluation_names_evaluate(invoke: Invoke, by_stages: Ended, tmp_path: Path) -> None:
    _only_up_to("model", by_stages, tmp_path / "out")
    assert invoke("score").exit_code == 0
    before = contents(tmp_path / "out")

    ended = invoke("caselist")

    assert ended.exit_code == 3
    assert "Run `vi-risk evaluate` with the same --out first." in ended.stderr
    assert contents(tmp_path / "out") == before


def test_training_again_takes_away_what_rested_on_the_old_model(
    invoke: Invoke, by_stages: Ended, tmp_path: Path
) -> None:
    _only_up_to("tracking", by_stages, tmp_path / "out")

    assert invoke("train").exit_code == 0

    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "run.json", "check.json", "check.html", "features.parquet", "cohort.parquet", "catalogue.json", "model",
        "contacts.parquet", "reviews.parquet", "departures.parquet", "objectors.parquet", "pathways.parquet",
        "whole_record.parquet",
    }  # fmt: skip
    ended = invoke("caselist")
    assert ended.exit_code == 3
    assert "Run `vi-risk evaluate` with the same --out first." in ended.stderr


@pytest.mark.parametrize(
    ("name", "verb", "told"),
    [
        ("features.parquet", "train", "Run `vi-risk features build`"),
        ("cohort.parquet", "score", "Run `vi-risk features build`"),
        ("model/booster.txt", "score", "Copy the folder again"),
        ("model/model.json", "evaluate", "Train the model again"),
        ("scores.parquet", "caselist", "Run `vi-risk score`"),
        ("run.json", "train", "Run `vi-risk features build`"),
    ],
)
def test_a_truncated_file_of_a_stage_before_is_refused_and_named(
    invoke: Invoke, by_stages: Ended, tmp_path: Path, name: str, verb: str, told: str
) -> None:
    _only_up_to("tracking", by_stages, tmp_path / "out")
    file = tmp_path / "out" / name
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    before = contents(tmp_path / "out")

    ended = invoke(verb)

    assert ended.exit_code == 3
    assert Path(name).name in ended.stderr
    assert told in ended.stderr
    assert contents(tmp_path / "out") == before


@pytest.mark.parametrize(
    ("name", "verb", "told"),
    [
        ("features.parquet", "train", "Run `vi-risk features build`"),
        ("features.parquet", "evaluate", "Run `vi-risk features build`"),
        ("cohort.parquet", "train", "Run `vi-risk features build`"),
        ("reviews.parquet", "caselist", "Run `vi-risk features build`"),
        ("scores.parquet", "caselist", "Run `vi-risk score`"),
        ("evaluation.json", "promote", "Run `vi-risk evaluate`"),
    ],
)
def test_a_whole_file_of_a_stage_before_that_is_another_is_refused_and_named(
    invoke: Invoke, by_stages: Ended, tmp_path: Path, name: str, verb: str, told: str
) -> None:
    _only_up_to("tracking", by_stages, tmp_path / "out")
    shutil.copytree(by_stages.cwd / "mlruns", tmp_path / "mlruns")
    file = tmp_path / "out" / name
    if file.suffix == ".json":
        file.write_text(file.read_text(encoding="utf-8").replace('"auroc": 0.', '"auroc": 0.9', 1), encoding="utf-8")
    else:
        pd.read_parquet(file).iloc[::-1].to_parquet(file, index=False)
    before = contents(tmp_path / "out")

    ended = invoke(verb)

    assert ended.exit_code == 3
    assert f"{name}: is not the file that was written when " in ended.stderr
    assert told in ended.stderr
    assert contents(tmp_path / "out") == before


@pytest.mark.parametrize("verb", ["score", "caselist"])
def test_a_list_before_that_the_features_were_not_built_with_is_refused(
    invoke: Invoke, by_stages: Ended, tmp_path: Path, verb: str
) -> None:
    _only_up_to("tracking", by_stages, tmp_path / "out")
    shutil.copy(tmp_path / "out" / "case_lists" / "listed.parquet", tmp_path / "out" / "listed_before.parquet")

    ended = invoke(verb)

    assert ended.exit_code == 3
    assert "listed_before.parquet: was not written when the rest was: run.json tells of none." in ended.stderr


def test_a_practice_of_which_nobody_could_be_listed_is_told(invoke: Invoke, by_stages: Ended, tmp_path: Path) -> None:
    _only_up_to("scores", by_stages, tmp_path / "out")
    run_file = tmp_path / "out" / "run.json"
    run = json.loads(run_file.read_text(encoding="utf-8"))
    run["features"]["practices"]["Z99999"] = {"name": "The Empty Surgery", "network": None}
    run_file.write_text(json.dumps(run), encoding="utf-8")

    ended = invoke("caselist", "--capacity", 7)

    assert "no list for 1 practice without anybody who could be listed" in ended.stderr
    assert json.loads(run_file.read_text(encoding="utf-8"))["case_lists"]["practices_with_nobody"] == ["Z99999"]
    page = (tmp_path / "out" / "case_lists" / "pathways.html").read_text(encoding="utf-8")
    assert "No case list was made for <bdi>The Empty Surgery (Z99999)</bdi>: nobody there could be listed." in page
    assert (
        json.loads((by_stages.out / "run.json").read_text(encoding="utf-8"))["case_lists"]["practices_with_nobody"]
        == []
    )


def test_a_stage_leaves_files_that_are_not_its_own(invoke: Invoke, by_stages: Ended, tmp_path: Path) -> None:
    _only_up_to("tracking", by_stages, tmp_path / "out")
    (tmp_path / "out" / "minutes.txt").write_text("kept by the team")

    assert invoke("train").exit_code == 0

    assert (tmp_path / "out" / "minutes.txt").read_text() == "kept by the team"


def _only_up_to(part: str, ended: Ended, out: Path) -> dict[str, bytes]:
    """Copy an output folder as it was when a stage was done, and return what is in it."""
    parts = ["records", "features", "model", "evaluation", "scores", "case_lists", "tracking"]
    out.mkdir()
    for name, content in contents(ended.out).items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    for later in parts[parts.index(part) + 1 :]:
        del run[later]
    (out / "run.json").write_text(json.dumps(run), encoding="utf-8")
    return dict(contents(out))
