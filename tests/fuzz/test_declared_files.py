"""Whatever stands in a declared file, it is accepted, or refused in words that name it and tell of no patient.

The short tests draw the same cases every time; the long ones draw others each time, and print how to repeat a failure.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.damage import damaged
from tests.fuzz.kinds import KINDS
from tests.fuzz.reading import CASES, try_out

PHASES = (Phase.explicit, Phase.generate)  # a case is small as drawn; making it smaller took minutes
QUICKLY = settings(
    deadline=None, database=None, derandomize=True, phases=PHASES, suppress_health_check=[HealthCheck.too_slow]
)
AT_LENGTH = settings(
    deadline=None, database=None, print_blob=True, phases=PHASES, suppress_health_check=[HealthCheck.too_slow]
)


def run(name: str, folder: Path, how: settings) -> None:
    kind = KINDS[name]

    @given(damaged(kind.sound(), kind.changes))
    @how
    def each(content: bytes) -> None:
        try_out(name, kind, content, folder)

    each()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "site").mkdir()
    return tmp_path / "site"


@pytest.mark.parametrize("name", KINDS)
def test_the_sound_file_is_accepted(folder: Path, name: str) -> None:
    assert try_out(name, KINDS[name], KINDS[name].sound().encode(), folder) == "accepted"


@pytest.mark.parametrize("name", KINDS)
def test_a_damaged_file_is_accepted_or_refused_in_words(folder: Path, name: str) -> None:
    run(name, folder, settings(QUICKLY, max_examples=KINDS[name].few))

    assert CASES[name, "accepted"] > 1  # beside the sound one: the damage is not such that any reader sees it
    assert CASES[name, "refused"] > 1


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_many_damaged_files_are_accepted_or_refused_in_words(folder: Path, name: str) -> None:
    before = CASES[name, "accepted"] + CASES[name, "refused"]

    run(name, folder, settings(AT_LENGTH, max_examples=KINDS[name].many))

    assert CASES[name, "accepted"] + CASES[name, "refused"] - before >= KINDS[name].many * 0.9
