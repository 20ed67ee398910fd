"""A declared file lies in the folder that was named, and nothing leads out of it."""

import importlib
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, ValidationError

from vi_risk.declared import faults_of, find, leads_out, read_toml
from vi_risk.errors import SpecificationError, UsageError

# The modules of whatever is declared in TOML; what they import is declared there too.
DECLARING = ("features.definition", "governance.declaration", "models.spec", "reasons.prompts", "records.mapping")


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


# --- the words of faults ----------------------------------------------------------------------------------------------


def declared_classes() -> list[type[BaseModel]]:
    for module in DECLARING:
        importlib.import_module(f"vi_risk.{module}")
    return sorted((one for one in _below(BaseModel) if one.__module__.startswith("vi_risk.")), key=str)


def _below(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


ONE_OF_EACH = (
    *(
        "",
        "x",
        1,
        -5,
        10**30,
        1.5,
        float("nan"),
        float("inf"),
        True,
        date(2025, 1, 1),
        datetime.fromisoformat("2025-01-01T08:00"),
        time(3),
    ),
    *([], {}),
)
WRITTEN = (*ONE_OF_EACH, *([one] for one in ONE_OF_EACH), *({"x": one} for one in ONE_OF_EACH), [{"x": 1}])


def test_there_are_declared_classes_to_ask() -> None:
    assert {"ModelSpec", "Definition", "Governance", "TableMapping"} <= {one.__name__ for one in declared_classes()}


@pytest.mark.parametrize("declared", declared_classes(), ids=lambda declared: declared.__name__)
def test_no_value_of_toml_is_refused_in_the_words_of_pydantic(declared: type[BaseModel]) -> None:
    in_its_words = set()
    for key in declared.model_fields:
        for value in WRITTEN:
            try:
                declared.model_validate({key: value})
            except ValidationError as error:
                told = "\n".join(faults_of(error, "file.toml"))
                own = {fault["msg"] for fault in error.errors() if fault["type"] != "value_error"}
                in_its_words |= {words for words in own if words[1:] in told}

    assert in_its_words == set()


class _Declared(BaseModel):
    names: tuple[int, ...] = Field(min_length=1)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ((), ["file.toml: names: expected a list of 1 or more. Found ()."]),
        (("x",), ["file.toml: names: expected a whole number. Found 'x'."]),
    ],
    ids=["it is empty", "what it holds is at fault"],
)
def test_a_list_is_too_short_only_where_it_holds_too_little(names: tuple[str, ...], told: list[str]) -> None:
    with pytest.raises(ValidationError) as refused:
        _Declared.model_validate({"names": names})

    assert faults_of(refused.value, "file.toml") == told
