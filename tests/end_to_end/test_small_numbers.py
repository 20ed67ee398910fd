"""Whoever opens the card, or the model's run in MLflow, finds numbers of people as the rule lets them be told."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest

from tests.end_to_end.conftest import Ended
from tests.unit.evidence.attacker import Attack, Name, numbers_in, tables_of
from vi_risk.evidence import disclosed, disclosed_run
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.tracking.quiet import quiet_mlflow

_RULE = Disclosure()
# Tables in which no cell that is a whole number is one of people or of rows.
_OF_SOMETHING_ELSE = ("Item by item", "Features by domain", "Between which groups")
_DAYS = (
    "an emergency admission in the next 3 months",
    "dying in the next 12 months",
    "emergency admissions in the next",
)


@pytest.fixture(scope="module")
def exact(demo: Ended) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((demo.out / "evaluation.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def kept(demo: Ended, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, mlflow.entities.Run]]:
    """Everything that MLflow holds of the model's run: its files, fetched, and its values."""
    store = f"sqlite:///{demo.cwd / 'mlruns' / 'mlflow.db'}"
    with quiet_mlflow(store):
        client = mlflow.MlflowClient(tracking_uri=store)
        run_id = json.loads((demo.out / "run.json").read_text(encoding="utf-8"))["tracking"]["run_id"]
        folder = tmp_path_factory.mktemp("kept")
        for name in ("card", "run", "plots"):
            client.download_artifacts(run_id, name, str(folder))
        yield folder, client.get_run(run_id)


def _told(number: int) -> bool:
    return number == 0 or (number % 5 == 0 and number >= 10)


@pytest.mark.parametrize("form", ["model_card.md", "model_card.html"])
def test_every_number_of_people_on_the_card_is_rounded(kept: tuple[Path, Any], form: str) -> None:
    text = (kept[0] / "card" / form).read_text(encoding="utf-8")
    tables = tables_of(text) if form.endswith(".md") else _tables_of_page(text)
    shown = {
        caption: [row[:1] + row[2:] if row[0].startswith(_DAYS) else row for row in rows]
        for caption, rows in tables.items()
        if not caption.startswith(_OF_SOMETHING_ELSE)
    }
    numbers = {caption: numbers_in(rows) for caption, rows in shown.items()}

    assert sum(map(len, numbers.values())) > 100
    assert {caption: found for caption, found in numbers.items() if not all(map(_told, found))} == {}


def _tables_of_page(page: str) -> dict[str, list[list[str]]]:
    def words(cell: str) -> str:
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", cell)).split())

    return {
        words(caption): [
            [words(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)]
            for row in re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.DOTALL)
        ]
        for caption, body in re.findall(r"<caption[^>]*>(.*?)</caption>(.*?)</table>", page, re.DOTALL)
    }


def test_what_mlflow_holds_as_evidence_is_the_told_form_and_the_folder_keeps_the_exact_one(
    demo: Ended, exact: dict[str, Any], kept: tuple[Path, mlflow.entities.Run]
) -> None:
    folder, run = kept
    logged = json.loads((folder / "card" / "evaluation.json").read_text(encoding="utf-8"))

    assert logged == json.loads(json.dumps(disclosed(exact, _RULE)))
    assert logged != exact
    assert {run.data.metrics[name] for name in ("n", "events")} == {
        _RULE.count(exact["model"][name]) for name in ("n", "events")
    }
    assert not (folder / "run" / "check.json").exists()
    logged_run = json.loads((folder / "run" / "run.json").read_text(encoding="utf-8"))
    whole = json.loads((demo.out / "run.json").read_text(encoding="utf-8"))
    told = json.loads(json.dumps(disclosed_run(whole, _RULE)))
    assert {part: logged_run[part] for part in ("records", "features", "model")} == {
        part: told[part] for part in ("records", "features", "model")
    }
    assert run.data.params["cohort_flow"] == str(told["features"]["flow"])
    assert whole["features"]["flow"] != told["features"]["flow"]


def test_how_windows_ended_cannot_be_worked_out_from_the_text_of_the_card(
    demo: Ended, kept: tuple[Path, mlflow.entities.Run]
) -> None:
    tables = tables_of((kept[0] / "card" / "model_card.md").read_text(encoding="utf-8"))
    cohort = pd.read_parquet(demo.out / "cohort.parquet")
    (rows,) = [rows for caption, rows in tables.items() if caption.startswith("How the outcome windows ended")]
    test = rows[0].index("Test")
    ended = cohort.loc[cohort["role"] == "test", "ended"].value_counts()
    ways = {"had the outcome": "event", "died": "died", "left": "left", "were followed": "horizon"}
    truth: dict[Name, int] = {(way,): int(ended.get(way, 0)) for way in ways.values()}
    known = Attack(rounded=True)
    for row in rows[1:]:
        for words, way in ways.items():
            if row[0].lower().startswith(words):
                (number,) = numbers_in([["", row[test]]]) or (None,)
                known.count((way,), number)
                if number is None:
                    known.learn((way,), (1, 7) if 0 < truth[way,] < 8 else (8, 10**9))
    known.learn(("all",), (int(ended.sum()),) * 2)
    known.adds_up(("all",), truth)
    known.work_out()

    assert len(known.ranges) == 5
    assert known.pinned(truth) == []
