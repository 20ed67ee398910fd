"""Case lists from scores of one's own: without records, features or a model of ours; the same choice and packs."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from vi_risk.arguments import refuse_no_day
from vi_risk.caselists.choosing.people import REVIEW_FEATURE, REVIEWED
from vi_risk.caselists.choosing.rules import CaseListRules, load_rules, shipped_rules
from vi_risk.caselists.choosing.standing import OBJECTS
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.making import case_lists
from vi_risk.cohort.index_dates import IndexDates
from vi_risk.cohort.people import EVERYONE, age_band
from vi_risk.cohort.seen import ALWAYS
from vi_risk.errors import UsageError
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import load_spec

# Said on every list: a page is silent of what it does not know, and a reader could take that for "nothing found".
NOT_FROM_RECORDS = (
    "These chances and reasons were not made by vi_risk: how far the records behind them reach, and what they lack, is"
    " not known here. Contacts, conditions, medicines and reviews are not told beside the names"
)
_OLDEST = 130
_OBJECTION = "objection_to_risk_stratification"


def lists_from_scores(
    scores: pd.DataFrame,
    reasons: pd.DataFrame | None = None,
    *,
    list_date: date,
    title: str,
    outcome: str,
    rules: CaseListRules | None = None,
    capacity: int | None = None,
    practices: pd.DataFrame | None = None,
    model_version: str = "not named",
    governance: str | None = None,
) -> list[CaseList]:
    """Return one case list for each practice, of people whom another tool has scored.

    Who is on it, in which order and within which places, is decided as for `vi_risk.case_lists`; what only records tell
    (facts, contacts, what changed, who might help) is left out, and each list says so.

    Parameters
    ----------
    scores
        One row per person: patient_id (text) and risk (probability, 0 to 1). Where they are known: practice_code (else
        everyone is on one list), age (whole years), sex ("female", "male"), in_hospital, days_since_review (since a
        meeting last discussed the person) and objects (true or 1 for who objects to risk stratification: never listed
        nor named, and counted). Rules may ask about further columns of numbers, and those named risk_... stand beside
        the name.
    reasons
        One row per reason of a person: patient_id and text, the strongest first. None tells none.
    list_date
        The day of the list, up to which the scores know the records.
    title
        What the score is called: "Frailty score of our own".
    outcome
        What the risk is a chance of, as it completes "chance of ...": "an emergency admission in the next 12 months".
    rules, capacity
        None: the shipped rules, as far as what they ask about is there, and the places that the rules give.
    practices
        One row per practice_code, with name and network where they are known; None tells none.
    model_version
        Which version of the score it is, for the packs.
    governance
        Purpose and legal basis, in one line; None tells none. Nothing here asks for a governance file, because no
        record is read: that these people may be scored and listed is for whoever scored them to know.

    Returns
    -------
    list of CaseList
        By practice_code; `vi_risk.write_packs` writes them.

    Raises
    ------
    UsageError
        patient_id or risk is missing, a risk is no number from 0 to 1, a person is scored twice, a reason cannot be
        told, the date is no date, or the capacity is no whole number from 1.
    SpecificationError
        The rules ask about what there is not.

    Examples
    --------
    >>> from datetime import date
    >>> import pandas as pd
    >>> import vi_risk
    >>> scores = pd.DataFrame({"patient_id": ["p1", "p2", "p3"], "risk": [0.2, 0.6, 0.4]})
    >>> (listed,) = vi_risk.lists_from_scores(
    ...     scores, list_date=date(2025, 4, 1), title="Our score", outcome="a fall in the next year", capacity=2
    ... )
    >>> listed.table[["rank", "patient_id", "band"]].to_dict("records")
    [{'rank': 1, 'patient_id': 'p2', 'band': 'very high'}, {'rank': 2, 'patient_id': 'p3', 'band': 'high'}]
    """
    refuse_no_day(list_date, name="list_date")
    _refuse_no_text(scores, "scores", "patient_id", "practice_code")
    told = pd.DataFrame(columns=["patient_id", "text"], dtype=object) if reasons is None else reasons
    _refuse_no_text(told, "reasons", "patient_id")
    snapshots = _as_snapshots(scores, list_date, practices)
    lists = case_lists(
        scores.drop(columns=[OBJECTS, REVIEWED], errors="ignore"),
        snapshots,
        told,
        # Of a spec a list takes the words alone.
        spec=load_spec().model_copy(update={"title": title, "outcome_words": outcome, "companions": ()}),
        rules=_that_can_be_asked(rules, snapshots.catalogue, scores),
        capacity=capacity,
        model_version=model_version,
        governance=governance,
    )
    return [_without_records(one) for one in lists]


def _as_snapshots(scores: pd.DataFrame, list_date: date, practices: pd.DataFrame | None) -> Snapshots:
    """Return the scored people as the people of a list, of whom no record is seen."""
    if "patient_id" not in scores:
        msg = "scores: expected the columns patient_id and risk, found no patient_id. Add it."
        raise UsageError(msg)
    age = _numbers(scores, "age")
    if odd := int(((age < 0) | (age > _OLDEST)).sum()):
        msg = f"scores: age: {odd:,} of {len(scores):,} rows are not from 0 to {_OLDEST} years. Correct or empty them."
        raise UsageError(msg)
    cohort = pd.DataFrame(
        {
            "patient_id": scores["patient_id"].to_numpy(),
            "index_date": list_date,
            "role": "list",
            "practice_code": scores["practice_code"].to_numpy() if "practice_code" in scores else EVERYONE,
            "age": age,
            "age_band": [None if np.isnan(years) else age_band(int(years)) for years in age],
            "sex": scores["sex"].astype(object).to_numpy() if "sex" in scores else None,
            "in_hospital": _numbers(scores, "in_hospital") > 0,
            "gp_seen_from": ALWAYS,  # whoever is scored has a list: no practice is outside
        }
    )
    catalogue = read_catalogue().only(_OBJECTION)
    (objection,) = catalogue.features
    told = {objection.name: _numbers(scores, OBJECTS), REVIEW_FEATURE: _numbers(scores, REVIEWED)}
    return Snapshots(
        index_dates=IndexDates(list_date, test=list_date, train=()),
        windows={},
        flow=(),
        notes=(),
        data_to={},
        practices=_named(practices),
        catalogue=catalogue,
        features=pd.DataFrame(told, index=cohort.index),
        cohort=cohort,
    )


def _that_can_be_asked(rules: CaseListRules | None, catalogue: Catalogue, scores: pd.DataFrame) -> CaseListRules:
    """Return the rules without those shipped standings that ask about features: of a site's own, each must be there."""
    shipped = load_rules().standing
    chosen = rules or load_rules()
    there = {one.name for one in shipped_rules(catalogue).standing}
    standing = tuple(
        one for one in chosen.standing if one not in shipped or one.name in there or {*one.when.columns} <= {*scores}
    )
    return replace(chosen, standing=standing)


def _without_records(case_list: CaseList) -> CaseList:
    """Return the list without facts of which nothing is known, and with the note that says why."""
    unknown = [name for name in case_list.fact_columns if name == "record" or case_list.table[name].isna().all()]
    return replace(
        case_list,
        table=case_list.table.drop(columns=unknown),
        about=replace(case_list.about, notes=(NOT_FROM_RECORDS,)),
    )


def _numbers(scores: pd.DataFrame, column: str) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Return a column as numbers; NaN throughout where it is not there."""
    if column not in scores or bool(scores[column].isna().all()):
        return np.full(len(scores), np.nan)
    if not pd.api.types.is_numeric_dtype(scores[column]):  # truth values are numbers
        msg = (
            f"scores: {column}: expected numbers or truth values, found a column of {scores[column].dtype}. Convert it."
        )
        raise UsageError(msg)
    return scores[column].to_numpy(dtype=np.float64, na_value=np.nan)


def _named(practices: pd.DataFrame | None) -> dict[str, dict[str, str | None]]:
    """Return practice_code -> its name and network."""
    if practices is None:
        return {}
    _refuse_no_text(practices, "practices", "practice_code")
    if "practice_code" not in practices:
        msg = "practices: expected one row for each practice_code, found no such column. Add it."
        raise UsageError(msg)
    said = practices.reindex(columns=["practice_code", "name", "network"]).astype(object)
    return {
        code: {"name": None if pd.isna(name) else name, "network": None if pd.isna(network) else network}
        for code, name, network in said.itertuples(index=False)
    }


def _refuse_no_text(table: pd.DataFrame, what: str, *columns: str) -> None:
    """Stop where a code was read as a number, and with it lost the zeros that it began with; or is missing."""
    for name in columns:
        if name not in table:
            continue
        missing = int(table[name].isna().sum())
        if missing:
            msg = f"{what}: {name}: {missing:,} of {len(table):,} rows have none. Fill it in, or leave these rows out."
            raise UsageError(msg)
        if not table[name].map(lambda value: isinstance(value, str)).all():
            msg = (
                f"{what}: {name}: expected text, found a column of {table[name].dtype}. Read the file with"
                f' dtype={{"{name}": str}}: a code that is read as a number loses the zeros that it begins with.'
            )
            raise UsageError(msg)
