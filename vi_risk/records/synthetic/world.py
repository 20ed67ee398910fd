"""A world: what is asked of the synthetic trust, and what happened in it before anybody wrote it down."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from vi_risk.errors import UsageError
from vi_risk.records.synthetic import choices, hospital, registry
from vi_risk.records.synthetic.draws import Values
from vi_risk.records.synthetic.effects import NO_EFFECTS, Effects, Ratios, Reviews
from vi_risk.records.synthetic.hospital import Stays
from vi_risk.records.synthetic.life import Life, live
from vi_risk.records.synthetic.months import Months
from vi_risk.records.synthetic.place import FIRST_JOINING, Place, draw_place
from vi_risk.records.synthetic.population import draw_population
from vi_risk.records.synthetic.regular_attenders import regular_attendances
from vi_risk.records.synthetic.spells import Spells, spells_of
from vi_risk.records.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

PATIENTS, SEED = 20_000, 1
FIRST_DAY, LAST_DAY = date(2021, 1, 1), date(2024, 12, 31)
MOST_YEARS = 7


@dataclass(frozen=True, slots=True)
class World:
    """What is asked of a synthetic trust; the same world gives the same records and the same truth."""

    patients: int = PATIENTS
    seed: int = SEED
    first_day: date = FIRST_DAY
    last_day: date = LAST_DAY
    effects: Effects = NO_EFFECTS
    reviews: "pd.DataFrame | None" = None

    def __post_init__(self) -> None:
        """Refuse a world without people or time, or before the first practice joined."""
        first, last = self.first_day, self.last_day
        if self.patients < 1:
            raise UsageError(
                f"patients: expected at least 1, got {self.patients}. Ask for a few thousand to train a model."
            )
        if (last - first).days < 31:
            raise UsageError(
                f"first_day, last_day: expected more than a month between them, got {first} and {last}. "
                "Let the records run for at least two years to train a model."
            )
        if np.datetime64(first) < FIRST_JOINING or last.year - first.year > MOST_YEARS:
            raise UsageError(
                f"first_day, last_day: expected up to {MOST_YEARS} years from {FIRST_JOINING} on, got {first} and "
                f"{last}. The first practices joined the trust then; begin later or end earlier."
            )


@dataclass(frozen=True, slots=True)
class Lived:
    """What happened in a world."""

    place: Place
    life: Life
    stays: Stays
    spells: Spells
    ratios: Ratios
    patient_id: Values
    of_coding: np.random.Generator
    of_tables: dict[str, np.random.Generator]  # the stream that the rows of each table are drawn from


def lived_in(world: World) -> Lived:
    """Return what happened, drawn from the world's seed."""
    # Every part draws from a stream of its own: deepening one does not change what the others draw.
    streams = np.random.default_rng(world.seed).spawn(7)
    of_place, of_people, of_life, of_stays, of_coding, of_attenders, of_reviews = streams
    patient_id = registry.pseudonyms(world.patients)
    months = Months.between(world.first_day, world.last_day)
    place = draw_place(of_place, world.patients, months)
    people = draw_population(of_people, world.patients, place, months)
    given = None if world.reviews is None else Reviews.of(world.reviews, patient_id)
    life = live(of_life, people, place, months)
    reviews = choices.draw_reviews(of_reviews, life, place) if given is None else given
    ratios = Ratios(world.effects, place, people, reviews)
    stays = hospital.draw_stays(of_stays, life, ratios)
    return Lived(
        place=place,
        life=life,
        stays=stays,
        spells=spells_of(stays, regular_attendances(of_attenders, life, stays)),
        ratios=ratios,
        patient_id=patient_id,
        of_coding=of_coding,
        of_tables={name: np.random.default_rng([world.seed, *name.encode()]) for name in TABLES},
    )
