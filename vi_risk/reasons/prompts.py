"""Who might help: declared rules that turn a person's facts into questions for a team, each to one role.

    [[prompt]]
    name = "ten or more medicines"
    role = "pharmacist"
    when = { medicines_90d = { min = 10 } }
    unless = { gp_pharmacist_appointments_365d = { min = 1 } }
    words = "{medicines_90d} medicines in 90 days: would a structured medication review help?"
    reference = "NICE NG5"

A prompt says what the record shows and asks; it never instructs. `when` and `unless` are conditions on features and
risks (`vi_risk.reasons.when`). None reads an objection, which is never said beside a name. The grammar for people is
features/README.md.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vi_risk import declared
from vi_risk.errors import SpecificationError
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.declarations import PROMPTS_FILE
from vi_risk.features.definition import INTERVAL_MEASURES, Feature
from vi_risk.features.seen import CERTAIN_VALUES
from vi_risk.features.sources import tables_behind
from vi_risk.reasons.sentences import ago, number, percent
from vi_risk.reasons.when import When, read_when

PROMPT_COLUMNS = ("patient_id", "role", "text", "rule")

Saying = Literal["number", "percent", "ago"]
Span = tuple[float, float]

# What the people of a list are known by beside their features -> the values that there can be.
PEOPLE_COLUMNS: Mapping[str, Span] = MappingProxyType(
    {
        "age": (0, math.inf),
        "in_hospital": (0, 1),
        "risk": (0, 1),
        "risk_of_death": (0, 1),
        "risk_3m": (0, 1),
        "listed_in_refits": (0, 1),
        "rank": (1, math.inf),
        "days_since_review": (1, math.inf),
        "review_open": (0, 1),
    }
)

_SAID_OF_PEOPLE: Mapping[str, Saying] = MappingProxyType(
    {
        **dict.fromkeys(("age", "rank"), "number"),
        **dict.fromkeys(("risk", "risk_of_death", "risk_3m", "listed_in_refits"), "percent"),
        "days_since_review": "ago",
    }
)

_FLAGS = ("any", "is", "latest_is", "group_flags")
_DAYS_SINCE = ("days_since_last", "days_since_first")
_FROM_ZERO = ("count", "distinct", "rise", "groups", "age")
_DAYS_INSIDE = (*INTERVAL_MEASURES, "seen_days")
_OBJECTIONS = "objections"  # the table of them
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

Words = Annotated[str, Field(min_length=1)]


class _Entry(BaseModel):
    """What an entry holds, as TOML has it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Words
    role: Words
    words: Words
    reference: Words
    when: object  # read by `vi_risk.reasons.when`
    unless: object = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """One rule: of whom something is asked, which role might help, and in which words.

    Attributes
    ----------
    unless
        Of whom it is not asked though `when` holds: the help is there already.
    says
        Placeholder of `words` -> how its value is written.
    counts_on
        Features whose whole window it counts on: it says "none", "so many at most" or how many.
    """

    name: str
    role: str
    when: When
    unless: When
    words: str
    reference: str
    says: Mapping[str, Saying]
    counts_on: frozenset[str] = frozenset()

    @property
    def rule(self) -> str:
        """The rule by its name, and its source."""
        return f"{self.name} ({self.reference})"

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it reads."""
        return tuple(dict.fromkeys([*self.when.columns, *self.unless.columns, *self.says]))


# --- asking -----------------------------------------------------------------------------------------------------------


def prompts_for(
    people: pd.DataFrame,
    prompts: Sequence[Prompt],
    *,
    windows: Mapping[str, int | None] = MappingProxyType({}),
) -> pd.DataFrame:
    """Return what might be asked of each person, and of whom.

    Nothing is asked of what was not seen: a missing value meets no condition, and a prompt whose words name a missing
    value is left out for that person.

    Parameters
    ----------
    people
        One row per person: patient_id, and the columns that the prompts read; one that is not there is missing.
    windows
        Features whose look-back was cut (`vi_risk.models.snapshots.Plan.windows`): a prompt that counts on the whole
        of such a window ("no review in 12 months") is not made, one that found enough in the rest of it is.

    Returns
    -------
    DataFrame
        `PROMPT_COLUMNS`, by person in the order of `people`, then in the order of `prompts`.
    """
    found: list[tuple[int, int, str]] = []
    for place, prompt in enumerate(prompts):
        if not prompt.counts_on.isdisjoint(windows) or not set(prompt.says).issubset(people.columns):
            continue
        values = {column: pd.to_numeric(people[column]).to_numpy(float, na_value=np.nan) for column in prompt.says}
        asked = prompt.when.holds(people) & ~prompt.unless.holds(people)
        for value in values.values():
            asked &= ~np.isnan(value)
        for row in np.flatnonzero(asked):
            said = {column: _SAY[prompt.says[column]](float(value[row])) for column, value in values.items()}
            found.append((int(row), place, prompt.words.format_map(said)))
    found.sort()
    ids = people["patient_id"].to_numpy(object)
    rows = [(ids[row], prompts[place].role, text, prompts[place].rule) for row, place, text in found]
    return pd.DataFrame(rows, columns=list(PROMPT_COLUMNS), dtype=object)


_SAY: Mapping[Saying, Callable[[float], str]] = {
    "number": number,
    "percent": percent,
    "ago": lambda days: ago(round(days)),
}


# --- reading ----------------------------------------------------------------------------------------------------------


def read_prompts(path: Path | None = None, *, catalogue: Catalogue) -> tuple[Prompt, ...]:
    """Read the prompts of a TOML file, in its order; without one, those shipped.

    A shipped prompt that reads a feature which the catalogue has not (one of an earlier version's folder, or one made
    in Python) is left out, as a prompt about a table that the site lacks is never made. In a site's file it is a fault.

    Raises
    ------
    SpecificationError
        The file has faults; the message has one line for each.
    """
    file = declared.shipped("features") / PROMPTS_FILE if path is None else path
    content = declared.read_toml(file)
    features = {feature.name: feature for feature in catalogue.features}
    faults = [f"{key}: is no known key. Expected [[prompt]] alone." for key in content if key != "prompt"]
    entries = content.get("prompt", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        faults.append("prompt: expected [[prompt]] tables; found something else. Write each under [[prompt]].")
        entries = []
    prompts: dict[str, Prompt] = {}
    for place, content in enumerate(entries, start=1):
        if path is None and not _reads(content) <= {*features, *PEOPLE_COLUMNS}:
            continue
        prompt, found = _read(content, features)
        if prompt is not None and prompts.setdefault(prompt.name, prompt) is not prompt:
            found.append("name: is that of a prompt before it. Rename one of the two.")
        where = f"prompt {place} ({content['name']})" if content.get("name") else f"prompt {place}"
        faults += [f"{where}: {fault}" for fault in found]
    if faults:
        raise SpecificationError.of([f"{file.name}: {fault}" for fault in faults])
    return tuple(prompts.values())


def _reads(content: Mapping[str, object]) -> set[str]:
    """Return every column that an entry names."""
    asked = [read_when(content.get(key, {}))[0].columns for key in ("when", "unless")]
    return {*asked[0], *asked[1], *_PLACEHOLDER.findall(str(content.get("words", "")))}


def _read(content: Mapping[str, object], features: Mapping[str, Feature]) -> tuple[Prompt | None, list[str]]:
    """Return the prompt of an entry, or None and every fault of it."""
    conditions = {"when": When(), "unless": When()}
    faults: list[str] = []
    try:
        entry = _Entry.model_validate(dict(content))
    except ValidationError as error:
        entry = None
        faults += [fault.removeprefix("entry: ") for fault in declared.faults_of(error, "entry")]
    for key in conditions:
        if key in content:
            conditions[key], found = read_when(content[key], known={*features, *PEOPLE_COLUMNS})
            faults += [f"{key}{fault.removeprefix('when')}." for fault in found]
            asked = read_when(content[key])[0]
            faults += [f"{key}: {fault}" for fault in (*_never(asked, features), *_objecting(asked.columns, features))]
    says, found = _read_words(content.get("words"), features)
    faults += [f"words: {fault}" for fault in found]
    if entry is None or faults:
        return None, faults
    counts_on = _counts_on(conditions.values(), says, features)
    return Prompt(
        entry.name,
        entry.role,
        **conditions,
        words=entry.words,
        reference=entry.reference,
        says=says,
        counts_on=counts_on,
    ), []


def _read_words(words: object, features: Mapping[str, Feature]) -> tuple[dict[str, Saying], list[str]]:
    """Return how the value of each placeholder is written, and what is wrong with the words."""
    if not isinstance(words, str):
        return {}, []  # which is told of the entry
    says: dict[str, Saying] = {}
    placeholders = _PLACEHOLDER.findall(words)
    faults = _objecting(placeholders, features)
    for name in placeholders:
        saying = _saying(name, features)
        if saying is not None:
            says[name] = saying
        elif name in features or name in PEOPLE_COLUMNS:
            faults.append(f"{{{name}}} is 1 or 0. Say in words what it means where `when` holds.")
        else:
            faults.append(f"{{{name}}} is no feature and no risk. Look it up with `vi-risk features list`.")
    if set(_PLACEHOLDER.sub("", words)) & {"{", "}"}:
        faults.append("has a brace without its other half. Add it, or leave the brace out.")
    return says, faults


def _objecting(columns: Iterable[str], features: Mapping[str, Feature]) -> list[str]:
    """Say which columns tell of objections. In `unless` too: "at most 0" there would ask of those who object alone."""
    return [
        f"{column}: an objection is never said beside a name, and a prompt is. Leave it out; a [standing] of the"
        " case list can keep such people off."
        for column in dict.fromkeys(columns)
        if column in features and _OBJECTIONS in tables_behind(features[column].definition.table)
    ]


def _counts_on(conditions: Iterable[When], said: Iterable[str], features: Mapping[str, Feature]) -> frozenset[str]:
    """Return the features that a shorter look-back would make say what is not known; a day that was found stands."""
    most = {
        column
        for condition in conditions
        for alternative in condition.alternatives
        for column, bounds in alternative.items()
        if bounds.max < math.inf or bounds.below is not None
    }
    named = {*most, *said} & features.keys()
    return frozenset(name for name in named if features[name].definition.measure not in CERTAIN_VALUES)


def _never(condition: When, features: Mapping[str, Feature]) -> list[str]:
    """Say which conditions no person can meet: each one that stands beside them is then asked in vain."""
    faults = []
    for alternative in condition.alternatives:
        for column, bounds in alternative.items():
            least, most = _span(column, features)
            if bounds.min > most or bounds.max < least:
                faults.append(f"{column}: can never hold, as it lies between {least:g} and {most:g}. Mend its bounds.")
            if column in (bounds.above, bounds.below):
                faults.append(f"{column}: can never hold, as it is compared with itself. Name another column.")
    return faults


def _span(column: str, features: Mapping[str, Feature]) -> Span:
    """Return the least and the most that a column can be."""
    if column not in features:
        return PEOPLE_COLUMNS.get(column, (-math.inf, math.inf))
    definition, window = features[column].definition, features[column].window or math.inf
    measure = definition.measure
    if definition.at_least is not None or measure in (*_FLAGS, "share"):
        return 0, 1
    if measure in _DAYS_SINCE:
        return 1, window
    if measure in _DAYS_INSIDE:
        return 0, window
    return (0 if measure in _FROM_ZERO else -math.inf), math.inf


def _saying(column: str, features: Mapping[str, Feature]) -> Saying | None:
    """Return how the value of a column is written; None of one that says yes or no, or is not there."""
    if column in PEOPLE_COLUMNS:
        return _SAID_OF_PEOPLE.get(column)
    if column not in features:
        return None
    definition = features[column].definition
    if definition.at_least is not None or definition.measure in _FLAGS:
        return None
    if definition.measure in _DAYS_SINCE:
        return "ago"
    return "percent" if definition.measure in ("share", "rise") else "number"
