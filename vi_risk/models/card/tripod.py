"""The TRIPOD+AI checklist: each item answered from the run, with the place on the card, or left to the author.

References
----------
Collins GS, Moons KGM, Dhiman P, et al. TRIPOD+AI statement: updated guidance for reporting clinical prediction models
that use regression or machine learning methods. BMJ, 2024. doi:10.1136/bmj-2023-078378
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vi_risk.models.card.content import ModelCard
from vi_risk.models.card.figures import sentence
from vi_risk.models.card.parts import Group, Heading, Link, Paragraph, Part, Row, Section, Table
from vi_risk.models.card.tripod_answers import ANSWERS

_AUTHOR = "For the author to write."
_REFERENCE = "Collins GS, et al. BMJ, 2024, doi:10.1136/bmj-2023-078378"

PURPOSE, OUTCOME, WELL, WHOM = "What it is for", "What it predicts", "How well it does", "For whom does it work?"
PEOPLE, FEATURES, MAKING = "Whom it was made from", "What it looks at", "How it was made"
LIMITS, VERSION = "Limits", "Version and use"


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the checklist, in words of our own.

    Attributes
    ----------
    place
        Title of the section or heading that answers it; empty where only the author can.
    author
        What is left for the author to write; empty where nothing is, or all of it.
    """

    number: str
    part: str
    asks: str
    place: str = ""
    author: str = ""


_FRONT, _INTRODUCTION, _METHODS = "Title, abstract", "Introduction", "Methods"
_OPEN, _PUBLIC, _RESULTS, _DISCUSSION = "Open science", "Patient and public involvement", "Results", "Discussion"

ITEMS: Sequence[Item] = (
    Item("1", _FRONT, "Title: a prediction model, for whom and of what", "In short"),
    Item("2", _FRONT, "Abstract, by its own checklist", "", "an abstract; the section In short is a beginning"),
    Item("3a", _INTRODUCTION, "Setting in health care, why this model, models there are", ""),
    Item("3b", _INTRODUCTION, "Whom it is for, its purpose in the pathway, its users", PURPOSE, "the local pathway"),
    Item("3c", _INTRODUCTION, "Known inequalities in health between groups", ""),
    Item("4", _INTRODUCTION, "Objectives: development, evaluation or both", MAKING, "the questions of the study"),
    Item("5a", _METHODS, "Sources of data for development and evaluation", PEOPLE, "why these; whom they represent"),
    Item("5b", _METHODS, "Dates: who came in when, end of follow-up", "Index dates"),
    Item("6a", _METHODS, "Setting, number and place of centres", PEOPLE, "what kind of place it is"),
    Item("6b", _METHODS, "Who was eligible", "Who was asked about"),
    Item("6c", _METHODS, "Treatments received, and how they were handled", ""),
    Item(
        "7", _METHODS, "Preparing and checking the data, alike between groups", "What the check of the records found",
        "whether the records are as good for every group",
    ),
    Item("8a", _METHODS, "The outcome, its horizon, how and when it is seen", OUTCOME, "why this outcome"),
    Item("8b", _METHODS, "Who judged an outcome that needs judgement", OUTCOME),
    Item("8c", _METHODS, "Blinding of the outcome", OUTCOME, "whether lists were in use in the outcome windows"),
    Item("9a", _METHODS, "Choice of predictors before the model was built", FEATURES, "why these were declared"),
    Item("9b", _METHODS, "Every predictor defined, how and when it is measured", FEATURES),
    Item("9c", _METHODS, "Who judged predictors that need judgement", "", "frailty grades and the like"),
    Item("10", _METHODS, "Size of the study, and why it is enough", "Who was asked about", "why it is enough"),
    Item("11", _METHODS, "Missing data, and why any were left out", MAKING),
    Item("12a", _METHODS, "How the data were used and divided", MAKING),
    Item("12b", _METHODS, "How predictors were handled (scale, form)", MAKING),
    Item("12c", _METHODS, "Kind of model, steps of building, tuning, internal validation", MAKING, "why this kind"),
    Item("12d", _METHODS, "Differences between clusters, how they were handled", WHOM),
    Item("12e", _METHODS, "Measures and plots of performance", WELL),
    Item("12f", _METHODS, "Updating of the model after its evaluation", VERSION),
    Item("12g", _METHODS, "How predictions were calculated", MAKING),
    Item("13", _METHODS, "Methods against class imbalance", MAKING),
    Item("14", _METHODS, "What was done about fairness, and why", WHOM, "why, and what else was done"),
    Item("15", _METHODS, "What the model gives out; thresholds and their reasons", OUTCOME, "why lists of this length"),
    Item("16", _METHODS, "Differences between development and evaluation data", "Who was asked about"),
    Item("17", _METHODS, "Ethical approval and consent", ""),
    Item("18a", _OPEN, "Funding", ""),
    Item("18b", _OPEN, "Conflicts of interest", ""),
    Item("18c", _OPEN, "Protocol", "", "the model spec of the run is part of one"),
    Item("18d", _OPEN, "Registration", ""),
    Item("18e", _OPEN, "Availability of the data", ""),
    Item("18f", _OPEN, "Availability of the code", VERSION, "where this version of the code can be had"),
    Item("19", _PUBLIC, "Involvement of patients and public", ""),
    Item("20a", _RESULTS, "Flow of participants, with and without outcome, follow-up", "Who was asked about"),
    Item("20b", _RESULTS, "Characteristics, predictors, missing data", "Who was asked about", "treatments received"),
    Item("20c", _RESULTS, "Evaluation data beside development data", "Who was asked about"),
    Item("21", _RESULTS, "Participants and outcomes in each analysis", "Who was asked about"),
    Item("22", _RESULTS, "The full model, for predictions in others", VERSION, "who may have it, on what terms"),
    Item("23a", _RESULTS, "Performance with intervals, key subgroups too", WELL),
    Item("23b", _RESULTS, "Differences in performance between clusters", WHOM),
    Item("24", _RESULTS, "Results of updating the model", VERSION),
    Item("25", _DISCUSSION, "Interpretation, fairness, earlier studies", ""),
    Item("26", _DISCUSSION, "Limitations and what they do to the results", LIMITS, "their likely effects"),
    Item("27a", _DISCUSSION, "Poor or missing input data in use", MAKING, "what to do on site"),
    Item("27b", _DISCUSSION, "Whether users handle input, and their expertise", PURPOSE),
    Item("27c", _DISCUSSION, "Next steps, applicability elsewhere", ""),
)  # fmt: skip


def checklist(card: ModelCard, sections: Sequence[Section]) -> Iterator[Part]:
    """Return the checklist of a card with these sections."""
    places = {title for section in sections for title in _titles(section)}
    rows: dict[str, list[Row]] = {}
    answered, in_part, left = 0, 0, 0
    for item in ITEMS:
        answer = ANSWERS[item.number](card) if item.number in ANSWERS else ""
        told = bool(answer) and item.place in places
        answered += told and not item.author
        in_part += told and bool(item.author)
        left += not told
        texts = [answer if told else _AUTHOR, Link(item.place) if told else "", sentence(item.author)]
        rows.setdefault(item.part, []).append(Row(f"{item.number} {item.asks}", texts))
    yield Paragraph(
        "What a report on a prediction model should tell, by the TRIPOD+AI statement, in words of our own"
        f" ({_REFERENCE}). Of its {len(ITEMS)} items and sub-items {answered} are answered on this card, {in_part} in"
        f" part, and {left} are for the author of the report to write."
    )
    yield Table(
        "tripod",
        "Item by item: what this run answers, where on the card it stands, and what only the author can write",
        "Item",
        ("This run", "Where", "The author adds"),
        [Group(part, inside) for part, inside in rows.items()],
        wordy=True,
    )


def _titles(section: Section) -> Iterator[str]:
    yield section.title
    yield from (part.title for part in section.parts if isinstance(part, Heading))
