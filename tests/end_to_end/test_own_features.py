"""A site's own declared features, its sensitive groups and its cache, from the flags to the lists."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import GOVERNANCE
from tests.end_to_end.conftest import LIST_DATE, Ended, Invoke, run_here

OWN = """\
domain = "acute use"

[our_stays]
title = "Emergency stays, by our own count"
table = "admissions"
measure = "count"
where = { admission_method = "@emergency" }
windows = [365]
unit = "stays"
direction = "up"
reason = "{n} emergency stay{s} by our own count in the last {window}"

[our_blood]
title = "Blood-borne condition"
table = "diagnoses"
measure = "group_flags"
codes = "our_blood"
windows = [365]
reason = "{group} recorded in the last {window}"
"""
BLOOD = """\
system,code,group,title,points,replaced_by,sensitive
icd10,B20,hiv,HIV,1,,hiv
icd10,D57,sickle,sickle cell disease,1,,
"""


def declare(folder: Path) -> Path:
    (folder / "codelists").mkdir(parents=True)
    (folder / "own.toml").write_text(OWN)
    (folder / "codelists" / "our_blood.csv").write_text(BLOOD)
    return folder


@pytest.fixture(scope="module")
def by_stages(trust: Path, small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """Build with a folder of our own that goes before any later stage runs."""
    cwd = tmp_path_factory.mktemp("own")
    declare(cwd / "ours")
    (cwd / "governance.toml").write_text(GOVERNANCE + "hiv = true\n")
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        build = ("features", "build", "--records", trust, "--model", small_model, "--index-date", LIST_DATE)
        flags = ("--features", "ours", "--governance", "governance.toml", "--cache", "kept")
        for arguments in (
            (*build, *flags, "--out", "first"),
            (*build, *flags),
            ("train",),
            ("score",),
        ):
            if arguments == ("train",):
                shutil.rmtree("ours")
            result = run_here(*arguments)
            assert result.exit_code == 0, result.stderr
            told.append(result.stderr)
    return Ended(cwd, 0, "", "\n".join(told))


def test_later_stages_use_the_catalogue_of_the_features_and_need_no_folder(by_stages: Ended) -> None:
    run = json.loads((by_stages.out / "run.json").read_text())
    saved = json.loads((by_stages.out / "catalogue.json").read_text())

    assert {"our_stays_365d", "our_blood_sickle_365d"} <= set(pd.read_parquet(by_stages.out / "features.parquet"))
    assert "our_stays" in [definition["name"] for definition in saved["definitions"]]
    assert "our_stays_365d" in run["model"]["features"]
    assert len(pd.read_parquet(by_stages.out / "scores.parquet")) == run["scores"]["people"] > 0


def test_what_governance_allows_is_read_and_the_run_says_so(by_stages: Ended) -> None:
    run = json.loads((by_stages.out / "run.json").read_text())

    assert "our_blood_hiv_365d" in pd.read_parquet(by_stages.out / "features.parquet")
    assert run["features"]["sensitive"] == {"hiv": True}
    assert "Sensitive codes used, as the governance file permits: HIV and AIDS." in by_stages.stderr


def test_a_second_build_takes_everything_from_the_cache_and_gives_the_same_files(by_stages: Ended) -> None:
    counts = [line for line in by_stages.stderr.splitlines() if "taken from it" in line]
    assert [line.split()[1] == "0" for line in counts] == [True, False]
    assert ", 0 computed" in counts[1]
    for name in ("features.parquet", "cohort.parquet", "catalogue.json"):
        assert (by_stages.cwd / "first" / name).read_bytes() == (by_stages.out / name).read_bytes()


@pytest.mark.parametrize(
    ("flags", "code", "told"),
    [
        (("--features", "none"), 4, "none: no such folder. Name a folder of feature declarations"),
        (("--features", "bad"), 4, "bad/own.toml: x: table must be one of patients, "),
        (
            ("--governance", "wrong.toml"),
            4,
            "sensitive.hvi: no code list has groups of this kind. Expected one of: custody, fertility, ",
        ),
        (
            ("--governance", "unsaid.toml"),
            5,
            "unsaid.toml: sensitive.hiv: expected true or false, without quotes.",
        ),
        (("--cache", "out/cache"), 2, "--cache out/cache: lies in the output folder"),
    ],
)
def test_what_is_off_is_told_before_any_work(
    invoke: Invoke, tmp_path: Path, flags: tuple[str, ...], code: int, told: str
) -> None:
    (tmp_path / "bad").mkdir()
    entry = '[x]\ntitle = "x"\ntable = "wards"\nmeasure = "count"\nwindows = [9]\nreason = "x"\n'
    (tmp_path / "bad" / "own.toml").write_text('domain = "person"\n' + entry)
    (tmp_path / "wrong.toml").write_text(GOVERNANCE + "hvi = true\n")
    (tmp_path / "unsaid.toml").write_text(GOVERNANCE + 'hiv = "yes"\n')

    ended = invoke("features", "build", "--records", "records", "--index-date", LIST_DATE, *flags)

    assert ended.exit_code == code
    assert told in ended.stderr
    assert not (tmp_path / "out").exists()
