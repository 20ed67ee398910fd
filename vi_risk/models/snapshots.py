"""Snapshots: cohort, features and outcomes at every index date of a run, as two tables that belong together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from vi_risk.arguments import refuse_another
from vi_risk.cohort.events import KEYS
from vi_risk.cohort.index_dates import Role
from vi_risk.cohort.particulars import Particulars, particulars_of
from vi_risk.cohort.pathways import around_admissions
from vi_risk.errors import UsageError
from vi_risk.features.cache import FeatureCache
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.engine import Engine, compute_features
from vi_risk.governance.door import without_objectors
from vi_risk.models.learning.blocks import Blocks, HeldRows
from vi_risk.models.planning import Plan, plan_people, plan_snapshots
from vi_risk.models.reviewed.windows import as_if_not_reviewed
from vi_risk.models.spec import ModelSpec
from vi_risk.models.stored_features import StoredFeatures
from vi_risk.models.whole_record import WholeRecord, whole_record_of
from vi_risk.records.linked import Records

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Plan",
    "Snapshots",
    "build_features",
    "particulars_at",
    "plan_people",
    "plan_snapshots",
    "who_is_asked",
    "whole_record_at",
]

# The features of so many rows were swept (`vi_risk.features.engine`): the sweep is then loaded, and the quicker way for
# the fewer people of a list as well.
_ROWS_SWEPT = 40_000


@dataclass(frozen=True, eq=False)
class Snapshots(Plan):
    """What a model is trained, tested and applied on.

    Attributes
    ----------
    index_dates, windows, flow, notes, data_to, practices, catalogue
        What was decided for the whole run (`vi_risk.models.planning.Plan`): dates, look-back, people at each step of
        selection, what a reader must know, how far each table reaches, names of practices, declared features.
    features
        One row per patient_id, index_date; one float column per feature, NaN where missing. Of an output folder, the
        file that holds them, of which the rows of one role are read at a time.
    cohort
        The same rows in the same order: role (train, test, previous, list), practice_code, age, age_band, sex,
        in_hospital, gp_seen_from, and what `vi_risk.models.answers.with_answers` tells: outcome, ended, followed_days
        and weight; and what `vi_risk.models.reviewed.windows` adds where the spec treats reviews as exposure.
    particulars
        What a list tells of people beside their features; None where it was not asked of the records.
    whole_record
        Features of the people of a list that look back further there than in the model; None where none does, or where
        it was not asked of the records.

    Examples
    --------
    >>> cohort, features = snapshots.rows("test")
    >>> len(cohort) == len(features), snapshots.feature_names[:2]
    (True, ['emergency_admissions_30d', 'emergency_admissions_90d'])
    >>> snapshots.index_dates.test, cohort["outcome"].isin([0, 1]).all()
    (datetime.date(2024, 1, 2), np.True_)
    """

    features: "pd.DataFrame | StoredFeatures"
    cohort: "pd.DataFrame"
    particulars: Particulars | None = None
    whole_record: WholeRecord | None = None

    def people(self, role: Role) -> "pd.DataFrame":
        """Return the cohort of one role."""
        return self.cohort.loc[self.cohort["role"] == role]

    @property
    def feature_names(self) -> list[str]:
        """The features that there are, in the order of their table."""
        if isinstance(self.features, StoredFeatures):
            return self.features.names
        return [str(name) for name in self.features.columns if name not in KEYS]

    def blocks(self, role: Role) -> Blocks:
        """Return the features of one role, in the order of its people, to be read a block at a time."""
        people = self.people(role)
        if isinstance(self.features, StoredFeatures):
            return self.features.blocks(role, people)
        return Blocks.of(HeldRows(self.features.loc[people.index, self.feature_names]))

    def some(self, role: Role, names: Sequence[str]) -> "pd.DataFrame":
        """Return the features of these names of the people of one role; those that are not there are left out."""
        return self._of(self.people(role), names)

    def _of(self, people: "pd.DataFrame", names: Sequence[str]) -> "pd.DataFrame":
        """Return the features of these names of some rows of the cohort."""
        if isinstance(self.features, StoredFeatures):
            return self.features.columns([*dict.fromkeys(names)], people)
        there = [name for name in dict.fromkeys(names) if name in self.features]
        return self.features.loc[people.index, there]

    def rows(self, role: Role) -> tuple["pd.DataFrame", "pd.DataFrame"]:
        """Return cohort and features of one role."""
        cohort = self.people(role)
        if isinstance(self.features, StoredFeatures):
            return cohort, self.features.of(role, cohort)
        return cohort, self.features.loc[cohort.index]

    def at_previous(self) -> "Snapshots":
        """Return what a list at the date of the list before would be made from: its rows, as those of the list.

        Raises
        ------
        UsageError
            The snapshots were built without `previous`.
        """
        if self.index_dates.previous is None:
            msg = "snapshots: hold no list before. Build them with `previous`, its date."
            raise UsageError(msg)
        cohort, features = self.rows("previous")
        return replace(
            self,
            index_dates=replace(self.index_dates, list_date=self.index_dates.previous, previous=None),
            cohort=cohort.assign(role="list"),
            features=features,
            particulars=None,
            whole_record=None if self.whole_record is None else self.whole_record.at_previous(),
        )

    @property
    def windows_on_list(self) -> Mapping[str, int | None]:
        """Feature -> days of look-back of `told_on_list`, where they differ from the declared window."""
        if self.whole_record is None:
            return self.windows
        declared = {feature.name: feature.window for feature in self.catalogue.features}
        used = {**self.windows, **self.whole_record.days["list"]}
        return {name: days for name, days in used.items() if days != declared[name]}

    def told_on_list(self, names: Sequence[str], places: Sequence[int] | None = None) -> "pd.DataFrame":
        """Return some features of the people of the list as it tells them: over the whole record that its date sees.

        Where that was not asked of the records, they are those of the model. Features that are not there are left out.

        Parameters
        ----------
        names
            Of features.
        places
            Places of people among the rows of the list; None for all of them.
        """
        import pandas as pd  # noqa: PLC0415 - loaded when used

        people = self.people("list").iloc[slice(None) if places is None else list(places)]
        there = [name for name in names if name in self.features]
        if self.whole_record is None:
            return self._of(people, there)
        further = [name for name in there if name in self.whole_record.days["list"]]
        of_model = self._of(people, [name for name in there if name not in further])
        return pd.concat([of_model, self.whole_record.columns(further, people)], axis=1)[there]

    def told(self, names: Sequence[str]) -> "pd.DataFrame":
        """Return the features of these names of everyone at every date, beside the cohort; other names are left out."""
        if isinstance(self.features, StoredFeatures):
            return self.features.columns(names, self.cohort)
        return self.features[[name for name in names if name in self.features]]

    def answers(self, role: Role, *, of: str | None = None, later: int = 0) -> "pd.DataFrame":
        """Return outcome and weight of the rows of one role, in their order; weight 1 where the cohort has none.

        Parameters
        ----------
        of
            A companion's name, for its outcome in place of the main one.
        later
            Days by which the window begins later than the index date (`vi_risk.models.answers.LATER`).
        """
        before, after = "" if of is None else f"{of}_", f"_{later}" if later else ""
        cohort = self.people(role)
        outcome, weight = f"{before}outcome{after}", f"{before}weight{after}"
        found = cohort.reindex(columns=[outcome, weight]).set_axis(["outcome", "weight"], axis=1)
        return found if weight in cohort else found.assign(weight=1.0)


def build_features(
    records: Records,
    spec: ModelSpec,
    *,
    index_date: date,
    previous: date | None = None,
    catalogue: Catalogue | None = None,
    cache: FeatureCache | None = None,
) -> Snapshots:
    """Build cohort, features and outcomes for a list at `index_date` and for its training and test dates.

    Nothing dated or recorded on or after `index_date` is used, and nothing on or after each earlier index date for the
    values of features at it. How far back all of them look is one choice for the whole run, made from what is known at
    `index_date`. Whoever had objected by then is left out wholly (`vi_risk.governance.door`).

    Parameters
    ----------
    records
        From `vi_risk.read_records`, or brought through `vi_risk.permitted`.
    spec
        Who is asked about, what and when; the features that its model may use are chosen later, all are built.
    index_date
        The date of the list.
    previous
        The date of the list before, where it is to be told what changed since.
    catalogue
        The declared features to build; None for those that are shipped.
    cache
        Features of earlier runs, taken where they still hold; None computes all of them.

    Returns
    -------
    Snapshots
        Cohort and features at every date: one row per patient_id, index_date.

    Raises
    ------
    GovernanceError
        The records have not come through the door.
    InputError
        The index date does not fit the records, or nobody is eligible.
    UsageError
        The index date is no `datetime.date`, or records or spec are something else, such as a folder or a name.
    SpecificationError
        A shipped declaration has been changed and has a fault.

    Examples
    --------
    >>> snapshots = vi_risk.build_features(records, spec, index_date=date(2025, 1, 1), catalogue=catalogue)
    >>> cohort, features = snapshots.rows("list")
    >>> len(cohort) == len(features), snapshots.index_dates.test
    (True, datetime.date(2024, 1, 2))
    """
    refuse_another(records, Records, name="records", made_by="vi_risk.read_records")
    refuse_another(spec, ModelSpec, name="spec", made_by="vi_risk.load_spec")
    records = without_objectors(records, index_date)
    plan, cohort = plan_people(records, spec, index_date=index_date, previous=previous, catalogue=catalogue)
    known, asked = records.as_of(index_date), who_is_asked(cohort)
    features = (
        compute_features(known, asked, plan.catalogue, windows=plan.windows)
        if cache is None
        else cache.compute(known, asked, plan.catalogue, windows=plan.windows, fingerprints=records.fingerprints())
    )
    features = cohort[[*KEYS]].merge(features, on=[*KEYS], how="left", validate="many_to_one")
    snapshots = Snapshots(
        **vars(plan),
        features=features,
        cohort=cohort,
        particulars=particulars_at(plan, cohort, records, spec),
        whole_record=whole_record_at(plan, cohort, known),
    )
    return replace(snapshots, cohort=as_if_not_reviewed(snapshots, records, spec))


def particulars_at(plan: Plan, cohort: "pd.DataFrame", records: Records, spec: ModelSpec) -> Particulars:
    """Return what a list tells of people beside their features, as known at its date."""
    day = plan.index_dates.list_date
    listed = cohort[cohort["role"] == "list"]
    pathways = around_admissions(records, index_date=day, min_age=spec.cohort.min_age)
    return replace(particulars_of(records, listed, day), pathways=pathways)


def whole_record_at(plan: Plan, cohort: "pd.DataFrame", known: Records) -> WholeRecord | None:
    """Return what the dates of the lists see further back than all dates of the model; None where that is nothing."""
    engine: Engine = "sweep" if len(cohort) >= _ROWS_SWEPT else "auto"
    return whole_record_of(known, cohort, plan.catalogue, plan.windows, engine=engine)


def who_is_asked(cohort: "pd.DataFrame") -> "pd.DataFrame":
    """Return the rows whose features are computed: each once, where the list before was made at a date of the model."""
    return cohort.drop_duplicates([*KEYS])
