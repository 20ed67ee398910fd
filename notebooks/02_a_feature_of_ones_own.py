# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 2. Declaring a feature and a code list
#
# A respiratory nurse asks: *does the list know who keeps coming in with an infection, and is the practice treating
# urinary infections in the same people?* That is two features and two code lists. In this library what a feature
# *means* is declared in a few lines of TOML that she can read; how it is computed is nobody's business twice.
#
# We declare them, make a mistake on purpose, look at the values, and decide whether they earn their place.

# %%
import os
import tempfile
from datetime import date
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd

import vi_risk

PEOPLE = int(os.environ.get("VI_RISK_NOTEBOOK_PEOPLE", "5000"))
SCRATCH = tempfile.TemporaryDirectory(prefix="vi-risk-notebook-")  # it goes when the kernel stops
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
# ## What is there already
#
# Look before you add: `vi-risk features list` and `vi-risk features describe NAME` search the catalogue on the
# command line; here is the same from Python.

# %%
catalogue = vi_risk.read_catalogue()
near = [one for one in catalogue.definitions if "infect" in f"{one.title} {one.codes}" or "antibiotic" in one.name]
print(f"{len(catalogue.definitions)} definitions, {len(catalogue.features)} features. Those near to ours:")
pd.DataFrame(
    {"name": one.name, "title": one.title, "table": one.table, "measure": one.measure, "windows": one.windows}
    for one in near
).style.hide(axis="index")

# %% [markdown]
# ## Two code lists, two features
#
# A folder of ours holds TOML files and `codelists/*.csv`. An ICD-10 or BNF code stands for itself and all codes below
# it, so `J18` takes in J18.1 and J18.9. The comment on top names the source: a code list without one is a rumour.

# %%
OURS = Path(SCRATCH.name) / "ours"
(OURS / "codelists").mkdir(parents=True)

(OURS / "codelists" / "infections.csv").write_text("""\
# Infections that bring people to hospital, ICD-10 (WHO, 2016 edition), as primary diagnosis. For this tour only: a list
# in use is agreed with those who code and those who treat.
system,code,group,title
icd10,J12,chest,chest infection
icd10,J13,chest,chest infection
icd10,J14,chest,chest infection
icd10,J15,chest,chest infection
icd10,J16,chest,chest infection
icd10,J18,chest,chest infection
icd10,J20,chest,chest infection
icd10,J22,chest,chest infection
icd10,J440,chest,chest infection
icd10,N10,urinary,urinary infection
icd10,N30,urinary,urinary infection
icd10,N390,urinary,urinary infection
icd10,L03,skin,cellulitis
icd10,A40,sepsis,sepsis
icd10,A41,sepsis,sepsis
""")
(OURS / "codelists" / "urinary_antibiotics.csv").write_text("""\
# Antibacterials for urinary infections: BNF section 5.1.13 (NHS Business Services Authority, BNF code structure).
system,code,group,title
bnf,050113,urinary_antibiotic,antibiotic for urinary infection
""")

declaration = """\
domain = "acute use"

[infection_stays]
theme = "infections"
title = "Emergency stays for an infection"
table = "diagnosis"
measure = "count"
codes = "infections"
where = { position = 1, admission_method = "@emergency" }
windows = [1095, 365]
unit = "stays"
direction = "up"
reason = "{n} emergency stay{s} for an infection in the last {window}"

[urinary_antibiotics]
theme = "infections"
title = "Prescriptions for urinary infection"
table = "prescriptions"
measure = "count"
codes = "urinary_antibiotics"
windows = [365]
unit = "prescriptions"
direction = "up"
reason = "{n} prescription{s} for a urinary infection in the last {window}"
reason_missing = "prescriptions not seen for the whole of the last {window}"
"""
(OURS / "infections.toml").write_text(declaration)

try:
    vi_risk.read_catalogue(OURS)
except vi_risk.SpecificationError as faults:
    print(faults)

# %% [markdown]
# All faults of all files come at once, each with where it lies and what would do. There is no table "diagnosis" (which
# makes for two of the faults), and the windows stand the wrong way round. Two changes mend it:

# %%
mended = declaration.replace('table = "diagnosis"', 'table = "diagnoses"').replace("[1095, 365]", "[365, 1095]")
(OURS / "infections.toml").write_text(mended)

catalogue = vi_risk.read_catalogue(OURS)
ours = catalogue.only("age", "infection_stays", "urinary_antibiotics")
[feature.name for feature in ours.features]

# %% [markdown]
# ## Features without a model
#
# `compute_features` takes people and dates, and gives one column per feature. Only what had happened *and* arrived
# before each date counts. A missing value says that the records cannot tell, and here it matters: prescriptions are
# held by practices, and not every practice shares them.

# %%
records = vi_risk.synthetic_records(patients=PEOPLE, seed=1, last_day=date(2024, 12, 31))
registered = records.frame("registrations")
here = registered[(registered["registered_from"] < pd.Timestamp(LIST_DATE)) & registered["registered_to"].isna()]
alive = records.frame("patients").query("died_on.isna()")
people = here[here["patient_id"].isin(alive["patient_id"])].drop_duplicates("patient_id", keep="last")
people = people[["patient_id", "practice_code"]].assign(index_date=LIST_DATE)

features = vi_risk.compute_features(records, people, catalogue=ours).merge(people, on=["patient_id", "index_date"])
features = features.merge(records.frame("practices")[["practice_code", "name"]], on="practice_code")
features[["infection_stays_365d", "infection_stays_1095d", "urinary_antibiotics_365d"]].describe().round(2)

# %%
value = features["urinary_antibiotics_365d"]
SEEN = ["not seen", "none", "one or more"]
features["seen"] = np.select([value.isna(), value == 0], SEEN[:2], SEEN[2])
by_practice = features.groupby(["name", "seen"], as_index=False).size()
by_practice["share"] = by_practice["size"] / by_practice.groupby("name")["size"].transform("sum")
not_seen = value.isna().mean()
PERCENT = alt.Axis(format="%", tickCount=6)
alt.Chart(by_practice).mark_bar().encode(
    alt.Y("name:N", title=None, axis=alt.Axis(labelLimit=220)),
    alt.X("share:Q", title="share of the people registered", axis=PERCENT, scale=alt.Scale(domain=[0, 1])),
    alt.Color(
        "seen:N", title="prescriptions, 12 months", scale=alt.Scale(domain=SEEN, range=["#D9D9D9", "#A6CBE3", BLUE])
    ),
    order=alt.Order("rank:Q"),
).transform_calculate(rank="indexof(['one or more', 'none', 'not seen'], datum.seen)").properties(
    height=alt.Step(24),
    title=alt.Title(
        f"For {not_seen:.0%} of the people nobody can say whether they had such a prescription",
        subtitle="prescriptions for a urinary infection in the 12 months before the list, by practice",
    ),
)

# %% [markdown]
# The practices that are grey throughout are outside the trust, which sees none of their prescriptions; a sliver of grey
# is people who came to the practice within the year. Had *not seen* been written as zero, every model would have
# learnt that all of these people are well.
#
# ## Does the window suit?
#
# A longer window finds more people, of whom more have got over it. The two windows side by side, with the 95 %
# (Wilson) interval of each share:

# %%
BANDS = ["18-49", "50-64", "65-79", "80 and over"]


def with_interval(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the share `hits` / `n` of each row with its 95 % Wilson interval."""
    n, share, z = counts["n"], counts["hits"] / counts["n"], 1.96
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return counts.assign(share=share, low=(middle - half).clip(0), high=middle + half)


adults = features[features["age"] >= 18].copy()
adults["band"] = pd.cut(adults["age"], [17, 49, 64, 79, 130], labels=BANDS).astype(str)
WINDOWS = {"infection_stays_365d": "12 months", "infection_stays_1095d": "3 years"}
long = adults.melt("band", list(WINDOWS), var_name="window", value_name="stays").replace({"window": WINDOWS})
shares = long.assign(hit=long["stays"] > 0).groupby(["band", "window"], as_index=False)
shares = with_interval(shares.agg(n=("hit", "size"), hits=("hit", "sum")))
colour = alt.Color("window:N", title="look-back", scale=alt.Scale(domain=list(WINDOWS.values()), range=[BLUE, ORANGE]))
base = alt.Chart(shares).encode(
    alt.X("band:N", title="age", sort=BANDS, axis=alt.Axis(labelAngle=0)), alt.XOffset("window:N"), colour
)
points = base.mark_point(filled=True, size=80, opacity=1).encode(
    alt.Y("share:Q", title="share with an emergency stay for infection", axis=alt.Axis(format="%"))
)
oldest = shares[shares["band"] == BANDS[-1]].set_index("window")["share"]
(points + base.mark_rule(strokeWidth=2).encode(alt.Y("low:Q"), alt.Y2("high:Q"))).properties(
    width=480,
    title=alt.Title(
        f"At 80 and over, {oldest['3 years']:.0%} had one within three years, {oldest['12 months']:.0%} within one",
        subtitle="share of the adults registered with one or more stays, with 95 % interval",
    ),
)

# %% [markdown]
# ## Does it go with the outcome?
#
# Older people have more infections and more admissions, so compare within bands of age. `build_features` gives the
# same features at the test date of the main model, one year before the list, with what happened to people afterwards
# beside them.

# %%
spec = vi_risk.load_spec()
snapshots = vi_risk.build_features(records, spec, index_date=LIST_DATE, catalogue=ours)
cohort, values = snapshots.rows("test")
tested = cohort.join(values["infection_stays_365d"]).query("weight > 0")  # those who stayed to be seen
HAD, HAD_NOT = "had such a stay", "had none"
tested["had"] = np.where(tested["infection_stays_365d"] > 0, HAD, HAD_NOT)
tested["band"] = pd.cut(tested["age"], [17, 64, 79, 130], labels=["18-64", "65-79", "80 and over"]).astype(str)
outcomes = tested.groupby(["band", "had"], as_index=False)
outcomes = with_interval(outcomes.agg(n=("outcome", "size"), hits=("outcome", "sum")))
base = alt.Chart(outcomes).encode(
    alt.Y("band:N", title="age"),
    alt.YOffset("had:N", sort=[HAD, HAD_NOT]),
    alt.Color("had:N", title="infection, 12 months", scale=alt.Scale(domain=[HAD, HAD_NOT], range=[ORANGE, BLUE])),
)
points = base.mark_point(filled=True, size=80, opacity=1).encode(
    alt.X("share:Q", title="share admitted as an emergency in the next 12 months", axis=PERCENT)
)
overall = tested.groupby("had")["outcome"].mean()
(points + base.mark_rule(strokeWidth=2).encode(alt.X("low:Q"), alt.X2("high:Q"))).properties(
    height=alt.Step(26),
    title=alt.Title(
        f"Of those with such a stay {overall[HAD]:.0%} came in within the next year, of others {overall[HAD_NOT]:.0%}",
        subtitle=f"asked on {snapshots.index_dates.test:%-d %B %Y}, with 95 % interval; few had one, so they are wide",
    ),
)

# %% [markdown]
# The difference within a band is what the feature may add beyond age. Whether it adds anything beside the features
# that are there already (every infection stay is an emergency admission too) only a model with and without it can
# say: [03](03_train_evaluate_promote.ipynb) shows how to hold one against the other.
#
# On a list it would read, in its declared words:

# %%
stays = next(one for one in ours.definitions if one.name == "infection_stays")
print(stays.reason.format(n=2, s="s", window="12 months"))
print(f"read by the model {spec.name}:", [feature.name for feature in spec.inputs(ours)])

# %% [markdown]
# **Be careful of**
#
# - *double counting in words*: features that tell of one event share a `theme`, and a list says the strongest once;
# - *sensitive codes*: a column `sensitive` in the code list keeps a group out until governance allows it;
# - *codes nobody uses*: a list that matches nothing in the records warns when features are computed. Believe it.
#
# On the command line the folder goes with `vi-risk run --features ours`. The whole grammar is in
# [features/README.md](../features/README.md).
