"""What the pages name is there: files and headings behind links, commands and their options, targets of make, code.

The slow tests build the guide and run what it shows; these say at once where a name has gone.
"""

import importlib
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import pytest
import typer
from pymdownx.slugs import slugify

from tests.end_to_end.guide_blocks import PAGES, ROOT, blocks_of
from vi_risk.cli import app

ALL = (*PAGES, "CHANGELOG.md", "CONTRIBUTING.md", "mlruns/README.md", "notebooks/README.md")
TODAY = tuple(page for page in ALL if page != "CHANGELOG.md")  # that one tells of what was, too
PLACES = ("vi_risk", "tests", "docs", "tools", "benchmarks", "features", "models", "notebooks")

_FENCED = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
_QUOTED = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\[\]]*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_PATH = re.compile(rf"(?:{'|'.join(PLACES)})/[\w./-]+")
_DOTTED = re.compile(r"vi_risk(?:\.[A-Za-z_]\w*)+")


@cache
def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@cache
def headings(page: Path) -> frozenset[str]:
    """The anchors of a page, as the guide makes them."""
    prose = _FENCED.sub("", page.read_text(encoding="utf-8"))
    plain = [
        re.sub(r"\[([^\[\]]*)\]\([^()]*\)", r"\1", heading).replace("`", "") for heading in _HEADING.findall(prose)
    ]
    slug = slugify(case="lower")
    named = re.findall(r'<a (?:id|name)="([^"]+)"|\{#([\w-]+)\}', prose)
    return frozenset([*(slug(heading, "-") for heading in plain), *(each for both in named for each in both)])


def lead_nowhere(page: str, text: str) -> list[str]:
    """The links of a page whose file or heading is not there."""
    lost = []
    for target in _LINK.findall(_QUOTED.sub("", _FENCED.sub("", text))):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = unquote(target).partition("#")
        leads_to = ROOT / page if not place else (ROOT / page).parent / place
        if not leads_to.exists() or (anchor and leads_to.suffix == ".md" and anchor not in headings(leads_to)):
            lost.append(target)
    return lost


def commands_of(page: str) -> Iterator[str]:
    """Every command of a page, of its blocks and within its sentences."""
    for block in blocks_of(page):
        if block.kind == "commands":
            yield from block.commands
    prose = _FENCED.sub("", text_of(page))
    yield from (quoted for quoted in _QUOTED.findall(prose) if re.match(r"(\.venv/bin/)?vi-risk |make [a-z]", quoted))


def unknown_in(command: str) -> str | None:
    """What of a command line of vi-risk there is not; None where all of it is there."""
    words = [word for word in re.sub(r"^.*?\bvi-risk ", "", command).split() if word not in ("...", "…")]
    here: Any = typer.main.get_command(app)
    options = {option for parameter in here.params for option in parameter.opts}
    while words and hasattr(here, "commands"):
        word = words.pop(0)
        if word.startswith("-"):
            if word.partition("=")[0] not in options | {"--help"}:
                return word
            continue
        if word not in here.commands:
            if word.isupper() or (words and options & {"--log"} and (word == "json" or "." in word)):
                continue  # a stand-in for any command, or the value of the option before
            return word
        here = here.commands[word]
        options |= {option for parameter in here.params for option in parameter.opts}
    for word in words:
        if word in ("|", ">", "2>", "&&", "#"):
            break
        if word.startswith("--") and word.partition("=")[0].rstrip(",.)") not in options | {"--help"}:
            return word
    return None


@pytest.mark.parametrize("page", ALL)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page: str) -> None:
    assert lead_nowhere(page, text_of(page)) == []


def test_a_link_that_leads_nowhere_would_be_told() -> None:
    text = (
        "[a](concepts.md) [b](gone.md) [c](concepts.md#the-index-date-and-what-was-known) [d](concepts.md#gone) [e](#f)"
    )
    assert lead_nowhere("docs/faq.md", text) == ["gone.md", "concepts.md#gone", "#f"]


@pytest.mark.parametrize("page", TODAY)
def test_every_command_of_a_page_has_its_options(page: str) -> None:
    told = {command: unknown_in(command) for command in commands_of(page) if "vi-risk " in command}
    assert {command: word for command, word in told.items() if word} == {}


def test_a_command_or_an_option_that_there_is_not_would_be_told() -> None:
    assert unknown_in(".venv/bin/vi-risk features build --records extracts --out out") is None
    assert unknown_in("VI_RISK_LOG=json vi-risk --log run.jsonl run ...") is None
    assert unknown_in("vi-risk features make") == "make"
    assert unknown_in("vi-risk trian") == "trian"
    assert unknown_in("vi-risk run --record extracts") == "--record"


def test_every_target_of_make_is_there() -> None:
    targets = {*re.findall(r"^([\w-]+):", text_of("Makefile"), re.MULTILINE)}
    asked = {
        re.sub(r".*\bmake ([\w-]+).*", r"\1", c) for page in TODAY for c in commands_of(page) if " make " in f" {c}"
    }
    assert len(asked) > 5
    assert asked - targets == set()


@pytest.mark.parametrize("page", TODAY)
def test_every_file_and_module_that_a_page_names_is_there(page: str) -> None:
    quoted = _QUOTED.findall(_FENCED.sub("", text_of(page)))
    paths = [name.rstrip("/") for name in quoted if _PATH.fullmatch(name) and not name.endswith((".parquet", ".db"))]
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert [name for name in quoted if _DOTTED.fullmatch(name) and not is_there(name)] == []


def is_there(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    parts = name.split(".")
    found: Any = importlib.import_module(parts[0])
    for at, part in enumerate(parts[1:], 2):
        if not hasattr(found, part):
            if not isinstance(found, ModuleType):
                return False
            try:
                importlib.import_module(".".join(parts[:at]))
            except ImportError:
                return False
        found = getattr(found, part)
    return True


def test_a_module_that_has_moved_would_be_told() -> None:
    assert is_there("vi_risk.running.files.remove")
    assert is_there("vi_risk.case_lists")
    assert not is_there("vi_risk.files")
    assert not is_there("vi_risk.running.files.gone")


def test_contributing_tells_the_layers_as_the_linter_holds_them() -> None:
    contracts = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    held = [{re.sub(r"\W", "", name) for name in layer.split(":")} for layer in layers]

    rows = re.findall(r"^\| (`vi_risk/[^|]*) \|", text_of("CONTRIBUTING.md"), re.MULTILINE)
    told = [set(re.findall(r"`vi_risk/(\w+)(?:\.py)?`", row)) for row in rows]

    assert told == held
