"""A search is the same however often it was interrupted, looks only where it may, and holds nothing of a patient."""

import builtins
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.unit.models.test_trials import CATALOGUE, learning_rows, spec_of
from vi_risk.errors import InputError, ResourceError, UsageError
from vi_risk.models.on_snapshots import LearningRows
from vi_risk.models.trials import TrialRows, Tried
from vi_risk.models.tuning import Trial, Tuned, tune

TRIALS = 8
SPEC = spec_of(n_estimators=5)


@pytest.fixture(scope="module")
def rows() -> LearningRows:
    return learning_rows()


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("study") / "tuning.journal"


@pytest.fixture(scope="module")
def tuned(rows: LearningRows, study_file: Path) -> Tuned:
    return tune(rows, SPEC, CATALOGUE, study_file=study_file, trials=TRIALS)


def searched(trials: tuple[Trial, ...]) -> list[tuple[dict[str, int | float], float | None]]:
    return [(trial.parameters, trial.loss) for trial in trials]


def test_the_first_trial_is_the_spec_as_it_is_and_the_best_has_the_least_loss(tuned: Tuned) -> None:
    losses = [trial.loss for trial in tuned.trials if trial.loss is not None]

    assert [trial.number for trial in tuned.trials] == list(range(TRIALS))
    assert tuned.trials[0].learner == SPEC.learner
    assert tuned.best.loss == min(losses) < tuned.trials[0].loss
    assert tuned.spec == SPEC.model_copy(update={"learner": tuned.best.learner})
    assert tuned.gain is not None
    assert tuned.gain.less > 0


def test_only_what_is_searched_is_changed(tuned: Tuned) -> None:
    changed = {*tuned.trials[0].parameters}
    for trial in tuned.trials:
        assert trial.learner.model_dump(exclude=changed) == SPEC.learner.model_dump(exclude=changed)
    assert len({trial.learner.num_leaves for trial in tuned.trials}) > TRIALS / 2


def test_an_interrupted_search_goes_on_as_if_it_had_not_been(
    rows: LearningRows, tuned: Tuned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, whole = tmp_path / "tuning.journal", TrialRows.tried
    calls = 0

    def interrupted(self: TrialRows, *given: object, **named: object) -> Tried:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        return whole(self, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(TrialRows, "tried", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tune(rows, SPEC, CATALOGUE, study_file=file, trials=TRIALS)
    told: list[tuple[int, bool]] = []
    again = tune(
        rows,
        SPEC,
        CATALOGUE,
        study_file=file,
        trials=TRIALS,
        told=lambda trial, earlier: told.append((trial.number, earlier)),
    )

    assert searched(again.trials) == searched(tuned.trials)
    assert told == [(number, number < 3) for number in range(TRIALS)]


def test_a_search_that_is_done_does_no_more_and_one_with_more_trials_goes_further(
    rows: LearningRows, tuned: Tuned, study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = tmp_path / "tuning.journal"
    copied.write_bytes(study_file.read_bytes())
    further = tune(rows, SPEC, CATALOGUE, study_file=copied, trials=TRIALS + 1)
    monkeypatch.setattr(TrialRows, "tried", None)  # would fail if it were asked
    again = tune(rows, SPEC, CATALOGUE, study_file=copied, trials=TRIALS)

    assert searched(further.trials)[:TRIALS] == searched(tuned.trials)
    assert searched(again.trials) == searched(further.trials)


def test_a_search_of_other_rows_is_begun_anew_beside_the_one_that_is_there(
    rows: LearningRows, study_file: Path, tuned: Tuned, tmp_path: Path
) -> None:
    copied = tmp_path / "tuning.journal"
    copied.write_bytes(study_file.read_bytes())

    other = tune(rows, SPEC, CATALOGUE, study_file=copied, trials=1, key="other records")

    assert len(other.trials) == 1
    assert other.best.number == 0
    assert other.gain is None
    assert other.spec == SPEC


def test_the_study_file_holds_no_patient_and_no_value_of_theirs(
    rows: LearningRows, tuned: Tuned, study_file: Path
) -> None:
    text = study_file.read_text(encoding="utf-8")

    assert not any(f'"{patient}"' in text for patient in set(rows.patient_id))
    assert "telling" not in text
    kept = {key for line in text.splitlines() for key in json.loads(line).get("user_attr", {})}
    assert kept == {"learner"}


def test_a_last_line_cut_short_is_left_out(rows: LearningRows, tuned: Tuned, study_file: Path, tmp_path: Path) -> None:
    cut = tmp_path / "tuning.journal"
    cut.write_bytes(study_file.read_bytes()[:-20])

    again = tune(rows, SPEC, CATALOGUE, study_file=cut, trials=TRIALS)

    assert searched(again.trials) == searched(tuned.trials)


@pytest.mark.parametrize("content", ["not a journal\n", '{"op_code": 0}\n', "[]\n", "{}\n{}\n"])
def test_a_damaged_study_is_refused_with_what_to_do(rows: LearningRows, tmp_path: Path, content: str) -> None:
    damaged = tmp_path / "tuning.journal"
    damaged.write_text(content)

    with pytest.raises(InputError, match=r"tuning\.journal: is not a search that can be continued\. Remove it"):
        tune(rows, SPEC, CATALOGUE, study_file=damaged, trials=1)


def test_a_spec_outside_the_usual_range_is_still_the_first_trial(rows: LearningRows, tmp_path: Path) -> None:
    spec = spec_of(n_estimators=3, num_leaves=300, learning_rate=0.5, reg_lambda=0.0)

    tuned = tune(rows, spec, CATALOGUE, study_file=tmp_path / "tuning.journal", trials=2)

    assert tuned.trials[0].learner == spec.learner


def test_no_trial_at_all_is_refused(rows: LearningRows, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="trials: expected 1 or more, got 0"):
        tune(rows, SPEC, CATALOGUE, study_file=tmp_path / "tuning.journal", trials=0)


def test_a_folder_that_cannot_be_written_is_told_as_such(rows: LearningRows, tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"tuning\.journal: cannot be written \(No such file or directory\)"):
        tune(rows, SPEC, CATALOGUE, study_file=tmp_path / "none" / "tuning.journal", trials=1)


def test_without_optuna_it_is_said_what_to_install(
    rows: LearningRows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "optuna"]:
        monkeypatch.delitem(sys.modules, name)
    there = builtins.__import__

    def without(name: str, *given: object, **named: object) -> object:
        if name.split(".")[0] == "optuna":
            raise ModuleNotFoundError(name="optuna")
        return there(name, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ResourceError, match=r"expected the Python package optuna.*pip install 'vi-risk\[tune\]'"):
        tune(rows, SPEC, CATALOGUE, study_file=tmp_path / "tuning.journal", trials=1)


def test_rows_kept_back_have_no_say_in_any_trial(rows: LearningRows, tuned: Tuned, tmp_path: Path) -> None:
    kept_back = TrialRows.of(rows, SPEC, CATALOGUE).kept_back.rows
    of_all = np.flatnonzero(rows.weight > 0)[kept_back]
    outcome = rows.outcome.copy()
    outcome[of_all] = 1 - outcome[of_all]
    other = LearningRows(rows.features, outcome, rows.weight, rows.patient_id)

    again = tune(other, SPEC, CATALOGUE, study_file=tmp_path / "tuning.journal", trials=3)

    assert searched(again.trials) == searched(tuned.trials[:3])
