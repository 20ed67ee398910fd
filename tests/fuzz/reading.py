"""What comes of a file: it is accepted, or refused in words that name the file and show nothing of any record."""

import logging
from collections import Counter
from pathlib import Path

from tests.fuzz.kinds import ZEBRA, Kind
from vi_risk.errors import ViRiskError

CASES: Counter[tuple[str, str]] = Counter()  # kind, outcome -> how many, told at the end of the session


class _Log(logging.Handler):
    """All that is logged, at every level."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def try_out(name: str, kind: Kind, content: bytes, folder: Path) -> str:
    """Write the file, use it, and return whether it was "accepted" or "refused"; any other end fails."""
    file = folder / kind.file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    log, root = _Log(), logging.getLogger()
    level = root.level
    root.addHandler(log)
    root.setLevel(logging.DEBUG)
    refusal: ViRiskError | None = None
    try:
        kind.use(file)
    except ViRiskError as error:
        refusal = error
    finally:
        root.removeHandler(log)
        root.setLevel(level)
    if refusal is not None:
        assert any(place in str(refusal) for place in (file.name, *kind.also_named)), str(refusal)
        assert ZEBRA not in str(refusal)
        assert refusal.__suppress_context__ or refusal.__context__ is None  # which a traceback would show
    outcome = "accepted" if refusal is None else "refused"
    assert not [line for line in log.lines if ZEBRA in line]
    CASES[name, outcome] += 1
    return outcome
