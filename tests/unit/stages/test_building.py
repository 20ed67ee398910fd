"""What a stage leaves in an output folder beside what its layer is tested for."""

from pathlib import Path

import pandas as pd
import pytest

from vi_risk.errors import InputError
from vi_risk.models.snapshot_files import PARTICULARS_FILES
from vi_risk.running.run_file import LISTED_BEFORE
from vi_risk.stages.building import keep_listed_before

LISTED = pd.DataFrame({"patient_id": ["a", "b"], "practice_code": "A", "rank": [1, 2], "themes": [["falls"], []]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    out = tmp_path / "out"
    out.mkdir()
    pd.DataFrame({"patient_id": ["b", "c"]}).to_parquet(out / PARTICULARS_FILES["objectors"])
    return out


def test_who_objects_by_now_is_not_kept_from_the_list_before(folder: Path, tmp_path: Path) -> None:
    LISTED.to_parquet(tmp_path / "listed.parquet")

    keep_listed_before(tmp_path / "listed.parquet", folder)

    kept = pd.read_parquet(folder / LISTED_BEFORE)
    assert kept["patient_id"].tolist() == ["a"]
    assert list(kept) == list(LISTED)


def test_a_damaged_list_before_is_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "listed.parquet").write_bytes(b"PAR1")

    with pytest.raises(InputError, match=r"--previous: listed\.parquet: is no whole Parquet file"):
        keep_listed_before(tmp_path / "listed.parquet", folder)
