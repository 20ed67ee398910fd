"""What the stage of scores leaves for that of lists, and what is said of those who object."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import Heard, built_so
from tests.spec.caselists.listing import particulars
from tests.unit.models.made_up_snapshots import SPEC, made_up, with_a_list_before
from vi_risk import stages
from vi_risk.errors import InputError
from vi_risk.models.learning import bundle
from vi_risk.models.on_snapshots import refits_of, train
from vi_risk.models.snapshot_files import save_snapshots
from vi_risk.models.spec_tables import UncertaintySpec
from vi_risk.running.progress import Silence
from vi_risk.running.run_file import (
    LISTED_BEFORE,
    MODEL_FOLDER,
    SCORES_BEFORE,
    SCORES_FILE,
    SCORES_IN_REFITS,
    update_run,
)
from vi_risk.stages.finished import scored

OBJECTING = ["p0003", "p0007"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An output folder with a model of two refits, a list before and two people who object."""
    snapshots = replace(with_a_list_before(made_up()), particulars=particulars(objectors=OBJECTING))
    spec = SPEC.model_copy(update={"uncertainty": UncertaintySpec(refits=2)})
    model = train(snapshots, spec)
    update_run(tmp_path, "features", save_snapshots(snapshots, tmp_path), spec=spec.model_dump(mode="json"))
    checksum = bundle.save(model, tmp_path / MODEL_FOLDER, about={}, refits=refits_of(model, snapshots, spec))
    update_run(tmp_path, "model", {"checksum": checksum, "companions": []})
    return tmp_path


def test_who_objects_is_in_no_file_and_few_of_them_are_not_counted_out(folder: Path) -> None:
    report = Heard()

    stages.score(folder, report)

    for name in (SCORES_FILE, SCORES_IN_REFITS, SCORES_BEFORE):
        kept = pd.read_parquet(folder / name)
        assert len(kept) == 298
        assert not kept["patient_id"].isin(OBJECTING).any()
    assert "fewer than 8 people object to risk stratification: not scored" in report.steps


def test_the_risks_in_refits_are_kept_in_four_bytes_and_are_those_of_the_model(folder: Path) -> None:
    stages.score(folder, Silence())

    scores = pd.read_parquet(folder / SCORES_FILE).set_index("patient_id")
    in_refits = pd.read_parquet(folder / SCORES_IN_REFITS).set_index("patient_id").loc[scores.index]

    assert list(in_refits) == ["refit_1", "refit_2"]
    assert set(in_refits.dtypes) == {np.dtype("float32")}
    assert (in_refits.min(axis=1).between(scores["risk_low"], scores["risk_high"])).all()


def test_where_a_list_was_made_before_nobody_is_scored_for_it_again(folder: Path) -> None:
    stages.score(folder, Silence())
    pd.DataFrame({"patient_id": ["p0001"]}).to_parquet(folder / LISTED_BEFORE)
    built_so(folder)

    stages.score(folder, Silence())

    assert not (folder / SCORES_BEFORE).exists()


def test_a_file_of_scores_that_is_gone_is_told_with_the_stage_to_run(folder: Path) -> None:
    stages.score(folder, Silence())
    (folder / SCORES_IN_REFITS).unlink()

    with pytest.raises(InputError, match=r"scores_in_refits\.parquet: is missing or damaged. Run `vi-risk score`"):
        scored(folder, SCORES_IN_REFITS)


@pytest.mark.parametrize("name", [SCORES_FILE, SCORES_IN_REFITS, SCORES_BEFORE])
def test_scores_that_were_changed_since_are_not_believed(folder: Path, name: str) -> None:
    stages.score(folder, Silence())
    kept = scored(folder, name)
    others = [column for column in kept if column != "patient_id"]
    kept.assign(**{column: kept[column].to_numpy()[::-1] for column in others}).to_parquet(folder / name, index=False)

    with pytest.raises(InputError, match=rf"{name}: is not the file that was written .* `vi-risk score` with the same"):
        scored(folder, name)

    stages.score(folder, Silence())
    assert len(scored(folder, name)) == len(kept)
