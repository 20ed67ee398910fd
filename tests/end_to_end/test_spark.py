"""The same definitions on Spark: every value of the whole catalogue, the cohort, the outcome and the scores.

Needs pyspark (`make spark`) and Java; both engines do whole-number arithmetic and divide once, so that values are
compared bit by bit.
"""

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.conftest import GOVERNANCE, MakeRecords
from tests.end_to_end.conftest import LIST_DATE, run_here
from tests.property import strategies
from tests.unit.identity.people import numbers
from vi_risk.cli.asked import records_on_spark
from vi_risk.errors import InputError
from vi_risk.features.engine import compute_features
from vi_risk.governance import read_governance
from vi_risk.models.learning import bundle
from vi_risk.records.linked import Records
from vi_risk.records.synthetic import write_trust
from vi_risk.running.progress import Silence
from vi_risk.spark.features import write_features
from vi_risk.spark.records import read_canonical

_KEYS = ["index_date", "patient_id"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="pyspark is not installed: make spark"),
    pytest.mark.skipif(shutil.which("java") is None and "JAVA_HOME" not in os.environ, reason="Java is not installed"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # sockets of the session, which lasts for all tests
]


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """Spark on two cores of this machine, set for small data: it compiles no code for a few thousand rows."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", "3g")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .config("spark.sql.session.timeZone", "Europe/London")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    yield spark
    spark.stop()


def assert_same_values(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Every value is the same, bit by bit, or missing in both."""
    assert list(found) == list(expected)
    assert found[_KEYS].astype(str).equals(expected[_KEYS].astype(str))
    features = [name for name in expected if name not in _KEYS]
    mine, theirs = found[features].to_numpy(float), expected[features].to_numpy(float)
    apart = ~((mine == theirs) | (np.isnan(mine) & np.isnan(theirs)))
    assert not apart.any(), {name: int(n) for name, n in zip(features, apart.sum(axis=0), strict=True) if n}


def test_every_feature_of_a_crowd_with_every_quirk_is_the_same(session: Any, tmp_path: Path) -> None:
    dice, index_date = Random(12), date(2024, 3, 1)
    record = strategies.throw_record(dice, index_date, people=300, definitions=strategies.CATALOGUE.definitions)
    cohort = strategies.throw_cohort(dice, record, index_date)
    assert cohort["index_date"].nunique() > 2
    records = Records.from_frames(strategies.frames(record))
    records.write_parquet({name: tmp_path / f"{name}.parquet" for name in records.tables})
    there = read_canonical(session, str(tmp_path))
    asked = there.workspace.table("asked", session.createDataFrame(pa.Table.from_pandas(cohort)))

    path = tmp_path / "features.parquet"
    write_features(there.workspace, there.tables, asked, strategies.CATALOGUE, path.as_uri())

    expected = compute_features(records, cohort, strategies.CATALOGUE, engine="portable")
    assert_same_values(pd.read_parquet(path), expected.sort_values(_KEYS, ignore_index=True))


@pytest.fixture(scope="module")
def both(session: Any, small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Output folders of one synthetic trust: features built here and on Spark by the command, a model trained on each.

    The records are a site's: exported through a mapping, as Spark needs them.
    """
    folder = tmp_path_factory.mktemp("spark")
    write_trust(folder / "extracts", patients=2000, seed=3)
    of_site = ("--records", folder / "extracts")
    assert run_here("mapping", "export", "canonical", *of_site, "--out", folder / "canonical").exit_code == 0
    outs = {"embedded": folder / "here", "spark": folder / "spark"}
    for engine, out in outs.items():
        asked = ("--records", folder / "canonical", "--index-date", LIST_DATE, "--model", small_model)
        built = run_here("features", "build", *asked, "--engine", engine, "--out", out)
        assert built.exit_code == 0, built.stderr
        trained = run_here("train", "--out", out)
        assert trained.exit_code == 0, trained.stderr
    return outs["embedded"], outs["spark"]


def test_the_snapshots_of_a_trust_are_the_same_and_train_reads_them(both: tuple[Path, Path]) -> None:
    here, there = both
    on_spark, embedded = (
        pd.read_parquet(out / "features.parquet").sort_values(_KEYS, ignore_index=True) for out in (there, here)
    )
    assert_same_values(on_spark, embedded)
    cohorts = [pd.read_parquet(out / "cohort.parquet") for out in both]
    pd.testing.assert_frame_equal(*cohorts, check_dtype=False)
    runs = [json.loads((out / "run.json").read_text()) for out in both]
    marks = [run["features"].pop("checksums") for run in runs]  # a folder's are not a file's
    assert runs[0]["features"] == runs[1]["features"]
    assert set(marks[1]) == {"features.parquet", "cohort.parquet"} < set(marks[0])
    assert runs[0]["records"]["rows"] == runs[1]["records"]["rows"]
    assert runs[0]["model"]["version"] == runs[1]["model"]["version"]


def test_a_part_that_spark_did_not_write_is_refused(both: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(both[1], out)
    part = next((out / "features.parquet").glob("part-*.parquet"))
    shutil.copy(part, part.with_name("part-99999.parquet"))
    again = run_here("train", "--out", out)
    assert again.exit_code == 3
    assert "features.parquet: is not the file that was written when the features were built" in again.stderr


def test_the_tracked_model_scores_on_spark_as_it_does_here(
    session: Any, both: tuple[Path, Path], tmp_path: Path
) -> None:
    import mlflow
    from pyspark.sql.functions import struct

    here, there = both
    store = f"sqlite:///{tmp_path / 'mlflow.db'}"
    ended = run_here("evaluate", "--out", here, "--tracking-uri", store)
    assert ended.exit_code == 0, ended.stderr
    run_id = json.loads((here / "run.json").read_text())["tracking"]["run_id"]
    model, _ = bundle.load(here / "model")

    mlflow.set_tracking_uri(store)
    tracked = f"runs:/{run_id}/model"
    names = mlflow.models.get_model_info(tracked).signature.inputs.input_names()
    risk = mlflow.pyfunc.spark_udf(session, tracked, result_type="double", env_manager="local")
    features = session.read.parquet((there / "features.parquet").as_uri())
    scored = features.select(*_KEYS, risk(struct(*names)).alias("risk")).toArrow().to_pandas()

    expected = pd.read_parquet(here / "features.parquet")
    expected["risk"] = model.predict_proba(expected[model.feature_name_])[:, 1]
    both_risks = expected.merge(scored.astype({"index_date": object}), on=_KEYS, suffixes=("", "_on_spark"))
    assert len(both_risks) == len(expected) == len(scored)
    assert (both_risks["risk"] == both_risks["risk_on_spark"]).all()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda people: people.assign(lsoa="Sekretname"), "patients.lsoa: 20 of 20 rows hold no code of an area"),
        (
            lambda people: people.assign(patient_id=numbers(len(people))),
            "patients.patient_id: holds NHS numbers: of 20 values of ten digits that were looked at, 20 pass",
        ),
        (lambda people: people.assign(surname="Sekretname"), "patients.surname: looks as if it told who somebody is"),
    ],
)
def test_records_that_say_who_somebody_is_are_refused(
    session: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Any, told: str
) -> None:
    write_trust(tmp_path / "records", patients=20, seed=3)
    people = pd.read_parquet(tmp_path / "records" / "patients.parquet")
    change(people).to_parquet(tmp_path / "records" / "patients.parquet", index=False)
    monkeypatch.chdir(tmp_path)
    Path("governance.toml").write_text(GOVERNANCE)

    done = run_here(
        *("features", "build", "--records", tmp_path / "records", "--index-date", LIST_DATE, "--engine", "spark"),
        *("--out", "out"),
    )

    assert done.exit_code == 5, done.stderr
    assert told in done.stderr
    assert not any(word in done.stderr for word in ("Sekretname", *numbers(20)))


def test_days_of_birth_are_reduced_at_the_door(session: Any, tmp_path: Path) -> None:
    write_trust(tmp_path / "records", patients=20, seed=3)
    file = tmp_path / "records" / "patients.parquet"
    people = pd.read_parquet(file)
    people.assign(birth_month=pd.to_datetime(people["birth_month"]).dt.date + pd.Timedelta(days=16)).to_parquet(file)
    (tmp_path / "governance.toml").write_text(GOVERNANCE)
    governance = read_governance(tmp_path / "governance.toml")

    found = records_on_spark(str(tmp_path / "records"), Silence(), governance=governance)

    born = found.tables["patients"].birth_month.to_pyarrow().to_pylist()
    assert {day.day for day in born} == {1}
    assert [one for one in found.permission.left_out if one.rule.startswith("day of birth")]


def test_a_folder_without_a_required_table_is_told(session: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"patients.parquet cannot be read .*vi-risk mapping export"):
        read_canonical(session, str(tmp_path))


def test_two_records_in_one_session_are_not_mixed_up(session: Any, make_records: MakeRecords, tmp_path: Path) -> None:
    from pyspark.errors import AnalysisException

    opened = []
    for name in ("p", "q"):
        records = make_records(patients=[{"patient_id": name}], spells=[{"patient_id": name, "admitted_on": LIST_DATE}])
        (tmp_path / name).mkdir()
        records.write_parquet({table: tmp_path / name / f"{table}.parquet" for table in records.tables})
        opened.append(read_canonical(session, str(tmp_path / name)))
    assert [there.tables["patients"].patient_id.to_pyarrow().to_pylist() for there in opened] == [["p"], ["q"]]
    assert opened[0].fingerprints() != opened[1].fingerprints()
    opened[0].workspace.close()
    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_NOT_FOUND"):
        opened[0].tables["patients"].count().to_pyarrow()
    assert opened[1].tables["patients"].count().to_pyarrow().as_py() == 1
