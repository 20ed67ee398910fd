import json
import stat
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.conftest import MakeRecords
from tests.unit.identity.people import KEY, NUMBERS, OTHER_KEY
from vi_risk.errors import InputError, ResourceError, UsageError
from vi_risk.identity import folders
from vi_risk.identity.folders import open_pseudonymised, write_pseudonymised
from vi_risk.identity.link_table import read_links
from vi_risk.identity.pseudonymising import Pseudonymised, pseudonymised


@pytest.fixture
def made(make_records: MakeRecords) -> Pseudonymised:
    return pseudonymised(make_records(patients=[{"patient_id": number} for number in NUMBERS]), KEY)


def test_records_and_link_table_go_to_two_places(tmp_path: Path, made: Pseudonymised) -> None:
    out, links = tmp_path / "records", tmp_path / "keys" / "links"
    write_pseudonymised(made, out, links, KEY)
    assert sorted(path.name for path in out.iterdir()) == ["patients.parquet", "pseudonyms.json"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert read_links(links, KEY).people == 60
    about = json.loads((out / "pseudonyms.json").read_text())
    assert (about["key"], about["people"], about["purpose"]) == (KEY.key_id, 60, "direct care")
    for path in (*out.iterdir(), links):
        assert not any(number.encode() in path.read_bytes() for number in NUMBERS)
    assert not set(pq.read_table(out / "patients.parquet")["patient_id"].to_pylist()) & set(NUMBERS)


def test_the_link_table_never_lies_with_the_records_or_in_a_git_tree(tmp_path: Path, made: Pseudonymised) -> None:
    out = tmp_path / "records"
    with pytest.raises(UsageError, match="with the records that it leads back from"):
        write_pseudonymised(made, out, out / "deep" / "links", KEY)
    (tmp_path / "tree" / ".git").mkdir(parents=True)
    with pytest.raises(UsageError, match="lies in the git tree"):
        write_pseudonymised(made, out, tmp_path / "tree" / "links", KEY)
    assert not out.exists()


def test_records_whose_link_table_cannot_be_written_are_not_written(
    tmp_path: Path, made: Pseudonymised, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise ResourceError("full")

    monkeypatch.setattr(folders, "write_links", full)
    with pytest.raises(ResourceError, match="full"):
        write_pseudonymised(made, tmp_path / "records", tmp_path / "links", KEY)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_another_key_or_of_none_is_refused(tmp_path: Path, made: Pseudonymised) -> None:
    out = tmp_path / "records"
    write_pseudonymised(made, out, tmp_path / "links", KEY)
    assert list(open_pseudonymised(out, KEY).tables) == ["patients"]
    with pytest.raises(InputError, match=f"made with key {KEY.key_id}, and this is key {OTHER_KEY.key_id}"):
        open_pseudonymised(out, OTHER_KEY)
    (out / "pseudonyms.json").write_text("[]")
    for folder in (out, tmp_path / "absent"):
        with pytest.raises(InputError, match=r"has no pseudonyms\.json, or a damaged one"):
            open_pseudonymised(folder, KEY)
