"""What one run answers to each item of the TRIPOD+AI checklist, in a sentence or two.

An item that is not answered here, or with nothing, is left to the author of the report (vi_risk.models.card.tripod).
"""

from collections.abc import Callable, Mapping

from vi_risk.models.card.content import ASKED_ABOUT, RECALIBRATED, ModelCard
from vi_risk.models.card.figures import count, decimals, sentence, share
from vi_risk.models.card.plots import list_threshold
from vi_risk.models.templates import dates_in_words

Answer = Callable[[ModelCard], str]


def _who(card: ModelCard) -> str:
    return "people" if card.min_age is None else f"people aged {card.min_age} or over"


def _what(card: ModelCard) -> str:
    return f"{'expected number of' if card.kind == 'count' else 'chance of'} {card.outcome}"


def _dates(card: ModelCard) -> str:
    test = list(card.index_dates.get("test", ()))
    train = list(card.index_dates.get("train", ()))
    if not test or not train:
        return ""
    horizon = "" if card.horizon_days is None else f", each followed for {card.horizon_days:,} days at most"
    return f"Training {dates_in_words(train)}; test {dates_in_words(test)}{horizon}."


def _size(card: ModelCard) -> str:
    model = card.evaluation["model"]
    tested = f"{count(model['n'])} people tested"
    if card.kind == "yes_no":
        tested += f", {count(model['events'])} with the outcome"
    if not card.training:
        return f"{tested[:1].upper()}{tested[1:]}."
    outcome = "the outcome" if card.kind == "yes_no" else "a count above 0"
    events = "" if "events" not in card.training else f", {count(card.training['events'])} with {outcome}"
    stage = "recalibration" if card.recalibrated_from else "training"
    return (
        f"{count(card.training['rows'])} rows of {count(card.training['patients'])} people in {stage}{events};"
        f" {tested}."
    )


def _eligible(card: ModelCard) -> str:
    """Return the steps that all went through, then those of one role alone."""
    steps = {step: of for step, of in [*card.cohort_flow.items()][:-1] if step != ASKED_ABOUT}
    roles = {role for of in steps.values() for role in of}
    common = [step for step, of in steps.items() if set(of) == roles]
    said = [", then ".join(common)]
    for role, words in (("train", "for training"), ("test", "for the test"), ("list", "for the list")):
        own = [step for step, of in steps.items() if role in of and step not in common]
        if own:
            said.append(f"{words} also {', then '.join(own)}")
    return sentence("; ".join(part for part in said if part))


def _flow(card: ModelCard) -> str:
    steps: list[str] = []
    before = None
    for step, by_role in card.cohort_flow.items():
        number = by_role.get("test")
        if (
            step in card.cohort_flow
            and "test" in by_role
            and number != 0
            and not (step == ASKED_ABOUT and number == before)
        ):
            steps.append(f"{step} {count(number)}")
        before = number or before
    when = "Of the discharges tested" if card.of_discharges else "At the test date"
    return f"{when}: {', '.join(steps)}." if steps else ""


def _checks(card: ModelCard) -> str:
    number = len(card.warnings)
    return f"Every table is checked before a run; errors stop it. {number or 'No'} warning{'' if number == 1 else 's'}."


def _sources(card: ModelCard) -> str:
    if not card.tables and not card.sources:
        return ""
    return f"Routine records, the same for training and test: {len(card.tables) or len(card.sources)} tables."


def _centres(card: ModelCard) -> str:
    return "" if not card.practices else f"One trust; {card.practices:,} practices in its records."


def _predictors(card: ModelCard) -> str:
    if not card.features:
        return ""
    domains = len({feature.domain for feature in card.features})
    return " ".join((f"{len(card.features):,} features of {domains} domains.", *card.choice))


def _clusters(card: ModelCard) -> str:
    evaluation = card.evaluation
    held_out = ", ".join(evaluation.get("held_out") or {})
    told = []
    if "practice" in (evaluation.get("subgroups") or {}):
        told.append("performance by practice")
    if held_out:
        told.append(f"models that had not seen the {held_out} they were tested on, pooled with random effects")
    return f"Told: {'; '.join(told)}." if told else ""


def _measures(card: ModelCard) -> str:
    if card.kind == "count":
        return (
            "Deviance explained, rank correlation, calibration, what those had of whom most is expected; with intervals"
            " where one was estimated; beside rules."
        )
    return (
        "Discrimination, calibration, who is found on the lists, net benefit; beside rules, scores and other learners."
    )


def _updating(card: ModelCard) -> str:
    if card.recalibrated_from:
        how = RECALIBRATED.get(card.recalibrated_how or "", "")
        return (
            f"Recalibrated from version {card.recalibrated_from}{', ' * bool(how)}{how}; its trees are unchanged, and"
            " all results are after that."
        )
    return "None was made."


def _groups(card: ModelCard) -> str:
    attributes = ", ".join(card.evaluation.get("subgroups") or {})
    return f"Results are told by {attributes}; the model is not constrained by any of them." if attributes else ""


def _output(card: ModelCard) -> str:
    if card.kind == "count":
        return "An expected number; no lists are made by it and there is no threshold."
    tested = " Lists in use take them from the latest discharges alone." if card.of_discharges else ""
    return (
        "A probability; lists take the highest of each practice, as many as its team can see. Over all practices"
        f" together as many have a risk of about {list_threshold(card.evaluation)} or more in the test; the last place"
        f" of one practice lies lower or higher.{tested}"
    )


def _differences(card: ModelCard) -> str:
    if not card.characteristics:
        return ""
    drawn = " One discharge of each person is tested, all are trained on." if card.of_discharges else ""
    rules = "the same rules of who is asked about; the test is later"
    return f"Same place, outcome and predictors, and {rules}.{drawn} {_size(card)}"


def _performance(card: ModelCard) -> str:
    model = card.evaluation["model"]
    listed = model["at"].get("capacity") or {}
    if card.kind == "count":
        return (
            f"Deviance explained {decimals(model['deviance_explained'])}; the first of each practice had"
            f" {share(listed.get('share_of_observed'))} of all that was counted."
        )
    at = " (of discharges)" if card.of_discharges else ""
    return f"AUROC {decimals(model['auroc'])}; PPV of the lists {share(listed.get('ppv'))}{at}."


def _use(card: ModelCard) -> str:
    if card.kind == "count":
        return "Telling how much is to be expected of whom, for planning."
    return "Ranking people for review by a multidisciplinary team."


def _users(card: ModelCard) -> str:
    if card.kind == "count":
        return "Users enter nothing; no lists are made by it."
    return "Users enter nothing; a clinician reviews each person listed."


def _development(card: ModelCard) -> str:
    if not card.making:
        return ""
    made = "Recalibration" if card.recalibrated_from else "Development"
    return f"{made}, and evaluation at later dates in the same place."


def _building(card: ModelCard) -> str:
    if not card.making:
        return ""
    if card.recalibrated_from:
        return f"Boosted trees of version {card.recalibrated_from}, unchanged; their calibration was moved."
    return (
        "Boosted trees, calibrated on scores of people they had not seen. The settings are those of the spec; this run"
        " does not know how they were chosen."
    )


def _missing(card: ModelCard) -> str:
    if not card.making:
        return ""
    left = card.making.get("Left the area", "")
    said = "" if not left else f" People who leave the area before their window is over are {left}."
    return (
        "A feature that is missing stays missing: the trees learn which way it points, and nobody is left out for it."
        " Whoever has no date of birth before the index date or, where the records hold registrations, none then is not"
        f" asked about.{said}"
    )


def _code(card: ModelCard) -> str:
    if "vi_risk" not in card.versions:
        return ""
    revision = "" if card.git_revision is None else f", git revision {card.git_revision}"
    return f"vi_risk {card.versions['vi_risk']}{revision}."


def _said(text: str) -> Answer:
    return lambda _: text


def _made(text: str) -> Answer:
    """Return an answer that holds where it is told how the model was made."""
    return lambda card: text if card.making else ""


ANSWERS: Mapping[str, Answer] = {
    "1": lambda card: f"{card.title}: a model developed and evaluated for {_who(card)}; {_what(card)}.",
    "3b": _use,
    "4": _development,
    "5a": _sources,
    "5b": _dates,
    "6a": _centres,
    "6b": _eligible,
    "7": _checks,
    "8a": lambda card: f"{_what(card)[:1].upper()}{_what(card)[1:]}.",
    "8b": _said("None: it is read from routine records, and nobody judged it for the study."),
    "8c": _said("None: it was recorded in routine care. Features end before the index date, outcomes begin with it."),
    "9a": _predictors,
    "9b": lambda card: "Each by name, look-back and domain; all from before the index date." if card.features else "",
    "10": _size,
    "11": _missing,
    "12a": lambda card: sentence(card.making.get("Split", "")),
    "12b": _made("Used as they are: trees need no scale, form or standardisation."),
    "12c": _building,
    "12d": _clusters,
    "12e": _measures,
    "12f": _updating,
    "12g": _made("By the saved model itself, named by its checksum."),
    "13": _made("None was used: risks keep the scale of what happens."),
    "14": _groups,
    "15": _output,
    "16": _differences,
    "18f": _code,
    "20a": _flow,
    "20b": lambda card: "By sex, age and more, for training, test and list." if card.characteristics else "",
    "20c": lambda card: "Side by side; predictors in the table of features." if card.characteristics else "",
    "21": _size,
    "22": lambda card: f"A file of text that LightGBM reads, SHA-256 {card.checksum[:12]}.",
    "23a": _performance,
    "23b": _clusters,
    "24": _updating,
    "26": lambda card: f"{len(card.limits) + len(card.doubts)} are stated.",
    "27a": _made("The check stops at errors and tells the rest; what a person's records lack counts as missing."),
    "27b": _users,
}  # fmt: skip
