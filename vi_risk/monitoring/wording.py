"""What is to be done, in plain words, and why."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from vi_risk.models.templates import plain_words
from vi_risk.monitoring.verdict import Verdict
from vi_risk.monitoring.watching import Monitored

HEADINGS: Mapping[Verdict, str] = MappingProxyType(
    {
        "nothing": "Nothing to do",
        "too little to tell": "Too little to tell yet",
        "recalibrate": "Recalibrate the model",
        "fit anew": "Fit the model anew",
        "look at the feed": "Look at the feed before anything else",
        "other people": "Other people are scored than were learnt from",
    }
)
OF_A_WINDOW: Mapping[Verdict, str] = MappingProxyType(
    {
        "nothing": "what was expected came",
        "too little to tell": "too little to tell",
        "recalibrate": "recalibrate",
        "fit anew": "fit anew",
    }
)
_BESIDE_ONLY = "Only what stands beside the main risk is off."


def heading_of(found: Monitored) -> str:
    """Return what is to be done, in a few words."""
    return HEADINGS[found.judged.verdict]


def table_words(table: str) -> str:
    """Return the name of a table as words.

    Examples
    --------
    >>> table_words("ed_attendances"), table_words("gp_events")
    ('A&E attendances', 'GP events')
    """
    words = plain_words(table)
    for short, long in (("Ed ", "A&E "), ("Gp ", "GP ")):
        words = words.replace(short, long, 1) if words.startswith(short) else words
    return words


def sentences(found: Monitored) -> list[str]:
    """Return what is to be done and why, the first thing first."""
    return [*_of_verdict(found), *_of_the_model(found), *_of_companions(found)]


def _of_verdict(found: Monitored) -> Iterator[str]:
    judged, verdict = found.judged, found.judged.verdict
    why = "" if judged.of_the_model is None else "; ".join(judged.of_the_model.why)
    why = why[:1].upper() + why[1:]
    if verdict == "look at the feed":
        tables = [*dict.fromkeys((*found.absent, *(one.table for one in found.volumes if one.stands_out)))]
        tables += [table for table, *_ in judged.sources if table not in tables]
        yield (
            f"What comes in is not what it was: {', '.join(table_words(table) for table in tables)}. Ask whoever sends"
            " it what changed: coding, a system, an extract. Lists made meanwhile rest on it."
        )
        yield "Do not recalibrate or train on these records until it is mended or understood."
    elif verdict == "other people":
        yield (
            "The data are as complete as they were, but the people or the scores are not those of then. See below how"
            " they differ; the model may still be right for them."
        )
    elif verdict == "recalibrate":
        yield f"{why}." if why else _BESIDE_ONLY
        yield (
            f"What it reads has not moved, and {_of_its_ranking(found)}: what it tells needs setting right"
            f" (vi-risk recalibrate --how {_how(found)}). First ask whether those who were reviewed are the ones who"
            " did better: a model set right on them would say that the sickest are safe."
        )
    elif verdict == "fit anew":
        yield f"{why}." if why else _BESIDE_ONLY
        yield (
            "Setting its level right is not enough: train it on newer people (vi-risk run), and promote it if it has"
            " earned it."
        )
    elif verdict == "too little to tell":
        yield "Nothing that was looked at has moved past a limit, but what came of the people scored decides nothing."
        yield f"{why}. Look again at the next list." if why else "Look again at the next list."
    else:
        yield "Nothing that was looked at has moved past a limit, and what was expected came."


def _of_the_model(found: Monitored) -> Iterator[str]:
    """Yield what the windows say where the feed, or other people, come first."""
    judged = found.judged
    if judged.verdict not in ("look at the feed", "other people"):
        return
    if judged.of_the_model is None:
        yield "No window of the main model has closed, so how well it still does is not known."
    elif judged.of_the_model.verdict in ("recalibrate", "fit anew"):
        yield (
            f"What happened would also say: {OF_A_WINDOW[judged.of_the_model.verdict]}"
            f" ({'; '.join(judged.of_the_model.why)}). Decide that when the data are right: watch again first."
        )
    else:
        yield f"What happened to the people scored says: {OF_A_WINDOW[judged.of_the_model.verdict]}."


def _of_companions(found: Monitored) -> Iterator[str]:
    spec = found.watched.spec
    for one, said in zip(found.windows, found.judged.windows, strict=True):
        if one.scoring.name != spec.name and said.verdict in ("recalibrate", "fit anew"):
            title = one.scoring.title
            how = "needs its level set right" if said.verdict == "recalibrate" else "ranks worse than it did"
            yield (
                f"Beside it, {title[:1].lower()}{title[1:]} {how}: that is put right when {spec.name} is trained again."
            )


def _how(found: Monitored) -> str:
    spec = found.watched.spec
    held = next((one for one in found.windows if one.scoring.name == spec.name), None)
    if held is None:
        return "in_the_large"
    if held.updating is None:
        too_far = held.slope is not None and held.slope.past(spec.monitoring.slope) and held.slope.excludes(1.0)
        return "slope" if too_far else "in_the_large"
    return "slope" if held.updating.mend == "slope" else "in_the_large"


def _of_its_ranking(found: Monitored) -> str:
    if found.watched.spec.counts:
        return "whether it ranks people worse is not looked at, as it counts"
    return "nothing shows that it ranks people worse"
