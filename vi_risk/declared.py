"""Where declared files live, and how they are read: TOML in, checked objects or one list of all faults out.

The shipped feature declarations, code lists and model specs stand beside the package in a checkout (``features/``,
``models/``) and inside it in a wheel (``vi_risk/_specs``); nothing else in the project knows the difference.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from vi_risk.errors import SpecificationError, UsageError

_PACKAGE = Path(__file__).resolve().parent

# pydantic's kind of fault -> what it expects, as a writer of TOML would say it. The mend of each stands in
# docs/reference/errors.toml.
EXPECTED = {
    "string_type": "text in quotes",
    "string_too_short": "text that is not empty",
    "string_pattern_mismatch": "a name of lower-case letters, digits and _ that begins with a letter",
    "path_type": "text in quotes",
    "int_type": "a whole number, without quotes",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number, without quotes",
    "float_parsing": "a number",
    "finite_number": "a number that is not inf or nan",
    "bool_type": "true or false, without quotes",
    "date_type": "a date, without quotes, such as 2027-03-31",
    "tuple_type": "a list in [brackets]",
    "list_type": "a list in [brackets]",
    "too_short": "a list of {min_length} or more",
    "dict_type": "a table in {{braces}}",
    "model_type": "a table",
    "literal_error": "{expected}",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
}


def shipped(kind: Literal["features", "models"]) -> Path:
    """Return the folder of the shipped declarations of that kind."""
    for folder in (_PACKAGE / "_specs" / kind, _PACKAGE.parent / kind):
        if folder.is_dir():
            return folder
    msg = f"vi_risk: the folder of shipped {kind} is missing from the installation; install the package again."
    raise UsageError(msg)


def find(name_or_file: str | Path, folder: Path, *, what: str) -> Path:
    """Return the file that a user means: a path to a TOML file, or the name of a shipped one in `folder`.

    Raises
    ------
    UsageError
        There is no such file and no shipped one of that name; the message lists the shipped names.
    """
    given = Path(name_or_file)
    if given.suffix == ".toml" or len(given.parts) > 1:
        if is_file(given):
            return given
        msg = f"{given}: no such {what} file. Expected a TOML file, or one of: {', '.join(_names(folder))}."
        raise UsageError(msg)
    candidate = folder / f"{given}.toml"
    if is_file(candidate):
        return candidate
    msg = f"{given}: no {what} of that name is shipped. Expected one of: {', '.join(_names(folder))}; or a TOML file."
    raise UsageError(msg)


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.toml"))


def is_file(path: Path) -> bool:
    """Whether there is such a file; what can be no name of a file, for it is too long or no text, is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def leads_out(path: Path, folder: Path) -> bool:
    """Whether a file that should lie in a folder lies elsewhere, by `..`, an absolute path or a link."""
    try:
        return not path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # no name of a file, or links in a circle
        return True


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises
    ------
    SpecificationError
        The file cannot be read, is not UTF-8 or is not TOML; the message has file, line and column.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors begin a file with a mark
    except UnicodeDecodeError:
        msg = f"{path}: is not UTF-8 text. Save it as UTF-8."
        raise SpecificationError(msg) from None
    except tomllib.TOMLDecodeError as error:
        msg = f"{path}: is not valid TOML: {error}. Mend that line; strings stand in quotes, keys once each."
        raise SpecificationError(msg) from None
    except RecursionError:
        msg = f"{path}: has lists or tables nested hundreds deep. Expected a few levels; mend the brackets."
        raise SpecificationError(msg) from None
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}). Check that the file exists and that you may read it."
        raise SpecificationError(msg) from None


def faults_of(error: ValidationError, where: str) -> list[str]:
    """Return pydantic's findings as lines 'where: field: what is wrong', one for each fault."""
    lines = []
    for fault in error.errors(include_url=False):
        *path, last = fault["loc"] or ("",)
        field = ".".join(str(part) for part in (path if isinstance(last, int) else [*path, last]))  # lists are short
        at = f"{where}: {field}" if field else where
        if fault["type"] == "extra_forbidden":
            lines.append(f"{at}: is not a known key. Remove it or check its spelling.")
        elif fault["type"] == "missing":
            lines.append(f"{at}: is missing. Add it.")
        elif fault["type"] == "value_error":  # a rule of our own, which says all it found at once
            lines += [f"{at}: {part}." for part in fault["msg"].removeprefix("Value error, ").splitlines()]
        elif fault["type"] == "too_short" and len(fault["input"]) >= fault["ctx"]["min_length"]:
            continue  # pydantic counts the sound ones alone; the others have been told
        else:
            lines.append(f"{at}: {_expected(fault['type'], fault['msg'], fault.get('ctx', {}))}.{_got(fault['input'])}")
    return lines


def _expected(kind: str, message: str, context: Mapping[str, Any]) -> str:
    """Return what was expected in the words of a declared file, not of Python; pydantic's own where we have none."""
    if kind in EXPECTED:
        return f"expected {EXPECTED[kind].format(**context)}"
    return message[0].lower() + message[1:]


def _got(value: object) -> str:
    return f" Found {_shown(value)}."


def _shown(value: object, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}..."
