"""What may come instead of a sound file: values that nobody thought of, lines gone or doubled, bytes that are no text.

A draw is a sound text with one to three things changed, so that most of the file is still understood and the fault is
met deep inside a reader, rather than at its door.
"""

import re
import tomllib
from collections.abc import Callable, Sequence

from hypothesis import strategies as st

# What a value of a TOML file is replaced with. Numbers too large, no number, another type, names that lead elsewhere,
# placeholders that reach into Python, formulas that run something, and plain rubbish.
HOSTILE = (
    "1", "0", "-1", "1.5", "1e400", "-inf", "nan", "99999999999999999999", "-9223372036854775809", "true", "false",
    "1066-10-14", "9999-12-31", "2024-02-29T25:00:00", "00:00:01", '""', '" "', "''", '"\\u0000"', '"a\\nb"',
    '"\\U0010FFFF"', '"ŵŷ"', '"\u202e"', "[]", "[[]]", '[""]', "[1, 'a']", "[1, 2, 3]", "{}", "{ a = 1 }", "{ '' = 1 }",
    "{ min = 1, max = 0 }", "{ min = nan }", '[{ a = 1 }, { b = 2 }]', '"../../etc/hostname"', '"/etc/hostname"',
    '"@emergency"', '"@"', '"*"', '"%"', '"%d%d"', '"{"', '"{}"', '"{0}"', '"{n.__class__}"', '"{n!r:>99999999999}"',
    '"{window:{window}}"', '"{{}}"', "\"__import__('os').system('true')\"", '"risk ** 9999999"', '"risk / 0"',
    '"(" ', '"risk risk"', '"lambda: 1"', '"[x for x in risk]"', '"SELECT 1"', '"1; DROP TABLE patients"', '"now()"',
    "\"read_text('/etc/hostname')\"", "\"'\"", "'\"'", '"1) AS x, (1"', '"-- "', '"/*"', '"$$"', '"?"', '"%s"',
    '"' + "a" * 5_000 + '"', '"' + "(" * 3_000 + '"', '"' + "-" * 3_000 + '1"', "[" * 200 + "]" * 200,
    '"' + "NOT " * 2_000 + '1"',
)  # fmt: skip
_TOKEN = re.compile(r'"[^"\n]*"|\b\d[\d.]*\b|\btrue\b|\bfalse\b|\[[^\[\]\n]*\]|\{[^{}\n]*\}')
_KEY = re.compile(r"^[A-Za-z_][\w.]*(?= =)", re.MULTILINE)
_CELL = re.compile(r"[^,\n]+")

Change = Callable[[st.DrawFn, str], str]


def _value(draw: st.DrawFn, text: str) -> str:
    return _replaced(draw, text, _TOKEN, draw(st.sampled_from(HOSTILE)))


def _other_value(draw: st.DrawFn, text: str) -> str:
    return _replaced(draw, text, _TOKEN, draw(st.sampled_from(_TOKEN.findall(text) or ['""'])))


def _cell(draw: st.DrawFn, text: str) -> str:
    drawn = draw(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12)))
    return _replaced(draw, text, _CELL, drawn)


def _other_cell(draw: st.DrawFn, text: str) -> str:
    return _replaced(draw, text, _CELL, draw(st.sampled_from(_CELL.findall(text) or [""])))


def _key(draw: st.DrawFn, text: str) -> str:
    other = draw(st.sampled_from([*_KEY.findall(text), "", "''", '"a b"', "a.b", "__class__", "name", "where"]))
    return _replaced(draw, text, _KEY, other)


def _replaced(draw: st.DrawFn, text: str, pattern: re.Pattern[str], other: str) -> str:
    found = list(pattern.finditer(text))
    if not found:
        return other
    place = draw(st.sampled_from(found))
    return text[: place.start()] + other + text[place.end() :]


def _line(draw: st.DrawFn, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    place, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    match draw(st.sampled_from(["gone", "doubled", "moved", "cut"])):
        case "gone":
            del lines[place]
        case "doubled":
            lines.insert(other, lines[place])
        case "moved":
            lines.insert(other, lines.pop(place))
        case _:
            lines[place] = lines[place][: draw(st.integers(0, len(lines[place])))] + "\n"
    return "".join(lines)


def _signs(draw: st.DrawFn, text: str) -> str:
    place = draw(st.integers(0, len(text)))
    return text[:place] + draw(st.text(min_size=1, max_size=5)) + text[place + draw(st.integers(0, 5)) :]


TOML: Sequence[Change] = (_value, _value, _value, _other_value, _other_value, _key, _line, _signs)
CSV: Sequence[Change] = (_cell, _other_cell, _other_cell, _line, _signs)


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return False
    return True


@st.composite
def damaged(draw: st.DrawFn, sound: str, changes: Sequence[Change] = TOML) -> bytes:
    """Return the bytes of a sound text with one to three things changed; now and then bytes that are no text at all.

    Nine in ten of what was TOML still is, for any reader can refuse what is not.
    """
    text, whole = sound, changes is TOML and draw(st.integers(0, 9)) > 0
    for change in draw(st.lists(st.sampled_from(changes), min_size=1, max_size=3)):
        changed = change(draw, text)
        text = changed if not whole or _is_toml(changed) else text
    content = text.encode("utf-8", errors="surrogatepass")
    if draw(st.integers(0, 19)) == 0:
        place = draw(st.integers(0, len(content)))
        content = content[:place] + draw(st.binary(min_size=1, max_size=4)) + content[place:]
    return content
