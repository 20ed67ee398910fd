"""The bars of coverage: what is missed is named, and a report that tells of no branches is not taken for one."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.coverage_bars import BARS, main, reached


def of_file(lines: int, missing: tuple[int, ...] = (), ways: int = 0, untaken: tuple[tuple[int, int], ...] = ()) -> Any:
    """Return what a report says of a file with so many lines and ways between lines, and those not run."""
    summary = {"num_statements": lines, "covered_lines": lines - len(missing)}
    summary |= {"num_branches": ways, "covered_branches": ways - len(untaken)}
    return {"summary": summary, "missing_lines": list(missing), "missing_branches": [list(way) for way in untaken]}


@pytest.fixture
def report(tmp_path: Path) -> Any:
    """Write a report of these files, and return its path."""

    def written(files: dict[str, Any], *, branches: bool = True) -> str:
        path = tmp_path / "coverage.json"
        path.write_text(json.dumps({"meta": {"branch_coverage": branches}, "files": files}), encoding="utf-8")
        return str(path)

    return written


WHOLE = {f"{folder}/a.py": of_file(10, ways=4) for folder in BARS}


def test_packages_that_are_run_whole_reach_their_bars(report: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([report(WHOLE)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{folder}: 100.00 % of {56 if folder == 'vi_risk' else 14} lines and branches, bar {bar} %"
        for folder, bar in BARS.items()
    ]


def test_a_line_and_a_way_that_no_test_took_are_named(report: Any, capsys: pytest.CaptureFixture[str]) -> None:
    holes = of_file(10, missing=(7,), ways=4, untaken=((3, 7), (5, -1)))
    assert main([report({**WHOLE, "vi_risk/cohort/below/b.py": holes})]) == 1
    told = capsys.readouterr().out.splitlines()
    assert "vi_risk/cohort: 89.29 % of 28 lines and branches, bar 100 %: MISSED" in told
    assert "  vi_risk/cohort/below/b.py: not run: 7" in told
    assert "  vi_risk/cohort/below/b.py: not taken: 5 to its end" in told


def test_of_many_places_the_first_are_named_and_the_others_counted(
    report: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    holes = {f"vi_risk/cohort/{number:02}.py": of_file(10, missing=(number,)) for number in range(23)}
    main([report({**WHOLE, **holes})])
    told = capsys.readouterr().out.split("vi_risk/cohort: ")[1].splitlines()
    assert told[20:22] == ["  vi_risk/cohort/19.py: not run: 19", "  and 3 more; `coverage report -m` tells all"]


def test_a_folder_whose_name_only_begins_like_it_does_not_count() -> None:
    files = {"vi_risk/cohort_of_others/a.py": of_file(10)}
    assert (reached({"files": files}, "vi_risk/cohort").there, reached({"files": files}, "vi_risk").there) == (0, 10)


def test_a_package_that_was_not_measured_misses_its_bar(report: Any) -> None:
    assert main([report({"vi_risk/features/a.py": of_file(10)})]) == 1


def test_what_is_no_report_with_branches_is_told(
    report: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.json"
    other.write_text("[]")
    faults = {(): "expected one report", (str(other),): "is no report of", (str(tmp_path / "none"),): "is no report of"}
    for arguments, fault in faults.items():
        assert main([*arguments]) == 2
        assert fault in capsys.readouterr().err
    assert main([report(WHOLE, branches=False)]) == 2
    assert "tells of no branches. Measure with --cov-branch." in capsys.readouterr().err
