"""CSV files as sites send them: sound, or with something wrong; any cell can be told in a message.

Text has the word ``secret`` in it and dates are of 1917, however they are spelled, so that a message that shows a cell
is found out. `sound` files must be read; what `malformed` ones hold, if anything, `tests.property.csv_oracle` says.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from vi_risk.records.tables import TABLES

Draw = Callable[[st.SearchStrategy[Any]], Any]
Columns = list[tuple[str, str]]  # name and kind of value

PEOPLE = "people"  # a file of the site's own, for a mapping
CANONICAL = ("prescriptions", "practices", "ed_attendances", "patients", "diagnoses")
DEEP = 25_000  # rows; the engine forms its opinion of a file from the first 20,480

_HUGE = 1_000_000  # characters

_TEXTS = (
    "secret", "SECRET-01", "007 secret", "secret, of two", 'se"cret', '"secret"', "secret\nsecret", " secret ",
    "=secret()", "secr\N{LATIN SMALL LETTER E WITH ACUTE}t", "secret \N{PILL}", "\N{RIGHT-TO-LEFT OVERRIDE}secret",
    "secret\x00", "sec\x1bret", "secret\x1a", "#secret", "secret;secret", "secret\tsecret", "'secret'", "secret\\",
    "\N{NO-BREAK SPACE}secret", "\ufeffsecret", "secret'; DROP",
)  # fmt: skip
_BARE_TEXTS = ("NULL", "NA", "-", "n/a", "None", "0001", "1e5", "TRUE", "1917-01-02", "'", "\t", ".", "_")
_DATES = ("1917-01-02", "1917-3-4", "1917-12-31 23:59:59", "1917-06-01T00:30:00Z", "1917-06-30T23:30:00+00:00")
_ODD_DATES = (
    "02/01/1917", "17-01-02", "1917-02-30", "19170102", "6212", "1917", "1917-01-02 (BC)", "1917-01-02 24:00:00",
    "1917-01-02x", "1917-01-02\t", "0000-01-01", "01-02-17", "Jan 2 1917", "1917-01-02 00:00:00 secret", "infinity",
    "1917-W01-2", "1917-06-30 23:30:00-14:00", "1917/01/02", "secret", "NULL", "1917-01-02 10:00 PM", "epoch",
)  # fmt: skip
_WHOLE_NUMBERS = ("0", "3", "3.0", "1e0", "+5", "007", "-1", "1917")
_ODD_NUMBERS = (
    "1_917", "0x1917", "1e400", "-1e400", "9007199254740993", "99999999999999999999", "1,917", "1917 secret", "nan",
    "inf", "1 917", "\N{ARABIC-INDIC DIGIT THREE}", "3\t", "3\x00", "--3", "1917-", "secret", "1e-400", "1917.5", ".5",
)  # fmt: skip

_TEXT = st.sampled_from(_TEXTS) | st.sampled_from(_BARE_TEXTS)
_PLAIN: dict[str, st.SearchStrategy[str]] = {
    "text": _TEXT,
    "date": st.sampled_from(_DATES),
    "timestamp": st.sampled_from(_DATES),
    "number": st.sampled_from((*_WHOLE_NUMBERS, ".5", "2.75")),
    "integer": st.sampled_from(_WHOLE_NUMBERS),
    "boolean": st.sampled_from(("true", "0", "Y", "No", "F")),
    "day/month/year": st.sampled_from(("02/01/1917", "2/1/1917", "31/12/1917")),
    "gender": st.sampled_from(("M", "F")),
}
_ODD: dict[str, st.SearchStrategy[str]] = {
    "text": _TEXT,
    "date": st.sampled_from(_ODD_DATES),
    "timestamp": st.sampled_from(_ODD_DATES),
    "number": st.sampled_from(_ODD_NUMBERS),
    "integer": st.sampled_from(_ODD_NUMBERS),
    "boolean": st.sampled_from(("2", "1.0", "secret", "TRUE!", "-")),
    "day/month/year": st.sampled_from(("02/01/17", "31/02/1917", "1917-01-02", "2/1/19171", "02/01/1917 secret", "/")),
    "gender": st.sampled_from(("m", "secret", "MF", "1917")),
}
_RARELY = st.sampled_from((False, False, False, True))


def _columns(draw: Draw, table: str) -> Columns:
    if table == PEOPLE:
        return [("id", "text"), ("born", "day/month/year"), ("gender", "gender")]
    needed = [c for c in TABLES[table].columns if c.required or c.mapped]
    others = [c for c in TABLES[table].columns if c not in needed]
    chosen = draw(st.lists(st.sampled_from(others), unique_by=lambda column: column.name, max_size=3))
    return draw(st.permutations([(c.name, c.type) for c in (*needed, *chosen)]))


@dataclass
class Draft:
    """A file on its way: names, and cells as they are spelled between the commas."""

    names: list[str]
    kinds: list[str]
    rows: list[list[str]]
    line_end: str = "\n"
    ends: dict[int, str] = field(default_factory=dict)  # line -> an end of its own; 0 is the header
    last_end: bool = True
    before: str = ""
    encoding: str = "utf-8"

    def content(self) -> bytes:
        """Return the bytes of the file; what the encoding does not have becomes a question mark."""
        lines = [self.names, *self.rows]
        ends = [self.ends.get(at, self.line_end) for at in range(len(lines))]
        if not self.last_end:
            ends[-1] = ""
        text = self.before + "".join(",".join(cells) + end for cells, end in zip(lines, ends, strict=True))
        return text.encode(self.encoding, "replace")


def _spelled(value: str, *, always: bool = False) -> str:
    needs = always or any(sign in value for sign in ',"\r\n') or value.startswith('"')
    return '"' + value.replace('"', '""') + '"' if needs else value


def _draft(draw: Draw, table: str) -> Draft:
    columns = _columns(draw, table)
    rows = [
        [_spelled(_cell(draw, kind), always=draw(_RARELY)) for _, kind in columns]
        for _ in range(draw(st.integers(1, 4)))
    ]
    return Draft([name for name, _ in columns], [kind for _, kind in columns], rows)


def _cell(draw: Draw, kind: str) -> str:
    return draw(st.sampled_from(("", "  "))) if draw(_RARELY) else draw(_PLAIN[kind])


@st.composite
def sound(draw: Draw, tables: tuple[str, ...] = CANONICAL) -> tuple[str, bytes]:
    """Draw a table's name and a file of it that nobody could read in two ways."""
    table = draw(st.sampled_from(tables))
    draft = _draft(draw, table)
    draft.line_end = draw(st.sampled_from(("\n", "\r\n")))
    draft.last_end = draw(st.booleans())
    draft.encoding = draw(st.sampled_from(("utf-8", "utf-8-sig")))
    draft.names = [
        _spelled(draw(st.sampled_from((name, name.upper(), f" {name} "))), always=draw(_RARELY)) for name in draft.names
    ]
    return table, draft.content()


# --- what goes wrong ----------------------------------------------------------------------------------------------


def _line(draw: Draw, draft: Draft) -> list[str]:
    return draw(st.sampled_from(draft.rows)) if draft.rows else []


def _odd_value(draw: Draw, draft: Draft) -> None:
    at = draw(st.integers(0, len(draft.names) - 1))
    cells = _line(draw, draft)
    if at < min(len(cells), len(draft.kinds)):
        cells[at] = _spelled(draw(_ODD[draft.kinds[at]]))


def _odd_spelling(draw: Draw, draft: Draft) -> None:
    spellings = (
        '"secret', 'secret"', 'sec"ret', 'sec""ret', '"sec"ret"', '"secret" ', ' "secret"', ' "secret, secret"', '""',
        '"', '"secret\r\nsecret"', '"secret\rsecret"', "secret\rsecret", "secret\nsecret", '"secret\\"', '""secret""',
        '"""secret"',
    )  # fmt: skip
    cells = _line(draw, draft)
    if cells:
        cells[draw(st.integers(0, len(cells) - 1))] = draw(st.sampled_from(spellings))


def _huge_cell(draw: Draw, draft: Draft) -> None:
    cells = _line(draw, draft)
    if cells:
        filling = draw(st.sampled_from(("secret", "secret,\n")))
        cells[draw(st.integers(0, len(cells) - 1))] = _spelled((filling * (_HUGE // len(filling) + 1))[:_HUGE])


def _ragged(draw: Draw, draft: Draft) -> None:
    cells = _line(draw, draft)
    how = draw(st.sampled_from(("short", "long", "long and empty", "one more everywhere")))
    if how == "short" and cells:
        del cells[-1]
    elif how == "long":
        cells.append("secret")
    elif how == "long and empty":
        cells.append("")
    else:
        extra = draw(st.sampled_from(("", "secret")))
        for row in draft.rows:
            row.append(extra)


def _other_header(draw: Draw, draft: Draft) -> None:
    at = draw(st.integers(0, len(draft.names) - 1))
    how = draw(st.sampled_from(("case", "spaces", "tab", "quotes", "twice", "nameless", "absent", "another", "open")))
    name = draft.names[at]
    changed = {
        "case": name.title(), "spaces": f"  {name} ", "tab": f"{name}\t", "quotes": _spelled(name, always=True),
        "twice": f" {draft.names[0].upper()}", "nameless": "", "another": "remark", "open": f'"{name}',
    }  # fmt: skip
    if how == "absent":
        draft.names[:] = draft.rows.pop(0) if draft.rows else [""]
    else:
        draft.names[at] = changed[how]


def _trailing_commas(draw: Draw, draft: Draft) -> None:
    for _ in range(draw(st.integers(1, 2))):
        for cells in (draft.names, *draft.rows):
            cells.append("")


def _line_ends(draw: Draw, draft: Draft) -> None:
    draft.line_end = draw(st.sampled_from(("\r", "\r\n", "\n", "\n\n", "\r\r\n")))
    for _ in range(draw(st.integers(0, 2))):
        draft.ends[draw(st.integers(0, len(draft.rows)))] = draw(
            st.sampled_from(("\n", "\r\n", "\r", "\n\n", "\n  \n", "\n,\n"))
        )
    draft.last_end = draw(st.booleans())


def _few_rows(draw: Draw, draft: Draft) -> None:
    del draft.rows[draw(st.integers(0, 1)) :]
    draft.last_end = draw(st.booleans())


def _before(draw: Draw, draft: Draft) -> None:
    draft.before = draw(
        st.sampled_from(("\n", "\r\n", "sep=,\n", "secret report\n", " \n", "\ufeff", "\ufeff\ufeff", ",,\n", "\x00"))
    )


def _encoding(draw: Draw, draft: Draft) -> None:
    draft.encoding = draw(st.sampled_from(("utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252")))


Fault = Callable[[Draw, Draft], None]

_FAULTS: tuple[Fault, ...] = (
    _odd_value, _odd_value, _odd_spelling, _odd_spelling, _ragged, _ragged, _other_header, _trailing_commas, _line_ends,
    _line_ends, _few_rows, _before, _encoding,
)  # fmt: skip
_SIGNS = (b'"', b",", b"\n", b"\r", b"\x00", b" ", b"\xff", b"\xc3", b"\\", b"\t", b";", b"'", b"\x1a", b"\xef\xbb\xbf")


_ALIKE = {"text": "0001", "number": "2.75", "boolean": "Y", "day/month/year": "2/1/1917", "gender": "F", "integer": "3"}


def _deepened(draft: Draft) -> None:
    """Put many sound rows before what goes wrong."""
    row = [_ALIKE.get(kind, "1917-01-02") for kind in draft.kinds]
    draft.rows[:0] = [row] * DEEP
    draft.ends = {at + DEEP if at else 0: end for at, end in draft.ends.items()}


def _bytes_changed(draw: Draw, content: bytes) -> bytes:
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 2)))):
        at = len(content) - draw(st.integers(0, min(len(content), 500)))
        sign = draw(st.sampled_from(_SIGNS))
        content = content[:at] + (content[at + 1 :] if draw(st.booleans()) else sign + content[at:])
    return content


@st.composite
def malformed(
    draw: Draw, tables: tuple[str, ...] = CANONICAL, *, huge: bool = False, deep: bool = False
) -> tuple[str, bytes]:
    """Draw a table's name and a file of it with up to three faults, and perhaps a byte more or less somewhere.

    `huge` cells have a million characters; `deep` files have their faults far behind what the engine looks at first.
    """
    table = draw(st.sampled_from(tables))
    draft = _draft(draw, table)
    faults = st.sampled_from((*_FAULTS, _huge_cell) if huge else _FAULTS)
    for fault in draw(st.lists(faults, min_size=1, max_size=3)):
        fault(draw, draft)
    if deep:
        _deepened(draft)
    return table, _bytes_changed(draw, draft.content())


@st.composite
def parts(draw: Draw) -> tuple[str, tuple[bytes, bytes]]:
    """Draw a table's name and two parts of it: columns in another order, lacking or added, and perhaps a fault."""
    table = draw(st.sampled_from(CANONICAL))
    one = _draft(draw, table)
    order = draw(st.permutations(range(len(one.names))))
    if draw(_RARELY):
        order = order[:-1] or order
    two = Draft(
        [one.names[at] for at in order],
        [one.kinds[at] for at in order],
        [[row[at] for at in order] for row in one.rows],
    )
    if draw(_RARELY):
        two.names.append(draw(st.sampled_from(("remark", "", one.names[0].upper()))))
        for row in two.rows:
            row.append("secret")
    for fault in draw(st.lists(st.sampled_from(_FAULTS), max_size=1)):
        fault(draw, draw(st.sampled_from((one, two))))
    return table, (one.content(), two.content())
