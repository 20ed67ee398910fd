"""The benchmark of models: all learn the same from the same rows, and the table says what follows."""

from collections.abc import Iterator
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.measured import MARK
from benchmarks.models import work
from benchmarks.models.matrix import Matrix
from benchmarks.models.table import LINES, aims_of
from benchmarks.models.work import WORKS, Place
from benchmarks.runs import Failed, Took, took_of
from vi_risk.models.learning import bundle
from vi_risk.models.spec import load_spec

PEOPLE, DATES, FEATURES = 1500, 2, 40


@pytest.fixture(scope="module", autouse=True)
def few_trees() -> Iterator[None]:
    spec = load_spec()
    few = spec.learner.model_copy(update={"n_estimators": 30, "num_threads": 1})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "load_spec", lambda: spec.model_copy(update={"learner": few}))
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, few_trees: None) -> Place:
    """Both matrices of a small place, and the models that were learnt from them."""
    place = Place(tmp_path_factory.mktemp("models"))
    generator = np.random.default_rng(1)
    for matrix, dates in ((place.train, DATES), (place.test, 1)):
        matrix.write(generator, people=PEOPLE, dates=dates, features=FEATURES)
    for name in ("fit_plain", "fit_whole"):
        WORKS[name](place)
    return place


def test_the_matrix_has_the_make_of_ours(place: Place) -> None:
    features = place.train.features

    assert features.shape == (PEOPLE * DATES, FEATURES)
    missing = features.isna().mean()
    flags = [name for name in features if set(features[name].dropna().unique()) <= {0.0, 1.0}]
    assert 0.15 * FEATURES < (missing > 0.1).sum() < 0.4 * FEATURES
    assert len(flags) >= 0.1 * FEATURES
    quarter, year, two_years = (features.iloc[:, place_].to_numpy() for place_ in range(3))
    assert ((quarter <= year) & (year <= two_years)).all()
    assert 0.05 < place.train.column("outcome").mean() < 0.2
    assert place.train.column("weight").mean() == pytest.approx(1)


def test_the_same_seed_makes_the_same_rows(place: Place, tmp_path: Path) -> None:
    again = Matrix(tmp_path, "train")
    again.write(np.random.default_rng(1), people=PEOPLE, dates=DATES, features=FEATURES)

    np.testing.assert_array_equal(again.features, place.train.features)
    np.testing.assert_array_equal(again.column("outcome"), place.train.column("outcome"))


def test_lightgbm_by_hand_learns_what_ours_learns(place: Place) -> None:
    plain = lgb.Booster(model_file=place.folder / "plain.txt")
    model, _ = bundle.load(place.folder / "model")
    refits = bundle.load_refits(place.folder / "model")
    features = place.test.features

    np.testing.assert_allclose(plain.predict(features, raw_score=True), model.predict_raw(features), atol=1e-6)
    assert refits is not None
    assert len(refits.boosters) == 20
    assert roc_auc_score(place.test.column("outcome"), plain.predict(features)) > 0.6


@pytest.mark.parametrize("name", sorted(set(LINES) - {"fit_plain", "fit_whole"}))
def test_every_piece_of_work_says_what_it_took(name: str, place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    WORKS[name](place)

    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith(MARK)]
    assert took_of(line).rows > 0


def test_every_line_of_the_table_is_a_piece_of_work_and_stands_after_what_it_is_held_against() -> None:
    assert set(LINES) == set(WORKS)
    works = list(LINES)
    assert all(works.index(against) < works.index(name) for name, (_, against) in LINES.items() if against)


def test_the_aims_are_ratios_to_lightgbm_by_hand() -> None:
    took = {name: Took(10.0, 20.0, 100.0) for name in LINES}
    took |= {"fit_booster": Took(12.0, 20.0, 100.0), "fit_whole": Took(29.0, 70.0, 100.0)}
    took |= {"evaluate_model": Took(61.0, 61.0, 100.0)}

    assert [(aim.found, aim.bound, aim.reached) for aim in aims_of(took)] == [
        (1.0, 1.1, True), (1.2, 1.1, False), (1.0, 1.1, True), (1.0, 1.1, True), (3.5, 3.0, False), (2.9, 3.0, True),
        (61.0, 60.0, False),
    ]  # fmt: skip


def test_what_did_not_finish_has_no_aim() -> None:
    took: dict[str, Took | Failed] = {name: Took(10.0, 20.0, 100.0) for name in LINES}
    took["fit_plain"] = Failed("MemoryError")

    assert not any(aim.what.startswith("fit") for aim in aims_of(took))
    assert len(aims_of(took)) == 3
