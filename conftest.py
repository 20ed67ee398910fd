"""What the examples in the docstrings of public verbs go on from: a small synthetic trust, led the whole way."""

import inspect
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

import pytest

import vi_risk


@pytest.fixture(scope="session")
def worked_example() -> Mapping[str, Any]:
    """The values of the chain of verbs, by the names that the examples call them by (docs/reference/api.md)."""
    records = vi_risk.synthetic_records(patients=500, seed=1)
    catalogue = vi_risk.read_catalogue().only("age", "sex_female", "emergency_admissions", "long_term_conditions")
    spec = vi_risk.load_spec().with_changes(
        companions=(),
        snapshots={"most": 1},
        features={"exclude": (), "as_at_extract": ()},
        learner={"n_estimators": 10, "min_child_samples": 5, "min_events": 5, "num_threads": 1},
    )
    snapshots = vi_risk.build_features(records, spec, index_date=date(2025, 1, 1), catalogue=catalogue)
    model = vi_risk.train(snapshots, spec)
    scores = vi_risk.score(model, snapshots)
    listed = vi_risk.choose(scores, snapshots, capacity=2)
    reasons = vi_risk.explain(model, snapshots, listed["patient_id"].tolist())
    lists = vi_risk.case_lists(scores, snapshots, reasons, spec=spec, capacity=2)
    made = {"records": records, "catalogue": catalogue, "spec": spec, "snapshots": snapshots, "model": model}
    return made | {"scores": scores, "listed": listed, "reasons": reasons, "lists": lists, "date": date}


@pytest.fixture(autouse=True)
def _names_in_examples(request: pytest.FixtureRequest, doctest_namespace: dict[str, Any]) -> None:
    """Give the example of a public name the values that the verbs before it lead to."""
    if isinstance(request.node, pytest.DoctestItem) and request.node.name in _public() and _goes_on(request.node):
        doctest_namespace |= {"vi_risk": vi_risk, **request.getfixturevalue("worked_example")}


def _goes_on(example: pytest.DoctestItem) -> bool:
    """Whether an example needs them: one that imports the library stands alone."""
    return not (example.dtest and any("import vi_risk" in one.source for one in example.dtest.examples))


@cache
def _public() -> frozenset[str]:
    """Return the public functions and types by the names that doctests go by."""
    found = (getattr(vi_risk, name) for name in vi_risk.__all__)
    return frozenset(
        f"{one.__module__}.{one.__qualname__}" for one in found if inspect.isroutine(one) or inspect.isclass(one)
    )
