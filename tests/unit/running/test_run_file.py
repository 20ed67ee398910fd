import json
from pathlib import Path

import pytest

from vi_risk.errors import InputError
from vi_risk.running.revision import code_revision
from vi_risk.running.run_file import FILES, OWNED, RUN_FILE, read_run, update_run, versions, write_json


def parts_of(folder: Path) -> dict[str, object]:
    """Return the stages' parts of the run file, versions left out."""
    content: dict[str, object] = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    assert content.pop("versions") == versions()
    assert content.pop("git_revision", None) == code_revision()
    return content


def test_each_stage_adds_its_part_beside_those_before_it(tmp_path: Path) -> None:
    update_run(tmp_path, "records", {"rows": 1})
    update_run(tmp_path, "features", {"columns": 2})

    assert parts_of(tmp_path) == {"records": {"rows": 1}, "features": {"columns": 2}}
    assert read_run(tmp_path, needs="features", command="features build")["features"] == {"columns": 2}


def test_what_rests_on_a_stage_goes_with_its_files_when_it_is_done_again(tmp_path: Path) -> None:
    for stage, names in FILES.items():
        for name in names:
            if "." in name:
                (tmp_path / name).write_text("old")
            else:
                (tmp_path / name).mkdir()
                (tmp_path / name / "file").write_text("old")
        update_run(tmp_path, stage, {"n": 1})
    (tmp_path / "minutes.txt").write_text("the team's own")

    update_run(tmp_path, "model", {"n": 2})

    assert parts_of(tmp_path) == {"records": {"n": 1}, "features": {"n": 1}, "tuning": {"n": 1}, "model": {"n": 2}}
    kept = {RUN_FILE, *FILES["records"], *FILES["features"], *FILES["tuning"], *FILES["model"], "minutes.txt"}
    assert {path.name for path in tmp_path.iterdir()} == kept


def test_everything_that_a_stage_writes_is_known_as_ours() -> None:
    assert set(OWNED) == {RUN_FILE, *(name for names in FILES.values() for name in names)}


def test_a_part_that_is_not_there_yet_is_asked_for_by_the_verb_that_writes_it(tmp_path: Path) -> None:
    update_run(tmp_path, "features", {})

    with pytest.raises(InputError, match="Run `vi-risk train` with the same --out first"):
        read_run(tmp_path, needs="model", command="train")


def test_without_a_run_file_the_stage_before_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"run\.json: is not in the output folder\. Run `vi-risk train` with the same"):
        read_run(tmp_path, needs="model", command="train")


DAMAGED = pytest.mark.parametrize("content", [b"", b'{"records": ', b"\xff\xfe", b"[1]", b"3", b"{}"])


@DAMAGED
def test_a_damaged_run_file_is_refused_with_what_to_run(tmp_path: Path, content: bytes) -> None:
    (tmp_path / RUN_FILE).write_bytes(content)

    with pytest.raises(InputError, match=r"run\.json: .*Run `vi-risk features build` with the same --out again"):
        read_run(tmp_path, needs="model", command="train")


@DAMAGED
def test_a_stage_that_begins_anew_writes_over_a_damaged_run_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / RUN_FILE).write_bytes(content)

    update_run(tmp_path, "records", {"rows": 1})

    assert parts_of(tmp_path) == {"records": {"rows": 1}}


def test_the_file_is_for_people_and_holds_no_nan(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"practice": "Tŷ Coch", "n": 1})

    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "practice": "Tŷ Coch",\n  "n": 1\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "b.json", {"auroc": float("nan")})


def test_versions_name_what_decides_a_result() -> None:
    found = versions()

    assert {"vi_risk", "python", "duckdb", "lightgbm", "numpy", "pandas"} <= set(found)
    assert all(found.values())
