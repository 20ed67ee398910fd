"""``python -m benchmarks.retraining``: what retraining learns where lists are acted on and reviews truly help.

On synthetic trusts whose reviews lower the rate of emergency admission for a year, a list is made every January, those
on it are reviewed two weeks later, and the model is trained anew before the next: once for each way of treating
reviewed windows, each living with what its own lists did. As nobody's untreated outcome is seen, each is held against
the true risk without reviews, which the synthetic trust knows. A model that is trained on the trust without reviews and
one that is never trained again stand beside them. The table stands in docs/decisions/0020; it is written as JSON to
benchmarks/out/ too.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from benchmarks.runs import ROOT
from vi_risk.caselists.choosing.places import give_places
from vi_risk.caselists.choosing.tie_band import TieBand, draw_at_the_line
from vi_risk.cohort.censoring import censoring_weights
from vi_risk.cohort.events import KEYS
from vi_risk.cohort.index_dates import IndexDates
from vi_risk.cohort.outcomes import outcomes_of
from vi_risk.cohort.people import cohort_at_each, cohort_frame
from vi_risk.features.catalogue import read_catalogue
from vi_risk.features.engine import compute_features
from vi_risk.governance.door import admitted, permission_of
from vi_risk.models.evidence.students_t import t_quantile
from vi_risk.models.learning.calibration import log_odds_of
from vi_risk.models.on_snapshots import Model, fit, training_rows
from vi_risk.models.reviewed.windows import as_if_not_reviewed
from vi_risk.models.scoring import score
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import ModelSpec, load_spec
from vi_risk.records.linked import Records
from vi_risk.records.synthetic import Effects, make_trust, make_truth

FIRST_DAY, LAST_DAY = date(2017, 1, 1), date(2024, 12, 31)
LISTS = tuple(date(year, 1, 1) for year in (2021, 2022, 2023, 2024))
# A model learns from windows that are over by the day of its list: half a year apart, a year back and further.
TRAINED_BACK = (365, 547, 729)
HORIZON, TO_THE_MEETING = 365, timedelta(days=14)
NOBODY = pd.DataFrame({"patient_id": pd.Series(dtype="str"), "reviewed_on": pd.Series(dtype="datetime64[s]")})
# A few features of each kind: what is compared is the ways, not how good a model can be. Only those of the hospital's
# records change with reviews; the others are made once.
OF_HOSPITAL = ("emergency_admissions", "days_since_emergency_admission", "emergency_bed_days", "ed_attendances")
OF_OTHERS = (
    "age", "care_home", "frailty_deficits", "long_term_conditions", "gp_appointments", "gp_home_visits", "medicines",
    "community_contacts",
)  # fmt: skip


@dataclass(frozen=True)
class Way:
    """A way of training: what is done about reviewed windows, from which records, whether the last places go by lot."""

    name: str
    treated_as: str = "ignore"
    band: int = 0
    records: str = "own"  # or "untreated"; "kept": the first model is never trained again


WAYS = (
    Way("naive: reviews ignored"),
    Way("exclude", "exclude"),
    Way("covariate", "covariate"),
    Way("weight", "weight"),
    Way("weight, with a tie band of 3", "weight", band=3),
    Way("the first model, never trained again", records="kept"),
    Way("trained on the trust without reviews", records="untreated"),
)


@dataclass
class Trust:
    """One synthetic trust under any reviews, and its true risk without; what is built is kept."""

    patients: int
    seed: int
    ratio: float
    built: dict[tuple[object, ...], tuple[Records, Snapshots]] = field(default_factory=dict)

    def under(self, reviews: pd.DataFrame, day: date) -> tuple[Records, Snapshots]:
        """Return the records and snapshots of a list date, as the reviews before it have left them."""
        key = (day, tuple(map(tuple, reviews.astype(str).to_numpy())))
        if key not in self.built:
            records = self.records(reviews)
            catalogue = read_catalogue()
            rows = self.cohort[self.cohort["index_date"].isin([day, *_trained_at(day)])].reset_index(drop=True)
            cohort = rows.assign(role=np.where(rows["index_date"] == day, "list", "train"))
            found = outcomes_of(
                records, cohort, outcome="emergency_admission", horizon_days=HORIZON, known_by=day
            ).assign(index_date=cohort["index_date"])
            cohort = cohort.assign(
                **found.drop(columns="index_date"), weight=censoring_weights(found, horizon_days=HORIZON)
            )
            of_hospital = compute_features(records.as_of(day), cohort, catalogue.only(*OF_HOSPITAL), windows={})
            features = cohort[[*KEYS]].merge(of_hospital, on=[*KEYS]).merge(self.of_others, on=[*KEYS])
            snapshots = Snapshots(
                index_dates=IndexDates(day, day, _trained_at(day)), windows={}, flow=(), notes=(), data_to={},
                practices={}, catalogue=catalogue.only(*OF_HOSPITAL, *OF_OTHERS), features=features, cohort=cohort,
            )  # fmt: skip
            if len(reviews) and day > LISTS[1]:  # lived through by one way alone: not kept, as memory is finite
                return records, snapshots
            self.built[key] = records, snapshots
        return self.built[key]

    def records(self, reviews: pd.DataFrame) -> Records:
        """Return what the services would have written down had these reviews been held."""
        effects = Effects(review=self.ratio, review_days=365)
        tables = make_trust(
            patients=self.patients, seed=self.seed, first_day=FIRST_DAY, last_day=LAST_DAY, effects=effects,
            reviews=reviews.assign(decision="accepted"),
        )  # fmt: skip
        permission = permission_of(None)
        return admitted(Records.from_frames(tables, permission=permission), permission)

    @cached_property
    def cohort(self) -> pd.DataFrame:
        """Who is asked about at each date, which reviews do not change."""
        days = sorted({*LISTS, *(day for list_date in LISTS for day in _trained_at(list_date))})
        dates = IndexDates(LISTS[-1], LISTS[-1], tuple(days))
        people = cohort_at_each(self.records(NOBODY).as_of(LISTS[-1] + timedelta(days=1)), dates, min_age=18)
        rows = cohort_frame([one for one in people if one.role == "train"])
        return rows[["patient_id", "index_date", "practice_code", "gp_seen_from"]]

    @cached_property
    def of_others(self) -> pd.DataFrame:
        """The features of the other services' records, at each date."""
        return compute_features(
            self.records(NOBODY).as_of(LISTS[-1]), self.cohort, read_catalogue().only(*OF_OTHERS), windows={}
        )

    @cached_property
    def truth(self) -> pd.DataFrame:
        """The true risk without reviews, by list date and patient."""
        rows = make_truth(
            index_dates=LISTS, patients=self.patients, seed=self.seed, first_day=FIRST_DAY, last_day=LAST_DAY,
            reviews=NOBODY,
        )  # fmt: skip
        return rows.assign(index_date=pd.to_datetime(rows["index_date"])).set_index(["index_date", "patient_id"])


def _trained_at(list_date: date) -> tuple[date, ...]:
    return tuple(list_date - timedelta(days=back) for back in TRAINED_BACK)


def spec_of(way: Way) -> ModelSpec:
    """Return the shipped main spec, light, with reviewed windows treated in a way."""
    learner = {
        "n_estimators": 60, "learning_rate": 0.08, "min_child_samples": 50, "calibration_folds": 2, "num_threads": 1,
    }  # fmt: skip
    return load_spec().with_changes(
        companions=(),
        learner=learner,
        uncertainty={"refits": 0},
        reviews={"treated_as": way.treated_as, "effect_days": 365},
    )


def model_of(trust: Trust, way: Way, reviews: pd.DataFrame, day: date) -> Model:
    """Return the model that a way trains for a list."""
    spec = spec_of(way)
    records, snapshots = trust.under(NOBODY if way.records == "untreated" else reviews, day)
    treated = replace(snapshots, cohort=as_if_not_reviewed(snapshots, records, spec))
    inputs = [feature.name for feature in spec.inputs(snapshots.catalogue)]
    return fit(spec, snapshots.catalogue, training_rows(treated).select(inputs))


def listed_of(scores: pd.DataFrame, snapshots: Snapshots, *, capacity: int, band: int) -> pd.DataFrame:
    """Return who is on the lists of all practices, so many on each."""
    people = scores.merge(snapshots.people("list")[["patient_id", "practice_code"]], on="patient_id")
    people = people.sort_values("rank", ignore_index=True).assign(meeting=lambda rows: rows["practice_code"])
    everyone = np.ones(len(people), dtype=bool)
    on_it = give_places(people["practice_code"], people["meeting"], everyone, capacity=capacity)
    if band:
        lot = draw_at_the_line(people, on_it, everyone, ~everyone, band=TieBand(band))
        on_it = np.where(lot.in_band, lot.drawn, on_it)
    return people[on_it]


def judged(scores: pd.DataFrame, truth: "pd.Series[float]", capacity: int, snapshots: Snapshots) -> dict[str, float]:
    """Return how risks stand to the true ones without reviews, and the cases that their lists would have found."""
    found = scores.assign(true_risk=truth.reindex(scores["patient_id"]).to_numpy()).dropna(subset="true_risk")
    risk, true_risk = found["risk"].to_numpy(), found["true_risk"].to_numpy()
    both = np.tile(log_odds_of(risk), 2)[:, None]
    happens = np.repeat([1, 0], len(risk))
    line = LogisticRegression(C=np.inf).fit(both, happens, sample_weight=np.concatenate([true_risk, 1 - true_risk]))
    listed = listed_of(found, snapshots, capacity=capacity, band=0)
    in_order = found.sort_values("true_risk", ascending=False, ignore_index=True)
    best = listed_of(in_order.assign(rank=in_order.index), snapshots, capacity=capacity, band=0)
    return {
        "expected over true": float(risk.sum() / true_risk.sum()),
        "expected over true, listed": float(listed["risk"].sum() / listed["true_risk"].sum()),
        "slope": float(line.coef_[0, 0]),
        "cases found": float(listed["true_risk"].sum()),
        "share of the best": float(listed["true_risk"].sum() / best["true_risk"].sum()),
    }


def lived_through(trust: Trust, way: Way, capacity: int) -> list[dict[str, object]]:
    """Return how a way did at each list, each list acted on."""
    reviews = NOBODY
    told: list[dict[str, object]] = []
    model: Model | None = None
    for day in LISTS:
        _, snapshots = trust.under(reviews, day)
        if model is None or way.records != "kept":
            model = model_of(trust, way, reviews, day)
        scores = score(model, snapshots)
        truth = trust.truth.xs(pd.Timestamp(day))["true_risk"]
        figures = judged(scores, truth, capacity, snapshots)
        told.append({"way": way.name, "list": day.isoformat(), "seed": trust.seed, **figures})
        listed = listed_of(scores, snapshots, capacity=capacity, band=way.band)
        held = pd.Timestamp(day + TO_THE_MEETING)
        reviews = pd.concat([reviews, listed[["patient_id"]].assign(reviewed_on=held)], ignore_index=True)
    return told


def with_interval(values: "pd.Series[float]") -> str:
    """Return the mean over seeds with its 95 % interval, by Student's t."""
    numbers = values.to_numpy(dtype=float)
    if len(numbers) < 2:
        return f"{numbers.mean():.3f}"
    reach = t_quantile(0.975, len(numbers) - 1) * numbers.std(ddof=1) / np.sqrt(len(numbers))
    return f"{numbers.mean():.3f} ({numbers.mean() - reach:.3f} to {numbers.mean() + reach:.3f})"


def table(found: pd.DataFrame) -> str:
    """Return the last retraining in figures, a way in each row, and below it what each list found, year by year."""
    figures = ("expected over true", "expected over true, listed", "slope", "share of the best")
    last = found[found["list"] == LISTS[-1].isoformat()].set_index("seed")
    retrained = found[found["list"] > LISTS[0].isoformat()]
    cases = retrained.groupby(["way", "seed"])["cases found"].sum()
    naive = cases[WAYS[0].name]
    lines = [
        f"| way | {' | '.join(figures)} | cases more than naive, of the retrained lists |",
        "|---|---|---|---|---|---|",
    ]
    for way in dict.fromkeys(found["way"]):
        cells = [with_interval(last.loc[last["way"] == way, name]) for name in figures]
        lines.append(f"| {way} | {' | '.join([*cells, with_interval(cases[way] - naive)])} |")
    lines += ["", f"Cases on the retrained lists of the first way: {with_interval(naive)}."]
    years = " | ".join(f"list of {day.year}" for day in LISTS)
    lines += ["", f"| expected over true of those listed; share of the best | {years} |", "|---|---|---|---|---|"]
    means = found.groupby(["way", "list"])[["expected over true, listed", "share of the best"]].mean()
    for way in dict.fromkeys(found["way"]):
        told = [means.loc[(way, day.isoformat())].to_numpy() for day in LISTS]
        lines.append(f"| {way} | " + " | ".join(f"{one[0]:.2f}; {one[1]:.3f}" for one in told) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Live through every way on every trust, print the table and write what it is made of."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retraining", description=__doc__)
    parser.add_argument("--patients", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=3, help="so many trusts")
    parser.add_argument("--first-seed", type=int, default=1, help="of the first trust; the others follow")
    parser.add_argument("--capacity", type=int, default=15, help="places of each practice")
    parser.add_argument("--ratio", type=float, default=0.5, help="rate ratio of admission in the year after a review")
    parser.add_argument("--ways", help="only naive, and those whose name begins with one of these, after commas")
    asked = parser.parse_args(arguments)
    begin = ("",) if asked.ways is None else tuple(asked.ways.split(","))
    chosen = [way for way in WAYS if way is WAYS[0] or way.name.startswith(begin)]
    begun, found = time.process_time(), []
    out = ROOT / "benchmarks" / "out"
    out.mkdir(exist_ok=True)
    for seed in range(asked.first_seed, asked.first_seed + asked.seeds):
        trust = Trust(asked.patients, seed, asked.ratio)
        for way in chosen:
            found += lived_through(trust, way, asked.capacity)
            spent = round(time.process_time() - begun)
            print(f"trust {seed}, {way.name}: {spent:,} CPU seconds so far", file=sys.stderr, flush=True)
            content = {"asked": vars(asked), "cpu_seconds": spent, "found": found}
            (out / "retraining.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(table(pd.DataFrame(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
