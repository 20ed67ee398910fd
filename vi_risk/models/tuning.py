"""A learner's parameters searched for with optuna, on training rows alone; the search is kept and can be continued.

The study file holds parameters and losses, nothing of any patient.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vi_risk.errors import InputError, ResourceError, UsageError
from vi_risk.features.catalogue import Catalogue
from vi_risk.models.on_snapshots import LearningRows
from vi_risk.models.spec import ModelSpec
from vi_risk.models.spec_tables import LearnerSpec
from vi_risk.models.trials import Gain, TrialRows

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution

# Parameter -> whole number or not, on a log scale or not, smallest and largest; a spec's own value is always inside.
_SEARCHED: dict[str, tuple[type[int] | type[float], bool, float, float]] = {
    "num_leaves": (int, True, 4, 127),
    "min_child_samples": (int, True, 10, 1000),
    "learning_rate": (float, True, 0.02, 0.2),
    "colsample": (float, False, 0.2, 1.0),
    "subsample": (float, False, 0.5, 1.0),
    "reg_lambda": (float, True, 0.01, 100.0),
}
_LEARNER = "learner"  # what a trial of the study keeps beside its loss: the parameters as they were used


@dataclass(frozen=True, slots=True)
class Trial:
    """One set of parameters; trial 0 is the spec's own.

    Attributes
    ----------
    loss
        On the patients held out; None where the trial was given up after some folds, because it did worse than most.
    """

    number: int
    learner: LearnerSpec
    loss: float | None

    @property
    def parameters(self) -> dict[str, int | float]:
        """What was searched, and the number of trees that went with it."""
        return {name: getattr(self.learner, name) for name in (*_SEARCHED, "n_estimators")}


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a search came to.

    Attributes
    ----------
    spec
        The spec with the parameters of the best trial.
    gain
        What these gain over the spec's own on patients who took no part; None where the spec's own are the best.
    """

    spec: ModelSpec
    trials: tuple[Trial, ...]
    best: Trial
    gain: Gain | None


# Told of each trial that came to an end, and whether it did so in an earlier call.
Told = Callable[[Trial, bool], None]


def tune(
    rows: LearningRows,
    spec: ModelSpec,
    catalogue: Catalogue,
    *,
    study_file: Path,
    trials: int = 30,
    key: str = "",
    told: Told = lambda _trial, _earlier: None,
) -> Tuned:
    """Return the spec with the best parameters of so many trials in all.

    Each trial is held against the spec's loss on patients held out, in three folds, and given up where it does worse
    than the median of the trials before it. Each learns as many trees as do best there. The same rows, spec and number
    give the same trials, however often the search was interrupted.

    Parameters
    ----------
    study_file
        Where the search is kept; one that is there is continued.
    key
        What the rows are: a search among other rows, or of another spec, is not continued but begun anew.
    told
        Called with each trial, those of earlier calls first.

    Raises
    ------
    InputError
        There are too few events or patients, or the study file is damaged.
    ResourceError
        The study file cannot be written, or optuna is not installed.
    UsageError
        No trial is asked for.
    """
    if trials < 1:
        msg = f"trials: expected 1 or more, got {trials}."
        raise UsageError(msg)
    with _opened(study_file, f"{spec.name} {key}".strip()) as study:
        done = _done(study, spec)
        for trial in done:
            told(trial, True)
        search = _Search(study, TrialRows.of(rows, spec, catalogue), spec)
        while len(done) < trials:
            search.one_more(len(done))
            done = _done(study, spec)
            told(done[-1], False)
    best = min((trial for trial in done if trial.loss is not None), key=lambda trial: (trial.loss, trial.number))
    gain = search.rows.gain(spec.learner, best.learner) if best.number else None
    return Tuned(spec.model_copy(update={"learner": best.learner}), tuple(done), best, gain)


@dataclass(frozen=True, eq=False, slots=True)
class _Search:
    study: "optuna.Study"
    rows: TrialRows
    spec: ModelSpec

    def one_more(self, number: int) -> None:
        """Do a trial, and keep it."""
        if number == 0:
            self._own()
            return
        from optuna.samplers import TPESampler  # noqa: PLC0415 - loaded when used
        from optuna.trial import TrialState  # noqa: PLC0415

        # A sampler for each trial, so that a search that was interrupted goes on as it would have.
        seed = int(np.random.SeedSequence([self.spec.seed, number]).generate_state(1)[0])
        self.study.sampler = TPESampler(seed=seed, constant_liar=False)
        asked = self.study.ask(_space(self.spec.learner))
        try:
            learner = self.spec.learner.model_copy(update={name: _tidy(value) for name, value in asked.params.items()})

            def hopeless(step: int, loss: float) -> bool:
                asked.report(loss, step)
                return bool(asked.should_prune())

            tried = self.rows.tried(learner, hopeless=hopeless)
            asked.set_user_attr(_LEARNER, _as_kept(tried.learner))
        except BaseException:
            self.study.tell(asked, state=TrialState.FAIL)
            raise
        if tried.loss is None:
            self.study.tell(asked, state=TrialState.PRUNED)
        else:
            self.study.tell(asked, tried.loss)

    def _own(self) -> None:
        """Try the spec's own parameters, with its own number of trees."""
        from optuna.trial import create_trial  # noqa: PLC0415 - loaded when used

        so_far: dict[int, float] = {}

        def never(step: int, loss: float) -> bool:
            so_far[step] = loss
            return False

        own = self.spec.learner
        tried = self.rows.tried(own, trees_as_given=True, hopeless=never)
        space = _space(own)
        self.study.add_trial(
            create_trial(
                value=tried.loss,
                params={name: max(getattr(own, name), space[name].low) for name in space},  # type: ignore[attr-defined]
                distributions=space,
                intermediate_values=so_far,
                user_attrs={_LEARNER: _as_kept(own)},
            )
        )


@contextmanager
def _opened(file: Path, name: str) -> "Iterator[optuna.Study]":
    try:
        import optuna  # noqa: PLC0415 - an extra
        from optuna.storages.journal import JournalFileBackend, JournalStorage  # noqa: PLC0415
    except ModuleNotFoundError:
        msg = "tuning: expected the Python package optuna, found none. Install it: pip install 'vi-risk[tune]'."
        raise ResourceError(msg) from None
    said = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield _study(optuna, file, name, lambda: JournalStorage(JournalFileBackend(str(file))))
    except OSError as error:
        msg = f"{file.name}: cannot be written ({error.strerror}). Free space, or give yourself the right to write it."
        raise ResourceError(msg) from None
    finally:
        optuna.logging.set_verbosity(said)


def _study(optuna: Any, file: Path, name: str, storage: Callable[[], Any]) -> "optuna.Study":
    _end_whole(file)
    try:
        return optuna.create_study(  # type: ignore[no-any-return]
            storage=storage(),
            study_name=name,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
            direction="minimize",
            load_if_exists=True,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        msg = f"{file.name}: is not a search that can be continued. Remove it to begin a new one."
        raise InputError(msg) from None


def _end_whole(file: Path) -> None:
    """Cut off a last line that was not written to its end."""
    if file.is_file() and (content := file.read_bytes()) and not content.endswith(b"\n"):
        with file.open("r+b") as journal:
            journal.truncate(content.rfind(b"\n") + 1)


def _done(study: "optuna.Study", spec: ModelSpec) -> list[Trial]:
    """Return the trials that came to an end, numbered in their order; one that was interrupted is none."""
    from optuna.trial import TrialState  # noqa: PLC0415 - loaded when used

    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    return [
        Trial(
            number,
            spec.learner.model_copy(update=trial.user_attrs[_LEARNER]),
            trial.value if trial.state == TrialState.COMPLETE else None,
        )
        for number, trial in enumerate(ended)
    ]


def _space(own: LearnerSpec) -> "dict[str, BaseDistribution]":
    from optuna.distributions import FloatDistribution, IntDistribution  # noqa: PLC0415 - loaded when used

    space: dict[str, BaseDistribution] = {}
    for name, (kind, log, low, high) in _SEARCHED.items():
        value = getattr(own, name)
        lowest, highest = (low if log and value <= 0 else min(low, value)), max(high, value)
        if kind is int:
            space[name] = IntDistribution(int(lowest), int(highest), log=log)
        else:
            space[name] = FloatDistribution(float(lowest), float(highest), log=log)
    return space


def _tidy(value: float) -> float:
    """Return a whole number as it is, another with three digits."""
    return value if isinstance(value, int) else float(f"{value:.3g}")


def _as_kept(learner: LearnerSpec) -> dict[str, int | float]:
    return {name: getattr(learner, name) for name in (*_SEARCHED, "n_estimators")}
