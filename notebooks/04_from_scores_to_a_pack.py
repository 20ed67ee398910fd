# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 4. From scores to an MDT pack
#
# A score is not a list. Between the two stand choices that a team should make with open eyes: how many places, whose
# they are, who is kept off and why, and what is said beside each name. This tour makes those choices, shows what each
# does to *who is discussed*, and writes the packs that a meeting works from.

# %%
import os
import tempfile
from datetime import date
from pathlib import Path

import altair as alt
import pandas as pd

import vi_risk

PEOPLE = int(os.environ.get("VI_RISK_NOTEBOOK_PEOPLE", "5000"))
SCRATCH = tempfile.TemporaryDirectory(prefix="vi-risk-notebook-")  # it goes when the kernel stops
HERE = Path(SCRATCH.name)
LIST_DATE = date(2025, 1, 1)

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#7F7F7F"  # told apart without red and green
alt.renderers.enable("png", ppi=144)  # a picture, so that no browser has to fetch anything


@alt.theme.register("tour", enable=True)
def _tour() -> alt.theme.ThemeConfig:
    axis = {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal", "gridColor": "#E6E6E6"}
    title = {"anchor": "start", "fontSize": 14, "subtitleFontSize": 12, "subtitleColor": "#444444", "offset": 12}
    view = {"continuousWidth": 620, "continuousHeight": 260, "stroke": None}
    return {"config": {"view": view, "axis": axis, "title": title}}


# %% [markdown]
# ## Scores
#
# A small model, learnt as in [03](03_train_evaluate_promote.ipynb). In earnest `vi-risk score` takes the champion.

# %%
(HERE / "tour.toml").write_text("""\
name = "tour"
title = "Emergency admission in the next 12 months"
outcome = "emergency_admission"
outcome_words = "an emergency admission in the next 12 months"
horizon_days = 365
[snapshots]
most = 3
[learner]
n_estimators = 120
learning_rate = 0.06
min_child_samples = 40
min_events = 30
""")
spec = vi_risk.load_spec(HERE / "tour.toml")
records = vi_risk.synthetic_records(patients=PEOPLE, seed=1, last_day=date(2024, 12, 31))
snapshots = vi_risk.build_features(records, spec, index_date=LIST_DATE)
model = vi_risk.train(snapshots, spec)
scores = vi_risk.score(model, snapshots)
scores.head()

# %% [markdown]
# ## Who gets a place
#
# The shipped rules give every practice of the trust 20 places; those outside it have no list. Here there are 12 each,
# as the practices are small. That is fair to practices, which is not the same as fair to people: the last place goes
# to quite different risks.

# %%
RULES = vi_risk.load_rules()
PLACES = 12  # of each practice here
listed = vi_risk.choose(scores, snapshots, rules=RULES, capacity=PLACES)
cohort, _ = snapshots.rows("list")
practices = records.frame("practices").set_index("practice_code")
everyone = scores.merge(cohort[["patient_id", "practice_code"]], on="patient_id")
everyone = everyone[everyone["practice_code"].isin(listed["practice_code"])]
everyone["practice"] = everyone["practice_code"].map(practices["name"])
everyone["on the list"] = everyone["patient_id"].isin(listed["patient_id"]).map({True: "listed", False: "not listed"})
near = everyone.sort_values("risk", ascending=False).groupby("practice").head(3 * PLACES)
near = near[["practice", "risk", "on the list"]]
last_places = everyone[everyone["on the list"] == "listed"].groupby("practice")["risk"].min().sort_values()
LISTED = alt.Color("on the list:N", title=None, scale=alt.Scale(domain=["listed", "not listed"], range=[BLUE, ORANGE]))
alt.Chart(near).mark_tick(thickness=2, size=20).encode(
    alt.X("risk:Q", title="risk of an emergency admission in 12 months", axis=alt.Axis(format="%")),
    alt.Y("practice:N", title=None, sort=last_places.index.tolist(), axis=alt.Axis(labelLimit=220)),
    LISTED,
).properties(
    height=alt.Step(32),
    title=alt.Title(
        f"The last place goes to a risk of {last_places.iloc[0]:.0%} at {last_places.index[0]}, "
        f"of {last_places.iloc[-1]:.0%} at {last_places.index[-1]}",
        subtitle=f"the highest {3 * PLACES} of each practice, {PLACES} places; higher, not listed: kept off by a rule",
    ),
)

# %% [markdown]
# A site's own rules say what it wants otherwise, and nothing more. Three ways to share the same number of places, by
# practice, by network (a primary care network is a few practices that work together) and over the whole trust:

# %%
WAYS = {
    "each practice its own": "",
    "shared in the network, two each at least": '[places]\nby = "network"\nfloor = 2\n',
    "shared over the trust": '[places]\nby = "trust"\n',
}
parts, places = [], {"each practice its own": PLACES}
inside = practices.loc[sorted(set(listed["practice_code"]))]
places["shared in the network, two each at least"] = PLACES * len(inside) // inside["network"].nunique()
places["shared over the trust"] = PLACES * len(inside)
for way, content in WAYS.items():
    file = HERE / "rules.toml"
    file.write_text(f"capacity = {places[way]}\n{content}")
    chosen = vi_risk.choose(scores, snapshots, rules=vi_risk.load_rules(file))
    counts = chosen.groupby("practice_code").size().rename("people").reset_index()
    parts.append(counts.assign(way=way, mean=chosen["risk"].mean()))
shared = pd.concat(parts, ignore_index=True)
label = practices["name"] + " (" + practices["network"] + ")"
shared["practice"] = shared["practice_code"].map(label)
means = shared.groupby("way")["mean"].first()
WIDE = alt.Axis(labelLimit=320)
over_trust = shared.loc[shared["way"] == "shared over the trust", "people"]
alt.Chart(shared).mark_bar().encode(
    alt.X("people:Q", title="people on the list"),
    alt.Y("practice:N", title=None, sort=label[inside.sort_values(["network", "name"]).index].tolist(), axis=WIDE),
    alt.Column("way:N", title=None, sort=list(WAYS), header=alt.Header(labelFontSize=12)),
    color=alt.value(BLUE),
).properties(
    width=190,
    height=alt.Step(24),
    title=alt.Title(
        f"Shared over the trust, one practice has {over_trust.max()} places and another {over_trust.min()}",
        subtitle="the same number of places in three ways; mean risk of those listed: "
        + ", ".join(f"{means[way]:.1%}" for way in WAYS)
        + " in this order",
    ),
)

# %% [markdown]
# Sharing moves places to where the risk is, and leaves some practices with little to discuss. There is no neutral
# choice; there is one that the team knows it has made. [docs/caselist.md](../docs/caselist.md) has the whole grammar:
# order, standings, who is kept off, what is not named.
#
# ## What is said beside a name
#
# `explain` gives reasons in declared words: what sets this person apart from people of the same age and sex, and what
# is in their favour. Below one person of the list, with the weight of each reason in log-odds, in which reasons add up:
# 0.7 doubles the odds, -0.7 halves them.

# %%
reasons = vi_risk.explain(model, snapshots, listed["patient_id"].tolist())
told = reasons[reasons["kind"].isin(["raises", "lowers"])]
varied = told.groupby("patient_id")["kind"].agg(["nunique", "size"]).join(listed.set_index("patient_id")["risk"])
somebody = varied.sort_values(["nunique", "size", "risk"], ascending=False).index[0]
of_one = told[told["patient_id"] == somebody].copy()
of_one["words"] = of_one["text"] + (" (" + of_one["comparison"] + ")").where(of_one["comparison"] != "", "")
of_one["side"] = of_one["kind"].map({"raises": "raises the risk", "lowers": "in the person's favour"})
person = listed.set_index("patient_id").loc[somebody]
alt.Chart(of_one).mark_bar(size=16).encode(
    alt.X(
        "contribution:Q", title="log-odds beyond those of people of the same age and sex", axis=alt.Axis(tickCount=5)
    ),
    alt.Y("words:N", title=None, sort="-x", axis=alt.Axis(labelLimit=900)),
    alt.Color(
        "side:N",
        title=None,
        scale=alt.Scale(domain=["raises the risk", "in the person's favour"], range=[ORANGE, BLUE]),
    ),
).properties(
    width=320,
    height=alt.Step(26),
    title=alt.Title(
        f"Rank {person['rank']}, risk {person['risk']:.0%}: {round(10 * person['risk'])} of 10 like this come in",
        subtitle="what the model weighed; nothing here says why anybody is admitted",
    ),
)

# %% [markdown]
# What do the lists talk about? A chair may want to know before inviting the pharmacist.

# %%
themes = reasons[reasons["kind"] == "raises"].drop_duplicates(["patient_id", "theme"])
counted = themes.assign(theme=themes["theme"].str.replace("_", " ")).groupby(["theme", "domain"], as_index=False).size()
counted["share"] = counted["size"] / len(listed)
top = counted.nlargest(12, "share")
SIX = ["#0072B2", "#E69F00", "#56B4E9", "#CC79A7", "#7F7F7F", "#000000"]  # told apart without red and green
alt.Chart(top).mark_bar().encode(
    alt.X("share:Q", title="share of the people listed", axis=alt.Axis(format="%")),
    alt.Y("theme:N", title=None, sort="-x", axis=alt.Axis(labelLimit=260)),
    alt.Color("domain:N", title=None, scale=alt.Scale(range=SIX)),
).properties(
    width=420,
    height=alt.Step(22),
    title=alt.Title(
        f"“{top.iloc[0]['theme']}” is a reason for {top.iloc[0]['share']:.0%} of the {len(listed)} people listed",
        subtitle="themes among the reasons that raise the risk, five at most for each person",
    ),
)

# %% [markdown]
# ## The packs
#
# One list for each practice: a page for the shared screen, a workbook to decide in, tables for other tools; all with
# the same words in the same order.

# %%
lists = vi_risk.case_lists(scores, snapshots, reasons, spec=spec, rules=RULES, capacity=PLACES, model_version="tour")
packs = vi_risk.write_packs(lists, HERE / "packs", rules=RULES)
print(*sorted({path.name for path in packs})[:8], "...", sep="\n")
first = lists[0]
print(f"\n{first.title}: {len(first.table)} people of {first.eligible:,} who could be listed")
first.table[["rank", "age_band", "sex", "risk", "band", "reason_1", "reason_2"]].head(5).style.format(
    {"risk": "{:.0%}"}
).hide(axis="index")

# %% [markdown]
# The pack of `vi-risk run` holds more than these calls were given: who might help, what changed since the list
# before, the practice in one view ([docs/packs.md](../docs/packs.md)). Open an `.html` in any browser; it fetches
# nothing.
#
# ## Lists from a score that is not ours
#
# A site with a score of its own keeps it, and takes the choosing and the packs alone. Here a rule that any practice
# could apply, emergency admissions in the last year. Divided by ten they are a number from 0 to 1, as a risk has to be,
# and no probability: it puts people in order and must not be read out.

# %%
_, features = snapshots.rows("list")
by_hand = cohort[["patient_id", "practice_code", "age", "sex"]].assign(
    risk=(features["emergency_admissions_365d"].fillna(0) / 10).clip(0, 1)
)
by_hand = by_hand[by_hand["practice_code"].isin(listed["practice_code"])]
other = vi_risk.lists_from_scores(
    by_hand,
    list_date=LIST_DATE,
    title="Admissions last year",
    outcome="an emergency admission in the next 12 months",
    capacity=PLACES,
    practices=records.frame("practices"),
)
overlap = pd.DataFrame(
    {
        "practice": one.title,
        "both": len({*one.table["patient_id"]} & {*listed["patient_id"]}),
        "listed": len(one.table),
    }
    for one in other
)
f"{overlap['both'].sum()} of {overlap['listed'].sum()} people of its lists are on ours too"

# %% [markdown]
# **Be careful of**
#
# - *risk is not need*: the list asks the team to look, and says nothing of what would help;
# - *who is left out*: objections always, people just reviewed, whatever else a site names. Each is counted on the list;
# - *the pack holds patients*: it belongs on the practice's share, not in a mail, and never in git.
#
# Decisions written into a workbook come back with `vi-risk reviews import`, and the next list knows them.
