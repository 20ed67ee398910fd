"""Who is looked at: today's people, those of the latest window that has closed, and which practices can be compared."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from vi_risk.cohort.discharges import discharges_at, one_each
from vi_risk.cohort.events import KEYS
from vi_risk.cohort.people import cohort_frame
from vi_risk.errors import InputError
from vi_risk.features.engine import compute_features
from vi_risk.models.answers import with_answers
from vi_risk.models.snapshots import Plan, Snapshots, plan_people, who_is_asked
from vi_risk.models.spec import ModelSpec
from vi_risk.records.linked import Records

if TYPE_CHECKING:
    import pandas as pd

_SHARE_MOVED = 0.2  # of a practice's people, who are seen at one date and were not at another
_FEWEST = 30  # people of a practice, below which such a share says nothing
_GONE = "is not there any more"
_STAYED = 0.5  # of a practice's people, at least so many are with some practice where it has closed
_ENOUGH = 0.2  # of the people of today; where fewer are left, everyone is compared
_LATEST_DAYS = 365  # of discharges since the list, so that no season counts twice
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, eq=False)
class PeopleNow:
    """The people of today, and those whose outcome window has closed since, with their answers.

    Attributes
    ----------
    today
        Compared with those that the model was trained on.
    listed
        Whom a list of today would choose from; the same, but where the model asks after a discharge.
    closed
        None where no window has closed.
    """

    today: Snapshots
    listed: Snapshots
    closed: Snapshots | None


def people_now(records: Records, spec: ModelSpec, watched: Snapshots, *, today: date) -> PeopleNow:
    """Return them with features as the watched run defines them and looking back as far as it does.

    Raises
    ------
    InputError
        The day does not fit the records, or nobody is eligible.
    """
    plan, cohort = plan_people(records, spec, index_date=today, catalogue=watched.catalogue)
    if spec.cohort.index == "date":
        roles = {role: cohort[cohort["role"] == role] for role in ("list", "test")}
        made = _with_features(records, plan, roles, watched, today=today)
        now = _at(made["list"], today)
        return PeopleNow(now, now, _at(made["test"], plan.index_dates.test))
    since, closed, span = _discharges(records, spec, watched, today=today)
    roles = {"list": cohort[cohort["role"] == "list"], "since": since, "closed": closed}
    made = _with_features(records, plan, roles, watched, today=today)
    over = made["closed"]
    over = replace(over, index_dates=replace(plan.index_dates, list_date=span[0], test_to=span[1]))
    return PeopleNow(_at(made["since"], today), _at(made["list"], today), None if over.cohort.empty else over)


def _at(made: Snapshots, day: date) -> Snapshots:
    return replace(made, index_dates=replace(made.index_dates, list_date=day, test_to=None))


def _with_features(
    records: Records, plan: Plan, cohorts: Mapping[str, "pd.DataFrame"], watched: Snapshots, *, today: date
) -> dict[str, Snapshots]:
    """Return each of these cohorts as those of a list, with their features; each person and date is computed once."""
    import pandas as pd  # noqa: PLC0415 - loaded when used

    asked = pd.concat([*cohorts.values()], ignore_index=True)
    known = records.as_of(today)
    features = compute_features(known, who_is_asked(asked), watched.catalogue, windows=watched.windows)
    decided = {**vars(plan), "windows": watched.windows}
    return {
        name: Snapshots(
            **decided,
            cohort=cohort.assign(role="list").reset_index(drop=True),
            features=cohort[[*KEYS]].merge(features, on=[*KEYS], how="left", validate="one_to_one"),
        )
        for name, cohort in cohorts.items()
    }


def _discharges(
    records: Records, spec: ModelSpec, watched: Snapshots, *, today: date
) -> tuple["pd.DataFrame", "pd.DataFrame", tuple[date, date]]:
    """Return the discharges since the list, one of each person of those whose window is over, and their first and last.

    Those whose window is over come after all that the model was trained and tested on, and each counts for all that its
    person had, as in the evidence. Whoever was listed is no sample of them: part of the window was over by then.
    """
    dates, known = watched.index_dates, records.as_of(today)

    def between(first: date, last: date, role: Any) -> "pd.DataFrame":
        return cohort_frame([discharges_at(known, between=(first, last), min_age=spec.cohort.min_age, role=role)])

    first = max(dates.list_date + _ONE_DAY, today - timedelta(days=_LATEST_DAYS - 1))
    since = between(first, today, "list")
    if since.empty:
        msg = (
            f"--index-date {today}: nobody who is asked about was discharged from an emergency stay since the list of"
            f" {dates.list_date}. Look again at a later day."
        )
        raise InputError(msg)
    span = ((dates.test_to or dates.list_date) + _ONE_DAY, today - timedelta(days=spec.horizon_days))
    if span[0] > span[1]:
        return since, since.iloc[:0], span
    closed = between(*span, "test")
    times = closed.groupby("patient_id").size()
    closed = with_answers(records, one_each(closed, seed=spec.seed), spec, known_by=today, catalogue=watched.catalogue)
    return since, closed.assign(weight=closed["weight"] * closed["patient_id"].map(times)), span


@dataclass(frozen=True, slots=True)
class Practices:
    """Which practices can be compared, like with like.

    Attributes
    ----------
    compared
        Codes of those that were seen alike at every date.
    left_out
        Code -> why it is not.
    everyone
        Whether so few people were left that everyone is compared all the same.
    """

    compared: frozenset[str]
    left_out: Mapping[str, str]
    everyone: bool = False

    def rows(self, cohort: "pd.DataFrame") -> Any:
        """Return which rows of a cohort are compared."""
        if self.everyone:
            return cohort["practice_code"].notna().to_numpy()
        return cohort["practice_code"].isin(list(self.compared)).to_numpy()


def practices_alike(then: "pd.DataFrame", now: "pd.DataFrame", look_backs: Collection[int] = (365,)) -> Practices:
    """Return the practices that can be compared: there at every date, their own tables seen, or unseen, at all alike.

    A practice whose GP tables the trust sees since it joined would otherwise make everything that GPs record look new.

    Parameters
    ----------
    then, now
        Cohorts: practice_code, index_date, gp_seen_from; and `period`, where each person has a date of his or her own:
        those of one period are then looked at together.
    look_backs
        Days that features look back: what is missing where a practice was not seen as long comes with the day on which
        it was.
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    both = pd.concat([then, now], ignore_index=True)
    days = pd.to_datetime(both["index_date"]) - pd.to_datetime(both["gp_seen_from"])
    so_far = {f"seen_{back}": (days.dt.days >= back).astype(float) for back in sorted({1, *look_backs})}
    when = "period" if "period" in both else "index_date"
    both = both.assign(**so_far)
    by_date = both.groupby(["practice_code", when])
    people = by_date.size().reset_index(name="people")
    people = people.pivot_table(index="practice_code", columns=when, values="people", fill_value=0)
    shares = by_date[[*so_far]].mean().reset_index()
    seen = shares.pivot_table(index="practice_code", columns=when, values=[*so_far])
    spread = (seen.T.groupby(level=0).max() - seen.T.groupby(level=0).min()).max()
    left_out: dict[str, str] = {}
    for code in people.index:
        there = people.loc[code] > 0
        if not there.iloc[-1]:
            left_out[code] = _GONE
        elif not there.all():
            left_out[code] = "was not there at every date before"
        elif people.loc[code].min() >= _FEWEST and spread[code] > _SHARE_MOVED:
            left_out[code] = "joined the trust, or left it, so that its own tables are seen for another time"
    compared = frozenset(str(code) for code in people.index if code not in left_out)
    remaining = now["practice_code"].isin(list(compared)).mean()
    return Practices(compared, left_out, everyone=bool(remaining < _ENOUGH))


def practices_not_sent(then: "pd.DataFrame", now: "pd.DataFrame", practices: Practices) -> tuple[str, ...]:
    """Return the practices that are gone with their people: of one that has closed, most are with another.

    Parameters
    ----------
    then, now
        Cohorts at dates: patient_id, practice_code, index_date. Of then the latest date is looked at.
    """
    latest = then[then["index_date"] == then["index_date"].max()]
    stayed = latest["patient_id"].isin(now["patient_id"]).groupby(latest["practice_code"]).agg(["size", "mean"])
    gone = stayed[(stayed["size"] >= _FEWEST) & (stayed["mean"] < _STAYED)]
    return tuple(code for code, why in practices.left_out.items() if why == _GONE and code in gone.index)
