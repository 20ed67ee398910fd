"""What lists are made from in the benchmark: the quarter has the same people on the same lists as everyone."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.lists import prepare
from benchmarks.lists.prepare import Places
from benchmarks.lists.work import make_lists, steps_of
from benchmarks.measured import MARK
from benchmarks.runs import took_of
from vi_risk.models.spec import load_spec
from vi_risk.running.run_file import LISTS_FOLDER

PEOPLE, LISTS, PLACES, LONG_LIST = 2500, 6, 5, 40


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    places = Places(tmp_path_factory.mktemp("lists"))
    spec = load_spec()
    few = spec.model_copy(
        update={
            "learner": spec.learner.model_copy(update={"n_estimators": 20, "num_threads": 1}),
            "uncertainty": spec.uncertainty.model_copy(update={"refits": 2}),
            "snapshots": spec.snapshots.model_copy(update={"most": 1}),
            "companions": (),
        }
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare, "spec_of_benchmark", lambda: few)
        for name, value in {"LISTS": LISTS, "CAPACITY": PLACES, "LONG_LIST": LONG_LIST}.items():
            patch.setattr(prepare, name, value)
        prepare.prepare(places, people=PEOPLE, seed=1)
    return places


def listed(folder: Path) -> list[tuple[str, str, int]]:
    rows = pd.read_parquet(folder / LISTS_FOLDER / "listed.parquet")
    return list(rows[["practice_code", "patient_id", "rank"]].itertuples(index=False, name=None))


def test_a_quarter_of_the_people_has_the_same_lists(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in (places.quarter, places.whole):
        make_lists(folder, PLACES)

    quarter, whole = places.scored
    assert quarter == whole // 4
    assert listed(places.quarter) == listed(places.whole)
    told = [took_of(line) for line in capsys.readouterr().out.splitlines() if line.startswith(MARK)]
    assert [took.rows for took in told] == [LISTS * PLACES] * 2
    assert sum(step.seconds for step in steps_of(places.whole).values()) == pytest.approx(told[1].seconds, abs=0.1)


def test_one_practice_has_a_long_list(places: Places) -> None:
    make_lists(places.one, LONG_LIST)

    assert [rank for _, _, rank in listed(places.one)] == list(range(1, LONG_LIST + 1))
    assert (places.one / LISTS_FOLDER / f"{prepare.LONG}.html").is_file()
