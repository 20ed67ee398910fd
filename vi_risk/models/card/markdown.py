"""A card as Markdown: the same sections as the page, in the same words and numbers; its plots are told by tables."""

import re
from collections.abc import Iterator, Sequence

from vi_risk.models.card.parts import Bullets, Cell, Facts, Figure, Heading, Link, Paragraph, Part, Section, Table

_MARKS = re.compile(r"([\\`*_\[\]<>|~#])")


def as_markdown(title: str, subtitle: str, sections: Sequence[Section]) -> str:
    r"""Return a card as Markdown with tables as GitHub writes them.

    Examples
    --------
    >>> print(as_markdown("Card", "Version 1", [Section("Limits", [Paragraph("One *place* only.")])]))
    # Card
    <BLANKLINE>
    Version 1
    <BLANKLINE>
    - [Limits](#limits)
    <BLANKLINE>
    ## Limits
    <BLANKLINE>
    One \*place\* only.
    <BLANKLINE>
    """
    contents = "\n".join(f"- {_link(Link(section.title))}" for section in sections)
    blocks = [f"# {_text(title)}", _text(subtitle), contents]
    for section in sections:
        blocks += [f"## {_text(section.title)}", *(block for part in section.parts for block in _blocks(part))]
    return "\n\n".join(blocks) + "\n"


def _blocks(part: Part) -> Iterator[str]:
    match part:
        case Paragraph():
            yield f"> {_text(part.text)}" if part.stands_out else _text(part.text)
        case Heading():
            yield f"### {_text(part.title)}"
        case Bullets():
            yield "\n".join(f"- {_text(sentence)}" for sentence in part.sentences)
        case Facts():
            yield "\n".join(
                f"- **{_text(name)}:** " + (f"`{value}`" if name in part.code else _text(value))
                for name, value in part.pairs
            )
        case Table():
            yield from _table(part)
        case Figure():
            yield from _table(part.table)


def _table(table: Table) -> Iterator[str]:
    yield f"*{_text(table.caption)}*"
    columns = len(table.columns)
    lines = [_line(table.corner, table.columns), "|---|" + ("---|" if table.wordy else "---:|") * columns]
    for group in table.groups:
        if group.title:
            lines.append(_line(group.title, [*group.texts, *[""] * (columns - len(group.texts))], heavy=True))
        lines += [_line(f"{row.title} ({row.reading})" if row.reading else row.title, row.texts) for row in group.rows]
    yield "\n".join(lines)


def _line(first: str, cells: Sequence[Cell], *, heavy: bool = False) -> str:
    title = f"**{_text(first)}**" if heavy else _text(first)
    return "| " + " | ".join([title, *(_cell(cell) for cell in cells)]) + " |"


def _cell(cell: Cell) -> str:
    return _link(cell) if isinstance(cell, Link) else _text(cell)


def _link(link: Link) -> str:
    return f"[{_text(link.title)}](#{link.anchor})"


def _text(text: str) -> str:
    """Return text on one line that Markdown shows as it is."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))
