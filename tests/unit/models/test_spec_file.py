"""A spec that is written is the same spec when it is read."""

from pathlib import Path

import pytest

from vi_risk.declared import shipped
from vi_risk.models.spec import load_spec
from vi_risk.models.spec_file import write_spec


@pytest.mark.parametrize("name", sorted(path.stem for path in shipped("models").glob("*.toml")))
def test_every_shipped_spec_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    write_spec(load_spec(name), tmp_path / "tuned.toml", comment="Found by a search.\n\nOn two lines.")

    assert load_spec(tmp_path / "tuned.toml") == load_spec(name)
    assert (tmp_path / "tuned.toml").read_text().startswith("# Found by a search.\n#\n# On two lines.\n\nname = ")


def test_shipped_companions_are_named_and_others_written_beside(tmp_path: Path) -> None:
    shipped_ones, seeded = load_spec(), load_spec().with_seed(7)

    write_spec(shipped_ones, tmp_path / "a.toml")
    assert [path.name for path in tmp_path.iterdir()] == ["a.toml"]
    write_spec(seeded, tmp_path / "b.toml")

    assert load_spec(tmp_path / "b.toml") == seeded
    assert {path.name for path in tmp_path.iterdir()} == {
        "a.toml", "b.toml", *(f"b.{companion.name}.toml" for companion in seeded.companions),
    }  # fmt: skip


def test_words_with_quotes_and_letters_of_any_kind_come_back(tmp_path: Path) -> None:
    spec = load_spec().model_copy(update={"title": 'Tŷ Coch: "a" \\ b\nc\x7f', "companions": ()})

    write_spec(spec, tmp_path / "own.toml")

    assert load_spec(tmp_path / "own.toml") == spec
