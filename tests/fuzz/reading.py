"""What comes of a file: it is accepted, or refused in words that name the file and show nothing of any record."""

from collections import Counter
from pathlib import Path

from tests.everything_logged import everything_logged
from tests.fuzz.kinds import ZEBRA, Kind
from vi_risk.errors import ViRiskError

CASES: Counter[tuple[str, str]] = Counter()  # kind, outcome -> how many, told at the end of the session


def try_out(name: str, kind: Kind, content: bytes, folder: Path) -> str:
    """Write the file, use it, and return whether it was "accepted" or "refused"; any other end fails."""
    file = folder / kind.file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    refusal: ViRiskError | None = None
    with everything_logged() as log:
        try:
            kind.use(file)
        except ViRiskError as error:
            refusal = error
    if refusal is not None:
        assert any(place in str(refusal) for place in (file.name, *kind.also_named)), str(refusal)
        assert ZEBRA not in str(refusal)
        assert refusal.__suppress_context__ or refusal.__context__ is None  # which a traceback would show
    outcome = "accepted" if refusal is None else "refused"
    assert log.holding([ZEBRA]) == []
    CASES[name, outcome] += 1
    return outcome
