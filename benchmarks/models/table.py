"""The table of `make bench-models` as it comes about: what is measured, against what, and what it should reach."""

from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.aims import Aim
from benchmarks.bench import line_of
from benchmarks.models.work import COMPARATORS, FEW_RESAMPLES, PREDICTIONS
from benchmarks.runs import Failed, Took, run

# Work -> its words in the table, and whom its ratios are to; in the order in which models are made and read.
LINES: dict[str, tuple[str, str]] = {
    "fit_plain": ("fit: LightGBM by hand", ""),
    "fit_booster": ("fit: the booster alone", "fit_plain"),
    "fit_whole": ("fit: with calibration and refits", "fit_plain"),
    "predict_plain": (f"predict {PREDICTIONS} times: LightGBM by hand", ""),
    "predict_risk": (f"predict {PREDICTIONS} times: calibrated risks", "predict_plain"),
    "predict_whole": (f"predict {PREDICTIONS} times: risks with intervals", "predict_plain"),
    "resample_plain": (f"evaluate: {FEW_RESAMPLES} resamples with scikit-learn", ""),
    "evaluate_model": ("evaluate: every figure, 500 resamples", ""),
    "evaluate_whole": (f"evaluate: beside {COMPARATORS} comparators", "evaluate_model"),
}

# What is reached at most: ours over LightGBM by hand.
_TIMES = {"fit_booster": 1.1, "predict_risk": 1.1, "fit_whole": 3.0}
_SECONDS = {"evaluate_model": 60.0}


@dataclass
class Table:
    """What each piece of work took, printed line after line."""

    folder: Path
    took: dict[str, Took | Failed] = field(default_factory=dict)

    def measure(self, work: str) -> None:
        """Do a piece of work in a process of its own, and print its line."""
        words, against = LINES[work]
        self.took[work] = run("benchmarks.models.work", work, "--folder", self.folder)
        print(line_of(words, self.took[work], self.took.get(against)), flush=True)

    @property
    def failed(self) -> bool:
        """Whether something came to no end."""
        return any(isinstance(one, Failed) for one in self.took.values())


def aims_of(took: dict[str, Took | Failed]) -> list[Aim]:
    """Return the aims of all that came to an end, by CPU and by the clock.

    CPU depends little on who else is at work on the machine; the clock also tells what does not use both cores.
    """
    ended = {work: one for work, one in took.items() if isinstance(one, Took)}
    found = []
    for work, bound in _TIMES.items():
        words, against = LINES[work]
        if work in ended and against in ended:
            ours, plain = ended[work], ended[against]
            found += [
                Aim(f"{words}, over LightGBM by hand, CPU", ours.cpu_seconds / plain.cpu_seconds, bound),
                Aim(f"{words}, over LightGBM by hand, seconds", ours.seconds / plain.seconds, bound),
            ]
    return found + [
        Aim(f"{LINES[work][0]}, seconds", ended[work].seconds, bound)
        for work, bound in _SECONDS.items()
        if work in ended
    ]
