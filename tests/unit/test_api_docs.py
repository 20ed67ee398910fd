"""Every public name says what it is, what it takes, what it gives and what it raises, with an example that runs."""

import ast
import doctest
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import griffe
import pytest

import vi_risk
from vi_risk import errors

PACKAGE = griffe.load("vi_risk", docstring_parser="numpy", resolve_aliases=True)
KINDS = {name for name, value in vars(errors).items() if inspect.isclass(value)}
PUBLIC_KINDS = KINDS & {*vi_risk.__all__}
VERBS = sorted(name for name in vi_risk.__all__ if inspect.isfunction(getattr(vi_risk, name)))
TYPES = sorted(name for name in vi_risk.__all__ if inspect.isclass(getattr(vi_risk, name)) and name not in KINDS)
# What scikit-learn has estimators say of themselves is said there.
_OF_SKLEARN = ("get_params", "set_params", "score", "set_fit_request", "set_score_request", "get_metadata_routing")


def _methods() -> Iterator[str]:
    for name in TYPES:
        for method, value in inspect.getmembers(getattr(vi_risk, name), callable):
            own = getattr(value, "__module__", "") or ""
            if not method.startswith("_") and own.startswith("vi_risk") and method not in (*_OF_SKLEARN, *_FOR_REFITS):
                yield f"{name}.{method}"


# What scikit-learn calls them everywhere; `fit` explains them.
_OF_THE_CONTRACT = {"X", "y", "groups", "sample_weight"}
# What refits take of an estimator: for the library itself.
_FOR_REFITS = ("settings", "binned", "raw_by")
METHODS = sorted(_methods())


def _function(name: str) -> object:
    of, _, method = name.partition(".")
    found = getattr(vi_risk, of)
    return getattr(found, method) if method else found


def _sections(name: str) -> dict[str, griffe.DocstringSection]:
    """Return the sections of a docstring by their kind."""
    docstring = griffe.Docstring(inspect.getdoc(_function(name)) or "", parser="numpy")
    return {section.kind.value: section for section in docstring.parse(warnings=False)}


def _documented(section: griffe.DocstringSection | None) -> set[str]:
    """Return the names that a section explains; `first, second` are two."""
    given = [] if section is None else [one.name for one in section.value]
    return {part.strip().lstrip("*") for name in given for part in name.split(",")}


def _parameters(name: str) -> list[str]:
    return [one for one in inspect.signature(_function(name)).parameters if one not in ("self", "cls")]  # type: ignore[arg-type]


def _raised(name: str) -> set[str]:
    """Return the kinds of our errors that the function itself raises."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(_function(name))))  # type: ignore[arg-type]
    raised = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc is not None]
    names = {word for error in raised for word in re.findall(r"\w+", ast.unparse(error))}
    return names & KINDS


def _raises(name: str) -> set[str]:
    """Return the kinds of errors that a docstring says are raised."""
    section = _sections(name).get("raises")
    return {kind.strip() for one in section.value for kind in str(one.annotation).split(",")} if section else set()


# It takes nothing and reads nothing.
_RAISES_NOTHING = ("data_dictionary",)


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_explains_its_parameters_its_result_and_its_errors(name: str) -> None:
    sections = _sections(name)

    assert set(_parameters(name)) <= _documented(sections.get("parameters")), "every parameter has its own words"
    assert "returns" in sections or inspect.signature(_function(name)).return_annotation is None  # type: ignore[arg-type]
    assert ("raises" in sections) == (name not in _RAISES_NOTHING)
    assert _raised(name) <= _raises(name) <= PUBLIC_KINDS


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_explains_no_parameter_that_it_does_not_have(name: str) -> None:
    assert _documented(_sections(name).get("parameters")) <= set(_parameters(name))


@pytest.mark.parametrize("name", METHODS)
def test_a_method_names_its_parameters_and_the_errors_that_it_raises(name: str) -> None:
    text = inspect.getdoc(_function(name)) or ""

    assert text
    told = _OF_THE_CONTRACT if not name.endswith(".fit") else set()
    assert {one for one in _parameters(name) if not re.search(rf"\b{one}\b", text)} <= told
    assert {kind for kind in _raised(name) if kind not in text} == set()


@pytest.mark.parametrize("name", TYPES)
def test_a_type_explains_its_fields(name: str) -> None:
    cls = getattr(vi_risk, name)
    text = inspect.getdoc(cls) or ""
    fields = list(getattr(cls, "__dataclass_fields__", {}) or getattr(cls, "model_fields", {}))

    assert {one for one in fields if not one.startswith("_") and not re.search(rf"\b{one}\b", text)} == set()


def test_every_public_name_is_a_verb_a_type_or_an_error() -> None:
    assert {*VERBS, *TYPES, *PUBLIC_KINDS, "Model"} == {*vi_risk.__all__}


# What an example has in the place of a name: a value of it that another verb gave, or the verb that gives one.
_SHOWN_BY = {
    "CaseList": "lists",
    "CaseListRules": "load_rules",
    "Catalogue": "read_catalogue",
    "CodeList": "codelists",
    "Evaluation": "evaluate",
    "MappingReport": "check_mapping",
    "ModelSpec": "load_spec",
    "Snapshots": "snapshots",
}


@pytest.mark.parametrize("name", [*TYPES, *sorted(PUBLIC_KINDS), *VERBS])
def test_a_public_name_has_an_example_of_its_own_that_shows_it(name: str) -> None:
    own = getattr(vi_risk, name).__doc__ or ""  # not one that it inherits
    examples = doctest.DocTestParser().get_examples(own)

    assert re.search(rf"\b{_SHOWN_BY.get(name, name)}\b", "".join(f"{one.source}{one.want}" for one in examples))


def test_each_public_error_is_raised_by_a_public_verb_and_no_other_is() -> None:
    raised = {kind for name in VERBS for kind in _raises(name)}

    assert raised | {"ViRiskError"} == PUBLIC_KINDS  # the others are of commands, which end with their exit codes


def test_the_page_of_the_api_has_every_public_name() -> None:
    page = (Path(vi_risk.__file__).parents[1] / "docs" / "reference" / "api.md").read_text()
    told = re.findall(r"^::: vi_risk\.(\w+)$", page, re.MULTILINE)

    assert sorted([*told, "Model"]) == sorted(vi_risk.__all__)
    assert "`vi_risk.Model`" in page
