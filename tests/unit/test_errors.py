"""One tree of errors: whatever is refused on purpose is of it, and what else is raised has its reason here."""

import ast
from collections import Counter
from pathlib import Path

import vi_risk
from vi_risk import errors

_PACKAGE = Path(vi_risk.__file__).parent
TREE = {name: value for name, value in vars(errors).items() if isinstance(value, type)}
# (module, kind) -> why it reaches nobody, or what of Python's own it is.
OTHERS = {
    # turned into a message of the tree where a declared file is read (vi_risk.declared.faults_of)
    ("features/conditions.py", "ValueError"): "a rule of pydantic's",
    ("features/definition.py", "ValueError"): "a rule of pydantic's",
    ("governance/declaration.py", "ValueError"): "a rule of pydantic's",
    ("models/spec.py", "ValueError"): "a rule of pydantic's",
    ("models/spec_tables.py", "ValueError"): "a rule of pydantic's",
    ("records/extract_files.py", "ValueError"): "a rule of pydantic's",
    ("records/mapping.py", "ValueError"): "a rule of pydantic's",
    ("records/units.py", "ValueError"): "a rule of pydantic's",
    # caught in the same module, and told in its words
    ("features/codelists.py", "ValueError"): "points that are no number",
    ("identity/identified_copies.py", "ValueError"): "a file that lacks somebody",
    ("identity/listed_people.py", "ValueError"): "a row of another length than the heading",
    ("identity/keys.py", "ValueError"): "a key of another format",
    ("models/learning/inputs.py", "TypeError"): "a column that is no feature",
    ("records/sources.py", "duckdb.InvalidInputException"): "the engine's words, which are no text",
    ("reviews/answers.py", "AnswerError"): "a cell, told with its place by the import",
    ("reviews/form.py", "ValueError"): "a sheet that is no list",
    ("models/learning/blocks.py", "KeyError"): "a feature that is not there, told by the model",
    ("tracking/new_store.py", "FileExistsError"): "a store that another process has made",
    # what Python raises for the same
    ("__init__.py", "AttributeError"): "an unknown name",
    ("models/__init__.py", "AttributeError"): "an unknown name",
    ("records/tables.py", "KeyError"): "a column that is not declared",
    ("features/catalogue.py", "ValueError"): "a text that is no catalogue, as json says it",
    # a fault of ours, were it ever raised
    ("caselists/choosing/order.py", "AssertionError"): "a formula that was checked",
    ("features/sweep/columns.py", "AssertionError"): "a measure without a last step",
    ("features/sweep/known.py", "AssertionError"): "a table that is not declared so",
    ("records/checks/findings.py", "AssertionError"): "a sum that ends",
    ("models/learning/boosting.py", "NotImplementedError"): "what each estimator says for itself",
    ("models/learning/bundle.py", "TypeError"): "a value that JSON does not hold",
    ("spark/snapshots.py", "TypeError"): "records of another engine",
    ("stages/resuming.py", "TypeError"): "a value that is not declared",
    # of the command line, and turned into a message and an exit code there
    ("cli/__init__.py", "KeyboardInterrupt"): "an interruption",
    ("cli/told.py", "typer.BadParameter"): "a flag",
    ("cli/flags.py", "typer.BadParameter"): "a flag",
    ("running/files.py", "OSError"): "of the disk, told where the folder is replaced",
}


def _raised() -> Counter[tuple[str, str]]:
    """Return (module, kind) of every error of another kind that is raised by its name."""
    found: Counter[tuple[str, str]] = Counter()
    for file in sorted(_PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Raise) and node.exc is not None:
                made = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
                kind = ast.unparse(made)
                first = kind.split(".")[0]
                if first not in TREE and (first[0].isupper() or "." in kind):
                    found[str(file.relative_to(_PACKAGE)), kind] += 1
    return found


def test_whatever_is_raised_is_of_the_tree_or_has_its_reason() -> None:
    assert sorted(_raised().keys() ^ OTHERS.keys()) == []


def test_the_tree_has_one_root_and_an_exit_code_for_each_kind() -> None:
    codes = {name: kind.exit_code for name, kind in TREE.items()}

    assert all(issubclass(kind, errors.ViRiskError) for kind in TREE.values())
    assert {name for name, code in codes.items() if code == 7} == {"NotPromotedError", "LimitPassedError"}
    others = sorted(code for code in codes.values() if code != 7)
    assert others == [1, 2, 3, 4, 5, 6, 8], "each other kind has a code of its own"
    of_commands = {"NotPromotedError", "LimitPassedError", "LeakError"}  # no verb raises them
    assert set(TREE) - {*vi_risk.__all__} == of_commands


def test_faults_are_told_a_line_each() -> None:
    assert str(errors.SpecificationError.of(["first", "second"])) == "first\nsecond"
