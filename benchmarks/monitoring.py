"""How often monitoring alarms where nothing changed, and finds it where one coding practice changed on a known day.

For each seed a trust is made twice: as it is, and with coders who from 15 January 2025 write down the main diagnosis of
a stay and no other (`Flaws.coding_change`). People of the training dates of a list of 1 January 2025 are compared with
those of a day half a year and a year later. Volumes and stability alone are looked at, so no model is trained.

    .venv/bin/python benchmarks/monitoring.py --patients 5000 --seeds 10
"""

import argparse
import warnings
from datetime import date

import numpy as np

import vi_risk
from vi_risk.features.engine import compute_features
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.snapshots import Snapshots, plan_people
from vi_risk.models.spec import ModelSpec
from vi_risk.monitoring.feeds import volumes_of
from vi_risk.monitoring.people import practices_alike
from vi_risk.monitoring.stability import stability_of
from vi_risk.records.linked import Records
from vi_risk.records.permission import NOBODYS
from vi_risk.records.synthetic import Flaws, make_trust

LIST, CHANGE, LAST = date(2025, 1, 1), date(2025, 1, 15), date(2025, 12, 31)
LOOKS = (date(2025, 7, 1), date(2026, 1, 1))
NAMED = 3


def main() -> None:
    """Print one line for each trust and look, and what they come to."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--patients", type=int, default=5000)
    asked.add_argument("--seeds", type=int, default=10)
    asked.add_argument("--first", type=int, default=1, help="the first seed")
    flags = asked.parse_args()
    warnings.simplefilter("ignore")
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
    names = [one.name for one in spec.inputs(then.catalogue) if values[one.name].nunique() > 1]
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


def _records(patients: int, seed: int, *, changed: bool) -> Records:
    flaws = Flaws(coding_change=CHANGE if changed else None)
    trust = make_trust(patients=patients, seed=seed, last_day=LAST, flaws=flaws)
    return Records.from_frames(trust, permission=NOBODYS)


if __name__ == "__main__":
    main()
