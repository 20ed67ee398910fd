"""The library as others import it: light to import, its verbs in place, usable one after the other."""

import ast
import subprocess
import sys
from datetime import date
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import vi_risk
from vi_risk import Records
from vi_risk.records.permission import NOBODYS

VERBS = (
    "read_records", "load_spec", "build_features", "compute_features", "train", "evaluate", "evaluate_risks", "score",
    "choose", "explain", "case_lists", "lists_from_scores", "write_packs", "save_model", "load_model", "check_mapping",
    "data_dictionary", "admission_pathways",
)  # fmt: skip
_HEAVY = ("duckdb", "ibis", "lightgbm", "matplotlib", "mlflow", "numpy", "pandas", "pandera", "shap", "sklearn")

_MEASURE = f"""
import sys, time
before = time.perf_counter()
import vi_risk
took = time.perf_counter() - before
print(took, *[name for name in {_HEAVY!r} if name in sys.modules])
"""


def test_importing_the_library_is_quick_and_loads_nothing_heavy() -> None:
    printed = [
        subprocess.run([sys.executable, "-c", _MEASURE], capture_output=True, text=True, check=True).stdout.split()
        for _ in range(3)
    ]

    assert {tuple(loaded) for _, *loaded in printed} == {()}
    assert min(float(seconds) for seconds, *_ in printed) < 0.3  # the best of three: the machine may be busy


_KINDS = """
import vi_risk
for verb in {order!r}:
    getattr(vi_risk, verb)
print(*[type(getattr(vi_risk, verb)).__name__ for verb in {order!r}])
"""


@pytest.mark.parametrize("order", [VERBS, VERBS[::-1]], ids=["first to last", "last to first"])
def test_every_verb_is_a_function_whatever_was_used_before(order: tuple[str, ...]) -> None:
    code = _KINDS.format(order=order)
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert dict(zip(order, printed, strict=True)) == dict.fromkeys(VERBS, "function")


def test_every_verb_is_a_public_name() -> None:
    assert set(VERBS) <= set(vi_risk.__all__) <= set(dir(vi_risk))


def test_every_public_name_is_where_it_is_said_to_be_and_known_to_type_checkers_by_the_same_name() -> None:
    found = {name: getattr(vi_risk, name) for name in vi_risk.__all__}
    imported = [
        (alias.asname or alias.name, node.module, alias.name)
        for node in ast.walk(ast.parse(Path(vi_risk.__file__).read_text()))
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module.startswith("vi_risk.")
        for alias in node.names
    ]

    assert sorted(vi_risk.__all__) == vi_risk.__all__ == sorted(name for name, _, _ in imported)
    assert all(getattr(import_module(module), there) is found[name] for name, module, there in imported)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'vi_risk' has no attribute 'predict'"):
        _ = vi_risk.predict


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert vi_risk.__version__ == version("vi-risk")


_SMALL = {"n_estimators": 20, "min_child_samples": 10, "min_events": 10, "num_threads": 1}


def _made_up_records(people: int = 250) -> Records:
    """Return four years in which some people are admitted again and again."""
    rng = np.random.default_rng(4)
    often = rng.random(people) < 0.25
    stays = [
        {"patient_id": f"p{n}", "admitted_on": pd.Timestamp(2021, 1, 1) + pd.Timedelta(days=int(day))}
        for n in range(people)
        for day in np.sort(rng.integers(0, 1460, rng.poisson(6.0 if often[n] else 0.4)))
    ]
    spells = pd.DataFrame(stays).assign(
        spell_id=lambda t: "s" + t.index.astype(str), discharged_on=lambda t: t["admitted_on"], admission_method="21"
    )
    patients = pd.DataFrame(
        {"patient_id": [f"p{n}" for n in range(people)], "birth_month": date(1950, 1, 1), "sex": "2", "died_on": None}
    )
    return Records.from_frames({"patients": patients, "spells": spells}, permission=NOBODYS)


def test_the_verbs_lead_from_records_to_case_lists() -> None:
    catalogue = vi_risk.read_catalogue().only("age", "sex_female", "emergency_admissions")
    plain = vi_risk.load_spec()
    spec = plain.with_changes(learner=_SMALL)

    snapshots = vi_risk.build_features(_made_up_records(), spec, index_date=date(2025, 1, 1), catalogue=catalogue)
    model = vi_risk.train(snapshots, spec)
    evaluation = vi_risk.evaluate(model, snapshots, capacity=5)
    scores = vi_risk.score(model, snapshots)
    reasons = vi_risk.explain(model, snapshots, scores["patient_id"].head(5).tolist())
    (listed,) = vi_risk.case_lists(scores, snapshots, reasons, spec=spec, capacity=5)

    assert evaluation.model.auroc is not None
    assert evaluation.model.auroc > 0.6
    assert len(scores) == 250
    assert listed.table["patient_id"].tolist() == scores["patient_id"].head(5).tolist()
    assert listed.table["reason_1"].str.contains("emergency admission").all()


def test_a_feature_declared_in_python_goes_the_whole_way_to_a_reason() -> None:
    age_alone = vi_risk.read_catalogue().only("age")
    own = vi_risk.Definition(
        name="winter_stays",
        domain="acute use",
        title="Emergency stays, counted by us",
        table="spells",
        measure="count",
        where={"admission_method": "21"},
        windows=(180, 365),
        reason="{n} stay{s} by our own count in the last {window}",
    )
    catalogue = age_alone.with_definitions(own)
    plain = vi_risk.load_spec()
    spec = plain.with_changes(learner=_SMALL, features={"exclude": (), "as_at_extract": ()})

    snapshots = vi_risk.build_features(_made_up_records(), spec, index_date=date(2025, 1, 1), catalogue=catalogue)
    model = vi_risk.train(snapshots, spec)
    scores = vi_risk.score(model, snapshots)
    reasons = vi_risk.explain(model, snapshots, scores["patient_id"].head(3).tolist())

    assert {"winter_stays_180d", "winter_stays_365d"} <= set(model.feature_name_)
    first = reasons[(reasons["kind"] == "raises") & (reasons["place"] == 1)]
    assert first["text"].str.contains("by our own count in the last").all()
