"""What the README says a demo prints is what it prints."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_figures_of_the_readme_are_those_of_the_demo(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "vi_risk", "demo"], cwd=tmp_path, check=True, capture_output=True)
    found = json.loads((tmp_path / "out" / "evaluation.json").read_text(encoding="utf-8"))

    told = {
        name: float(auroc)
        for name, auroc in re.findall(r"^  (model|age and sex|admissions last year): AUROC (\S+),", README, re.M)
    }

    # The last digit may differ between machines: the order of additions does.
    assert told["model"] == pytest.approx(found["model"]["auroc"], abs=0.005)
    for name in ("age and sex", "admissions last year"):
        assert told[name] == pytest.approx(found["comparators"][name.replace(" ", "_")]["auroc"], abs=0.005)


def test_the_readme_holds_no_placeholder() -> None:
    assert not re.search(r"\b[A-Z]+_[A-Z]+\b|\bFIGURES\b|\bTODO\b", README)
