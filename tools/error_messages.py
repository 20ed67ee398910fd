"""Every message that vi_risk refuses with, read from its source: what tools/error_page.py makes a page of.

A message is the text that an error is made of: written in the call, in a variable before it, or gathered as one of
several faults. What is filled in when it is told stands as an ellipsis; a constant of a module stands in full.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GAP = "\N{HORIZONTAL ELLIPSIS}"
# Lists, and functions, whose texts are faults that are told together.
_GATHERED = re.compile(r"faults?$|^wrong$|^unread$")
_GATHERS = re.compile(r"fault|_wrong|_too_soon|^lacking_|^_lacking|^_unknown|^why_not")
_IS_A_FAULT = re.compile(
    r"\b(expected|must|cannot|missing|not|no|none|nothing|never|unknown|twice|lacks?|outside|beyond|already|ended|"
    r"differs?|repeats?|again|instead|below|above|changed|holds?|needs?|reads?|wants?|fails?|leads?|yields|is of)\b"
)
_SHORTEST = 20  # a shorter text is a part of one


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """A message as the source has it.

    Attributes
    ----------
    kind
        Of the error; "" of a fault that is told together with others, by an error of any kind.
    area
        First folder or module under vi_risk: "records", "cli".
    text
        With `GAP` for what is filled in.
    """

    kind: str
    area: str
    text: str


def messages(kinds: Mapping[str, str], root: Path = ROOT) -> list[Message]:
    """Return every message of the package, each once, sorted.

    Parameters
    ----------
    kinds
        Name of an error class -> the kind under which its messages are told.
    """
    files = sorted((root / "vi_risk").rglob("*.py"))
    modules = {_dotted(file, root): ast.parse(file.read_text(encoding="utf-8")) for file in files}
    constants = {name: _constants(tree) for name, tree in modules.items()}
    found = {
        message
        for name, tree in modules.items()
        for message in _of_module(name, tree, kinds, _known(tree, name, constants))
    }
    return sorted(found)


def _dotted(file: Path, root: Path) -> str:
    return ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _constants(tree: ast.Module) -> dict[str, str]:
    """Return the texts that a module gives names to."""
    return {
        target.id: text
        for node in tree.body
        if isinstance(node, ast.Assign) and (text := text_of(node.value, {})) is not None
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _known(tree: ast.Module, name: str, constants: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the constants that a module may name: its own, and those that it imports."""
    imported = {
        alias.asname or alias.name: constants[node.module][alias.name]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module in constants
        for alias in node.names
        if alias.name in constants[node.module]
    }
    return {**imported, **constants[name]}


def _of_module(name: str, tree: ast.Module, kinds: Mapping[str, str], known: Mapping[str, str]) -> Iterator[Message]:
    _, _, within = name.partition(".")
    area = within.split(".")[0]
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        told: set[int] = set()
        for node in _own(function):
            if isinstance(node, ast.Call) and (kind := _kind(node.func, kinds)) is not None and node.args:
                argument = node.args[0]
                values = assigned(function, argument) if isinstance(argument, ast.Name) else [argument]
                for value in values:
                    told.add(id(value))
                    text = text_of(value, known)
                    if text is not None and len(text) >= _SHORTEST and not text.startswith(GAP + "\n"):
                        yield from (Message(kind, area, one) for one in _tidy(text))
        for value in _gathered(function):
            text = text_of(value, known)
            if id(value) not in told and text is not None and len(text) >= _SHORTEST and _IS_A_FAULT.search(text):
                yield from (Message("", area, one) for one in _tidy(text))


def _own(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield what stands in a function, without what stands in one inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [one for one in ast.iter_child_nodes(node) if not isinstance(one, ast.FunctionDef)]


def _kind(called: ast.expr, kinds: Mapping[str, str]) -> str | None:
    if isinstance(called, ast.Attribute) and called.attr == "of":
        called = called.value
    return kinds.get(called.id) if isinstance(called, ast.Name) else None


def assigned(function: ast.FunctionDef, name: ast.Name) -> list[ast.expr]:
    """Return what a variable may be in a function."""
    return [
        node.value
        for node in _own(function)
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name.id for t in node.targets)
    ]


def _gathered(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """Yield the texts that a function gathers as faults: into a list of that name, or as what it returns."""
    whole = bool(_GATHERS.search(function.name))
    for node in _own(function):
        into: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            into = [node.value] if whole or any(_is_gathered(target) for target in node.targets) else []
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            into = [node.value] if node.value is not None and (whole or _is_gathered(node.target)) else []
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("append", "extend")
        ):
            into = node.args if whole or _is_gathered(node.func.value) else []
        elif isinstance(node, ast.Return) and whole and node.value is not None:
            into = [node.value]
        for value in into:
            yield from _texts_in(value)


def _is_gathered(target: ast.expr) -> bool:
    if isinstance(target, ast.Subscript):
        target = target.value
    return isinstance(target, ast.Name) and _GATHERED.search(target.id) is not None


def _texts_in(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the outermost texts in an expression."""
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        yield node
        return
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and text_of(node, {}) is not None:
        yield node
        return
    parts = [node.elt] if isinstance(node, ast.ListComp | ast.GeneratorExp) else ast.iter_child_nodes(node)
    for part in parts:
        yield from _texts_in(part)


def text_of(node: ast.expr, known: Mapping[str, str]) -> str | None:
    """Return a text with gaps for what is filled in; None where the expression is none."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(value, known) or "" for value in node.values)
    if isinstance(node, ast.FormattedValue):
        inner = text_of(node.value, known) if isinstance(node.value, ast.Constant | ast.JoinedStr | ast.Name) else None
        return GAP if inner is None else inner
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = text_of(node.left, known), text_of(node.right, known)
        return None if left is None and right is None else f"{left or GAP}{right or GAP}"
    return None


def _tidy(text: str) -> Iterator[str]:
    """Yield the message, its gaps put together, where there is more to it than gaps."""
    tidied = re.sub(rf"{GAP}(?:[,;]? ?{GAP})+", GAP, " ".join(text.split())).strip()
    if len(re.sub(rf"[{GAP}\W]", "", tidied)) >= _SHORTEST // 2:
        yield tidied
