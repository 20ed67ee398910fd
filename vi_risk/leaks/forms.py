r"""Other ways in which a text may be written: encoded for a URL, in base64, with two or four bytes a sign.

A space that no line end parts is written in many ways too; `plain` makes spaces of them all.
"""

import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

import numpy as np

# How a sign that parts words is written -> in what; the mark by which a text is known to hold any at all.
_SPACES = {
    b"\xc2": (b"\xc2\xa0",),
    b"\xe2": (b"\xe2\x80\xaf", b"\xe2\x80\x89"),
    b"&": (b"&nbsp;", b"&#160;", b"&#xa0;"),
    b"\\u": (b"\\u00a0", b"\\u202f", b"\\u2009"),
}
_DASHES = {
    b"\xe2": (b"\xe2\x80\x90", b"\xe2\x80\x91", b"\xe2\x80\x93"),
    b"&": (b"&ndash;", b"&#8209;", b"&#8211;"),
    b"\\u": (b"\\u2010", b"\\u2011", b"\\u2013"),
}

_PERCENT = re.compile(rb"%[0-9A-Fa-f]{2}")
_AROUND = 64  # bytes of what stands beside a sign that is encoded

_IN_BASE64 = np.zeros(256, bool)
_IN_BASE64[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")] = True
# The signs of URLs as those of the standard; A, which stands for zeros, for all that is none.
_STANDARD = np.full(256, ord("A"), np.uint8)
_STANDARD[_IN_BASE64] = np.flatnonzero(_IN_BASE64)
_STANDARD[list(b"-_")] = list(b"+/")
_LEAST = 10  # signs hold seven bytes


def plain(content: bytes) -> bytes:
    r"""Return a text with every kind of space and dash as that of ASCII.

    >>> plain("943\N{NO-BREAK SPACE}476&nbsp;5919".encode())
    b'943 476 5919'
    """
    for written, one in ((_SPACES, b" "), (_DASHES, b"-")):
        for mark, signs in written.items():
            if mark in content:
                for sign in signs:
                    content = content.replace(sign, one)
    return content


def of_url(content: bytes) -> tuple[bytes, bytes]:
    """Return those parts of a text that are encoded for a URL, as they are and decoded.

    >>> of_url(b"GET /find?name=Ann%20Lee")
    (b'GET /find?name=Ann%20Lee', b'GET /find?name=Ann Lee')
    """
    spans: list[list[int]] = []
    for match in _PERCENT.finditer(content):
        begin, end = max(0, match.start() - _AROUND), match.end() + _AROUND
        if spans and begin <= spans[-1][1]:
            spans[-1][1] = end
        else:
            spans.append([begin, end])
    parts = b"\n".join(content[begin:end] for begin, end in spans)
    return parts, unquote_to_bytes(parts)


def of_base64(content: bytes) -> Iterator[bytes]:
    """Yield what runs of signs of base64 stand for; four times, for they may begin at any sign of a run.

    >>> [decoded for decoded in of_base64(b"token=OTQzNDc2NTkxOQ==") if b"9434765919" in decoded]
    [b'...9434765919...']
    """
    signs = np.frombuffer(content, np.uint8)
    inside = np.zeros(len(signs) + 2, np.int8)
    inside[1:-1] = _IN_BASE64[signs]
    edges = np.flatnonzero(np.diff(inside))
    begin, end = edges[::2], edges[1::2]
    long = end - begin >= _LEAST
    if not long.any():
        return
    steps = np.zeros(len(signs) + 2, np.int8)
    steps[begin[long]] += 1
    steps[end[long] + 1] -= 1  # and one sign that parts it from the next
    kept = np.cumsum(steps[: len(signs)], dtype=np.int8) > 0
    runs = _STANDARD[signs[kept]].tobytes() + b"AAAA"
    for skipped in range(4):
        yield binascii.a2b_base64(runs[skipped : len(runs) - (len(runs) - skipped) % 4])


def of_wide_signs(content: bytes) -> bytes:
    """Return bytes without those that are zero: texts of two or four bytes a sign become texts of one."""
    return content.replace(b"\0", b"") if b"\0" in content else b""
