"""The parts that a card is made of, before it is a page or a text: sections of paragraphs, lists, tables and plots."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

# The frame of a plot in units of its picture: room for ticks and titles on the left and below.
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 435, 20, 395


def slug(title: str) -> str:
    """Return the name by which Markdown readers let one jump to a heading.

    Examples
    --------
    >>> slug("For whom does it work?")
    'for-whom-does-it-work'
    """
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Link:
    """A place on the card, by the title of its heading."""

    title: str

    @property
    def anchor(self) -> str:
        """Where it jumps to."""
        return slug(self.title)


Cell = str | Link


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; one that `stands_out` is marked at its side."""

    kind: ClassVar[str] = "paragraph"
    text: str
    stands_out: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a section."""

    kind: ClassVar[str] = "heading"
    title: str

    @property
    def anchor(self) -> str:
        """Where a link to it jumps to."""
        return slug(self.title)


@dataclass(frozen=True, slots=True)
class Bullets:
    """Sentences, one below the other."""

    kind: ClassVar[str] = "bullets"
    sentences: Sequence[str]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they stand for; `code` are shown letter by letter."""

    kind: ClassVar[str] = "facts"
    pairs: Sequence[tuple[str, str]]
    code: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: what it is about, its texts, and a quieter line below what it is about."""

    title: str
    texts: Sequence[Cell]
    reading: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that belong together under a title; the title's own row may have texts too."""

    title: str
    rows: Sequence[Row]
    texts: Sequence[Cell] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table: a caption that says how to read it, titles of its columns, and rows in groups.

    `corner` is the title of the rows. `wordy` tables hold sentences, others figures. `dense` ones are set smaller.
    """

    kind: ClassVar[str] = "table"
    name: str  # within the card
    caption: str
    corner: str
    columns: Sequence[str]
    groups: Sequence[Group]
    wordy: bool = False
    dense: bool = False

    @classmethod
    def of(cls, name: str, caption: str, corner: str, columns: Sequence[str], rows: Iterable[Row]) -> "Table":
        """Return a table whose rows are not told apart into groups."""
        return cls(name, caption, corner, columns, (Group("", tuple(rows)),))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot: whose, of which kind (a class of the style sheet), and its points in values of the plot."""

    title: str
    kind: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Dot:
    """One dot of a plot, with the interval that it stands in."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot in its own values; whoever draws it asks for places on the picture.

    Attributes
    ----------
    alt
        What it shows, for those who do not see it; the numbers stand in the table beside it.
    ticks_across, ticks_up
        Value and its text, from one end of the axis to the other.
    base
        Value of the second axis at which a line is drawn across.
    """

    kind: ClassVar[str] = "plot"
    name: str
    alt: str
    across: str
    up: str
    ticks_across: Sequence[tuple[float, str]]
    ticks_up: Sequence[tuple[float, str]]
    lines: Sequence[Line] = ()
    dots: Sequence[Dot] = ()
    base: float | None = None

    def x(self, value: float) -> str:
        """Return the place of a value on the first axis."""
        first, last = self.ticks_across[0][0], self.ticks_across[-1][0]
        return f"{_LEFT + (_RIGHT - _LEFT) * (value - first) / (last - first):.1f}"

    def y(self, value: float) -> str:
        """Return the place of a value on the second axis."""
        first, last = self.ticks_up[0][0], self.ticks_up[-1][0]
        return f"{_BOTTOM - (_BOTTOM - _TOP) * (value - first) / (last - first):.1f}"

    def path(self, line: Line) -> str:
        """Return a line as SVG writes its points; what lies outside the frame is left out."""
        (left, _), (right, _) = self.ticks_across[0], self.ticks_across[-1]
        (low, _), (high, _) = self.ticks_up[0], self.ticks_up[-1]
        return " ".join(f"{self.x(x)},{self.y(y)}" for x, y in line.points if left <= x <= right and low <= y <= high)


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot with the table of its numbers beside it."""

    kind: ClassVar[str] = "figure"
    plot: Plot
    table: Table


Part = Paragraph | Heading | Bullets | Facts | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the card."""

    title: str
    parts: Sequence[Part]

    @property
    def anchor(self) -> str:
        """Where a link to it jumps to."""
        return slug(self.title)
