"""Reasons: what sets the risk of a patient apart from that of peers, in declared words with the patient's values."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vi_risk.errors import UsageError
from vi_risk.reasons.patient import Patient
from vi_risk.reasons.peers import Peers
from vi_risk.reasons.telling import Said, tell
from vi_risk.reasons.themes import themes_of

if TYPE_CHECKING:
    from vi_risk.models.on_snapshots import Model
    from vi_risk.models.snapshots import Snapshots

MOST_REASONS = 5
COLUMNS = ("patient_id", "kind", "place", "theme", "domain", "text", "comparison", "contribution", "feature")


def explain(
    model: "Model",
    snapshots: "Snapshots",
    patients: Sequence[str],
    *,
    most: int = MOST_REASONS,
    unnamed: Collection[str] = (),
) -> pd.DataFrame:
    """Return the reasons for the risk of some patients at the date of the list.

    Contributions are the model's SHAP values, which add up to its raw score (checked for every row); of each the mean
    of peers is taken off, people of the same age band and sex. A reason is a theme, all windows of the definitions that
    share it. A theme without words for the patient's value is passed over, never worded by a column name; so is one
    whose value does not lie beyond what is usual among peers.

    Parameters
    ----------
    model, snapshots
        From `vi_risk.train` and `vi_risk.build_features`.
    patients
        patient_id of those to explain, each once; cost follows them, not the population.
    most
        Reasons that raise the risk, for each patient.
    unnamed
        Names of features that are not named where others are counted: those that the rules of a list hide.

    Returns
    -------
    DataFrame
        One row per thing said, patients in the order given and each by kind and place: patient_id; kind: "raises",
        "lowers" (in the person's favour) or "unseen" (what the record lacks); place, from 1 within person and kind;
        theme and domain; text; comparison, what is usual for people of the same age and sex, "" where nothing is;
        contribution, the log-odds that the theme adds beyond what it adds for peers; feature that the text is of.

    Raises
    ------
    UsageError
        A patient is not eligible at the date of the list, or is named twice.

    References
    ----------
    Lundberg SM, et al. From local explanations to global understanding with explainable AI for trees. Nature Machine
    Intelligence, 2020. doi:10.1038/s42256-019-0138-9

    Examples
    --------
    >>> reasons = vi_risk.explain(model, snapshots, listed["patient_id"].tolist())
    >>> reasons.loc[reasons["kind"] == "raises", ["patient_id", "place", "text"]].columns.tolist()
    ['patient_id', 'place', 'text']
    """
    cohort, features = snapshots.rows("list")
    places = _places(cohort, patients, snapshots)
    rows, people = features.iloc[places], cohort.iloc[places]
    by_name = {feature.name: feature for feature in snapshots.catalogue.features}
    names = list(model.feature_name_)
    after_discharge = bool((cohort["index_date"] != snapshots.index_dates.list_date).any())
    peers = Peers.of(cohort, features, who="people discharged" if after_discharge else "people")
    groups = peers.group[places]
    mean = peers.mean_contributions(model, groups).loc[groups, names].to_numpy()
    weights = model.contributions(rows)[names].to_numpy() - mean
    values = rows[names].to_numpy(dtype=float)
    themes = themes_of([by_name[name] for name in names], snapshots.windows)
    told: list[tuple[str, Said]] = []
    for place, (index_date, sex, seen_from) in enumerate(_particulars(people)):
        usual_of = partial(peers.usual, group=int(groups[place]))
        patient = Patient(values[place], weights[place], index_date, sex, seen_from, usual_of, unnamed)
        told += [(patients[place], said) for said in tell(patient, themes, most=most)]
    table = pd.DataFrame(
        [
            {
                "patient_id": patient_id,
                "kind": said.kind,
                "theme": said.theme,
                "domain": said.feature.definition.domain,
                "text": said.text,
                "comparison": said.comparison,
                "contribution": said.contribution,
                "feature": said.feature.name,
            }
            for patient_id, said in told
        ],
        columns=[column for column in COLUMNS if column != "place"],
    )
    table["place"] = table.groupby(["patient_id", "kind"], sort=False).cumcount() + 1
    return table[list(COLUMNS)].astype({"place": int, "contribution": float})  # also where there is nothing to say


def _particulars(people: pd.DataFrame) -> Iterator[tuple[date, str, date | None]]:
    """Yield index date, sex and the first day of the seen GP record of each person."""
    seen = people["gp_seen_from"]
    yield from zip(
        people["index_date"].tolist(),
        people["sex"].astype("string").fillna("").tolist(),
        seen.astype("object").where(seen.notna(), None).tolist(),
        strict=True,
    )


def _places(
    cohort: pd.DataFrame, patients: Sequence[str], snapshots: "Snapshots"
) -> "np.ndarray[Any, np.dtype[np.intp]]":
    """Return where in the cohort the patients stand."""
    if isinstance(patients, str):
        msg = "explain: patients: expected a list of patient_id, got one text. Write [patient_id]."
        raise UsageError(msg)
    places = np.asarray(pd.Index(cohort["patient_id"]).get_indexer(pd.Index(patients)))
    if unknown := int((places < 0).sum()):
        msg = (
            f"explain: {unknown} of {len(places)} patients are not eligible at {snapshots.index_dates.list_date}."
            " Ask for people whom `score` gave a risk."
        )
        raise UsageError(msg)
    if twice := len(places) - len(set(places)):
        msg = f"explain: {twice} of {len(places)} patients are named again. Name each once."
        raise UsageError(msg)
    return places
