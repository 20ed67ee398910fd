"""A practice in one view: who its people are, what stands out, and its share of the trust's expected need."""

from collections.abc import Mapping
from dataclasses import dataclass

WHAT_STANDS_OUT_IS = (
    "Expected is what people of the same age and sex have across the practices of the trust whose records are seen."
    " Shown is what is at least a fifth more or fewer and hardly chance: of all that is shown for all practices, about"
    " one in twenty may be. More of a condition can be better recording; it is no mark of the practice."
)


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of the practice beside the same of the trust; not a number where it is not seen."""

    title: str
    practice: float
    trust: float
    unit: str = "share"  # "share" (0 to 1), "people", "admissions", "days", "years"


@dataclass(frozen=True, slots=True)
class StandsOut:
    """A condition or a care gap that the practice has more, or less, of than people of the same ages and sexes."""

    kind: str  # "condition" or "care gap"
    title: str
    observed: int
    expected: float
    ratio: float
    low: float  # of the 95 % interval of the ratio
    high: float


@dataclass(frozen=True, slots=True)
class PracticeSummary:
    """What the first page of a pack tells.

    Numbers are told as they are, however small: a pack is for the team that cares for these very people, and names
    them. A page for anyone else must suppress small numbers.

    Attributes
    ----------
    people
        Registered people of the ages that are listed, whoever of them is kept off a list.
    figures
        List size, share with three or more long-term conditions, with three or more emergency admissions, and so on.
    pyramid
        (age band, risk band) -> people of the practice; age bands from the youngest, every pair of them.
    stands_out
        What differs from expected, strongest first (`WHAT_STANDS_OUT_IS`).
    share_of_people, share_of_need
        Of the trust's people, and of the emergency admissions that are expected among them in the coming year, 0 to 1.
    reviewed
        Words -> number, of the list before: listed, reviewed, accepted, left.
    notes
        What of the practice could not be compared, and why.
    """

    people: int
    figures: tuple[Compared, ...]
    pyramid: Mapping[tuple[str, str], int]
    stands_out: tuple[StandsOut, ...]
    share_of_people: float
    share_of_need: float
    reviewed: Mapping[str, int]
    notes: tuple[str, ...] = ()
