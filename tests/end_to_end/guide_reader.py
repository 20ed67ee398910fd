"""Someone who follows a page of the guide from the top: writes its files, runs its commands and its Python."""

import doctest
import io
import re
import shlex
import shutil
import subprocess
import warnings
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.end_to_end.conftest import Ended, run_here
from tests.end_to_end.guide_blocks import Block
from tests.end_to_end.guide_folder import FIRST_RUN, FIRST_RUN_TOLD
from tests.end_to_end.guide_tables import APART, DRAWN, ENDS, SMALLER, WRITTEN, not_run
from vi_risk.records.linked import Records

LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Reader:
    """Someone who does what a page says, from the top, in a folder of their own."""

    def __init__(self, folder: Path, demo: Ended) -> None:
        self.folder = folder
        self.demo = demo
        self.told = ""
        self.names: dict[str, Any] = {"__name__": "guide"}

    def follow(self, block: Block) -> None:
        if block.page in APART:
            self.put_first_run()
        if block.kind == "commands":
            self.told = "".join(self.run(block, command) for command in block.commands if command not in not_run(block))
        elif block.kind == "python" and not not_run(block):
            self.execute(block)
        elif named := block.written_to or WRITTEN.get((block.page, block.first_line)):
            file = self.folder / named
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text)
        elif block.kind == "text" and (block.page, block.first_line) not in DRAWN:
            alike = doctest.OutputChecker().check_output(block.text, self.told, LOOSE)
            assert alike, f"{block.where} shows\n{block.text}\nand this is printed:\n{self.told}"

    def run(self, block: Block, command: str) -> str:
        """Run one command line: what is set before it, one pipe and one file for what it tells are understood."""
        meant = command
        for pattern, small in SMALLER:
            meant = re.sub(pattern, small, meant)
        meant, _, told_to = meant.partition(" 2> ")
        meant, _, piped = meant.partition(" | ")
        words = shlex.split(meant)
        with pytest.MonkeyPatch.context() as patch:
            while "=" in words[0]:
                name, _, value = words.pop(0).partition("=")
                patch.setenv(name, value)
            if words[0] in ("grep", "cp", "mkdir"):
                return subprocess.run(["sh", "-c", meant], capture_output=True, text=True, check=True).stdout
            assert words.pop(0) == "vi-risk", f"{block.where}: {command}: neither run here nor in the table"
            if words[0] == "demo":
                return self.demonstrated(words)
            if tuple(words) == FIRST_RUN:
                return self.put_first_run()
            ended = run_here(*words)
        verb = " ".join(["vi-risk", *words[:2]])
        allowed = {0} | {code for begins, codes in ENDS.items() if verb.startswith(begins) for code in codes}
        assert ended.exit_code in allowed, (
            f"{block.where}: {meant} ended with {ended.exit_code}\n{ended.stderr[-1500:]}"
        )
        if told_to:
            (self.folder / told_to.strip()).write_text(ended.stderr)
        if piped:
            return subprocess.run(
                shlex.split(piped), input=ended.stdout, capture_output=True, text=True, check=True
            ).stdout
        return ended.stdout

    def put_first_run(self) -> str:
        """Put the run that the folder was made with where it is asked for, and return what it told."""
        shutil.rmtree(self.folder / "out")
        shutil.copytree(self.folder / "out-april", self.folder / "out")
        return (self.folder / FIRST_RUN_TOLD).read_text()

    def demonstrated(self, words: list[str]) -> str:
        """Put the demo that other tests have run where this one is asked for."""
        out = words[words.index("--out") + 1] if "--out" in words else "out"
        shutil.rmtree(self.folder / out, ignore_errors=True)
        shutil.copytree(self.demo.out, self.folder / out)
        return re.sub(r"\bout/", f"{out}/", re.sub(r"(Case lists +)out", rf"\1{out}", self.demo.stdout))

    def execute(self, block: Block) -> None:
        text = block.text
        for pattern, small in SMALLER:
            text = re.sub(pattern, small, text)
        told = io.StringIO()
        with warnings.catch_warnings(), redirect_stdout(told):
            # Of so short a record; and shap sets colours as older versions of matplotlib had it.
            warnings.simplefilter("ignore")
            exec(compile("\n" * block.line + text, block.page, "exec"), self.names)  # noqa: S102
        self.told = told.getvalue()


def elsewhere(page: str) -> dict[str, Any]:
    """What the Python of a page takes as made elsewhere, in a program of the reader's own."""
    if page != "docs/governance.md":
        return {}
    frames = {
        name: pd.read_parquet(f"trust/{name}.parquet") for name in ("patients", "practices", "registrations", "spells")
    }
    return {"made_elsewhere": Records.from_frames(frames)}
