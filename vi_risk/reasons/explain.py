"""Reasons: what the model weighed most for a patient, one a theme, in declared words with the patient's value."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vi_risk.errors import UsageError
from vi_risk.features.definition import Feature
from vi_risk.reasons.sentences import sentence

if TYPE_CHECKING:
    from vi_risk.models.learning.classifier import RiskClassifier
    from vi_risk.models.snapshots import Snapshots

MOST_REASONS = 5

# Where one event has a row in each: an attendance at A&E, and the admission that it ended in.
_OF_ONE_EVENT = ("admissions", "ed_attendances", "spells")


def explain(
    model: "RiskClassifier", snapshots: "Snapshots", patients: Sequence[str], *, most: int = MOST_REASONS
) -> pd.DataFrame:
    """Return the reasons for the risk of some patients at the date of the list.

    A reason is a theme, all windows of one declared definition, whose contributions together raise the risk. Its
    sentence is that of the feature that raised it most, but the day of an attendance and of the admission that it ended
    in is told once. A theme without words for the patient's value is passed over, never worded by a column name.

    Parameters
    ----------
    patients
        patient_id of those to explain; cost follows them, not the population.

    Returns
    -------
    DataFrame
        One row per patient in the order given: patient_id, reason_1 to reason_N, strongest first, "" where fewer.
    """
    cohort, features = snapshots.rows("list")
    places = pd.Index(cohort["patient_id"]).get_indexer(pd.Index(patients))
    if unknown := int((places < 0).sum()):
        msg = (
            f"explain: {unknown} of {len(places)} patients are not eligible at {snapshots.index_dates.list_date}."
            " Ask for people whom `score` gave a risk."
        )
        raise UsageError(msg)
    rows = features.iloc[places]
    contributions = model.contributions(rows)
    by_name = {feature.name: feature for feature in snapshots.catalogue.features}
    used = [by_name[name] for name in model.feature_name_]
    values = rows[[feature.name for feature in used]].to_numpy(dtype=float)
    weights = contributions[[feature.name for feature in used]].to_numpy()
    reasons = [_reasons(used, values[row], weights[row], snapshots.windows, most) for row in range(len(rows))]
    columns = [f"reason_{n}" for n in range(1, most + 1)]
    return pd.DataFrame(
        [[patient, *texts, *[""] * (most - len(texts))] for patient, texts in zip(patients, reasons, strict=True)],
        columns=["patient_id", *columns],
    )


def _reasons(
    used: Sequence[Feature],
    values: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    weights: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    windows: Mapping[str, int | None],
    most: int,
) -> list[str]:
    themes: dict[tuple[str, str | None], list[int]] = {}
    for place, feature in enumerate(used):
        themes.setdefault(feature.theme, []).append(place)
    raised = {theme: float(weights[places].sum()) for theme, places in themes.items()}
    texts: list[str] = []
    told_of_unseen = False  # that something was not seen is worth one line, not five
    days_told: list[float] = []
    for theme in sorted(raised, key=lambda t: (-raised[t], str(t))):
        if raised[theme] <= 0 or len(texts) == most:
            break
        strongest = sorted(themes[theme], key=lambda place: -weights[place])
        worded = (
            (sentence(used[place], values[place], windows.get(used[place].name, used[place].window)), place)
            for place in strongest
            if weights[place] > 0 and not _told_already(used[place], values[place], days_told)
        )
        text, place = next(((words, place) for words, place in worded if words), ("", -1))
        unseen = all(math.isnan(values[place]) for place in themes[theme])
        if text and text not in texts and not (unseen and told_of_unseen):
            texts.append(text)
            told_of_unseen |= unseen
            if _is_day_of_event(used[place]):
                days_told.append(values[place])
    return texts


def _is_day_of_event(feature: Feature) -> bool:
    return feature.definition.measure == "days_since_last" and feature.definition.table in _OF_ONE_EVENT


def _told_already(feature: Feature, days: float, days_told: Sequence[float]) -> bool:
    """Whether a day is that of an event told of already: an admission may begin the day after the attendance."""
    return _is_day_of_event(feature) and any(abs(days - told) <= 1 for told in days_told)
