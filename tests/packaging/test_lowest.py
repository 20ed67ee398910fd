"""What `make test-lowest` asks for: every library and extra at its lowest version, without the versions of the lock."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from tools import lowest

PROJECT = """\
[project]
name = "x"
dependencies = ["numpy>=2.2"]
[project.optional-dependencies]
causal = ["pysyncon>=1.7"]
spark = ["pyspark>=4"]
tune = ["optuna>=4"]

# Written by `make lock` from requirements.lock; do not edit.
[tool.uv]
constraint-dependencies = ["numpy==2.4.6"]
"""


def test_every_extra_but_spark_is_asked_for_and_no_locked_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Sequence[str]] = []
    monkeypatch.setattr(lowest, "_run", lambda command, _: asked.append(command))

    found = lowest.lowest(PROJECT, tmp_path)

    direct, everything = asked
    extras = [after for word, after in pairwise(direct) if word == "--extra"]
    assert extras == ["causal", "tune"]
    assert "lowest-direct" in direct
    assert "numpy==2.4.6" not in (tmp_path / "pyproject.toml").read_text()
    # The tools of the tests may be of any version, beside the libraries as they were found.
    assert "lowest-direct" not in everything
    assert everything[everything.index("-c") + 1] == str(tmp_path / "direct.txt")
    assert found == tmp_path / "everything.txt"
