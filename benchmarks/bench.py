"""The table of `make bench` as it comes about: who is measured, on what, against whom."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import aims
from benchmarks.agreement import disagreements
from benchmarks.aims import Aim
from benchmarks.place import COPIES
from benchmarks.runs import Failed, Took, environment_of_peers, run

HEAD = f"{'':<58} {'seconds':>9} {'CPU s':>9} {'peak MB':>9} {'x seconds':>10} {'x CPU':>7} {'x MB':>6}"
# Copies of the trust: all; a quarter of the patients, where most contenders meet; a sixteenth.
_SOME, _FEW = COPIES // 4, COPIES // 16


@dataclass
class Bench:
    """The table as it comes about: what each contender took, the aims, and who disagreed."""

    folder: Path
    patients: int
    engine: str
    memory_gigabytes: float | None
    took: dict[str, Took | Failed] = field(default_factory=dict)
    judged: list[Aim] = field(default_factory=list)
    unequal: dict[str, dict[str, int]] = field(default_factory=dict)

    def title(self, text: str) -> None:
        """Begin a part of the table."""
        print(f"\n{text}", flush=True)

    def measure(
        self,
        name: str,
        contender: str,
        *,
        copies: int,
        dates: int = 1,
        features: str = "all",
        engine: str = "",
        against: str = "",
        python: Path = Path(sys.executable),
    ) -> None:
        """Run a contender, and print its line; `against` is whom the ratios are to."""
        arguments: list[object] = ["--folder", self.folder, "--copies", copies, "--dates", dates]
        arguments += ["--features", features, "--engine", engine or self.engine, "--out", self.written(name)]
        if self.memory_gigabytes is not None:
            arguments += ["--memory-gigabytes", self.memory_gigabytes]
        took = self.took[name] = run(f"benchmarks.contenders.{contender}", *arguments, python=python)
        print(line_of(name, took, self.took.get(against)), flush=True)

    def agree(self, ours: str, theirs: str, *, where_ours_has_a_value: bool = False) -> None:
        """Hold the values of two contenders against each other; the files go, but for that of the engine."""
        if isinstance(self.took[ours], Failed) or isinstance(self.took[theirs], Failed):
            return
        differ = disagreements(self.written(ours), self.written(theirs), where_ours_has_a_value=where_ours_has_a_value)
        if differ:
            self.unequal[theirs] = differ
            print(f"    UNEQUAL in {', '.join(f'{name} ({rows:,} rows)' for name, rows in differ.items())}")
        self.written(theirs).unlink()

    def judge(self, aims_of: Callable[..., list[Aim]], *names: str) -> None:
        """Judge what some contenders took, if they all came to an end."""
        took = [self.took[name] for name in names]
        finished = [one for one in took if isinstance(one, Took)]
        if len(finished) == len(took):
            self.judged += aims_of(*finished)

    def written(self, name: str) -> Path:
        """Return the file of a contender's features."""
        return self.folder / f"{''.join(letter if letter.isalnum() else '_' for letter in name)}.parquet"


def line_of(name: str, took: Took | Failed, reference: Took | Failed | None) -> str:
    """Return a line of the table."""
    if isinstance(took, Failed):
        return f"  {name:<56} did not finish: {took.reason}"
    line = f"  {name:<56} {took.seconds:>9.1f} {took.cpu_seconds:>9.1f} {took.peak_megabytes:>9,.0f}"
    if not isinstance(reference, Took) or reference is took:
        return line
    ratios = (
        took.seconds / reference.seconds,
        took.cpu_seconds / reference.cpu_seconds,
        took.peak_megabytes / reference.peak_megabytes,
    )
    return line + f" {ratios[0]:>10.2f} {ratios[1]:>7.2f} {ratios[2]:>6.2f}"


def warm_up(bench: Bench) -> None:
    """Let each contender run once, unmeasured: what Python and the sweep compile is kept, as it is in use.

    It is kept even where the environment forbids Python to write byte code: every run would then compile its libraries
    anew, which is a second and more.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(bench.folder / "byte_code")
    for contender in ("engine", "scan", "sql", "by_hand_pandas"):
        arguments = ("--folder", bench.folder, "--copies", _FEW, "--features", "by_hand", "--engine", "sweep")
        run(f"benchmarks.contenders.{contender}", *arguments, "--out", bench.folder / "warm_up.parquet")


def by_hand(bench: Bench) -> None:
    """The engine against the scan, hand-written SQL and pandas, on a quarter of the patients."""
    some = bench.patients * _SOME // COPIES
    bench.title(f"{some:,} patients, one index date, the 68 features written by hand too; ratios to the engine")
    engine = "engine"
    bench.measure(engine, "engine", copies=_SOME, features="by_hand")
    if bench.engine == "auto":
        portable = "engine, portable queries alone"
        bench.measure(portable, "engine", copies=_SOME, features="by_hand", engine="portable", against=engine)
        bench.agree(engine, portable)
    bench.measure("one scan and one group-by of the same columns", "scan", copies=_SOME, against=engine)
    for name, contender in (("hand-written SQL", "sql"), ("pandas by hand", "by_hand_pandas")):
        bench.measure(name, contender, copies=_SOME, against=engine)
        bench.agree(engine, name)
    bench.judge(lambda *took: aims.slower_by_hand(some, *took), engine, "hand-written SQL")
    bench.judge(lambda ours, other: aims.faster_and_leaner("pandas", ours, other, 3), engine, "pandas by hand")


def by_hand_of_all(bench: Bench) -> None:
    """The engine against hand-written SQL on all patients, where compiling weighs little."""
    bench.title(f"{bench.patients:,} patients, the same features; ratios to the engine")
    engine, other = "engine, all patients", "hand-written SQL, all patients"
    bench.measure(engine, "engine", copies=COPIES, features="by_hand")
    bench.measure(other, "sql", copies=COPIES, against=engine)
    bench.agree(engine, other)
    bench.judge(lambda *took: aims.slower_by_hand(bench.patients, *took), engine, other)


def growing(bench: Bench) -> None:
    """All features of a sixteenth, a quarter and all of the patients; and eight index dates."""
    sizes = [bench.patients * copies // COPIES for copies in (_FEW, _SOME, COPIES)]
    names = [f"engine, {patients:,} patients, one index date" for patients in sizes]
    bench.title(f"All features; ratios to {sizes[1]:,} patients and one index date")
    bench.measure(names[1], "engine", copies=_SOME)
    bench.measure(names[0], "engine", copies=_FEW, against=names[1])
    eight = f"engine, {sizes[1]:,} patients, eight index dates"
    bench.measure(eight, "engine", copies=_SOME, dates=8, against=names[1])
    bench.measure(names[2], "engine", copies=COPIES, against=names[1])
    bench.judge(lambda *took: aims.growth(sizes, took), *names)
    bench.judge(aims.several_dates, names[1], eight)


def peers(bench: Bench) -> None:
    """The engine against featuretools, as far as that can say the same."""
    python = environment_of_peers(bench.folder)
    if isinstance(python, Failed):
        bench.title(f"featuretools could not be installed: {python.reason}")
        bench.took["featuretools"] = python
        return
    some = bench.patients * _SOME // COPIES
    for dates, words in ((1, "one index date"), (8, "eight index dates")):
        bench.title(f"{some:,} patients, {words}, the 17 counts that featuretools can say; ratios to the engine")
        engine, other = f"engine, counts, {words}", f"featuretools, {words}"
        bench.measure(engine, "engine", copies=_SOME, dates=dates, features="counts")
        bench.measure(other, "featuretools_dfs", copies=_SOME, dates=dates, against=engine, python=python)
        bench.agree(engine, other, where_ours_has_a_value=True)
        bench.judge(lambda ours, theirs, name=other: aims.faster_and_leaner(name, ours, theirs, 25), engine, other)
