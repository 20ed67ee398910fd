"""What of an output folder is kept in MLflow: the model with its evidence, registered; and, apart, the lists.

Nothing of any patient goes with a model, and numbers of people go as others than the team may be told them: what is
kept as evaluation.json and run.json is not the exact file of the folder (`vi_risk.evidence.disclosed`). The lists, by
pseudonym, go to the run of the scoring alone.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from vi_risk.errors import InputError
from vi_risk.evidence import disclosed, disclosed_run, metrics_of, parameters_of, rule_of
from vi_risk.features.catalogue import Catalogue
from vi_risk.models.learning import bundle
from vi_risk.models.learning.counts import CountRegressor
from vi_risk.models.on_snapshots import Model
from vi_risk.models.snapshot_files import CATALOGUE_FILE
from vi_risk.running.checksums import refuse_others
from vi_risk.running.revision import code_revision
from vi_risk.running.run_file import (
    CARD_FILE,
    CARD_TEXT,
    EVALUATION_FILE,
    LISTS_FOLDER,
    MODEL_FOLDER,
    PLOTS_FOLDER,
    RUN_FILE,
    read_run,
    write_json,
)
from vi_risk.tracking import Registered, TrackedRun, track_and_register, track_run, version_of_content

# What of evaluation.json a version shows wherever it is listed; a count has other figures than a risk.
_SHOWN = ("auroc", "calibration_slope", "calibration_in_the_large", "observed_over_expected", "deviance_explained")
_SHOWN_AT_CAPACITY = ("n", "true_cases", "observed")


def keep_model(folder: Path, *, tracking_uri: str) -> Registered:
    """Return the run that now holds the folder's evidence, and the version that its model is in the registry.

    Raises
    ------
    InputError
        The folder has no model that was evaluated, or its evidence is not what was written then.
    ResourceError
        The store cannot be reached or written; nothing is registered then.
    """
    run = read_run(folder, needs="evaluation", command="evaluate")
    evaluation = disclosed(_json(folder / EVALUATION_FILE), rule_of(run))
    refuse_others(folder, run["evaluation"].get("checksums", {}), when="the model was evaluated", command="evaluate")
    model, _ = bundle.load_any(folder / MODEL_FOLDER)
    made_up = pd.DataFrame([dict.fromkeys(model.feature_name_, float(n)) for n in range(2)])
    tags = _about(folder, run)
    told = disclosed_run(run, rule_of(run))
    with _as_files({EVALUATION_FILE: evaluation, RUN_FILE: told}) as aside:
        tracked = TrackedRun(
            experiment=run["spec"]["outcome"],
            run_name=f"{run['spec']['name']} {run['features']['index_dates']['list']}",
            parameters=parameters_of(told),
            metrics=metrics_of(evaluation),
            tags={"kind": "model", **tags, **_fingerprints_of_records(run)},
            files=_there(
                {
                    "card": [folder / CARD_FILE, folder / CARD_TEXT, aside / EVALUATION_FILE],
                    "run": [aside / RUN_FILE, folder / CATALOGUE_FILE],
                    "plots": sorted((folder / PLOTS_FOLDER).glob("*.png")),
                }
            ),
            model_folder=folder / MODEL_FOLDER,
            input_example=made_up,
            output_example=_answers(model, made_up),
        )
        return track_and_register(
            tracked,
            name=run["spec"]["name"],
            checksum=run["model"]["checksum"],
            tags={**tags, **dict(_figures(run, evaluation))},
            tracking_uri=tracking_uri,
        )


def keep_lists(folder: Path, *, tracking_uri: str) -> str:
    """Return the id of the scoring run that now holds the lists, beside the run of the model that they were made with.

    Raises
    ------
    InputError
        The folder has no lists.
    ResourceError
        The store cannot be reached or written.
    """
    run = read_run(folder, needs="case_lists", command="caselist")
    spec, scores, lists = run["spec"], run["scores"], run["case_lists"]
    used = scores.get("model") or {"checksum": run["model"]["checksum"]}
    version = version_of_content(spec["name"], used["checksum"], tracking_uri=tracking_uri)
    model = (
        {}
        if version is None
        else {"registered": f"{version.name} {version.number}", "mlflow.parentRunId": version.run_id}
    )
    told = disclosed_run(run, rule_of(run))
    numbers = {
        "people_scored": told["scores"]["people"],
        "people_listed": rule_of(run).count(sum(lists["lists"].values())),
        "lists": len(lists["lists"]),
    }
    with _as_files({RUN_FILE: told}) as aside:
        tracked = TrackedRun(
            experiment=spec["outcome"],
            run_name=f"{spec['name']} {run['features']['index_dates']['list']} lists",
            parameters={
                "capacity": lists["capacity"],
                "index_date": run["features"]["index_dates"]["list"],
                "records": run["records"]["source"],
                "mapping": run["records"]["mapping"],
            },
            metrics={name: number for name, number in numbers.items() if number is not None},
            tags={
                "kind": "scoring",
                "model_version": used["checksum"][:12],
                **model,
                **_fingerprints_of_records(run),
            },
            files=_there(
                {
                    "run": [aside / RUN_FILE],
                    "case_lists": sorted(
                        path
                        for path in (folder / LISTS_FOLDER).glob("*")
                        if path.is_file() and ".identified." not in path.name
                    ),
                }
            ),
        )
        return track_run(tracked, tracking_uri=tracking_uri)


@contextmanager
def _as_files(contents: Mapping[str, Mapping[str, Any]]) -> Iterator[Path]:
    """Give a folder with these files in it, which goes when they are kept."""
    with TemporaryDirectory() as aside:
        for name, content in contents.items():
            write_json(Path(aside) / name, content)
        yield Path(aside)


# --- what is said of a model ------------------------------------------------------------------------------------------


def _about(folder: Path, run: Mapping[str, Any]) -> dict[str, str]:
    """Return what a model was made from: fingerprints, dates, and the revision of the code where git knows it."""
    dates = run["features"]["index_dates"]
    revision = code_revision()
    return {
        "model_version": run["model"]["version"],
        "checksum": run["model"]["checksum"],
        "spec": _fingerprint(run["spec"]),
        "catalogue": run["features"]["catalogue"],
        "codelists": _fingerprint(_codelists(folder)),
        "outcome": run["spec"]["outcome"],
        "horizon_days": str(run["spec"]["horizon_days"]),
        "test_date": dates["test"],
        "list_date": dates["list"],
        **({} if revision is None else {"git_revision": revision}),
    }


def _figures(run: Mapping[str, Any], evaluation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "capacity", str(run["evaluation"]["capacity"])
    model = evaluation["model"]
    at_capacity = model.get("at", {}).get("capacity", {})
    for name in _SHOWN:
        if model.get(name) is not None:
            yield name, f"{model[name]:.6g}"
    for name in _SHOWN_AT_CAPACITY:
        if at_capacity.get(name) is not None:
            yield f"capacity.{name}", f"{at_capacity[name]:.6g}"


def _fingerprints_of_records(run: Mapping[str, Any]) -> dict[str, str]:
    return {f"records.{table}": mark for table, mark in run["records"]["fingerprints"].items()}


def _codelists(folder: Path) -> dict[str, list[tuple[str, str, str, float, str]]]:
    try:
        catalogue = Catalogue.from_json((folder / CATALOGUE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        msg = f"{CATALOGUE_FILE}: is missing or damaged. Run `vi-risk features build` with the same --out again."
        raise InputError(msg) from None
    return {name: codelist.content for name, codelist in catalogue.codelists.items()}


def _fingerprint(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _answers(model: Model, rows: pd.DataFrame) -> pd.DataFrame:
    """Return what the model says of rows, in the column in which it answers when MLflow has loaded it."""
    if isinstance(model, CountRegressor):
        return pd.DataFrame({"expected_count": model.predict(rows)})
    return pd.DataFrame({"risk": model.predict_proba(rows)[:, 1]})


def _there(files: Mapping[str, list[Path]]) -> dict[str, tuple[Path, ...]]:
    return {name: tuple(found) for name, found in files.items() if found}


def _json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        msg = f"{path.name}: is missing or damaged. Run `vi-risk evaluate` with the same --out again."
        raise InputError(msg) from None
    return content
