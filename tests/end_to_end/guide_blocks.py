"""The blocks of the guide: what stands in its pages as commands, Python, declared files and what a command prints."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
PAGES = tuple(
    str(page.relative_to(ROOT))
    for page in (
        ROOT / "README.md",
        ROOT / "features" / "README.md",
        ROOT / "models" / "README.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    )
)
_COMMAND = re.compile(
    r"(?:[A-Z_]+=\S+ +)*(?:\.venv/bin/)?(?:vi-risk|make|mlflow|uv|chgrp|chmod|pip|git|grep|cp|mkdir)\b"
)
_WRITTEN = re.compile(r"# (?P<path>[\w./-]+\.(?:toml|csv))\n")


@dataclass(frozen=True)
class Block:
    """One block of a page.

    Attributes
    ----------
    kind
        ``commands``, ``python``, ``toml``, ``csv``, or ``text``: a drawing, or what the commands before it print.
    """

    page: str
    line: int
    kind: str
    text: str

    @property
    def first_line(self) -> str:
        return self.text.strip().partition("\n")[0]

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """Each command in one line, without the remarks."""
        joined = re.sub(r"\\\n\s*", "", self.text)
        return [command for line in joined.splitlines() if (command := _without_remark(line))]

    @property
    def parts(self) -> list[str]:
        """What is run or not by itself: each command; of other blocks the first line stands for all."""
        return self.commands if self.kind == "commands" else [self.first_line]

    @property
    def written_to(self) -> str | None:
        """The file that a reader writes the block to, where its first line names one."""
        named = _WRITTEN.match(self.text)
        return named["path"] if named else None


def blocks_of(page: str) -> list[Block]:
    """Every block of a page, fenced or indented, in order."""
    return list(_blocks(page, (ROOT / page).read_text(encoding="utf-8")))


def _blocks(page: str, text: str) -> Iterator[Block]:
    for token in MarkdownIt().parse(text):
        if token.type in ("fence", "code_block") and token.map:
            yield Block(page, token.map[0] + 1, _kind(token.info.strip(), token.content), token.content)


def _kind(language: str, text: str) -> str:
    if language in ("python", "toml", "csv", "text"):
        return language
    if language in ("sh", "bash") or _COMMAND.match(text.lstrip()):
        return "commands"
    return "text"


def _without_remark(line: str) -> str:
    """The line up to a remark; quotes are kept."""
    words = shlex.shlex(line, posix=False, punctuation_chars="|><")
    words.whitespace_split = True
    words.commenters = ""
    told = []
    for word in words:
        if word.startswith("#"):
            break
        told.append(word)
    return " ".join(told)
