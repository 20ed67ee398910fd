"""Intervals against the truth: 20 synthetic trusts with a known effect, and the same 20 without one."""

from collections import defaultdict
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest

from tests.unit.impact.made import drawn
from vi_risk.impact.joining import Comparable, comparable, joining_of
from vi_risk.impact.listed import EarlierList, Followed, _placed, followed_of, logit, number_between, rate_of
from vi_risk.impact.outcomes import OUTCOMES
from vi_risk.impact.panel import panel_of
from vi_risk.impact.reviewing import _pairs, at_the_line, matched
from vi_risk.impact.synthetic_control import MONTHS_AFTER, gaps_of
from vi_risk.records.codes import EMERGENCY_ADMISSION_METHODS
from vi_risk.records.linked import Records
from vi_risk.records.synthetic import Effects, choices, emergency_department, registry, spells
from vi_risk.records.synthetic.frames import canonical_frame
from vi_risk.records.synthetic.truth import true_risks
from vi_risk.records.synthetic.world import Lived, World, lived_in

pytestmark = pytest.mark.slow

SEEDS = range(1, 21)
AT_LEAST = 17  # of 20; 19 are expected of intervals of 95 %
PEOPLE = 4000
LIST = date(2022, 1, 1)
LAST_DAY = date(2022, 12, 31)
PLACES = 40
NO_EFFECT = Effects()


def life(seed: int, first_day: date, effects: Effects = NO_EFFECT, reviews: pd.DataFrame | None = None) -> Lived:
    return lived_in(World(PEOPLE, seed, first_day, LAST_DAY, effects, reviews))


def tables_of(lived: Lived) -> dict[str, pd.DataFrame]:
    """The tables that are asked for here, as `make_trust` writes them: the others take most of its time."""
    written = {
        "patients": lambda rng: registry.patients_written(rng, lived.life, lived.place),
        "registrations": lambda rng: registry.registrations_written(rng, lived.life, lived.place),
        "spells": lambda rng: spells.spells_written(rng, lived.life, lived.spells),
        "ed_attendances": lambda rng: emergency_department.attendances_written(rng, lived.life, lived.spells),
        "mdt_reviews": lambda _: choices.reviews_written(lived.ratios.reviews),
    }
    return {
        name: canonical_frame(write(lived.of_tables[name].spawn(1)[0]), lived.patient_id, lived.life.months.last_day)
        for name, write in written.items()
    }


def records_of(lived: Lived) -> Records:
    return Records.from_frames({**tables_of(lived), "practices": registry.practices_frame(lived.place)})


@cache
def practices_of(seed: int, effect: float) -> Comparable:
    return comparable(panel_of(records_of(life(seed, date(2016, 6, 1), Effects(integration=effect)))))


def test_intervals_of_joining_cover_the_truth_with_and_without_an_effect() -> None:
    """The truth is the difference to the same lives without an effect, over the practice-months compared."""
    covered = dict.fromkeys([(what, effect) for what in (*OUTCOMES, "ratio") for effect in (1.0, 0.8)], 0)
    for seed in SEEDS:
        panels = {effect: practices_of(seed, effect) for effect in (1.0, 0.8)}
        for effect, found in panels.items():
            after = found.rows["month"] >= found.rows["joined"]
            for outcome in OUTCOMES:
                fewer = (found.rows[outcome] - panels[1.0].rows[outcome])[after]
                truth = float((100 * fewer / found.rows["registered"][after]).mean())
                one = joining_of(found, outcome)
                covered[outcome, effect] += one.effect.low <= truth <= one.effect.high
                if outcome == "emergency_admissions":  # the ratio of the others is nowhere set
                    assert one.ratio is not None
                    covered["ratio", effect] += one.ratio.low <= effect <= one.ratio.high
    assert min(covered.values()) >= AT_LEAST, covered


def gaps_within(found: Comparable, truth: dict[str, float]) -> tuple[int, int]:
    gaps, _ = gaps_of(found, "emergency_admissions")
    return sum(gap.gap.low <= truth[gap.practice_code] <= gap.gap.high for gap in gaps), len(gaps)


@pytest.mark.parametrize("effect", [0.0, -0.25])
def test_intervals_of_synthetic_controls_cover_the_truth_with_and_without_an_effect(effect: float) -> None:
    """Of practices drawn at random that go up and down by themselves, from month to month alike."""
    covered = made = 0
    for seed in SEEDS:
        found = comparable(drawn(seed, joined=4, never=6, effect=effect))
        within, number = gaps_within(found, dict.fromkeys(found.joined, effect))
        covered, made = covered + within, made + number
    assert made >= 3 * len(SEEDS)
    assert covered / made >= AT_LEAST / len(SEEDS), (covered, made)


def test_a_synthetic_control_that_nothing_changed_is_seldom_called_unusual() -> None:
    p_values = []
    for seed in SEEDS:
        gaps, _ = gaps_of(comparable(drawn(seed, joined=4, never=6)), "emergency_admissions")
        p_values += [gap.p_value for gap in gaps]
    assert np.mean(np.array(p_values) <= 0.2) <= 0.3, np.mean(np.array(p_values) <= 0.2)


def test_synthetic_controls_of_records_cover_the_truth() -> None:
    """The truth is the difference to the same lives without an effect, in the year after joining."""
    covered = {1.0: [0, 0], 0.8: [0, 0]}
    for seed in list(SEEDS)[:6]:
        panels = {effect: practices_of(seed, effect) for effect in covered}
        for effect, found in panels.items():
            rate = 100 * found.rows["emergency_admissions"] / found.rows["registered"]
            without = 100 * panels[1.0].rows["emergency_admissions"] / panels[1.0].rows["registered"]
            since = found.rows["month"] - found.rows["joined"]
            year = (since >= 0) & (since < MONTHS_AFTER)
            truth = (rate - without)[year].groupby(found.rows.loc[year, "practice_code"]).mean().to_dict()
            for number, more in enumerate(gaps_within(found, truth)):
                covered[effect][number] += more
    for within, number in covered.values():
        assert number >= 6, covered
        assert within / number >= AT_LEAST / len(SEEDS), covered


def test_intervals_at_the_line_cover_the_truth_with_and_without_an_effect() -> None:
    """The truth is the difference to the same lives without an effect, of the people just above the line.

    Where the people differ before any review, or too few had the event, no effect is told: of readmissions, which are
    rare, in half of the trusts.
    """
    covered: dict[tuple[str, float], list[bool]] = defaultdict(list)
    for seed in SEEDS:
        people = listed(seed)
        found = {effect: followed(seed, people, people["listed"], effect) for effect in (1.0, 0.7)}
        for effect, of in found.items():
            near = of.people["places"].between(0, PLACES / 2)
            for outcome, told in at_the_line(of).outcomes.items():
                fewer = (of.people[f"{outcome}_after"] - found[1.0].people[f"{outcome}_after"])[near]
                truth = rate_of(float(fewer.mean()), of.days)
                if (one := told.effect) is not None:
                    covered[outcome, effect].append(one.low <= truth <= one.high)
    assert len(covered) == 2 * len(OUTCOMES)
    for (outcome, _), within in covered.items():
        assert np.mean(within) >= AT_LEAST / len(SEEDS), covered
        assert len(within) >= (len(SEEDS) / 4 if outcome == "readmissions" else AT_LEAST), covered


def test_intervals_of_matched_pairs_cover_the_truth_with_and_without_an_effect() -> None:
    """The truth is the difference to the same lives without an effect, of the reviewed that have a match.

    Of twice the places a team reviews a half, whom it will: people like them are left, as a matched comparison needs.
    """
    covered = dict.fromkeys([(outcome, effect) for outcome in OUTCOMES for effect in (1.0, 0.6)], 0)
    for seed in SEEDS:
        people = listed(seed)
        chosen = some_of_the_first(seed, people)
        found = {effect: followed(seed, people, chosen, effect) for effect in (1.0, 0.6)}
        for effect, of in found.items():
            there = pairs_of(of)[:, 0]
            of_reviewed, since = of.people.loc[there, "patient_id"], of.people.loc[there, "reviewed_on"]
            for outcome, told in matched(of).outcomes.items():
                with_effect, without = (
                    number_between(one.happened[outcome], of_reviewed, since, 0, of.days).mean()
                    for one in (of, found[1.0])
                )
                one = told.effect
                truth = rate_of(float(with_effect - without), of.days)
                covered[outcome, effect] += one is not None and one.low <= truth <= one.high
    assert min(covered.values()) >= AT_LEAST, covered


def pairs_of(followed: Followed) -> np.ndarray:
    before = followed.people["emergency_admissions_year_before"].astype("float64")
    rows = followed.people.assign(score=logit(followed.people["risk"]), before=before)
    return _pairs(rows, rows["reviewed_on"].notna())


def some_of_the_first(seed: int, people: pd.DataFrame) -> pd.Series:
    rank = people.groupby("practice_code")["risk"].rank(ascending=False, method="first")
    return (rank <= 2 * PLACES) & (np.random.default_rng([seed, 1]).random(len(people)) < 0.5)


def test_people_followed_without_an_engine_are_those_of_records() -> None:
    """What the two tests above follow, made in pandas, is what `followed_of` makes of the same records."""
    people = listed(1)
    chosen = some_of_the_first(1, people)
    quick = followed(1, people, chosen, 0.6)
    reviews = people.loc[chosen, ["patient_id"]].assign(reviewed_on=pd.Timestamp(LIST))
    records = records_of(life(1, date(2021, 1, 1), Effects(review=0.6), reviews))
    slow = followed_of(records, [EarlierList(LIST, people)], known_by=quick.known_by)
    for way in (at_the_line, matched):
        for outcome in OUTCOMES:
            one, other = (way(of).outcomes[outcome] for of in (quick, slow))
            # Of the year before one stay differs: it is two spells, which only the engine joins.
            assert (one.effect, one.detectable, one.events) == (other.effect, other.detectable, other.events), outcome


def followed(seed: int, people: pd.DataFrame, chosen: pd.Series, effect: float) -> Followed:
    """The people of a list, of whom those chosen were reviewed on its day."""
    reviews = people.loc[chosen, ["patient_id"]].assign(reviewed_on=pd.Timestamp(LIST))
    lived = life(seed, date(2021, 1, 1), Effects(review=effect), reviews)
    tables = tables_of(lived)
    happened = happened_in(tables)
    rows, _ = _placed(people)
    rows = rows.assign(list_date=pd.Timestamp(LIST)).merge(reviews, on="patient_id", how="left")
    about = tables["patients"].set_index("patient_id")
    born, died = (rows["patient_id"].map(pd.to_datetime(about[name])) for name in ("birth_month", "died_on"))
    rows = rows.assign(age=(rows["list_date"] - born).dt.days / 365.25, died_on=died, reviewed_before=False)
    left = tables["registrations"].assign(until=pd.to_datetime(tables["registrations"]["registered_to"]))
    left["until"] = left["until"].fillna(pd.Timestamp("2099-01-01"))
    until = rows["patient_id"].map(left.groupby("patient_id")["until"].max())
    rows["there_until"] = until.where(~(died < until), died + pd.Timedelta(days=1))
    for span, (since, before) in {"year_before": (-365, 0), "before": (-180, 0), "after": (0, 180)}.items():
        for outcome, of in happened.items():
            number = number_between(of, rows["patient_id"], rows["list_date"], since, before)
            rows[f"{outcome}_{span}"] = number
    return Followed(rows, happened, 180, date(2022, 12, 1), True, ())


def happened_in(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """patient_id and day of each outcome, as `vi_risk.impact.outcomes.happened` asks an engine for them."""
    stays = tables["spells"][["patient_id"]].assign(
        day=pd.to_datetime(tables["spells"]["admitted_on"]),
        left=pd.to_datetime(tables["spells"]["discharged_on"]),
        emergency=tables["spells"]["admission_method"].isin(EMERGENCY_ADMISSION_METHODS),
    )
    emergencies = stays[stays["emergency"]].sort_values(["patient_id", "day", "left"])
    since = (emergencies["day"] - emergencies.groupby("patient_id")["left"].shift()).dt.days
    attended = pd.to_datetime(tables["ed_attendances"]["arrived_at"]).dt.normalize()
    return {
        "emergency_admissions": emergencies[["patient_id", "day"]],
        "ed_attendances": tables["ed_attendances"][["patient_id"]].assign(day=attended),
        "readmissions": emergencies.loc[since.between(0, 30), ["patient_id", "day"]],
    }


@cache
def listed(seed: int) -> pd.DataFrame:
    """The first by true risk in each practice, so that the line alone decides who is reviewed."""
    lived = life(seed, date(2021, 1, 1))
    risks = true_risks(lived.life, lived.stays, lived.ratios, lived.patient_id, LIST, 365)
    risks = risks[["patient_id", "true_risk"]].rename(columns={"true_risk": "risk"})
    registered = tables_of(lived)["registrations"]
    since, until = (pd.to_datetime(registered[name]) for name in ("registered_from", "registered_to"))
    day = pd.Timestamp(LIST)
    there = registered[(since < day) & ~(until <= day)].drop_duplicates("patient_id", keep="last")
    people = risks.merge(there[["patient_id", "practice_code"]], on="patient_id")
    rank = people.groupby("practice_code")["risk"].rank(ascending=False, method="first")
    return people.assign(listed=rank <= PLACES)


def test_the_seeds_have_an_effect_to_be_covered() -> None:
    with_effect, without = (practices_of(1, ratio).rows["emergency_admissions"].sum() for ratio in (0.8, 1.0))
    assert np.log(with_effect / without) < -0.02


def test_the_smallest_effect_is_found_about_four_times_in_five() -> None:
    """Of panels drawn alike: that of the first ones is put into the next ones."""
    joinings = [joining_of(comparable(drawn(seed, joined=5, never=5)), "emergency_admissions") for seed in range(6)]
    smallest = float(np.mean([one.detectable for one in joinings]))
    with_it = [
        joining_of(comparable(drawn(seed, joined=5, never=5, effect=-smallest)), "emergency_admissions")
        for seed in range(100, 140)
    ]
    assert 0.65 <= np.mean([one.effect.high < 0 for one in with_it]) <= 0.95
