"""``python -m benchmarks.lists.prepare FOLDER``: a model, and people scored: everyone, a quarter, and for a long list.

Nothing of this is in the figures. The folders are output folders such as a run leaves, up to `vi-risk score`.
"""

import argparse
import shutil
from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.lists.trust import INDEX_DATE, PREVIOUS, write_trust_of
from benchmarks.measured import measured
from vi_risk import stages
from vi_risk.caselists.ranking import ranked_people
from vi_risk.cohort.particulars import Particulars
from vi_risk.features.engine import write_features
from vi_risk.governance.door import without_objectors
from vi_risk.models.snapshot_files import COHORT_FILE, FEATURES_FILE, load_snapshots, save_snapshots
from vi_risk.models.snapshots import Snapshots, particulars_at, plan_people, who_is_asked
from vi_risk.models.spec import ModelSpec, load_spec
from vi_risk.models.stored_features import StoredFeatures
from vi_risk.records.permission import NOBODYS
from vi_risk.records.reading import read_records
from vi_risk.running.progress import Silence
from vi_risk.running.run_file import MODEL_FOLDER, SCORES_FILE, read_run, update_run

LISTS, CAPACITY = 50, 20
LONG, LONG_LIST = "L001", 500  # the practice of the long list, and its places
LEARNT_FROM = 10_000
_TRAINING_DATES = 2
_QUARTER = 4
_ABOUT_RECORDS: dict[str, object] = {"source": "synthetic", "governance": None, "fingerprints": {}}
# The people among whom the long list is chosen, for each of its places.
_FOR_EACH_PLACE = 4


@dataclass(frozen=True, slots=True)
class Places:
    """Folders of the benchmark."""

    folder: Path

    @property
    def learnt(self) -> Path:
        """The model, learnt from a small trust of its own."""
        return self.folder / "learnt"

    @property
    def whole(self) -> Path:
        """Everyone."""
        return self.folder / "whole"

    @property
    def quarter(self) -> Path:
        """A quarter of them, everyone listed among them: the same lists."""
        return self.folder / "quarter"

    @property
    def one(self) -> Path:
        """Few people of one practice, for one long list."""
        return self.folder / "one"

    @property
    def scored(self) -> tuple[int, int]:
        """How many people are scored: of the quarter, and of all."""
        quarter, whole = (pq.read_metadata(folder / SCORES_FILE).num_rows for folder in (self.quarter, self.whole))
        return quarter, whole


def prepare(places: Places, *, people: int, seed: int) -> None:
    """Make ready what the lists are made from: minutes, most of them for the trust and the learning."""
    for folder in (places.learnt, places.whole, places.quarter, places.one):
        folder.mkdir()
    learn(places.learnt, people=min(people, LEARNT_FROM), seed=seed + 1)
    score_everyone(places.whole, places.learnt, people=people, lists=LISTS, seed=seed)
    same_lists = quarter_with_the_same_lists(places.whole)
    score_part(places.whole, places.quarter, places.learnt, patients=same_lists)
    one_list = people_of_one_list(places.whole, LONG_LIST)
    score_part(places.whole, places.one, places.learnt, patients=one_list, practice=LONG)


def spec_of_benchmark() -> ModelSpec:
    """Return the shipped main model, with fewer training dates: what it has learnt does not change the work."""
    spec = load_spec()
    return spec.model_copy(update={"snapshots": spec.snapshots.model_copy(update={"most": _TRAINING_DATES})})


def learn(folder: Path, *, people: int, seed: int) -> None:
    """Leave a model with its refits and companions in a folder."""
    trust = folder / "records"
    write_trust_of(trust, people=people, practices=10, seed=seed)
    records = replace(read_records(trust), permission=NOBODYS)  # the synthetic trust, its practices written anew
    request = stages.FeatureRequest(spec_of_benchmark(), INDEX_DATE, stages.Source("synthetic", "canonical"))
    stages.build_features(folder, records, request, stages.check(folder, records, Silence()), Silence())
    stages.train(folder, Silence())


def score_everyone(folder: Path, learnt: Path, *, people: int, lists: int, seed: int) -> None:
    """Leave everyone of a trust scored in a folder, who is asked about at the date of the list and at that before."""
    trust, spec = folder / "records", spec_of_benchmark()
    update_run(folder, "records", _ABOUT_RECORDS)
    write_trust_of(trust, people=people, practices=lists, seed=seed)
    records = without_objectors(replace(read_records(trust), permission=NOBODYS), INDEX_DATE)
    plan, cohort = plan_people(records, spec, index_date=INDEX_DATE, previous=PREVIOUS)
    cohort = cohort[cohort["role"].isin(["previous", "list"])].reset_index(drop=True)
    features = folder / FEATURES_FILE
    write_features(records.as_of(INDEX_DATE), who_is_asked(cohort), plan.catalogue, features, windows=plan.windows)
    particulars = particulars_at(plan, cohort, records, spec)
    snapshots = Snapshots(**vars(plan), features=StoredFeatures(features), cohort=cohort, particulars=particulars)
    _score(folder, snapshots, learnt)


def score_part(
    whole: Path, folder: Path, learnt: Path, *, patients: Collection[str], practice: str | None = None
) -> None:
    """Leave some of the people of another folder scored in this one, on request as those of one practice."""
    update_run(folder, "records", _ABOUT_RECORDS)
    snapshots = load_snapshots(whole, read_run(whole, needs="features", command="features build")["features"])
    cohort = snapshots.cohort[snapshots.cohort["patient_id"].isin(patients)].reset_index(drop=True)
    if practice is not None:
        cohort = cohort.assign(practice_code=practice)
    rows = pq.read_table(whole / FEATURES_FILE)
    of_them = pc.is_in(rows["patient_id"], pa.array(sorted(patients), rows.schema.field("patient_id").type))
    pq.write_table(rows.filter(of_them), folder / FEATURES_FILE, compression="zstd")
    told, everyone = snapshots.particulars, snapshots.cohort["patient_id"]
    of_them_told = None if told is None else _particulars_of(told, patients, eligible=everyone)
    part = replace(
        snapshots,
        features=StoredFeatures(folder / FEATURES_FILE),
        cohort=cohort,
        particulars=of_them_told,
    )
    _score(folder, part, learnt)


def quarter_with_the_same_lists(whole: Path) -> set[str]:
    """Return a quarter of the people, among them all who are listed; more where that many are."""
    snapshots = load_snapshots(whole, read_run(whole, needs="features", command="features build")["features"])
    scores = pd.read_parquet(whole / SCORES_FILE)
    everyone = ranked_people(scores, snapshots, capacity=CAPACITY)
    listed = everyone.loc[everyone["listed"], "patient_id"]
    others = snapshots.cohort.loc[snapshots.cohort["role"] == "list", "patient_id"]
    others = others[~others.isin(listed)]
    wanted = max(0, len(scores) // _QUARTER - len(listed))
    return {*listed, *others.sample(wanted, random_state=1)}


def people_of_one_list(whole: Path, places: int) -> set[str]:
    """Return people enough of the practices in the trust to fill one list of so many places."""
    cohort = pd.read_parquet(whole / COHORT_FILE, columns=["patient_id", "practice_code", "gp_seen_from", "role"])
    inside = cohort[(cohort["role"] == "list") & cohort["gp_seen_from"].notna()]
    return set(inside.sort_values(["practice_code", "patient_id"])["patient_id"].iloc[: _FOR_EACH_PLACE * places])


def _score(folder: Path, snapshots: Snapshots, learnt: Path) -> None:
    """Score the people of a folder with a model learnt elsewhere, as if it had been learnt and evaluated here."""
    about = read_run(learnt, needs="model", command="train")
    update_run(folder, "features", save_snapshots(snapshots, folder), spec=about["spec"])
    update_run(folder, "model", about["model"])
    shutil.copytree(learnt / MODEL_FOLDER, folder / MODEL_FOLDER)
    update_run(folder, "evaluation", {"capacity": CAPACITY})
    stages.score(folder, Silence())


def _particulars_of(particulars: Particulars, patients: Collection[str], *, eligible: "pd.Series[str]") -> Particulars:
    """Return what is told of some of the eligible, and of a quarter of those who are eligible no more."""
    kept = {}
    for one in fields(particulars):
        rows = getattr(particulars, one.name)
        if "patient_id" in rows:
            gone = ~rows["patient_id"].isin(eligible) & (np.arange(len(rows)) % _QUARTER == 0)
            kept[one.name] = rows[rows["patient_id"].isin(patients) | gone].reset_index(drop=True)
    return replace(particulars, **kept)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lists.prepare")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    asked = parser.parse_args()
    with measured():
        prepare(Places(asked.folder), people=asked.people, seed=asked.seed)
