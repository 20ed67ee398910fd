"""Those who write the features by hand make the very values of the engine."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from benchmarks import make_records
from benchmarks.agreement import disagreements
from benchmarks.contenders import by_hand_pandas, engine, scan, sql
from benchmarks.measured import MARK
from benchmarks.place import Asked, Place
from benchmarks.subsets import SUBSETS

PATIENTS, EVENTS = 2000, 200_000


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """Two copies of a trust of a thousand people, and the engine's features of them."""
    folder = tmp_path_factory.mktemp("place")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make_records, "COPIES", 2)
        patch.setattr(make_records, "_NEAR", 0.5)  # one trust is enough here
        rows = make_records.make_records(folder, patients=PATIENTS, events=EVENTS, seed=1)
    assert rows == pytest.approx(EVENTS, rel=0.5)
    asked = Asked(Place(folder, 2), 1, "by_hand", "portable", folder / "engine.parquet", None)
    engine.main(asked)
    return asked


def test_the_copies_have_the_same_rows_under_other_ids(asked: Asked) -> None:
    connection = duckdb.connect()
    one, other = (connection.read_parquet(path) for path in asked.place.files("spells"))
    assert one.count("*").fetchone() == other.count("*").fetchone()
    strip = "SELECT patient_id[4:] AS patient_id, spell_id[4:] AS spell_id, admitted_on, discharged_on FROM"
    assert connection.sql(f"({strip} one) EXCEPT ALL ({strip} other)").fetchall() == []
    assert connection.sql("SELECT patient_id FROM one INTERSECT SELECT patient_id FROM other").fetchall() == []


def test_the_cohort_of_eight_dates_ends_with_the_cohort_of_one(asked: Asked) -> None:
    connection = duckdb.connect()
    eight, one = (connection.read_parquet(asked.place.cohort(dates)) for dates in (8, 1))
    assert eight.aggregate("count(DISTINCT index_date)").fetchall() == [(8,)]
    assert (
        connection.sql("FROM eight WHERE index_date = (SELECT max(index_date) FROM eight) EXCEPT FROM one").fetchall()
        == []
    )
    assert one.aggregate("count(*) > 1500, count(gp_seen_from) > 500, count(gp_seen_from) < count(*)").fetchall() == [
        (True, True, True)
    ]


@pytest.mark.parametrize("contender", [sql, by_hand_pandas])
def test_by_hand_makes_the_values_of_the_engine(asked: Asked, contender: object) -> None:
    theirs = asked.place.folder / "theirs.parquet"
    write_features = contender.write_features  # type: ignore[attr-defined]
    written = write_features(replace(asked, out=theirs))
    connection = duckdb.connect()
    ours = connection.read_parquet(str(asked.out))
    assert (written,) == ours.count("*").fetchone()
    assert set(connection.read_parquet(str(theirs)).columns) == set(ours.columns)
    assert disagreements(asked.out, theirs) == {}


def test_every_feature_that_is_compared_has_values_that_differ_between_people(asked: Asked) -> None:
    ours = duckdb.read_parquet(str(asked.out))
    names = ours.columns[2:]
    constant = ours.aggregate(", ".join(f"count(DISTINCT {name}) < 2" for name in names)).fetchone()
    assert constant is not None
    assert [name for name, same in zip(names, constant, strict=True) if same] == []


def test_the_scan_reads_columns_that_are_there(asked: Asked) -> None:
    assert scan.scan(asked) > PATIENTS


def test_the_counts_of_featuretools_are_features_of_the_engine(asked: Asked) -> None:
    assert len(engine.catalogue_of("counts").features) == 17
    assert len(engine.catalogue_of("by_hand").features) == 68
    assert all(len(set(names)) == len(names) for names in SUBSETS.values())


def trust_of_so_many_rows(folder: Path, **asked: Any) -> None:
    """Write rows that begin to come after a year: half the days, not half the rows."""
    folder.mkdir(exist_ok=True)
    rows = asked["patients"] * max(0, (asked["last_day"] - asked["first_day"]).days - 365) // 10
    duckdb.sql(f"FROM range({rows})").write_parquet(str(folder / "spells.parquet"))


def test_the_span_is_chosen_until_the_number_of_rows_is_near(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vi_risk.records.synthetic.write_trust", trust_of_so_many_rows)
    make_records._write_trust(tmp_path / "trust", patients=100, rows=12_000, seed=1)
    assert duckdb.read_parquet(str(tmp_path / "trust" / "spells.parquet")).shape[0] == pytest.approx(12_000, rel=0.1)


@pytest.mark.parametrize("events", [2000, 2_000_000])
def test_too_few_and_too_many_rows_are_refused_with_what_there_can_be(tmp_path: Path, events: int) -> None:
    with pytest.raises(SystemExit, match=r"so many patients have [\d,]+ rows in three years and [\d,]+ in seven"):
        make_records.make_records(tmp_path, patients=PATIENTS, events=events, seed=1)


def test_a_contender_says_what_it_took(asked: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    engine.main(replace(asked, features="counts", out=asked.place.folder / "counts.parquet"))
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith(MARK)
    assert '"features": 17' in line
