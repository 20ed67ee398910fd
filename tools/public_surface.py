"""Write docs/reference/public_surface.txt, the signature of every public name; with --check, say whether it is stale.

One line for each function, type, method and attribute as the source has it, those of `vi_risk.types` too, so that a
change of the surface is a line of a diff. Users read the CHANGELOG, not diffs: a name that changed must stand in its
Unreleased section before the file is written anew.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import griffe

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "public_surface.txt"
CHANGELOG = ROOT / "CHANGELOG.md"
_STARS = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**"}
# What scikit-learn and pydantic put on a type, and what refits take of an estimator, are no promises of ours.
NOT_PROMISED = re.compile(r"model_config|get_params|set_params|settings|binned|raw_by|blocks")


def surface(root: Path = ROOT) -> list[str]:
    """Return the surface: a line for each public name, the parts of a type after it."""
    package = griffe.load("vi_risk", search_paths=[str(root)], resolve_aliases=True, try_relative_path=False)
    lines = [line for name in _exports(package) for line in sorted(_of(name, package[name]))]
    types = package["types"]
    lines.append("types: for annotations")
    return lines + [line for name in _exports(types) for line in sorted(_of(f"types.{name}", types[name]))]


def _exports(module: griffe.Object | griffe.Alias) -> list[str]:
    return sorted(str(name).strip("'\"") for name in module.exports or ())


def _of(name: str, found: object) -> Iterator[str]:
    """Yield the line of a name, and those of its parts where it is a type."""
    member = found.final_target if isinstance(found, griffe.Alias) else found
    if isinstance(member, griffe.Function):
        yield f"{name}{_signature(member)}"
    elif isinstance(member, griffe.Class):
        yield f"{name}({', '.join(str(base) for base in member.bases)})"
        for part, value in member.all_members.items():
            # The fields of a dataclass say what its __init__ takes.
            made = part == "__init__" and "dataclass" not in member.labels
            if made or not (part.startswith("_") or NOT_PROMISED.fullmatch(part)):
                yield from _of(f"{name}.{part}", value)
    elif isinstance(member, griffe.Attribute) and str(member.value) != member.name:  # what __init__ keeps stands there
        kept = "property" in member.labels
        annotation = "" if member.annotation is None else f"{' ->' if kept else ':'} {_type(member.annotation)}"
        yield f"{name}{annotation}" + ("" if member.value is None or kept else f" = {_plain(member.value)}")


def _signature(function: griffe.Function) -> str:
    parts, keyword_only = [], False
    for one in function.parameters:
        if one.name in ("self", "cls"):
            continue
        star = "" if one.kind is None else _STARS.get(one.kind, "")
        if one.kind is griffe.ParameterKind.keyword_only and not keyword_only:
            parts.append("*")
        keyword_only |= one.kind is griffe.ParameterKind.keyword_only or star == "*"
        annotation = "" if one.annotation is None else f": {_type(one.annotation)}"
        given = "" if one.default is None or star else f" = {_plain(one.default)}"
        parts.append(f"{star}{one.name}{annotation}{given}")
    returned = "" if function.returns is None else f" -> {_type(function.returns)}"
    return f"({', '.join(parts)}){returned}"


def _plain(expression: object) -> str:
    return re.sub(r"\s+", " ", str(expression))


def _type(annotation: object) -> str:
    """Return an annotation without the quotes of a name that is defined later."""
    text = _plain(annotation)
    return text if "Literal" in text else re.sub(r"['\"]", "", text)


def not_told(before: list[str], after: list[str], changelog: str) -> list[str]:
    """Return the names whose lines changed, came or went, and which the Unreleased section does not name.

    Of a type that is new or gone, and of `types` when it came, the parts need no word.
    """
    unreleased = re.search(r"^## \[Unreleased\]$(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    words = set(re.findall(r"\w+", unreleased[1] if unreleased else ""))
    names = {_name(line) for line in {*before} ^ {*after}}
    asked = {name for name in names if not any(name.startswith(f"{whole}.") for whole in names)}
    return sorted(name for name in asked if not {*name.split(".")} <= words)


def _name(line: str) -> str:
    return re.match(r"[\w.]+", line)[0]  # type: ignore[index]  # every line begins with one


def main(arguments: list[str], page: Path = PAGE, changelog: Path = CHANGELOG, root: Path = ROOT) -> int:
    """Write the file, or compare it; 1 where it is stale, or what changed is not told."""
    current = surface(root)
    known = page.read_text(encoding="utf-8").splitlines() if page.is_file() else current
    silent = not_told(known, current, changelog.read_text(encoding="utf-8"))
    if silent:
        sys.stderr.write(
            f"The public surface changed, and {changelog.name} does not name under Unreleased: {', '.join(silent)}."
            " Say there in the user's words what changed, then run make docs.\n"
        )
        return 1
    text = "\n".join(current) + "\n"
    if "--check" not in arguments:
        page.write_text(text, encoding="utf-8", newline="\n")
        return 0
    if page.is_file() and page.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"docs/reference/{page.name} is not the public surface of today. Run make docs.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
