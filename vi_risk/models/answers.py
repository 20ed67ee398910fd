"""What a spec asks of each person of a cohort: the outcome, how its window ended, how many people one stands for."""

from datetime import date
from typing import TYPE_CHECKING, Any

from vi_risk.cohort.censoring import censoring_weights
from vi_risk.cohort.outcomes import OUTCOMES, outcomes_of
from vi_risk.errors import SpecificationError
from vi_risk.features.catalogue import Catalogue
from vi_risk.models.spec import ModelSpec
from vi_risk.records.linked import Records
from vi_risk.running.memory import let_go

if TYPE_CHECKING:
    import pandas as pd

# Days between an index date and the later windows for which its risk is read again: how fast a score grows old.
LATER = (183, 365, 730)

_AVOIDABLE = "ambulatory_care_sensitive"  # the code list of the 19 conditions


def with_answers(
    records: Records,
    cohort: "pd.DataFrame",
    spec: ModelSpec,
    *,
    known_by: date,
    catalogue: Catalogue,
    later: bool = True,
) -> "pd.DataFrame":
    """Return the cohort with what the spec, and each of its companions, asks of its people.

    Parameters
    ----------
    cohort
        One row per patient_id, index_date, with its role.
    known_by
        Only what had happened and arrived before this date is used.
    later
        Whether to ask about the later windows too, which say how fast a score grows old.

    Returns
    -------
    DataFrame
        The columns of `cohort`, and outcome, ended, followed_days (`vi_risk.cohort.outcomes.outcomes_of`) and weight
        (`vi_risk.cohort.censoring.censoring_weights`), all missing where the window is not over; for each companion
        that the records can answer ``<name>_outcome`` and ``<name>_weight``; and for rows of the earliest training date
        ``outcome_<days>`` and ``weight_<days>``, those of windows that begin `LATER` days after it. Where reviews are
        treated as exposure (`vi_risk.models.reviewed`) there are ``<name>_followed_days`` and no later windows: most
        of those would have been reviewed before they began.
    """
    exposed = spec.reviews.treated_as != "ignore"
    answered = cohort.assign(**_answers(records, cohort, spec, known_by=known_by, catalogue=catalogue))
    for companion in spec.companions:
        if unanswered(records, companion):
            continue
        answers = _answers(records, cohort, companion, known_by=known_by, catalogue=catalogue)
        answered[f"{companion.name}_outcome"] = answers["outcome"]
        answered[f"{companion.name}_weight"] = answers["weight"]
        if exposed:
            answered[f"{companion.name}_followed_days"] = answers["followed_days"]
        let_go()
    if spec.counts or spec.cohort.index != "date" or exposed or not later:
        return answered
    training = cohort[cohort["role"] == "train"]
    first = training[training["index_date"] == training["index_date"].min()]
    for days in LATER:
        answers = _answers(records, first, spec, known_by=known_by, catalogue=catalogue, starts_after_days=days)
        answered[f"outcome_{days}"] = answers["outcome"]
        answered[f"weight_{days}"] = answers["weight"]
        let_go()
    return answered


def follow_up_of(spec: ModelSpec, catalogue: Catalogue) -> dict[str, Any]:
    """Return what the spec asks of the records after an index date, as `vi_risk.cohort.outcomes.follow_up` takes it.

    Raises
    ------
    SpecificationError
        The outcome needs a code list that is not declared.
    """
    codes: tuple[str, ...] = ()
    if OUTCOMES[spec.outcome].stays == "avoidable":
        if _AVOIDABLE not in catalogue.codelists:
            msg = f"{spec.name}: its outcome needs the code list {_AVOIDABLE}.csv, which is not among those declared."
            raise SpecificationError(msg)
        codes = tuple(entry.code for entry in catalogue.codelists[_AVOIDABLE].entries if entry.system == "icd10")
    return {
        "outcome": spec.outcome,
        "horizon_days": spec.horizon_days,
        "leaving": spec.censoring.left_area != "ignore",
        "codes": codes,
    }


def unanswered(records: Records, spec: ModelSpec) -> tuple[str, ...]:
    """Return the tables and columns without which the records cannot tell the spec's outcome."""
    return tuple(need for need in OUTCOMES[spec.outcome].needs if not records.has(*need.split(".")))


def strata_of(spec: ModelSpec) -> tuple[str, ...]:
    """Return the columns within which leaving the area is estimated."""
    return ("index_date",) if spec.cohort.index == "date" else ("role",)


def _answers(
    records: Records,
    cohort: "pd.DataFrame",
    spec: ModelSpec,
    *,
    known_by: date,
    catalogue: Catalogue,
    starts_after_days: int = 0,
) -> "pd.DataFrame":
    found = outcomes_of(
        records, cohort, known_by=known_by, starts_after_days=starts_after_days, **follow_up_of(spec, catalogue)
    )
    weight = censoring_weights(
        found.assign(**{name: cohort[name] for name in strata_of(spec)}),
        horizon_days=spec.horizon_days,
        how=spec.censoring.left_area,
        by=strata_of(spec),
    )
    return found.assign(weight=weight)
