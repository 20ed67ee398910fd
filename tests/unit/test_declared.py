"""A declared file lies in the folder that was named, and nothing leads out of it."""

from pathlib import Path

import pytest

from vi_risk.declared import find, leads_out, read_toml
from vi_risk.errors import SpecificationError, UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "site"
    (place / "codelists").mkdir(parents=True)
    (place / "own.toml").touch()
    (tmp_path / "elsewhere.toml").touch()
    (place / "link.toml").symlink_to(tmp_path / "elsewhere.toml")
    (place / "link inside.toml").symlink_to(place / "own.toml")
    (place / "circle.toml").symlink_to(place / "circle.toml")
    (tmp_path / "site too").symlink_to(place)
    return place


@pytest.mark.parametrize(
    "name", ["own.toml", "not yet there.toml", "codelists/a.csv", "a/../own.toml", "link inside.toml"]
)
def test_what_lies_in_the_folder_stays_in_it(folder: Path, name: str) -> None:
    assert not leads_out(folder / name, folder)
    assert not leads_out(folder.with_name("site too") / name, folder)


@pytest.mark.parametrize(
    "name", ["../elsewhere.toml", "/etc/hostname", "link.toml", "../site2/a.toml", "circle.toml", "a\x00"]
)
def test_what_lies_elsewhere_leads_out_however_it_is_named(folder: Path, name: str) -> None:
    assert leads_out(folder / name, folder)


@pytest.mark.parametrize("name", ["a" * 5_000, "a" * 5_000 + ".toml", "a\x00", "a\x00.toml"])
def test_what_can_be_no_name_of_a_file_is_no_file(folder: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"no such model spec file|no model spec of that name is shipped"):
        find(name, folder, what="model spec")


def test_a_file_nested_beyond_reason_is_refused_in_words(folder: Path) -> None:
    (folder / "deep.toml").write_text("a = " + "[" * 20_000 + "]" * 20_000)

    with pytest.raises(SpecificationError, match=r"deep\.toml: has lists or tables nested hundreds deep"):
        read_toml(folder / "deep.toml")
