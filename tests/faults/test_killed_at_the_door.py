"""Killed while records with NHS numbers are read: nothing of them is left when the next command has begun."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import GOVERNANCE
from tests.end_to_end.identified_extracts import write_identified_extracts
from tests.faults.conftest import environment

pytestmark = pytest.mark.faults

KEYS = ("--key", "keys/key", "--links", "keys/links")


@pytest.mark.parametrize("place_of_kill", ["while it reads", "while it writes"])
def test_a_killed_pseudonymise_leaves_nobody_behind(place: Path, tmp_path: Path, place_of_kill: str) -> None:
    who = write_identified_extracts(place / "trust", tmp_path / "extracts")
    (tmp_path / "governance.toml").write_text(GOVERNANCE)
    (tmp_path / "tmp").mkdir()
    told = environment(TMPDIR=str(tmp_path / "tmp"))

    def command(*words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "vi_risk", *words], cwd=tmp_path, env=told, stderr=subprocess.PIPE, text=True
        )

    with command("key", "new", *KEYS[:2], "--purpose", "direct care", "--place", "RL4") as made:
        pass
    assert made.returncode == 0
    asked = ("pseudonymise", "--records", "extracts", "--mapping", "mapping.toml", *KEYS, "--out", "records")
    reached = {
        "while it reads": lambda: any(there.stat().st_size for there in (tmp_path / "tmp").glob("vi-risk-*/*.duckdb")),
        "while it writes": lambda: any((tmp_path / ".records.unfinished").glob("*.parquet")),
    }[place_of_kill]
    with command(*asked) as killed:
        while not reached():
            assert killed.poll() is None
            time.sleep(0.005)
        os.kill(killed.pid, signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL
    assert [path for path in (tmp_path / "tmp").iterdir() if path.name.startswith("vi-risk-")]  # it had no time

    with command("audit", "verify", "no.log", *KEYS[2:]) as after:  # any command, even one that is refused
        assert after.stderr is not None
        said = after.stderr.read()

    assert after.returncode == 3, said
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not (tmp_path / "records").exists()
    left = [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and path.relative_to(tmp_path).parts[0] not in ("extracts", "keys")
    ]
    spaced = [f"{number[:3]} {number[3:6]} {number[6:]}" for number in who.numbers]
    identified = [word.encode() for word in (*who.all, *spaced)]
    assert [path for path in left if any(word in path.read_bytes() for word in identified)] == []
