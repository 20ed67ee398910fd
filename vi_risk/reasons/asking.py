"""Who might help: what the declared prompts ask of each person, as few as a meeting has room for."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from vi_risk.reasons.askable import SAY
from vi_risk.reasons.kept import unknown_where_not_kept
from vi_risk.reasons.prompts import Prompt
from vi_risk.reasons.sentences import ago
from vi_risk.records.tables import Holder

PROMPT_COLUMNS = ("patient_id", "role", "text", "rule")
# What three to five minutes have room for; who is asked twice looks at the whole person anyway.
MOST_OF_A_PERSON, MOST_OF_A_ROLE = 5, 2
_TRIED_DAYS = 730  # a plan of longer ago is no longer what was tried
_THEIRS = " (the plan of the last review, {}, was theirs)"


def prompts_for(
    people: pd.DataFrame,
    prompts: Sequence[Prompt],
    *,
    windows: Mapping[str, int | None] = MappingProxyType({}),
    everyone: pd.DataFrame | None = None,
    tried: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return what might be asked of each person, and of whom: the first five, no more than two of one role.

    Nothing is asked of what was not seen: a missing value meets no condition, and a prompt whose words name a missing
    value is left out for that person.

    Parameters
    ----------
    people
        One row per person: patient_id, and the columns that the prompts read; one that is not there is missing.
    windows
        Features whose look-back was cut (`vi_risk.models.snapshots.Plan.windows`): a prompt that counts on the whole
        of such a window ("no review in 12 months") is not made, one that found enough in the rest of it is.
    everyone
        One row per person to choose from, listed or not: practice_code and the columns of `asked_where_none`. Where
        a record keeps next to nothing of such a column, nobody is told of having none. None takes records at their
        word. With it `people` needs practice_code too.
    tried
        The latest review of each person: patient_id, decision, owner. A prompt to who took on the plan then says so.

    Returns
    -------
    DataFrame
        `PROMPT_COLUMNS`, by person in the order of `people`, then in the order of `prompts`.
    """
    if everyone is not None:
        people = unknown_where_not_kept(people, everyone, asked_where_none(prompts))
    found: list[tuple[int, int, str]] = []
    for place, prompt in enumerate(prompts):
        if not prompt.counts_on.isdisjoint(windows) or not set(prompt.says).issubset(people.columns):
            continue
        values = {column: pd.to_numeric(people[column]).to_numpy(float, na_value=np.nan) for column in prompt.says}
        asked = prompt.when.holds(people) & ~prompt.unless.holds(people)
        if prompt.not_near is not None:
            asked &= ~prompt.not_near.holds(people)
        for value in values.values():
            asked &= ~np.isnan(value)
        for row in np.flatnonzero(asked):
            said = {column: SAY[prompt.says[column]](float(value[row])) for column, value in values.items()}
            found.append((int(row), place, prompt.words.format_map(said)))
    ids = people["patient_id"].to_numpy(object)
    plans = _plans(people, tried)
    rows = []
    for person, place, text, is_first in _few(sorted(found), prompts):
        prompt, (owner, since) = prompts[place], plans.get(ids[person], ("", ""))
        again = _THEIRS.format(since) if is_first and _is_of(prompt.role, owner) else ""
        rows.append((ids[person], prompt.role, text + again, prompt.rule))
    return pd.DataFrame(rows, columns=list(PROMPT_COLUMNS), dtype=object)


def _few(found: Iterable[tuple[int, int, str]], prompts: Sequence[Prompt]) -> Iterator[tuple[int, int, str, bool]]:
    """Yield person, prompt and text of those that a meeting has room for, and whether each is the first to its role."""
    of_person, of_role = Counter[int](), Counter[tuple[int, str]]()
    for person, place, text in found:
        role = person, prompts[place].role
        if of_person[person] < MOST_OF_A_PERSON and of_role[role] < MOST_OF_A_ROLE:
            of_person[person] += 1
            of_role[role] += 1
            yield person, place, text, of_role[role] == 1


def asked_where_none(prompts: Sequence[Prompt]) -> dict[str, Holder]:
    """Return the features of which prompts ask whether there are none -> who holds the record that would have one."""
    return {name: holder for prompt in prompts for name, holder in prompt.none_of.items()}


def _plans(people: pd.DataFrame, tried: pd.DataFrame | None) -> dict[str, tuple[str, str]]:
    """Return patient_id -> who carried the plan of the last review, and how long ago it was, where one was accepted."""
    if tried is None or "days_since_review" not in people:
        return {}
    taken = tried.loc[(tried["decision"] == "accepted") & tried["owner"].notna(), ["patient_id", "owner"]]
    days = people.loc[people["days_since_review"] <= _TRIED_DAYS, ["patient_id", "days_since_review"]]
    rows = days.merge(taken, on="patient_id", validate="one_to_one")
    return {
        str(patient): (str(owner), ago(round(float(since))))
        for patient, since, owner in rows.itertuples(index=False, name=None)
    }


def _is_of(role: str, owner: str) -> bool:
    """Whether a role is named in what was written as owner: "GP and pharmacist" is either's."""
    return re.search(rf"\b{re.escape(role)}\b", owner, re.IGNORECASE) is not None
