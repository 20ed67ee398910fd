"""A model spec written as the TOML file that `vi_risk.models.spec.load_spec` reads."""

import json
from pathlib import Path
from typing import Any

from vi_risk.declared import shipped
from vi_risk.models.spec import ModelSpec, load_spec
from vi_risk.running.files import write_text


def write_spec(spec: ModelSpec, path: Path, *, comment: str = "") -> None:
    """Write the whole spec; a companion that is not one of the shipped, as it is, gets a file beside it.

    Parameters
    ----------
    comment
        Lines to stand at the top.
    """
    names = []
    for companion in spec.companions:
        name = companion.name
        if not _is_shipped(companion):
            name = f"{path.stem}.{companion.name}.toml"
            write_text(path.parent / name, _toml(companion, (), f"Stands beside {spec.name}; see {path.name}."))
        names.append(name)
    write_text(path, _toml(spec, tuple(names), comment))


def _is_shipped(companion: ModelSpec) -> bool:
    if not (shipped("models") / f"{companion.name}.toml").is_file():
        return False
    return load_spec(companion.name).model_copy(update={"companions": ()}) == companion


def _toml(spec: ModelSpec, companions: tuple[str, ...], comment: str) -> str:
    content = spec.model_dump(mode="json", exclude={"companions"}, exclude_none=True)
    tables = {name: part for name, part in content.items() if isinstance(part, dict)}
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    lines += [""] if lines else []
    plain = {name: value for name, value in content.items() if name not in tables}
    lines += [f"{name} = {_value(value)}" for name, value in (plain | {"companions": list(companions)}).items()]
    for name, part in tables.items():
        lines += ["", f"[{name}]", *(f"{key} = {_value(value)}" for key, value in part.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    """Return a text, number, truth or list of such, whose JSON is TOML too; DEL alone JSON leaves as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
