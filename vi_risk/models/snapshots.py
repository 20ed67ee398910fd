"""Snapshots: cohort, features and outcomes at every index date of a run, as two tables that belong together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from vi_risk.cohort.index_dates import IndexDates, Role, plan_index_dates
from vi_risk.cohort.outcomes import emergency_admission
from vi_risk.cohort.people import CohortAt, cohort_at_each, cohort_frame
from vi_risk.errors import InputError
from vi_risk.features.available import lacking
from vi_risk.features.cache import FeatureCache
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.features.coverage import common_coverage, unmatched_codes
from vi_risk.features.engine import compute_features
from vi_risk.models.spec import ModelSpec
from vi_risk.records.linked import Records
from vi_risk.records.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Plan:
    """What is decided for a whole run before any feature is computed.

    Attributes
    ----------
    windows
        Feature name -> days of look-back where they differ from the declared window (None: not built).
    flow
        One dict per index date: people at each step of selection.
    notes
        What a reader of the evidence must know: look-back cut, tables absent.
    """

    index_dates: IndexDates
    windows: Mapping[str, int | None]
    flow: Sequence[Mapping[str, object]]
    notes: tuple[str, ...]
    data_to: Mapping[str, date]  # table -> last day seen in it before the list
    practices: Mapping[str, Mapping[str, str | None]]  # practice_code -> name, network
    catalogue: Catalogue


@dataclass(frozen=True, eq=False)
class Snapshots(Plan):
    """What a model is trained, tested and applied on.

    Attributes
    ----------
    features
        One row per patient_id, index_date; one float column per feature, NaN where missing.
    cohort
        The same rows in the same order: role (train, test, list), practice_code, age, age_band, sex, in_hospital,
        gp_seen_from, outcome (NaN where the window is not over).
    """

    features: "pd.DataFrame"
    cohort: "pd.DataFrame"

    def rows(self, role: Role) -> tuple["pd.DataFrame", "pd.DataFrame"]:
        """Return cohort and features of one role."""
        chosen = self.cohort["role"] == role
        return self.cohort.loc[chosen], self.features.loc[chosen]


def build_features(
    records: Records,
    spec: ModelSpec,
    *,
    index_date: date,
    catalogue: Catalogue | None = None,
    cache: FeatureCache | None = None,
) -> Snapshots:
    """Build cohort, features and outcomes for a list at `index_date` and for its training and test dates.

    Nothing dated or recorded on or after `index_date` is used, and nothing on or after each earlier index date for the
    values of features at it. How far back all of them look is one choice for the whole run, made from what is known at
    `index_date`.

    Parameters
    ----------
    catalogue
        The declared features to build; None for those that are shipped.
    cache
        Features of earlier runs, taken where they still hold; None computes all of them.

    Raises
    ------
    InputError
        The index date does not fit the records, or nobody is eligible.
    SpecificationError
        A shipped declaration has been changed and has a fault.
    """
    plan, cohorts = plan_snapshots(records, spec, index_date=index_date, catalogue=catalogue)
    known, cohort = records.as_of(index_date), cohort_frame(cohorts)
    features = (
        compute_features(known, cohort, plan.catalogue, windows=plan.windows)
        if cache is None
        else cache.compute(known, cohort, plan.catalogue, windows=plan.windows, fingerprints=records.fingerprints())
    )
    features = cohort[["patient_id", "index_date"]].merge(
        features, on=["patient_id", "index_date"], how="left", validate="one_to_one"
    )
    outcome = emergency_admission(records, cohort, horizon_days=spec.horizon_days, known_by=index_date)
    return Snapshots(**vars(plan), features=features, cohort=cohort.assign(outcome=outcome))


def plan_snapshots(
    records: Records, spec: ModelSpec, *, index_date: date, catalogue: Catalogue | None = None
) -> tuple[Plan, list[CohortAt]]:
    """Decide on index dates and how far back to look, and say who is asked about at each date, not yet run.

    Raises
    ------
    InputError
        The index date does not fit the records, or nobody is eligible.
    """
    declared = read_catalogue() if catalogue is None else catalogue
    known = records.as_of(index_date)
    first_day = known.seen_from("spells")
    if first_day is None:
        spells = records.seen_from("spells")
        msg = (
            f"--index-date {index_date}: lies outside the records, whose spells begin in {spells}."
            " Choose a date inside them."
        )
        raise InputError(msg)
    index_dates = plan_index_dates(
        index_date,
        first_day=first_day,
        last_day=records.seen_to("spells") or first_day,
        horizon_days=spec.horizon_days,
        every_days=spec.snapshots.every_days,
        most=spec.snapshots.most,
        min_lookback_days=spec.snapshots.min_lookback_days,
    )
    cohorts = cohort_at_each(known, index_dates, min_age=spec.cohort.min_age)
    flow = [cohort.flow() for cohort in cohorts]
    for step in flow:
        *_, eligible = step.values()
        if not eligible:
            msg = (
                f"cohort: nobody is alive, registered and aged {spec.cohort.min_age} or over at the {step['role']} date"
                f" {step['index_date']}. Look at registrations and birth_month with `vi-risk check`, or choose another"
                " index date."
            )
            raise InputError(msg)
    coverage = common_coverage(known, declared, [day for day, _ in index_dates.roles])
    plan = Plan(
        index_dates=index_dates,
        windows=coverage.windows,
        flow=flow,
        notes=(*_absences(records, declared), *unmatched_codes(known, declared), *coverage.notes),
        data_to=_data_to(known),
        practices=_practices(records),
        catalogue=declared,
    )
    return plan, cohorts


def _absences(records: Records, catalogue: Catalogue) -> list[str]:
    """Say which features are missing for everyone, because the site lacks a table or a column."""
    absent: dict[str, int] = {}
    for definition in catalogue.definitions:
        for name in lacking(records.tables, definition.table, definition.columns_read):
            absent[name] = absent.get(name, 0) + len(catalogue.features_of(definition))
    return [
        f"{name} is not in the records: {number} feature{'s are' if number > 1 else ' is'} missing, not zero"
        for name, number in absent.items()
    ]


def _data_to(known: Records) -> dict[str, date]:
    """Return the last day seen in each dated table, so that a reader can tell how fresh the list is."""
    return {name: day for name in known.tables if TABLES[name].dated and (day := known.seen_to(name)) is not None}


def _practices(records: Records) -> dict[str, dict[str, str | None]]:
    if not records.has("practices"):
        return {}
    rows = records.tables["practices"].to_pyarrow().to_pylist()
    return {row["practice_code"]: {"name": row.get("name"), "network": row.get("network")} for row in rows}
