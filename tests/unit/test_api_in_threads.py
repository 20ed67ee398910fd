"""Two threads that work at once, each at its own trust, come to what each comes to alone."""

import subprocess
import sys

import pytest

# In an interpreter of its own, so that the two threads also load the library at the same time.
_PROGRAM = """
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pandas as pd

import vi_risk

together = Barrier(2)


def whole_way(seed, wait):
    if wait:
        together.wait()
    records = vi_risk.synthetic_records(patients=500, seed=seed)
    spec = vi_risk.load_spec().with_changes(
        companions=(), features={"exclude": (), "as_at_extract": ()}, snapshots={"most": 2},
        learner={"n_estimators": 10, "min_child_samples": 5, "min_events": 5, "num_threads": 1},
    )
    catalogue = vi_risk.read_catalogue().only("age", "emergency_admissions", "ed_attendances")
    snapshots = vi_risk.build_features(records, spec, index_date=date(2025, 1, 1), catalogue=catalogue)
    model = vi_risk.train(snapshots, spec)
    figures = vi_risk.evaluate(model, snapshots, capacity=5).to_dict()
    scores = vi_risk.score(model, snapshots)
    reasons = vi_risk.explain(model, snapshots, scores["patient_id"].head(5).tolist())
    lists = vi_risk.case_lists(scores, snapshots, reasons, spec=spec, capacity=1)
    return snapshots.features, figures, scores, reasons, pd.concat([one.table for one in lists])


with ThreadPoolExecutor(2) as two:
    at_once = list(two.map(lambda seed: whole_way(seed, wait=True), (1, 2)))
for seed, found in zip((1, 2), at_once):
    alone = whole_way(seed, wait=False)
    assert found[1] == alone[1], f"figures of seed {seed}"
    for here, there in zip(found, alone):
        if isinstance(here, pd.DataFrame):
            pd.testing.assert_frame_equal(here, there)
assert at_once[0][1] != at_once[1][1], "two trusts, two answers"
print("the same")
"""


@pytest.mark.slow
def test_two_threads_at_once_find_what_each_finds_alone() -> None:
    ended = subprocess.run([sys.executable, "-W", "error", "-c", _PROGRAM], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "the same\n", "")
