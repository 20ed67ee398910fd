"""What is decided for a whole run before any feature is computed: its dates, its people, how far back they look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from vi_risk.arguments import refuse_no_day
from vi_risk.cohort.discharges import discharges_at, latest_each, one_each
from vi_risk.cohort.index_dates import IndexDates, plan_event_windows, plan_index_dates
from vi_risk.cohort.outcomes import OUTCOMES, outcomes_of
from vi_risk.cohort.people import CohortAt, cohort_at_each, cohort_frame
from vi_risk.errors import InputError, UsageError
from vi_risk.features.available import lacking
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.features.coverage import common_coverage, unmatched_codes
from vi_risk.models.answers import unanswered, with_answers
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


def plan_people(
    records: Records,
    spec: ModelSpec,
    *,
    index_date: date,
    previous: date | None = None,
    catalogue: Catalogue | None = None,
) -> tuple[Plan, "pd.DataFrame"]:
    """Return the plan of a run and its people at every date, with their answers: all of `Snapshots` but the features.

    Raises
    ------
    InputError
        The index date does not fit the records, or nobody is eligible.
    """
    plan, cohorts = plan_snapshots(records, spec, index_date=index_date, previous=previous, catalogue=catalogue)
    cohort = cohort_frame(cohorts)
    stands_for: pd.Series[float] | float = 1.0
    if spec.cohort.index == "discharge":
        cohort, stands_for, kept = _after_discharge(records.as_of(index_date), cohort, spec, list_date=index_date)
        plan = replace(plan, flow=[{**step, **kept.get(str(step["role"]), {})} for step in plan.flow])
    answered = with_answers(records, cohort, spec, known_by=index_date, catalogue=plan.catalogue)
    answered["weight"] *= stands_for
    return plan, answered


def plan_snapshots(
    records: Records,
    spec: ModelSpec,
    *,
    index_date: date,
    previous: date | None = None,
    catalogue: Catalogue | None = None,
) -> tuple[Plan, list[CohortAt]]:
    """Decide on index dates and how far back to look, and say who is asked about at each date, not yet run.

    Raises
    ------
    InputError
        The index date does not fit the records, or nobody is eligible.
    """
    refuse_no_day(index_date)
    declared = read_catalogue() if catalogue is None else catalogue
    OUTCOMES[spec.outcome].refuse_lacking(records)
    known = records.as_of(index_date)
    first_day = known.seen_from("spells")
    if first_day is None:
        spells = records.seen_from("spells")
        msg = (
            f"--index-date {index_date}: lies outside the records, whose spells begin in {spells}."
            " Choose a date inside them."
        )
        raise InputError(msg)
    if previous is not None:
        _refuse_previous(previous, spec, index_date, first_day)
    last_day = records.seen_to("spells") or first_day
    index_dates, cohorts = _cohorts(known, spec, index_date, first_day, last_day, previous)
    flow = [cohort.flow() for cohort in cohorts if cohort.role != "previous"]
    for step in flow:
        *_, eligible = step.values()
        if not eligible:
            raise nobody_eligible(spec, str(step["role"]), step["index_date"])
    coverage = common_coverage(known, declared, [day for day, _ in index_dates.roles])
    plan = Plan(
        index_dates=index_dates,
        windows=coverage.windows,
        flow=flow,
        notes=(
            *_absences(records, declared),
            *_no_answers(records, spec),
            *unmatched_codes(known, declared),
            *coverage.notes,
        ),
        data_to=_data_to(known),
        practices=practices_of(records),
        catalogue=declared,
    )
    return plan, cohorts


def nobody_eligible(spec: ModelSpec, role: str, day: object) -> InputError:
    """Return what is said where nobody can be asked about at a date."""
    return InputError(
        f"cohort: nobody is alive, registered and aged {spec.cohort.min_age} or over"
        f"{' after a discharge' if spec.cohort.index == 'discharge' else ''} at the {role} date {day}. Look at"
        " registrations and birth_month with `vi-risk check`, or choose another index date."
    )


def dates_of_run(known: Records, spec: ModelSpec, list_date: date, first_day: date) -> IndexDates:
    """Return the index dates of a run of a spec that asks at dates; `known` is what had arrived by that of the list.

    Raises
    ------
    InputError
        The date does not fit the records, whose spells are seen from the first day.
    """
    return plan_index_dates(
        list_date,
        first_day=first_day,
        last_day=known.seen_to("spells") or first_day,
        horizon_days=spec.horizon_days,
        every_days=spec.snapshots.every_days,
        most=spec.snapshots.most,
        min_lookback_days=spec.snapshots.min_lookback_days,
    )


def _refuse_previous(previous: date, spec: ModelSpec, list_date: date, first_day: date) -> None:
    where = f"--previous {previous}"
    if spec.cohort.index == "discharge":
        msg = f"{where}: {spec.name} asks after a discharge, and each list is of other discharges. Leave it out."
        raise UsageError(msg)
    if not first_day < previous < list_date:
        msg = (
            f"{where}: expected a date inside the records, which begin on {first_day}, and before the list of"
            f" {list_date}. Name the date of the list before."
        )
        raise InputError(msg)


def _cohorts(
    known: Records, spec: ModelSpec, list_date: date, first_day: date, last_day: date, previous: date | None
) -> tuple[IndexDates, list[CohortAt]]:
    """Return the dates of the run and who is asked about at each, or in each span of index events."""
    if spec.cohort.index == "date":
        dates = replace(dates_of_run(known, spec, list_date, first_day), previous=previous)
        return dates, cohort_at_each(known, dates, min_age=spec.cohort.min_age)
    span: dict[str, Any] = {
        "first_day": first_day,
        "last_day": last_day,
        "horizon_days": spec.horizon_days,
        "min_lookback_days": spec.snapshots.min_lookback_days,
    }
    windows = plan_event_windows(list_date, **span, train_days=spec.snapshots.every_days * spec.snapshots.most)
    cohorts = [
        discharges_at(known, between=days, min_age=spec.cohort.min_age, role=role) for days, role in windows.roles
    ]
    return IndexDates(list_date, windows.test[0], windows.train, test_to=windows.test[1]), cohorts


def _after_discharge(
    known: Records, cohort: "pd.DataFrame", spec: ModelSpec, *, list_date: date
) -> tuple["pd.DataFrame", "pd.Series[float]", dict[str, dict[str, int]]]:
    """Return who of the discharged is tested on and listed, how much each row counts, and how many each step left.

    Tested is one discharge of each person, drawn, which counts for all of them: those who come back often weigh in the
    evidence as they do on the ward. Listed is the latest discharge of each, where the person has neither come back nor
    died nor left the area since, as far as is known at the date of the list.
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    of_role = {role: cohort[cohort["role"] == role] for role in ("train", "test", "list")}
    times = of_role["test"].groupby("patient_id").size()
    of_role["test"] = one_each(of_role["test"], seed=spec.seed)
    latest = latest_each(of_role["list"])
    since = outcomes_of(
        known,
        latest,
        outcome=spec.outcome,
        horizon_days=spec.horizon_days,
        known_by=list_date + timedelta(days=spec.horizon_days),  # of what is known at the date of the list
    )
    of_role["list"] = latest[since["ended"] == "horizon"]
    if of_role["list"].empty:
        msg = (
            f"--index-date {list_date}: nobody who was discharged in the {spec.horizon_days} days before it is still to"
            " be asked about. Choose another date."
        )
        raise InputError(msg)
    rows = pd.concat(list(of_role.values()), ignore_index=True)
    tested = rows["role"] == "test"
    stands_for = rows["patient_id"].map(times).where(tested, 1.0).astype(float)
    kept = {
        "test": {"one discharge of each, drawn": len(of_role["test"])},
        "list": {
            "the latest discharge of each": len(latest),
            "neither back nor died nor moved away since": len(of_role["list"]),
        },
    }
    return rows, stands_for.where(~tested, stands_for / stands_for[tested].mean()), kept


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


def _no_answers(records: Records, spec: ModelSpec) -> list[str]:
    """Say which risks cannot stand beside the main one, because the site lacks what they are learnt from."""
    return [
        f"{companion.name}: not told, as {' and '.join(lacking_for_it)} is not in the records"
        for companion in spec.companions
        if (lacking_for_it := unanswered(records, companion))
    ]


def _data_to(known: Records) -> dict[str, date]:
    """Return the last day seen in each dated table, so that a reader can tell how fresh the list is."""
    return {name: day for name in known.tables if TABLES[name].dated and (day := known.seen_to(name)) is not None}


def practices_of(records: Records) -> dict[str, dict[str, str | None]]:
    """Return practice_code -> its name and network; nothing where the records have no practices."""
    if not records.has("practices"):
        return {}
    rows = records.tables["practices"].to_pyarrow().to_pylist()
    return {row["practice_code"]: {"name": row.get("name"), "network": row.get("network")} for row in rows}
