# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 3. Training, reading the evidence, promoting
#
# *Is this model good enough to choose whom a team discusses, and is it better than the one we have?* The first
# question is answered by five pictures, the second by a rule that was written down before the figures were known.
#
# The trust is synthetic and small, so every interval below is wide. Read them as you would in a small practice: what
# a figure could be matters more than what it is.

# %%
import json
import os
import subprocess
import sys
import tempfile
import warnings
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

import vi_risk

PEOPLE = int(os.environ.get("VI_RISK_NOTEBOOK_PEOPLE", "5000"))
SCRATCH = tempfile.TemporaryDirectory(prefix="vi-risk-notebook-")  # it goes when the kernel stops
HERE = Path(SCRATCH.name)
LIST_DATE = date(2025, 1, 1)
CAPACITY = 20  # places on the list of each practice

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#7F7F7F"  # told apart without red and green
alt.renderers.enable("png", ppi=144)  # a picture, so that no browser has to fetch anything
warnings.filterwarnings("ignore", "IProgress not found")  # a library would draw a progress bar, which nobody needs


@alt.theme.register("tour", enable=True)
def _tour() -> alt.theme.ThemeConfig:
    axis = {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal", "gridColor": "#E6E6E6"}
    title = {"anchor": "start", "fontSize": 14, "subtitleFontSize": 12, "subtitleColor": "#444444", "offset": 12}
    view = {"continuousWidth": 620, "continuousHeight": 260, "stroke": None}
    return {"config": {"view": view, "axis": axis, "title": title}}


# %% [markdown]
# ## One problem, one file
#
# A model spec says who is asked about, when, what, from which features, learnt how. Nine are shipped; `load_spec()`
# gives the main one. Ours is the same problem with fewer trees and training dates and without companions and refits,
# so that the tour is over in a minute. What is not written takes the shipped value.

# %%
declared = """\
name = "tour"
title = "Emergency admission in the next 12 months"
outcome = "emergency_admission"
outcome_words = "an emergency admission in the next 12 months"
horizon_days = 365

[snapshots]
most = 3                  # training dates, a quarter of a year apart

[learner]
n_estimators = 120
learning_rate = 0.06
min_child_samples = 40
min_events = 30

[uncertainty]
refits = 0                # 20 in earnest: they say how sure a place on the list is

[promotion]               # written down before anybody has seen a figure
threshold = 0.2           # the risk from which on one would act
slope = [0.7, 1.4]        # wider than shipped, for so small a trust
in_the_large = [-0.4, 0.4]
"""
(HERE / "tour.toml").write_text(declared)
spec = vi_risk.load_spec(HERE / "tour.toml")

# %% [markdown]
# ## Three dates that must not touch
#
# The list is made for one date. The test date lies one outcome window earlier, and every training window closes
# before the test window opens: the model is asked about a year that it has not seen.

# %%
vi_risk.write_trust(HERE / "trust", patients=PEOPLE, seed=1, last_day=date(2024, 12, 31))
records = vi_risk.read_records(HERE / "trust")
snapshots = vi_risk.build_features(records, spec, index_date=LIST_DATE)
dates = snapshots.index_dates
windows = pd.DataFrame(
    {"role": role, "start": pd.Timestamp(day)}
    for role, days in [("train", dates.train), ("test", [dates.test]), ("list", [dates.list_date])]
    for day in days
)
windows["end"] = windows["start"] + pd.Timedelta(days=spec.horizon_days)
windows["row"] = windows["start"].dt.strftime("%-d %b %Y")
ROLES = {"train": BLUE, "test": ORANGE, "list": GREY}
alt.Chart(windows).mark_bar(height=12).encode(
    alt.X("start:T", title=None, axis=alt.Axis(format="%b %Y")),
    alt.X2("end:T"),
    alt.Y("row:N", title="index date", sort=alt.SortField("start")),
    alt.Color("role:N", title=None, sort=list(ROLES), scale=alt.Scale(domain=list(ROLES), range=list(ROLES.values()))),
).properties(
    height=alt.Step(26),
    title=alt.Title(
        f"The last training window ends on {windows[windows['role'] == 'train']['end'].max():%-d %B %Y}, "
        f"the test window begins on {dates.test:%-d %B %Y}",
        subtitle="outcome windows of 12 months; that of the list is still to come",
    ),
)

# %%
model = vi_risk.train(snapshots, spec)
evaluation = vi_risk.evaluate(model, snapshots, capacity=CAPACITY, spec=spec)
people = {"model": evaluation.model, **evaluation.comparators}
lists = {name: one.at for name, one in people.items()}  # the highest 5 %, those with a place, ... -> who is found
pd.DataFrame(
    {
        "predictor": name.replace("_", " "),
        "AUROC": one.auroc,
        "calibration slope": one.calibration_slope,
        "PPV at capacity": lists[name]["capacity"].ppv,
        "sensitivity at capacity": lists[name]["capacity"].sensitivity,
    }
    for name, one in people.items()
).style.format(precision=3).hide(axis="index")

# %% [markdown]
# Never a model alone: beside it stand rules that a practice could apply by hand (three or more admissions last year,
# the Charlson score) and other learners on the same rows. If a rule does as well, take the rule.
#
# ## Can the number be believed?
#
# A list says "about 4 in 10 people like this". So among people told 40 %, four in ten should come in.

# %%
bins = pd.DataFrame(asdict(one) for one in evaluation.reliability)
curve = pd.DataFrame(asdict(one) for one in evaluation.calibration_curve)
top = float(curve["risk"].max())
PERCENT = alt.Axis(format="%", tickCount=6)
LOW_END = alt.Axis(format="%", values=[0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1])
ROOT = alt.Scale(type="sqrt", domain=[0, max(top, float(curve["observed"].max()))])  # most people are at the low end
line = alt.Chart(pd.DataFrame({"at": [0, top]})).mark_line(color=GREY, strokeDash=[4, 3])
line = line.encode(
    alt.X("at:Q", title="risk given", axis=LOW_END, scale=ROOT),
    alt.Y("at:Q", title="share admitted", axis=LOW_END, scale=ROOT),
)
smooth = alt.Chart(curve).mark_line(color=ORANGE).encode(alt.X("risk:Q"), alt.Y("observed:Q"))
base = alt.Chart(bins).encode(alt.X("mean_risk:Q"))
points = base.mark_point(color=BLUE, filled=True, opacity=1, size=60).encode(alt.Y("observed:Q"))
slope, (low, high) = evaluation.model.calibration_slope, evaluation.intervals["calibration_slope"]
(line + smooth + base.mark_rule(color=BLUE).encode(alt.Y("low:Q"), alt.Y2("high:Q")) + points).properties(
    width=420,
    height=340,
    title=alt.Title(
        f"Calibration slope {slope:.2f} ({low:.2f} to {high:.2f}); 1 is perfect",
        subtitle="dots: tenths of the people by risk, with 95 % interval; orange: smooth curve; dashed: perfect",
    ),
)

# %% [markdown]
# ## How many of the listed will come in?
#
# Capacity decides, not the AUROC: a team that sees 20 people of each practice asks how many of *those* will come in. A
# shorter list is purer and finds fewer; both axes belong together.

# %%
SHOWN = {"model": BLUE, "admissions_last_year": ORANGE, "age_and_sex": GREY}
found = pd.DataFrame(
    {"predictor": name.replace("_", " "), "listed": at.n, "ppv": at.ppv, "capacity": label == "capacity"}
    for name in SHOWN
    for label, at in lists[name].items()
)
known = evaluation.intervals
bounds = pd.DataFrame(
    {"listed": lists["model"][label].n, "low": known[f"ppv.{label}"][0], "high": known[f"ppv.{label}"][1]}
    for label in lists["model"]
    if label != "capacity" and known.get(f"ppv.{label}") is not None
)
colours = alt.Scale(domain=[name.replace("_", " ") for name in SHOWN], range=list(SHOWN.values()))
x = alt.X("listed:Q", title="people on the lists", scale=alt.Scale(type="log", nice=False))
band = alt.Chart(bounds).mark_rule(color=BLUE, strokeWidth=6, opacity=0.25).encode(x, alt.Y("low:Q"), alt.Y2("high:Q"))
lines = (
    alt.Chart(found[~found["capacity"]])
    .mark_line(point=True)
    .encode(
        x,
        alt.Y("ppv:Q", title="share of them admitted within 12 months (PPV)", axis=PERCENT),
        alt.Color("predictor:N", title=None, scale=colours),
    )
)
at_capacity = lists["model"]["capacity"]
here = alt.Chart(pd.DataFrame({"listed": [at_capacity.n], "ppv": [at_capacity.ppv]}))
rule = here.mark_rule(strokeDash=[4, 3]).encode(x)
diamond = here.mark_point(shape="diamond", size=120, filled=True, color="black", opacity=1).encode(x, alt.Y("ppv:Q"))
label = here.mark_text(align="right", dx=-8, dy=-8).encode(
    x, y=alt.datum(0), text=alt.value(f"{CAPACITY} places in each practice: {at_capacity.ppv:.0%}")
)
(band + lines + rule + diamond + label).properties(
    title=alt.Title(
        f"With {CAPACITY} places in each practice, {at_capacity.ppv:.0%} of the {at_capacity.n} people listed come in; "
        f"that is {at_capacity.sensitivity:.0%} of all who do",
        subtitle="lines: as many people chosen over the whole trust; pale: 95 % interval of the model's",
    )
)

# %% [markdown]
# The diamond need not lie on the line: places are shared out by practice, and one whose patients are well fills its
# last places with lower risks than the next in line elsewhere. What other ways of sharing do is in
# [04](04_from_scores_to_a_pack.ipynb).
#
# ## Is acting on it worth it?
#
# Net benefit weighs people found against people reviewed in vain. At a threshold of 20 % one would review four in
# vain to find one. The curve has to lie above listing everyone, above listing nobody, and above the simple rules,
# around the threshold that the team works at.

# %%
decisions = evaluation.decision_curve
curves = {
    "model": decisions.model,
    "admissions last year": decisions.comparators["admissions_last_year"],
    "age and sex": decisions.comparators["age_and_sex"],
    "list everyone": decisions.all,
}
benefit = pd.DataFrame(
    {"who": who, "threshold": threshold, "benefit": 1000 * value}
    for who, values in curves.items()
    for threshold, value in zip(decisions.thresholds, values, strict=True)
)
benefit = benefit[benefit["benefit"] > -5]  # listing everyone falls off the picture at once
colours = alt.Scale(domain=list(curves), range=[BLUE, ORANGE, GREY, "black"])
act_at = spec.promotion.threshold
at_threshold = benefit[benefit["threshold"] == act_at].set_index("who")["benefit"]
rule = alt.Chart(pd.DataFrame({"threshold": [act_at]})).mark_rule(strokeDash=[4, 3]).encode(x="threshold:Q")
lines = (
    alt.Chart(benefit)
    .mark_line()
    .encode(
        alt.X("threshold:Q", title="risk from which on one acts", axis=PERCENT),
        alt.Y("benefit:Q", title="net benefit, true cases per 1,000 people"),
        alt.Color("who:N", title=None, scale=colours),
        alt.StrokeDash(
            "who:N", title=None, scale=alt.Scale(domain=list(curves), range=[[1, 0], [6, 3], [2, 2], [8, 2, 2, 2]])
        ),
    )
)
(lines + rule).properties(
    title=alt.Title(
        f"At a threshold of {act_at:.0%} the model is worth {at_threshold['model']:.1f} true cases in 1,000, "
        f"last year's admissions {at_threshold['admissions last year']:.1f}",
        subtitle="at 0 nothing is gained over listing nobody; dashed: the threshold of the spec",
    )
)

# %% [markdown]
# ## For whom is it wrong?
#
# An average hides groups. Below, whether the risk of each group is too low or too high as a whole. Groups too small
# to say anything of are left out, and a wide interval is no all-clear.

# %%
ATTRIBUTES = ["sex", "age band", "deprivation fifth", "ethnic group", "GP record"]
groups = pd.DataFrame(
    {
        "attribute": attribute,
        "group": label,
        "too low": one.calibration_in_the_large,
        "low": (one.calibration_in_the_large_interval or (None, None))[0],
        "high": (one.calibration_in_the_large_interval or (None, None))[1],
    }
    for attribute in ATTRIBUTES
    for label, one in evaluation.subgroups[attribute].items()
)
too_few, groups = int(groups["low"].isna().sum()), groups.dropna().astype({"low": float, "high": float})
x = alt.X("low:Q", title="log-odds by which the risk is too low (right of 0) or too high (left)")
base = alt.Chart().encode(alt.Y("group:N", title=None, sort=None, axis=alt.Axis(labelLimit=180)))
points = base.mark_point(filled=True, color=BLUE, size=60, opacity=1).encode(alt.X("too low:Q"))
zero = alt.Chart().mark_rule(color=GREY).encode(x=alt.datum(0))
(
    alt.layer(zero, base.mark_rule(color=BLUE, strokeWidth=2).encode(x, alt.X2("high:Q")), points, data=groups)
    .properties(width=430, height=alt.Step(15))
    .facet(row=alt.Row("attribute:N", title=None, sort=ATTRIBUTES, header=alt.Header(labelAngle=0, labelAlign="left")))
    .resolve_scale(y="independent")
    .properties(
        title=alt.Title(
            f"Of {len(groups)} groups, {(groups['low'] > 0).sum()} are told too low a risk and "
            f"{(groups['high'] < 0).sum()} too high a one",
            subtitle=f"with 95 % interval; 1 in 20 would be so by chance; {too_few} groups are too few to tell",
        )
    )
)

# %% [markdown]
# ## What does it weigh?
#
# Contributions are in log-odds and add up to the score of each person. They are what the model weighs, which is not
# why anybody is admitted: who has many medicines is not admitted because of the list of them.

# %%
_, rows = snapshots.rows("test")
weighed = model.contributions(rows)[model.feature_name_].abs().mean()
named = {feature.name: feature for feature in spec.inputs(snapshots.catalogue)}
weights = pd.DataFrame({"feature": weighed.index, "weight": weighed.to_numpy()}).nlargest(15, "weight")
weights["domain"] = [named[name].definition.domain for name in weights["feature"]]
weights["words"] = [
    named[name].definition.title
    + (f", {named[name].group_title}" if named[name].group else "")
    + (f" ({named[name].window} days)" if named[name].window else "")
    for name in weights["feature"]
]
all_domains = pd.Series({name: named[name].definition.domain for name in weighed.index})
by_domain = weighed.groupby(all_domains).sum().sort_values(ascending=False) / weighed.sum()
SIX = ["#0072B2", "#E69F00", "#56B4E9", "#CC79A7", "#7F7F7F", "#000000"]  # told apart without red and green
alt.Chart(weights).mark_bar().encode(
    alt.X("weight:Q", title="mean absolute contribution, log-odds", axis=alt.Axis(tickCount=6)),
    alt.Y("words:N", title=None, sort="-x", axis=alt.Axis(labelLimit=360)),
    alt.Color("domain:N", title=None, scale=alt.Scale(range=SIX)),
).properties(
    width=360,
    title=alt.Title(
        f"{by_domain.iloc[0]:.0%} of what the model weighs is {by_domain.index[0]}",
        subtitle=f"the 15 features that weigh most, of {len(model.feature_name_)}",
    ),
)

# %% [markdown]
# ## Promoting
#
# Which model a list is made with is decided by the registry: one version of each model is *champion*. A challenger
# takes its place only if, on the same test patients, the lower bound of what it finds more at equal capacity **and**
# of its gain in net benefit lies above the margins of the spec, and its calibration inside the limits. The first
# champion needs the calibration alone.
#
# We let a modest model go first (age, sex and long-term conditions), and then hold the whole record against it.
# Promotion is a command, as it writes into the store that everybody's lists are made from: `vi-risk run` does every
# stage of this tour, into a folder, tracked in MLflow, and `vi-risk promote` asks for the place.

# %%
STORE = f"sqlite:///{HERE / 'mlruns' / 'mlflow.db'}"
modest = f'{declared}\n[features]\ndomains = ["person", "comorbidity"]\n'
(HERE / "modest.toml").write_text(modest)


# Jupyter asks programs for colours, with which would come a progress bar of a hundred lines.
PLAIN = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "CLICOLOR_FORCE")}


def vi_risk_command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `vi-risk ARGUMENTS` as in a terminal, and return how it ended and what it said."""
    command = [sys.executable, "-m", "vi_risk", *map(str, arguments), "--tracking-uri", STORE]
    return subprocess.run(command, env=PLAIN, capture_output=True, text=True, check=False)


def held_to_the_rule(name: str, model: Path) -> dict[str, Any]:
    """Run the whole path with a spec, ask for promotion, and return what was decided."""
    out = HERE / name
    asked = ["--records", HERE / "trust", "--index-date", f"{LIST_DATE}", "--model", model, "--capacity", f"{CAPACITY}"]
    ran = vi_risk_command("run", *asked, "--cache", HERE / "cache", "--out", out)
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    promoted = vi_risk_command("promote", "--out", out, "--why", f"tour: {name}")
    print(f"{name}: `vi-risk promote` ended with exit code {promoted.returncode} and said")
    print(promoted.stdout + promoted.stderr)
    decided: dict[str, Any] = json.loads((out / "run.json").read_text(encoding="utf-8"))["promotion"]
    return decided


first = held_to_the_rule("age and conditions", HERE / "modest.toml")
second = held_to_the_rule("the whole record", HERE / "tour.toml")

# %%
PER = {"true_cases": ("true cases on the lists", 1), "net_benefit": ("net benefit, true cases in 1,000 people", 1000)}
gains = pd.DataFrame(
    {
        "what": PER[one["asked"]][0],
        "value": PER[one["asked"]][1] * one["value"],
        "low": PER[one["asked"]][1] * one["interval"][0],
        "high": PER[one["asked"]][1] * one["interval"][1],
    }
    for one in second["findings"]
    if one["asked"] in PER
)
base = alt.Chart()
zero = base.mark_rule(color=ORANGE, strokeDash=[4, 3], strokeWidth=2).encode(x=alt.datum(0))
span = base.mark_rule(color=BLUE, strokeWidth=4).encode(alt.X("low:Q", title=None), alt.X2("high:Q"))
point = base.mark_point(color=BLUE, filled=True, size=110, opacity=1).encode(alt.X("value:Q"))
(
    alt.layer(zero, span, point, data=gains)
    .properties(width=480, height=34)
    .facet(row=alt.Row("what:N", title=None, header=alt.Header(labelAngle=0, labelAlign="left", labelOrient="top")))
    .resolve_scale(x="independent")
    .properties(
        title=alt.Title(
            f"Held against the champion, the whole record is {second['decided']}",
            subtitle="what it gains on the same patients, with 95 % interval; the lower end has to lie right of 0",
        )
    )
)

# %% [markdown]
# A challenger that looks better and is refused is no failure: on so few people nobody could know. Take more people or
# more years, not a lower bar. `vi-risk models list`
# shows who is champion, and `vi-risk rollback tour` puts the one before back.
#
# **Be careful of**
#
# - *choosing among many*: try twenty specs against one test year and one will win by luck; tune inside training
#   (`vi-risk tune`), and look at the test year last;
# - *a good AUROC with a bad slope*: bands and natural frequencies on the list would be wrong;
# - *groups*: a model that passes on average can still be too low for the people who are reached least.
#
# Next: [04, from scores to an MDT pack](04_from_scores_to_a_pack.ipynb).
