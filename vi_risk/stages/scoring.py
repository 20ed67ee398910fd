"""Everyone eligible scored at the date of the list, and what the lists need to know beside that."""

from pathlib import Path

import pandas as pd

from vi_risk.evidence import rule_of
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.governance.told import refuse_use
from vi_risk.models import scoring
from vi_risk.models.learning import bundle
from vi_risk.registry.model_choice import OWN, choose_model
from vi_risk.running.checksums import checksums_of
from vi_risk.running.files import remove
from vi_risk.running.progress import Report
from vi_risk.running.run_file import (
    LISTED_BEFORE,
    MODEL_FOLDER,
    SCORES_BEFORE,
    SCORES_FILE,
    SCORES_IN_REFITS,
    read_run,
    update_run,
)
from vi_risk.stages.finished import companions_in, model_in, spec_and_snapshots
from vi_risk.tracking import DEFAULT_TRACKING_URI


def score(folder: Path, report: Report, *, asked: str | None = OWN, tracking_uri: str = DEFAULT_TRACKING_URI) -> None:
    """Score everyone eligible at the date of the list, with the folder's own model or one from the registry.

    Beside the scores are kept the risks by each refit, and those at the date of the list before where no list was made
    then: whoever makes the lists need not look at everyone again. Who objects to risk stratification is not scored.

    Parameters
    ----------
    asked
        As in `vi_risk.registry.model_choice.choose_model`: None takes the champion where there is one.
    """
    report.stage("Score everyone eligible")
    spec, snapshots = spec_and_snapshots(folder)
    records = read_run(folder, needs="features", command="features build").get("records", {})
    refuse_use(records.get("permission"), of="scores")
    chosen = choose_model(folder, asked, tracking_uri=tracking_uri, report=report)
    report.step(f"with {chosen.words}")
    model, run = model_in(chosen.folder)
    refits = bundle.load_refits(chosen.folder / MODEL_FOLDER) if not spec.counts else None
    companions = companions_in(chosen.folder, run)
    in_refits = None if refits is None else scoring.risks_in_refits(refits, snapshots)
    scores = scoring.score(model, snapshots, spec=spec, refits=in_refits, companions=companions)
    _keep(scores, folder / SCORES_FILE)
    _keep(None if in_refits is None else _in_rows(in_refits), folder / SCORES_IN_REFITS)
    none_made = snapshots.index_dates.previous is not None and not (folder / LISTED_BEFORE).exists()
    before = scoring.score_before(model, snapshots, spec=spec, companions=companions) if none_made else None
    _keep(before, folder / SCORES_BEFORE)
    eligible = snapshots.people("list")
    object_to_it = people_objecting(len(eligible) - len(scores), rule_of({"records": records}))
    report.rows(len(scores))
    report.step(f"{len(scores):,} people scored at {snapshots.index_dates.list_date}")
    if object_to_it:
        report.step(object_to_it)
    part = {
        "people": len(scores),
        "not_scored": object_to_it or None,
        "model": chosen.to_dict(),
        "checksums": checksums_of(folder, (SCORES_FILE, SCORES_IN_REFITS, SCORES_BEFORE)),
    }
    update_run(folder, "scores", part)


def people_objecting(number: int, rule: Disclosure) -> str:
    """Return in words how many were not scored as they object; "" of nobody.

    Examples
    --------
    >>> people_objecting(37, Disclosure())
    '37 people object to risk stratification: not scored'
    """
    return f"{rule.unless_small(number)} people object to risk stratification: not scored" if number else ""


def _in_rows(in_refits: pd.DataFrame) -> pd.DataFrame:
    """Return the risks by refits as they are kept: patient_id, and a column of four bytes a risk for each refit."""
    risks = in_refits.astype("float32").set_axis(
        [f"refit_{number}" for number in range(1, in_refits.shape[1] + 1)], axis=1
    )
    return risks.rename_axis("patient_id").reset_index()


def _keep(table: pd.DataFrame | None, path: Path) -> None:
    """Write a table; without one, take away what an earlier run left under its name."""
    remove(path)
    if table is not None:
        table.to_parquet(path, index=False, compression="zstd")
