"""What stands beside the table of a list, reasons and contacts and so on: frames of a whole run, cut by practice.

Each frame is cut once for all practices, so that cost follows the people on the lists.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from vi_risk.caselists.choosing.rules import CaseListRules
from vi_risk.caselists.lists import (
    CHANGE_COLUMNS,
    CONTACT_COLUMNS,
    EXCLUDED_COLUMNS,
    LEFT_COLUMNS,
    PROMPT_COLUMNS,
    REASON_COLUMNS,
    SAID_COLUMNS,
)
from vi_risk.errors import UsageError

if TYPE_CHECKING:
    from vi_risk.features.catalogue import Catalogue

KINDS = ("raises", "lowers", "unseen")
RAISES = KINDS[0]  # what the columns reason_1 and so on tell
NOT_NAMED = "a condition or medicine that this list does not name"
# frame of a case list -> its columns
FRAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "said": SAID_COLUMNS,
        "prompts": PROMPT_COLUMNS,
        "changes": CHANGE_COLUMNS,
        "contacts": CONTACT_COLUMNS,
        "excluded": EXCLUDED_COLUMNS,
        "left": LEFT_COLUMNS,
    }
)
_OF_REASONS_OF_ONES_OWN = MappingProxyType({"kind": RAISES, "theme": "", "domain": "", "comparison": ""})


def said_of(listed: pd.DataFrame, reasons: pd.DataFrame, catalogue: "Catalogue", rules: CaseListRules) -> pd.DataFrame:
    """Return what is said of listed people: `SAID_COLUMNS`, in the order of the list, then by kind and place.

    Of what raises a risk as many as the rules show. What the rules hide is said without its name, once.

    Parameters
    ----------
    reasons
        From `vi_risk.explain`; of one's own making, patient_id and text, the strongest first, raising the risk.

    Raises
    ------
    UsageError
        patient_id or text is missing, a kind is none of `KINDS`, a place or contribution is no number, or two reasons
        of one person and kind have the same place.
    """
    if lacking := [name for name in ("patient_id", "text") if name not in reasons]:
        msg = (
            f"reasons: expected one row for each reason of a person, with patient_id and text; found no"
            f" {' and no '.join(lacking)}. Take those of vi_risk.explain."
        )
        raise UsageError(msg)
    said = reasons[reasons["patient_id"].isin(listed["patient_id"])]
    said = said.assign(**{name: words for name, words in _OF_REASONS_OF_ONES_OWN.items() if name not in said})
    _refuse_untellable(said)
    if "place" not in said:
        said["place"] = said.groupby(["patient_id", "kind"]).cumcount() + 1
    if "contribution" not in said:
        said["contribution"] = float("nan")
    if "feature" in said and rules.hide:
        said = _without_names(said, said["feature"].isin(rules.hidden(catalogue)))
    said = said[(said["kind"] != RAISES) | (said["place"] <= rules.reasons)]
    order = pd.Series(range(len(listed)), index=listed["patient_id"])
    said = said.assign(order=said["patient_id"].map(order), kind_order=said["kind"].map(KINDS.index))
    return said.sort_values(["order", "kind_order", "place"], kind="stable", ignore_index=True)[list(SAID_COLUMNS)]


def changes_of(changes: pd.DataFrame, catalogue: "Catalogue", rules: CaseListRules) -> pd.DataFrame:
    """Return what changed since the list before, what the rules hide without its name, once for each person.

    Parameters
    ----------
    changes
        From `vi_risk.reasons.moved.what_moved`; of one's own making, without the column feature, nothing is hidden.
    """
    if "feature" not in changes or not rules.hide:
        return changes
    hidden = changes["feature"].isin(rules.hidden(catalogue))
    nameless = changes.assign(text=changes["text"].mask(hidden, NOT_NAMED))
    again = nameless[hidden].duplicated("patient_id")
    return nameless.drop(index=again.index[again])


def reason_columns(listed: pd.DataFrame, said: pd.DataFrame) -> pd.DataFrame:
    """Return reason_1 and so on of each listed person: what raises the risk, by place; "" where fewer."""
    raising = said[said["kind"] == RAISES]
    texts = dict(zip(zip(raising["patient_id"], raising["place"], strict=True), raising["text"], strict=True))
    rows = [
        [texts.get((patient, place), "") for place in range(1, len(REASON_COLUMNS) + 1)]
        for patient in listed["patient_id"]
    ]
    return pd.DataFrame(rows, columns=list(REASON_COLUMNS), index=listed.index, dtype=object)


def cut(frames: Mapping[str, pd.DataFrame | None], listed: pd.DataFrame) -> dict[str, dict[str, pd.DataFrame]]:
    """Return practice_code -> frame of a case list -> its rows; frames without rows of a practice are absent.

    Parameters
    ----------
    frames
        Those of `FRAMES` that are known; of the people listed, or with the practice_code of their rows.
    """
    practice = pd.Series(listed["practice_code"].to_numpy(), index=listed["patient_id"])
    found: dict[str, dict[str, pd.DataFrame]] = {}
    for name, columns in FRAMES.items():
        frame = frames.get(name)
        if frame is None:
            continue
        codes = frame["practice_code"] if "practice_code" in frame else frame["patient_id"].map(practice)
        for code, rows in frame[list(columns)].groupby(codes.to_numpy()):  # of people who are not listed none
            found.setdefault(str(code), {})[name] = rows.reset_index(drop=True)
    return found


def _refuse_untellable(said: pd.DataFrame) -> None:
    """Stop where reasons cannot be told, and say so without telling one."""
    wrong = {
        "text: are missing": said["text"].isna(),
        f"kind: are none of {', '.join(KINDS)}": ~said["kind"].isin(KINDS),
    }
    for name in ("place", "contribution"):
        if name in said and len(said) and not pd.api.types.is_numeric_dtype(said[name]):
            msg = (
                f"reasons: {name}: expected numbers, found a column of {said[name].dtype}. Convert it or leave it out."
            )
            raise UsageError(msg)
    if "contribution" in said and len(said):
        wrong["contribution: are infinite"] = said["contribution"].abs() == float("inf")
    if "place" in said:
        wrong["place: are missing"] = said["place"].isna()
        wrong["place: stand where another of the same person and kind does"] = said.duplicated(
            ["patient_id", "kind", "place"]
        )
    for what, rows in wrong.items():
        if number := int(rows.sum()):
            column, _, fault = what.partition(": ")
            msg = f"reasons: {column}: {number:,} of {len(said):,} rows {fault}. Take those of vi_risk.explain."
            raise UsageError(msg)


def _without_names(said: pd.DataFrame, hidden: "pd.Series[bool]") -> pd.DataFrame:
    """Return what is said with the hidden ones told without their names, the first of each person and kind alone."""
    again = said[hidden].duplicated(["patient_id", "kind"])
    told = said.drop(index=again.index[again])
    nameless = {"text": NOT_NAMED, "theme": NOT_NAMED, "comparison": ""}
    told = told.assign(**{name: told[name].mask(hidden.reindex(told.index), words) for name, words in nameless.items()})
    return told.assign(place=told.groupby(["patient_id", "kind"])["place"].rank(method="first").astype(int))
