"""How often monitoring alarms where nothing changed, and finds it where one coding practice changed on a known day.

For each seed a trust is made twice: as it is, and with coders who from 15 January 2025 write down the main diagnosis of
a stay and no other (`Flaws.coding_change`). People of the training dates of a list of 1 January 2025 are compared with
those of a day half a year and a year later. Volumes and stability alone are looked at, so no model is trained.

With `--verdicts` the shipped model is trained for each seed and watched a year after the list, in four worlds: nothing
changed, coding changed, and reviews of everyone from the day of the list that keep 3 in 10, or half, of the emergency
admissions away.

    .venv/bin/python benchmarks/monitoring.py --patients 5000 --seeds 10
    .venv/bin/python benchmarks/monitoring.py --patients 5000 --seeds 5 --verdicts
"""

import argparse
import warnings
from collections import Counter
from datetime import date

import numpy as np
import pandas as pd

import vi_risk
from vi_risk.features.engine import compute_features
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.evidence.metrics import auroc, auroc_interval
from vi_risk.models.on_snapshots import raw_scores, risks_of
from vi_risk.models.snapshots import Snapshots, plan_people
from vi_risk.models.spec import ModelSpec
from vi_risk.monitoring.feeds import volumes_of
from vi_risk.monitoring.people import practices_alike
from vi_risk.monitoring.stability import stability_of
from vi_risk.monitoring.watched import Watched
from vi_risk.monitoring.watching import Monitored, monitor
from vi_risk.records.linked import Records
from vi_risk.records.permission import NOBODYS
from vi_risk.records.synthetic import Effects, Flaws, make_trust

LIST, CHANGE, LAST = date(2025, 1, 1), date(2025, 1, 15), date(2025, 12, 31)
LOOKS = (date(2025, 7, 1), date(2026, 1, 1))
NAMED = 3
SPARED = {"reviews keep 3 in 10 away": 0.7, "reviews keep half away": 0.5}  # rate ratio of emergency admission
WORLDS = ("nothing changed", "coding changed", *SPARED)


def main() -> None:
    """Print one line for each trust and look, and what they come to."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--patients", type=int, default=5000)
    asked.add_argument("--seeds", type=int, default=10)
    asked.add_argument("--first", type=int, default=1, help="the first seed")
    asked.add_argument("--verdicts", action="store_true", help="train a model and tell what is said to be done")
    flags = asked.parse_args()
    warnings.simplefilter("ignore")
    if flags.verdicts:
        verdicts(flags.patients, range(flags.first, flags.first + flags.seeds))
        return
    spec = vi_risk.load_spec().with_changes(companions=())
    alarms: dict[tuple[date, bool], int] = {(look, changed): 0 for look in LOOKS for changed in (False, True)}
    for seed in range(flags.first, flags.first + flags.seeds):
        then = vi_risk.build_features(_records(flags.patients, seed, changed=False), spec, index_date=LIST)
        for changed in (False, True):
            records = _records(flags.patients, seed, changed=changed)
            for look in LOOKS:
                moved, volumes = look_at(records, then, spec, look)
                alarms[look, changed] += bool(moved or volumes)
                named = ", ".join(moved[:NAMED]) + (f" and {len(moved) - NAMED} more" if len(moved) > NAMED else "")
                what = "coding changed" if changed else "nothing changed"
                print(
                    f"seed {seed} {look} {what}: volumes {', '.join(volumes) or '-'}; features {named or '-'}",
                    flush=True,
                )
    for (look, changed), number in alarms.items():
        print(f"{look} {'coding changed' if changed else 'nothing changed'}: {number} of {flags.seeds} alarm")


def verdicts(patients: int, seeds: range) -> None:
    """Print what is said to be done a year after the list in each world, for each seed and as numbers of trusts."""
    said: dict[str, Counter[str]] = {world: Counter() for world in WORLDS}
    for seed in seeds:
        watched = trained(_world(patients, seed, WORLDS[0]))
        for world in WORLDS:
            found = monitor(_world(patients, seed, world), watched, today=LOOKS[-1])
            said[world][found.judged.verdict] += 1
            print(f"seed {seed} {world}: {_in_words(found)}", flush=True)
    for world, told in said.items():
        print(f"{world}: {', '.join(f'{verdict} {number}' for verdict, number in told.most_common())}")


def trained(records: Records) -> Watched:
    """Return the shipped model, without those beside it, trained for the list and tested."""
    spec = vi_risk.load_spec().with_changes(companions=())
    snapshots = vi_risk.build_features(records, spec, index_date=LIST)
    model = vi_risk.train(snapshots, spec)
    answers = snapshots.answers("test")
    risk = risks_of(model, raw_scores(model, snapshots.blocks("test")))
    outcome, weight = (answers[name].to_numpy(dtype=np.float64) for name in ("outcome", "weight"))
    return Watched(
        spec=spec,
        model=model,
        companions={},
        snapshots=snapshots,
        against="training",
        scores=vi_risk.score(model, snapshots),
        evaluation={
            "model": {"auroc": auroc(risk, outcome, weight), "auroc_interval": auroc_interval(risk, outcome, weight)}
        },
        version="",
        checksum="",
        rule=Disclosure(),
    )


def _in_words(found: Monitored) -> str:
    (window,) = found.windows
    ratio = (
        "-" if window.ratio is None else f"{window.ratio.value:.2f} ({window.ratio.low:.2f}-{window.ratio.high:.2f})"
    )
    moved = sum(bool(one.passed) for one in found.features)
    stand_out = [one.table for one in found.volumes if one.stands_out]
    return (
        f"{found.judged.verdict}; O:E {ratio}, of the window {found.judged.windows[0].verdict}; {moved} features moved;"
        f" volumes {', '.join(stand_out) or '-'}"
    )


def look_at(records: Records, then: Snapshots, spec: ModelSpec, look: date) -> tuple[list[str], list[str]]:
    """Return the features that moved, most first, and the tables of which the volume stands out."""
    _, cohort = plan_people(records, spec, index_date=look, catalogue=then.catalogue)
    now = cohort[cohort["role"] == "list"]
    features = compute_features(records.as_of(look), now, then.catalogue, windows=then.windows)
    before, values = then.rows("train")
    declared = {one.name: one.window for one in spec.inputs(then.catalogue)}
    looks = {then.windows.get(name, window) for name, window in declared.items()} - {None}
    practices = practices_alike(before, now, [days for days in looks if days is not None])
    rows_then, rows_now = practices.rows(before), practices.rows(now)
    names = [one.name for one in spec.inputs(then.catalogue) if values[one.name].min() < values[one.name].max()]
    found = stability_of(
        names,
        lambda name: values[name].to_numpy(dtype=np.float64)[rows_then],
        lambda name: features[name].to_numpy(dtype=np.float64)[rows_now],
        people_then=before.loc[rows_then, "patient_id"].nunique(),
        limits=spec.monitoring,
        rule=Disclosure(),
    )
    volumes = volumes_of(records, today=look, limits=spec.monitoring, rule=Disclosure(), without=practices.left_out)
    stand_out = [
        one.table if one.practice is None else f"{one.table} of {one.practice}" for one in volumes if one.stands_out
    ]
    return [one.name for one in found if one.passed], stand_out


def _world(patients: int, seed: int, world: str) -> Records:
    if world not in SPARED:
        return _records(patients, seed, changed=world == "coding changed")
    people = make_trust(patients=patients, seed=seed, last_day=LAST)["patients"]["patient_id"]
    reviews = pd.DataFrame({"patient_id": people, "reviewed_on": LIST, "decision": "accepted"})
    effects = Effects(review=SPARED[world], review_days=365)
    trust = make_trust(patients=patients, seed=seed, last_day=LAST, effects=effects, reviews=reviews)
    return Records.from_frames(trust, permission=NOBODYS)


def _records(patients: int, seed: int, *, changed: bool) -> Records:
    flaws = Flaws(coding_change=CHANGE if changed else None)
    trust = make_trust(patients=patients, seed=seed, last_day=LAST, flaws=flaws)
    return Records.from_frames(trust, permission=NOBODYS)


if __name__ == "__main__":
    main()
