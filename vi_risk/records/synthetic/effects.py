"""Chosen true effects on emergency admissions: of a practice's joining the trust, and of an MDT's review.

What befalls people does not change. Of the emergencies that would have brought an admission, a share given by the rate
ratio still does; the others are met outside the hospital. So two trusts of one seed with other effects hold the same
people, illnesses and deaths, and a rate ratio holds exactly, from the first day, whatever a person's state. Above one
it adds admissions that would not have been.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vi_risk.errors import UsageError
from vi_risk.records.synthetic.draws import Rows
from vi_risk.records.synthetic.months import Days
from vi_risk.records.synthetic.place import Place
from vi_risk.records.synthetic.population import Population
from vi_risk.records.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

_OF_A_REVIEW = ("patient_id", "reviewed_on")
_STRIDE = 1_000_000  # days; longer than any calendar, so that a person and a day are one number
_HIGHEST_RATIO = 2.0  # the share who die in hospital leaves no room for more


@dataclass(frozen=True, slots=True)
class Effects:
    """Rate ratios of emergency admission that hold in the synthetic trust; one: no effect.

    Attributes
    ----------
    integration
        Of the people of a practice, from the day on which it joins the trust.
    review
        Of a person, from the day of an MDT review on, for `review_days` days.

    Examples
    --------
    >>> import vi_risk
    >>> vi_risk.Effects(review=0.8)  # a review spares a fifth of the emergency admissions of the half-year after it
    Effects(integration=1.0, review=0.8, review_days=180)
    >>> vi_risk.Effects(review=3)
    Traceback (most recent call last):
    ...
    vi_risk.errors.UsageError: effects: review: expected a rate ratio from 0 to 2, got 3. 0.8 means a fifth fewer ...
    """

    integration: float = 1.0
    review: float = 1.0
    review_days: int = 180

    def __post_init__(self) -> None:
        """Refuse rate ratios that no place could have."""
        for name in ("integration", "review"):
            ratio = getattr(self, name)
            if not 0 <= ratio <= _HIGHEST_RATIO:
                raise UsageError(
                    f"effects: {name}: expected a rate ratio from 0 to {_HIGHEST_RATIO:g}, got {ratio:g}. "
                    "0.8 means a fifth fewer emergency admissions, 1 no effect."
                )
        if self.review_days < 1:
            raise UsageError(
                f"effects: review_days: expected at least 1, got {self.review_days}. "
                "An effect lasts from the day of the review on."
            )


NO_EFFECTS = Effects()


@dataclass(frozen=True, slots=True)
class Reviews:
    """Who was reviewed by an MDT on which day, by person and day, and what else was given of each review."""

    person: Rows
    day: Days
    details: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, reviews: "pd.DataFrame", patient_id: NDArray[np.object_]) -> "Reviews":
        """Return the reviews of a frame with patient_id and reviewed_on.

        Raises
        ------
        UsageError
            A column is not there, a review is of nobody in the trust or has no day, or a person is reviewed twice on
            a day.
        """
        if not len(reviews):
            return cls(np.zeros(0, dtype=np.int64), np.zeros(0, dtype="datetime64[D]"))
        missing = set(_OF_A_REVIEW) - set(reviews.columns)
        if missing:
            raise UsageError(
                f"reviews: expected the columns patient_id and reviewed_on, without {', '.join(sorted(missing))}. "
                "Give one row per person and review."
            )
        known = {name: person for person, name in enumerate(patient_id)}
        person = reviews["patient_id"].map(known)
        day = reviews["reviewed_on"].astype("datetime64[s]")
        unknown = int((person.isna() | day.isna()).sum())
        if unknown:
            raise UsageError(
                f"reviews: expected a patient_id of this trust and a day in every row, found {unknown} of "
                f"{len(reviews)} without. Take patient_id from the patients of the same seed and number of people."
            )
        people, days = person.to_numpy(dtype=np.int64), day.to_numpy().astype("datetime64[D]")
        order = np.lexsort((days, people))
        twice = int((np.diff(_number(people[order], days[order])) == 0).sum())
        if twice:
            raise UsageError(
                f"reviews: expected one review of a person on a day, found {twice} more. "
                "Keep one row per patient_id and reviewed_on."
            )
        others = [name for name in TABLES["mdt_reviews"].column_names if name in reviews and name not in _OF_A_REVIEW]
        details = {name: _given(reviews[name], name)[order] for name in others}
        return cls(people[order], days[order], details)

    def __len__(self) -> int:
        """Return the number of reviews."""
        return len(self.person)

    def until(self, day: np.datetime64) -> "Reviews":
        """Return the reviews on the days before `day`."""
        return Reviews(self.person[self.day < day], self.day[self.day < day])

    def latest(self, person: Rows, days: Days) -> Days:
        """Return for each person and day the day of the latest review up to then; NaT: none."""
        found = np.full(len(person), np.datetime64("NaT"), dtype="datetime64[D]")
        if not len(self):
            return found
        at = np.searchsorted(_number(self.person, self.day), _number(person, days), side="right") - 1
        own = (at >= 0) & (self.person[at] == person)
        found[own] = self.day[at[own]]
        return found


@dataclass(frozen=True, slots=True)
class Ratios:
    """The rate ratio of emergency admission of a person on a day: effects where practice, joining and reviews lie."""

    effects: Effects
    place: Place
    people: Population
    reviews: Reviews

    @property
    def ceiling(self) -> float:
        """Return a ratio that none exceeds, at least one."""
        return max(1.0, self.effects.integration) * max(1.0, self.effects.review if len(self.reviews) else 1.0)

    def of(self, person: Rows, days: Days) -> NDArray[np.float64]:
        """Return the rate ratio of each person on each day."""
        return self.of_integration(self.people.practice_on(person, days), days) * self.of_review(person, days)

    def of_integration(self, practice: Rows, days: Days | np.datetime64) -> NDArray[np.float64]:
        """Return the rate ratio of the people of each practice on each day."""
        return np.where(days >= self.place.integrated_from[practice], self.effects.integration, 1.0)

    def of_review(self, person: Rows, days: Days) -> NDArray[np.float64]:
        """Return the rate ratio of each person on each day after a review."""
        since = days - self.reviews.latest(person, days)
        return np.where(since < np.timedelta64(self.effects.review_days, "D"), self.effects.review, 1.0)


def _given(column: "pd.Series", name: str) -> NDArray[Any]:
    if TABLES["mdt_reviews"].column(name).type == "date":
        return np.asarray(column.astype("datetime64[s]").to_numpy().astype("datetime64[D]"))
    return np.asarray(column.astype(np.object_).where(column.notna(), None).to_numpy())


def _number(person: Rows, days: Days) -> NDArray[np.int64]:
    return person * _STRIDE + days.astype("datetime64[D]").astype(np.int64)
