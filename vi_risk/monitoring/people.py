"""Who is looked at: today's people, those of the latest window that has closed, and which practices can be compared."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from vi_risk.cohort.events import KEYS
from vi_risk.features.engine import compute_features
from vi_risk.models.snapshots import Snapshots, plan_people, who_is_asked
from vi_risk.models.spec import ModelSpec
from vi_risk.records.linked import Records

if TYPE_CHECKING:
    import pandas as pd

_SHARE_MOVED = 0.2  # of a practice's people, who are seen at one date and were not at another
_FEWEST = 30  # people of a practice, below which such a share says nothing
_ENOUGH = 0.2  # of the people of today; where fewer are left, everyone is compared


@dataclass(frozen=True, slots=True, eq=False)
class PeopleNow:
    """The people of today, and those of the latest date whose outcome window has closed since, with their answers."""

    today: Snapshots
    closed: Snapshots


def people_now(records: Records, spec: ModelSpec, watched: Snapshots, *, today: date) -> PeopleNow:
    """Return both, with features as the watched run defines them and looking back as far as it does.

    Raises
    ------
    InputError
        The day does not fit the records, or nobody is eligible.
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    plan, cohort = plan_people(records, spec, index_date=today, catalogue=watched.catalogue)
    asked = cohort[cohort["role"].isin(["test", "list"])].reset_index(drop=True)
    known = records.as_of(today)
    features = compute_features(known, who_is_asked(asked), watched.catalogue, windows=watched.windows)
    features = asked[[*KEYS]].merge(features, on=[*KEYS], how="left", validate="many_to_one")
    whole = Snapshots(**{**vars(plan), "windows": watched.windows}, features=features, cohort=asked)

    def at(role: str, day: date) -> Snapshots:
        rows = (asked["role"] == role).to_numpy()
        return replace(
            whole,
            index_dates=replace(plan.index_dates, list_date=day),
            cohort=pd.DataFrame(asked[rows]).assign(role="list").reset_index(drop=True),
            features=features[rows].reset_index(drop=True),
        )

    return PeopleNow(at("list", today), at("test", plan.index_dates.test))


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
        Cohorts: practice_code, index_date, gp_seen_from.
    look_backs
        Days that features look back: what is missing where a practice was not seen as long comes with the day on which
        it was.
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    both = pd.concat([then, now], ignore_index=True)
    days = pd.to_datetime(both["index_date"]) - pd.to_datetime(both["gp_seen_from"])
    so_far = {f"seen_{back}": (days.dt.days >= back).astype(float) for back in sorted({1, *look_backs})}
    both = both.assign(**so_far)
    by_date = both.groupby(["practice_code", "index_date"])
    people = by_date.size().reset_index(name="people")
    people = people.pivot_table(index="practice_code", columns="index_date", values="people", fill_value=0)
    shares = by_date[[*so_far]].mean().reset_index()
    seen = shares.pivot_table(index="practice_code", columns="index_date", values=[*so_far])
    spread = (seen.T.groupby(level=0).max() - seen.T.groupby(level=0).min()).max()
    left_out: dict[str, str] = {}
    for code in people.index:
        there = people.loc[code] > 0
        if not there.iloc[-1]:
            left_out[code] = "is not there any more"
        elif not there.all():
            left_out[code] = "was not there at every date before"
        elif people.loc[code].min() >= _FEWEST and spread[code] > _SHARE_MOVED:
            left_out[code] = "joined the trust, or left it, so that its own tables are seen for another time"
    compared = frozenset(str(code) for code in people.index if code not in left_out)
    remaining = now["practice_code"].isin(list(compared)).mean()
    return Practices(compared, left_out, everyone=bool(remaining < _ENOUGH))
