"""Whoever annotates a program that calls the library can name every type that it takes and gives."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import griffe
import pytest

import vi_risk
import vi_risk.types
from tools.public_surface import NOT_PROMISED, ROOT

PUBLIC = {*vi_risk.__all__, *(f"types.{name}" for name in vi_risk.types.__all__)}
# What a stage of `vi-risk run` hands to the next where a caller has a data frame, or nothing: no public verb makes one.
OF_A_RUN = {
    "vi_risk.caselists.practice.practice_summary.PracticeSummary",
    "vi_risk.models.learning.blocks.Blocks",
    "vi_risk.models.learning.uncertainty.Refits",
    "vi_risk.models.stored_features.StoredFeatures",
}


def _package(root: Path = ROOT) -> griffe.Module:
    loader = griffe.GriffeLoader(search_paths=[str(root)])
    package = loader.load("vi_risk", try_relative_path=False)
    loader.resolve_aliases(external=False)
    assert isinstance(package, griffe.Module)
    return package


def _member(found: griffe.Object | griffe.Alias) -> griffe.Object:
    return found.final_target if isinstance(found, griffe.Alias) else found


def _signatures(where: str, found: griffe.Object) -> Iterator[tuple[str, object]]:
    """Yield each annotation of a function, or of what a type promises, with where it stands."""
    if isinstance(found, griffe.Function):
        yield from ((f"{where}({one.name})", one.annotation) for one in found.parameters)
        yield f"{where} ->", found.returns
    elif isinstance(found, griffe.Class):
        for part, value in found.all_members.items():
            private = part.startswith("_") and part != "__init__"
            if not (private or NOT_PROMISED.fullmatch(part) or (value.is_alias and not value.inherited)):
                yield from _signatures(f"{where}.{part}", _member(value))
    elif isinstance(found, griffe.Attribute):
        yield where, found.annotation


def _classes(package: griffe.Module, annotation: object) -> Iterator[str]:
    """Yield the paths of the library's own classes that an annotation names, through names for other types."""
    if isinstance(annotation, griffe.ExprSubscript) and annotation.canonical_name == "Annotated":
        annotation = next(iter(annotation.slice.iterate(flat=False)))  # what follows the type says how it is checked
    if isinstance(annotation, griffe.ExprName):
        path = annotation.canonical_path
        found = _member(package[path.removeprefix("vi_risk.")]) if path.startswith("vi_risk.") else None
        if isinstance(found, griffe.Class):
            yield found.path
        elif isinstance(found, griffe.Attribute):
            yield from _classes(package, found.value)
    elif isinstance(annotation, griffe.Expr):
        for part in annotation.iterate(flat=False):
            yield from _classes(package, part)


def _named_by_nobody(package: griffe.Module) -> dict[str, list[str]]:
    """Return the path of each class that a public signature names and a caller cannot -> the signatures."""
    public = {name: _member(package[name]) for name in sorted(PUBLIC)}
    known = {found.path for found in public.values()}
    missing: dict[str, list[str]] = {}
    for name, found in public.items():
        for where, annotation in _signatures(name, found):
            for path in _classes(package, annotation):
                if path not in known:
                    missing.setdefault(path, []).append(where)
    return missing


@pytest.fixture(scope="module")
def package() -> griffe.Module:
    return _package()


def test_every_class_in_a_public_signature_is_public(package: griffe.Module) -> None:
    named = _named_by_nobody(package)

    assert {path: where for path, where in named.items() if path not in OF_A_RUN} == {}
    assert sorted(named) == sorted(OF_A_RUN), "an exception that is none any more"


def test_what_a_run_hands_on_is_the_result_of_no_verb(package: griffe.Module) -> None:
    where = [place for places in _named_by_nobody(package).values() for place in places]

    assert where
    assert [one for one in where if one.endswith("->")] == [], "a caller would be given what he cannot name"


def test_a_type_for_annotations_is_part_of_a_public_signature(package: griffe.Module) -> None:
    public = {name: _member(package[name]) for name in sorted(PUBLIC)}
    named = {
        path
        for name, found in public.items()
        for _, annotation in _signatures(name, found)
        for path in _classes(package, annotation)
    }

    assert [name for name, found in public.items() if name.startswith("types.") and found.path not in named] == []


def test_a_type_that_nobody_can_name_is_found_as_argument_result_and_field(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "vi_risk", tmp_path / "vi_risk", ignore=shutil.ignore_patterns("__pycache__"))
    for path, old, new in [
        ("caselists/ranking.py", "def choose(\n    scores: pd.DataFrame,", "def choose(\n    scores: Hidden,"),
        (
            "models/spec.py",
            "    title: str\n",
            "    title: str\n    hidden: Annotated[tuple['Hidden', ...], Table] = ()\n",
        ),
        ("reasons/explain.py", ") -> pd.DataFrame:", ") -> dict[str, Hidden]:"),
    ]:
        source = tmp_path / "vi_risk" / path
        text = source.read_text()
        assert old in text, path
        source.write_text(
            text.replace(old, new).replace(
                "\nfrom vi_risk.", "\nfrom vi_risk.hidden import Hidden, Table\nfrom vi_risk.", 1
            )
        )
    (tmp_path / "vi_risk" / "hidden.py").write_text(
        "class _Real:\n    pass\n\n\nclass Table:\n    pass\n\n\nHidden = _Real | None\n"
    )

    found = _named_by_nobody(_package(tmp_path))

    assert found["vi_risk.hidden._Real"] == ["ModelSpec.hidden", "choose(scores)", "explain ->"]
    assert "vi_risk.hidden.Table" not in found, "it says how a value is checked, and is none"
