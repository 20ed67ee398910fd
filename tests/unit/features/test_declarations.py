"""A folder of declarations holds its own files; a link to a file elsewhere is not read."""

from pathlib import Path

import pytest

from vi_risk.errors import SpecificationError
from vi_risk.features.catalogue import read_catalogue

ZEBRA = "zebra-4127"  # what stands elsewhere


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    place = tmp_path / "elsewhere"
    place.mkdir()
    (place / "a.toml").write_text(f'domain = "{ZEBRA}"\n[one]\n')
    (place / "a.csv").write_text(f"system,code,group\nicd10,I10,{ZEBRA}\n")
    return place


@pytest.mark.parametrize("name", ["a.toml", "codelists/a.csv"])
def test_a_link_that_leads_out_of_the_folder_is_refused_unread(tmp_path: Path, elsewhere: Path, name: str) -> None:
    link = tmp_path / "own" / name
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere / Path(name).name)

    with pytest.raises(SpecificationError) as refused:
        read_catalogue(tmp_path / "own")

    assert str(refused.value) == (f"{link}: is a link that leads out of the folder. Put the file itself there.")


def test_so_is_a_folder_of_code_lists_that_is_one(tmp_path: Path, elsewhere: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "codelists").symlink_to(elsewhere)

    with pytest.raises(SpecificationError, match=r"codelists/a\.csv: is a link that leads out of the folder"):
        read_catalogue(tmp_path / "own")


def test_the_folder_itself_may_be_reached_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "own" / "codelists").mkdir(parents=True)
    (tmp_path / "own" / "codelists" / "ours.csv").write_text("system,code,group\nicd10,I10,high_blood_pressure\n")
    (tmp_path / "link").symlink_to(tmp_path / "own")

    assert "ours" in read_catalogue(tmp_path / "link").codelists
