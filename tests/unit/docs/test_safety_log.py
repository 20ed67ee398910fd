"""The hazard log: its risks by the matrix of DCB0129, its controls by tests that are there, and its page."""

import shutil
from pathlib import Path

import pytest

from tools.controls_removed import proven
from tools.hazard_log import STATUS, hazard_log, main
from tools.hazards import HAZARDS, MATRIX, ROOT, HazardLog, Removal, Risk, collected_from, faults_of_log, read_hazards
from vi_risk.errors import SpecificationError

LOG = read_hazards()
PAGE = HAZARDS.with_name("hazard_log.md")

TESTS = """\
import pytest

needs_a_browser = pytest.mark.skipif(True, reason="no browser")
quick = pytest.mark.parametrize("n", [1])

def test_always(): ...

@quick
def test_parametrised(n): ...

@pytest.mark.slow
def test_slow(): ...

@pytest.mark.faults
def test_faults(): ...

@needs_a_browser
def test_where_there_is_a_browser(): ...

@pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.slow)])
def test_slow_in_one_case(n): ...

def helper(): ...

class Nested:
    def test_nested(self): ...
"""
ONE_HAZARD = """\
[[hazard]]
id = "H01"
name = "Somebody is left out"
hazard = "Somebody is left out."
causes = ["A rule."]
effect = "Nobody looks."
initial = { severity = "major", likelihood = "medium" }
residual = { severity = "major", likelihood = "low" }
rest = "Something."
site = ["Look."]

[[hazard.control]]
what = "Whoever is left out is counted."
tests = ["tests/test_counts.py::test_always"]
[hazard.control.removed]
file = "counts.py"
before = "people + 1"
after = "people"
words = "Nobody is counted"
fails = "tests/test_counts.py::test_always"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small repository: one hazard, its control, and the test of that."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_counts.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "counts.py").write_text("def counted(people):\n    return people + 1\n", encoding="utf-8")
    (tmp_path / "hazards.toml").write_text(ONE_HAZARD, encoding="utf-8")
    return tmp_path


def log_of(root: Path, *changes: tuple[str, str]) -> HazardLog:
    text = ONE_HAZARD
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (root / "hazards.toml").write_text(text, encoding="utf-8")
    return read_hazards(root / "hazards.toml")


# --- the shipped log --------------------------------------------------------------------------------------------------


def test_every_control_names_tests_that_are_there_and_one_that_always_runs() -> None:
    assert faults_of_log(LOG) == []


def test_the_page_is_what_the_log_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == hazard_log(LOG)


@pytest.mark.parametrize(
    "about",
    [
        "silently left out", "stale", "wrong practice", "re-identified", "read as need", "drift", "automation bias",
        "subgroup", "objection", "small numbers", "units or codes", "conditions are omitted", "taken as an instruction",
        "two runs", "another place",
    ],
)  # fmt: skip
def test_the_log_holds_the_hazards_that_it_was_asked_for(about: str) -> None:
    assert [hazard.id for hazard in LOG.hazard if about in hazard.name.lower()]


def test_a_control_of_every_hazard_was_taken_away_to_see_its_test_fail() -> None:
    taken_away = {hazard.id for hazard, control in LOG.controls if control.removed is not None}

    assert taken_away == {hazard.id for hazard in LOG.hazard}
    assert all(control.removed.before != control.removed.after for _, control in LOG.controls if control.removed)


def test_every_hazard_stands_on_the_page_with_its_status() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert all(f"\n## {hazard.id} {hazard.name}\n" in page for hazard in LOG.hazard)
    assert page.count(f"| Status | {STATUS} |") == len(LOG.hazard)
    assert "no Clinical Safety Officer has approved any version" in page


# --- risks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "likelihood", "rating"),
    [
        ("minor", "very low", 1),
        ("significant", "very low", 1),
        ("minor", "very high", 3),
        ("considerable", "low", 2),
        ("considerable", "medium", 3),
        ("considerable", "high", 3),
        ("major", "low", 3),
        ("major", "high", 4),
        ("catastrophic", "very low", 3),
        ("catastrophic", "high", 5),
    ],
)
def test_a_risk_is_rated_by_the_matrix(severity: str, likelihood: str, rating: int) -> None:
    assert Risk.model_validate({"severity": severity, "likelihood": likelihood}).rating == rating


def test_no_worse_or_likelier_harm_is_rated_lower() -> None:
    rows = list(MATRIX.values())  # from very high to very low

    assert all(list(row) == sorted(row) for row in rows)
    assert all(column == sorted(column, reverse=True) for column in map(list, zip(*rows, strict=True)))


# --- faults -----------------------------------------------------------------------------------------------------------


def test_tests_are_told_by_whether_every_run_of_the_tests_runs_them(root: Path) -> None:
    found = collected_from(root / "tests" / "test_counts.py")

    assert {name: (test.always_runs, test.run_by) for name, test in found.items()} == {
        "test_always": (True, ""),
        "test_parametrised": (True, ""),
        "test_slow": (False, "make test-slow"),
        "test_faults": (False, "make test-faults"),
        "test_where_there_is_a_browser": (False, ""),
        "test_slow_in_one_case": (False, "make test-slow"),
    }
    assert collected_from(root / "counts.py") == {}
    assert collected_from(root / "tests" / "test_gone.py") == {}


def test_a_sound_log_has_no_fault(root: Path) -> None:
    assert faults_of_log(log_of(root), root) == []


@pytest.mark.parametrize(
    "gone", ["tests/test_counts.py::test_gone", "tests/test_gone.py::test_always", "counts.py::counted"]
)
def test_a_test_that_is_not_there_is_a_fault(root: Path, gone: str) -> None:
    faults = faults_of_log(log_of(root, ("tests/test_counts.py::test_always", gone)), root)

    assert any(f"{gone} is no test. Name one that is there." in fault for fault in faults)


@pytest.mark.parametrize("test", ["test_slow", "test_faults", "test_where_there_is_a_browser"])
def test_a_control_whose_tests_do_not_always_run_is_a_fault(root: Path, test: str) -> None:
    (fault,) = faults_of_log(log_of(root, ("::test_always", f"::{test}")), root)

    assert fault.startswith("hazards.toml: H01: Whoever is left out is counted.: none of its tests runs in every")


@pytest.mark.parametrize(("content", "times"), [("people", 0), ("people + 1, people + 1", 2)])
def test_a_place_of_a_control_that_has_changed_is_a_fault(root: Path, content: str, times: int) -> None:
    log = log_of(root)
    (root / "counts.py").write_text(content, encoding="utf-8")

    (fault,) = faults_of_log(log, root)

    assert f"removed.before stands {times} times in counts.py, expected once." in fault


def test_all_faults_of_the_file_are_told_at_once(root: Path) -> None:
    with pytest.raises(SpecificationError) as told:
        log_of(root, ('"major", likelihood = "medium"', '"bad", likelihood = "medium"'), ('rest = "Something."', ""))

    assert "hazards.toml: hazard.0.initial.severity: expected 'minor'" in str(told.value)
    assert "hazards.toml: hazard.0.rest: is missing. Add it." in str(told.value)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('likelihood = "low"', 'likelihood = "very high"', "residual is rated 5, above initial, 3"),
        ('id = "H01"', 'id = "H02"', "expected H01, H02 and so on in order, found H02"),
        ('fails = "tests/test_counts.py::test_always"', 'fails = "tests/t.py::test_b"', "not among tests"),
        ('tests = ["tests/test_counts.py::test_always"]', "tests = []", "a list of 1 or more"),
    ],
)
def test_a_log_that_makes_no_sense_is_refused(root: Path, before: str, after: str, says: str) -> None:
    with pytest.raises(SpecificationError, match=says):
        log_of(root, (before, after))


# --- the page ---------------------------------------------------------------------------------------------------------


def test_a_page_that_was_edited_or_is_missing_fails_the_check_and_is_left_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "hazard_log.md"
    assert main(["--check"], page) == 1
    assert not page.exists()
    assert main([], page) == 0
    assert main(["--check"], page) == 0
    page.write_text(page.read_text(encoding="utf-8") + "edited", encoding="utf-8")
    assert main(["--check"], page) == 1
    assert "Run make docs." in capsys.readouterr().err


def test_a_log_with_a_fault_writes_no_page_and_says_why(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "hazard_log.md"

    assert main([], page, root / "hazards.toml") == 1  # its test is not one of this repository
    assert "tests/test_counts.py::test_always is no test" in capsys.readouterr().err
    assert main([], page, root / "gone.toml") == 1
    assert "gone.toml: cannot be read" in capsys.readouterr().err
    assert not page.exists()


# --- proof ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def provable(root: Path) -> Path:
    """The small repository, with a test that fails where the control goes and one that does not."""
    (root / "vi_risk").mkdir()
    shutil.move(root / "counts.py", root / "vi_risk" / "counts.py")
    (root / "vi_risk" / "__init__.py").touch()
    (root / "tests" / "test_counts.py").write_text(
        "from vi_risk.counts import counted\n"
        "def test_always(): assert counted(1) == 2\n"
        "def test_blind(): assert counted(1) > 0\n"
        "def test_broken(): assert counted(1) == 7\n",
        encoding="utf-8",
    )
    return root


def removal(test: str, after: str = "people") -> Removal:
    return Removal(
        file="vi_risk/counts.py",
        before="people + 1",
        after=after,
        words="Nobody is counted",
        fails=f"tests/test_counts.py::{test}",
    )


def test_a_control_is_proven_where_its_test_fails_without_it(provable: Path) -> None:
    found = proven([removal("test_always"), removal("test_blind"), removal("test_always")], provable)

    assert [fails for _, fails in found] == [True, False, True]
    assert "people + 1" in (provable / "vi_risk" / "counts.py").read_text(encoding="utf-8"), "only a copy is changed"


def test_a_test_that_fails_anyway_or_cannot_be_run_proves_nothing(provable: Path) -> None:
    with pytest.raises(RuntimeError, match=r"are there: tests/test_counts\.py::test_broken\."):
        list(proven([removal("test_broken")], provable))
    with pytest.raises(RuntimeError, match="cannot be run without the control"):
        list(proven([removal("test_always", after="people +")], provable))


@pytest.mark.slow
def test_without_its_control_each_test_fails_again() -> None:
    removals = [control.removed for _, control in LOG.controls if control.removed]

    assert [removed.fails for removed, fails in proven(removals, ROOT) if not fails] == []
