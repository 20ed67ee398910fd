"""A model takes the champion's place where it has earned it on the same patients, and gives it back in one step."""

import json
import re
from datetime import date
from pathlib import Path

import mlflow
import pytest

from tests.unit.registry.conftest import DATES, NOISE, TELLING, MakeOut, run_of
from vi_risk.cohort.index_dates import IndexDates
from vi_risk.errors import InputError, NotPromotedError, UsageError
from vi_risk.registry.champion import promote, rollback
from vi_risk.registry.keeping import keep_model
from vi_risk.running.run_file import write_json
from vi_risk.tracking import champion_of, moves_of, set_champion, version_of


def champion_number(name: str, tracking_uri: str) -> int | None:
    found = champion_of(name, tracking_uri=tracking_uri)
    return None if found is None else found.number


@pytest.fixture
def weak_champion(make_out: MakeOut, tracking_uri: str, request: pytest.FixtureRequest) -> str:
    """The name of a model, one for each test, whose champion is the weak one."""
    name = f"weak_{request.node.name.partition('[')[0]}"
    promote(_kept(make_out(name, inputs=(NOISE,)), tracking_uri), tracking_uri=tracking_uri)
    return name


def _kept(folder: Path, tracking_uri: str) -> Path:
    keep_model(folder, tracking_uri=tracking_uri)
    return folder


# --- promote ---------------------------------------------------------------------------------------------------------


def test_the_first_champion_needs_its_calibration_alone(make_out: MakeOut, tracking_uri: str) -> None:
    folder = _kept(make_out("first", inputs=(NOISE,)), tracking_uri)

    done = promote(folder, tracking_uri=tracking_uri, why="to begin with")

    assert done.before is None
    assert champion_number("first", tracking_uri) == 1
    (move,) = moves_of("first", tracking_uri=tracking_uri)
    assert (move.verb, move.before, move.version) == ("promoted", None, 1)
    assert move.why.startswith("to begin with; calibration slope 1.000, limits 0.8 to 1.25; ")
    assert move.why.endswith("no champion before it")


def test_a_first_model_that_is_not_calibrated_is_not_promoted(make_out: MakeOut, tracking_uri: str) -> None:
    folder = _kept(make_out("too_steep", slope=1.4), tracking_uri)
    with pytest.raises(NotPromotedError, match=r"no   calibration slope 1\.400, limits 0\.8 to 1\.25"):
        promote(folder, tracking_uri=tracking_uri)
    assert champion_number("too_steep", tracking_uri) is None


def test_a_better_model_takes_the_place_and_the_figures_are_kept(
    weak_champion: str, make_out: MakeOut, tracking_uri: str
) -> None:
    folder = _kept(make_out(weak_champion), tracking_uri)

    done = promote(folder, tracking_uri=tracking_uri)

    assert done.decision is not None
    assert done.decision.promoted
    assert done.before is not None
    assert (done.before.number, done.version.number) == (1, 2)
    assert champion_number(weak_champion, tracking_uri) == 2
    why = moves_of(weak_champion, tracking_uri=tracking_uri)[-1].why
    five = r"\+\d*[05]\.0"
    assert re.search(rf"true cases at equal capacity: {five} against .* interval {five} to {five}\)", why)
    assert why.endswith("decided on the exact figures, of which numbers of people are rounded here")


def test_a_worse_model_does_not_and_the_message_says_why_in_figures(make_out: MakeOut, tracking_uri: str) -> None:
    promote(_kept(make_out("worse"), tracking_uri), tracking_uri=tracking_uri)
    folder = _kept(make_out("worse", inputs=(NOISE,)), tracking_uri)

    with pytest.raises(NotPromotedError) as told:
        promote(folder, tracking_uri=tracking_uri)

    assert "worse version 2 is not promoted; version 1 stays champion" in str(told.value)
    assert "no   true cases at equal capacity: -" in str(told.value)
    assert "no   net benefit at a risk of 0.2: -" in str(told.value)
    assert "yes  calibration slope 1.000" in str(told.value)
    assert champion_number("worse", tracking_uri) == 1


def test_what_was_decided_and_by_which_figures_stands_in_the_folder_and_in_the_run_of_the_model(
    make_out: MakeOut, tracking_uri: str
) -> None:
    good, weak = make_out("decided"), make_out("decided", inputs=(NOISE,))
    files = {path: path.read_bytes() for path in weak.rglob("*") if path.is_file() and path.name != "run.json"}
    promote(_kept(good, tracking_uri), tracking_uri=tracking_uri, why="to begin with")
    with pytest.raises(NotPromotedError):
        promote(_kept(weak, tracking_uri), tracking_uri=tracking_uri)

    first, second = (run_of(folder)["promotion"] for folder in (good, weak))
    assert (first["decided"], first["version"], first["champion_before"]) == ("promoted", 1, None)
    assert first["why"].startswith("to begin with; calibration slope 1.000")
    assert (second["decided"], second["version"], second["champion_before"]) == ("not promoted", 2, 1)
    assert [(found["asked"], found["holds"]) for found in second["findings"]] == [
        ("calibration_slope", True), ("calibration_in_the_large", True), ("true_cases", False), ("net_benefit", False),
    ]  # fmt: skip
    cases = second["findings"][2]
    low, high = cases["interval"]
    assert low < cases["value"] < high < 0
    assert {path: path.read_bytes() for path in files} == files

    version = version_of("decided", 2, tracking_uri=tracking_uri)
    run = mlflow.MlflowClient(tracking_uri=tracking_uri).get_run(version.evidence_run_id)
    assert run.data.tags["promotion"] == "not promoted"
    assert run.data.tags["promotion.champion_before"] == "1"
    kept = {end: run.data.metrics[f"promotion.true_cases{end}"] for end in ("", "_low", "_high")}
    assert kept == {"": 5 * round(cases["value"] / 5), "_low": 5 * (low // 5), "_high": -5 * (-high // 5)}
    assert cases["value"] % 5  # whose exact number is in the folder alone
    assert f"capacity: {kept['']:+.1f} against" in run.data.tags["promotion.why"]


def test_a_reason_that_is_too_long_for_the_store_is_refused_before_anything_moves(
    make_out: MakeOut, tracking_uri: str
) -> None:
    folder = _kept(make_out("wordy"), tracking_uri)
    with pytest.raises(UsageError, match="--why: expected at most 1,000 characters, found 1,001"):
        promote(folder, tracking_uri=tracking_uri, why="x" * 1001)
    promote(folder, tracking_uri=tracking_uri, why="x" * 1000)
    assert champion_number("wordy", tracking_uri) == 1


def test_a_model_of_counts_takes_the_place_of_one_that_explains_less_and_not_the_other_way_round(
    make_out: MakeOut, tracking_uri: str
) -> None:
    weak, good = make_out("counts", counts=True, inputs=(NOISE,)), make_out("counts", counts=True)
    first = promote(_kept(weak, tracking_uri), tracking_uri=tracking_uri)
    second = promote(_kept(good, tracking_uri), tracking_uri=tracking_uri)

    assert first.decision is not None
    assert [finding.words for finding in first.decision.findings] == [
        "calibration slope 1.000, limits 0.8 to 1.25", "calibration in the large 0.010, limits -0.2 to 0.2",
    ]  # fmt: skip
    assert second.decision is not None
    assert second.decision.findings[-1].words.startswith("deviance explained: +")
    with pytest.raises(NotPromotedError, match=r"no   deviance explained: -0\.\d+ against the champion"):
        promote(weak, tracking_uri=tracking_uri)
    assert champion_number("counts", tracking_uri) == 2


def test_a_model_that_is_as_good_stays_out(make_out: MakeOut, tracking_uri: str) -> None:
    promote(_kept(make_out("as_good"), tracking_uri), tracking_uri=tracking_uri)
    again = make_out("as_good", seed=2)  # other folds of calibration, the same trees: nobody changes place
    with pytest.raises(NotPromotedError, match=r"true cases at equal capacity: \+0\.0"):
        promote(_kept(again, tracking_uri), tracking_uri=tracking_uri)


def test_the_champion_itself_is_champion_already(make_out: MakeOut, tracking_uri: str) -> None:
    folder = _kept(make_out("already"), tracking_uri)
    promote(folder, tracking_uri=tracking_uri)

    done = promote(folder, tracking_uri=tracking_uri)

    assert done.decision is None
    assert len(moves_of("already", tracking_uri=tracking_uri)) == 1


def test_a_better_model_that_is_not_calibrated_stays_out(
    weak_champion: str, make_out: MakeOut, tracking_uri: str
) -> None:
    folder = _kept(make_out(weak_champion, slope=0.5), tracking_uri)
    with pytest.raises(NotPromotedError, match=r"no   calibration slope 0\.500"):
        promote(folder, tracking_uri=tracking_uri)
    assert champion_number(weak_champion, tracking_uri) == 1


def test_the_specs_margin_must_be_passed(weak_champion: str, make_out: MakeOut, tracking_uri: str) -> None:
    folder = make_out(weak_champion)
    run = json.loads((folder / "run.json").read_text())
    run["spec"]["promotion"]["margin_true_cases"] = 1000.0
    write_json(folder / "run.json", run)
    with pytest.raises(NotPromotedError, match="lower bound to be above 1000"):
        promote(_kept(folder, tracking_uri), tracking_uri=tracking_uri)


def test_a_model_that_is_not_registered_is_told_to_be_evaluated(make_out: MakeOut, tracking_uri: str) -> None:
    with pytest.raises(InputError, match="Run `vi-risk evaluate`"):
        promote(make_out("unregistered"), tracking_uri=tracking_uri)


def test_a_champion_that_has_seen_the_test_outcomes_is_not_tested_on_them(
    weak_champion: str, make_out: MakeOut, tracking_uri: str
) -> None:
    earlier = IndexDates(date(2024, 12, 1), date(2023, 12, 1), DATES.train)
    folder = _kept(make_out(weak_champion, dates=earlier), tracking_uri)

    with pytest.raises(InputError, match="learnt from outcomes up to 2024-01-01, after the test date 2023-12-01"):
        promote(folder, tracking_uri=tracking_uri)

    promote(folder, tracking_uri=tracking_uri, unpaired=True)
    assert champion_number(weak_champion, tracking_uri) == 2
    assert "could not be held against" in moves_of(weak_champion, tracking_uri=tracking_uri)[-1].why


def test_unpaired_does_not_spare_a_model_that_can_be_held_against_the_champion(
    make_out: MakeOut, tracking_uri: str
) -> None:
    promote(_kept(make_out("spared"), tracking_uri), tracking_uri=tracking_uri)
    folder = _kept(make_out("spared", inputs=(NOISE,)), tracking_uri)
    with pytest.raises(NotPromotedError):
        promote(folder, tracking_uri=tracking_uri, unpaired=True)


# --- rollback --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def three(make_out: MakeOut, tracking_uri: str) -> str:
    """A model whose versions 1, 2 and 3 were champion one after the other, and 4 never."""
    for inputs, seed in (((NOISE,), 1), ((TELLING,), 1), ((TELLING, NOISE), 1), ((TELLING, NOISE), 7)):
        version = keep_model(make_out("three", inputs=inputs, seed=seed), tracking_uri=tracking_uri).version
        if version.number < 4:
            set_champion(version, verb="promoted", why="", tracking_uri=tracking_uri)
    return "three"


def test_rollback_goes_back_one_champion_at_a_time_and_no_further_than_the_first(three: str, tracking_uri: str) -> None:
    with pytest.raises(UsageError, match=r"--to 4: was not champion before version 3\. Expected one of: 2, 1"):
        rollback(three, to=4, tracking_uri=tracking_uri)
    moved = [rollback(three, tracking_uri=tracking_uri) for _ in range(2)]

    assert [(move.before, move.version) for move in moved] == [(3, 2), (2, 1)]
    assert champion_number(three, tracking_uri) == 1
    with pytest.raises(UsageError, match="version 1 is the first champion"):
        rollback(three, tracking_uri=tracking_uri)


def test_rollback_to_an_earlier_champion_is_one_step(make_out: MakeOut, tracking_uri: str) -> None:
    for inputs in ((NOISE,), (TELLING,), (TELLING, NOISE)):
        version = keep_model(make_out("one_step", inputs=inputs), tracking_uri=tracking_uri).version
        set_champion(version, verb="promoted", why="", tracking_uri=tracking_uri)

    move = rollback("one_step", to=1, tracking_uri=tracking_uri)

    assert (move.before, move.version) == (3, 1)
    assert champion_number("one_step", tracking_uri) == 1


def test_rollback_without_a_champion_is_a_usage_error(three: str, tracking_uri: str) -> None:
    with pytest.raises(UsageError, match="no champion to go back from"):
        rollback("unheard_of", tracking_uri=tracking_uri)
