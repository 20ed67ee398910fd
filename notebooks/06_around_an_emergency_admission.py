# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 6. Pathways around an emergency admission
#
# *Who was seeing them before they came in, and who saw them afterwards?* With hospital, community and practice in one
# record this can be drawn setting by setting. It is also the picture that is misread most often in integrated care,
# so half of this tour is about what it does **not** show.
#
# No effect of any service was put into these synthetic records. Whatever falls after the admission falls by itself.

# %%
import os
from datetime import date, timedelta

import altair as alt
import pandas as pd

import vi_risk

PEOPLE = int(os.environ.get("VI_RISK_NOTEBOOK_PEOPLE", "20000"))  # more than in the other tours: few are admitted
INDEX_DATE = date(2025, 1, 1)

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#7F7F7F"  # told apart without red and green
alt.renderers.enable("png", ppi=144)  # a picture, so that no browser has to fetch anything


@alt.theme.register("tour", enable=True)
def _tour() -> alt.theme.ThemeConfig:
    axis = {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal", "gridColor": "#E6E6E6"}
    title = {"anchor": "start", "fontSize": 14, "subtitleFontSize": 12, "subtitleColor": "#444444", "offset": 12}
    view = {"continuousWidth": 620, "continuousHeight": 260, "stroke": None}
    return {"config": {"view": view, "axis": axis, "title": title}}


# %% [markdown]
# ## Who, and over which days
#
# Each person's first emergency admission of a year; contacts in the 90 days before and after, beside the same
# people's a year earlier. A person counts in a setting only if they could be seen there all the while: registered
# throughout, their practice in the trust, the table complete. Afterwards they count until they die or leave.
#
# The year ends 90 days before the list, or the last ones would have had no time to be seen.

# %%
records = vi_risk.synthetic_records(patients=PEOPLE, seed=1, last_day=date(2024, 12, 31))
last_day = INDEX_DATE - timedelta(days=91)  # of the year of admissions: 90 days were over before the list
first_day = last_day - timedelta(days=364)
TITLES = {
    "gp": "GP appointments",
    "community": "Community contacts",
    "outpatient": "Outpatient appointments",
    "ed": "A&E, not admitted",
    "planned_admission": "Planned admissions",
    "emergency_admission": "Emergency admissions",
}
rates = vi_risk.admission_pathways(records, index_date=INDEX_DATE)
rates["setting"] = rates["setting"].astype(str).map(TITLES)
per_100 = ["rate_per_person_year", "rate_low", "rate_high"]
rates[["rate", "low", "high"]] = rates[per_100] * 30 / 365.25 * 100  # contacts of 100 people in 30 days
rates["days"] = rates["to_day"] - rates["from_day"]
print(f"admitted from {first_day:%-d %B %Y} to {last_day:%-d %B %Y}; people seen in each setting:")
rates.groupby("setting")["people"].max().sort_values(ascending=False)

# %% [markdown]
# ## Before and after, setting by setting
#
# Each step is ten days; the grey band is the same people's rate a year earlier. The day of admission itself is in no
# step.

# %%
tens = rates[rates["days"] == 10]
year_before = rates[(rates["from_day"] == -365) & rates["rate"].notna()]
tens = tens[tens["rate"].notna() & ~((tens["setting"] == TITLES["emergency_admission"]) & (tens["from_day"] < 0))]
level = year_before.drop(columns=["from_day", "to_day"]).assign(from_day=-90, to_day=91)
drawn = pd.concat([tens.assign(what="around the admission"), level.assign(what="a year earlier")])
drawn = drawn[~((drawn["setting"] == TITLES["emergency_admission"]) & (drawn["what"] == "a year earlier"))]
x = alt.X("from_day:Q", title="days from the admission", axis=alt.Axis(values=[-90, -60, -30, 0, 30, 60, 90]))
now, then = alt.datum["what"] == "around the admission", alt.datum["what"] == "a year earlier"
band = alt.Chart().transform_filter(then).mark_rect(color=GREY, opacity=0.25)
band = band.encode(x, alt.X2("to_day:Q"), alt.Y("low:Q", title="per 100 people in 30 days"), alt.Y2("high:Q"))
spread = alt.Chart().transform_filter(now).mark_rect(color=BLUE, opacity=0.2)
spread = spread.encode(x, alt.X2("to_day:Q"), alt.Y("low:Q"), alt.Y2("high:Q"))
step = alt.Chart().transform_filter(now).mark_rule(color=BLUE, strokeWidth=2.5)
step = step.encode(x, alt.X2("to_day:Q"), alt.Y("rate:Q"))
admission = alt.Chart().mark_rule(color=ORANGE, strokeDash=[4, 3]).encode(x=alt.datum(0.5))
after = rates[(rates["from_day"] == 1) & (rates["to_day"] == 91)].set_index("setting")
gp = after.loc[TITLES["gp"]]
(
    alt.layer(band, spread, step, admission, data=drawn)
    .properties(width=280, height=120)
    .facet(alt.Facet("setting:N", title=None, sort=list(TITLES.values())), columns=2)
    .resolve_scale(y="independent")
    .properties(
        title=alt.Title(
            f"After the admission GP appointments are {gp['times_baseline']:.1f} times those of a year earlier "
            f"({gp['times_low']:.1f} to {gp['times_high']:.1f})",
            subtitle="blue: every ten days, with 95 % interval; grey: a year earlier; dashed: the admission",
        )
    )
)

# %% [markdown]
# On ten days of so few people much is noise, which the pale bands say. The whole 90 days tell more, each
# as a multiple of the same people's year before:

# %%
SIDES = {-90: "90 days before", 1: "90 days after"}
whole = rates[rates["days"].eq(90) & rates["from_day"].isin(list(SIDES)) & rates["times_baseline"].notna()]
whole = whole[whole["setting"] != TITLES["emergency_admission"]].assign(side=whole["from_day"].map(SIDES))
base = alt.Chart(whole).encode(
    alt.Y("setting:N", title=None, sort=list(TITLES.values()), axis=alt.Axis(labelLimit=200)),
    alt.YOffset("side:N", sort=list(SIDES.values())),
    alt.Color("side:N", title=None, scale=alt.Scale(domain=list(SIDES.values()), range=[ORANGE, BLUE])),
)
x = alt.X("times_low:Q", title="times the rate of a year earlier", scale=alt.Scale(type="log", nice=False))
same = alt.Chart().mark_rule(color=GREY, strokeDash=[4, 3]).encode(x=alt.datum(1))
points = base.mark_point(filled=True, size=80, opacity=1).encode(alt.X("times_baseline:Q"))
beyond = whole[whole["from_day"].eq(-90) & (whole["times_low"] > 1)]["setting"].tolist()
(base.mark_rule(strokeWidth=2).encode(x, alt.X2("times_high:Q")) + points + same).properties(
    height=alt.Step(22),
    title=alt.Title(
        f"In the 90 days before, above the year before: {', '.join(beyond) or 'no setting beyond chance'}",
        subtitle="each setting's rate as a multiple of the same people's a year earlier, with 95 % interval",
    ),
)

# %% [markdown]
# What rises *before* is what somebody could have seen coming; what rises *after* is what follow-up costs. Neither
# says that a contact helped.
#
# ## What falls by itself
#
# Take everyone with an emergency admission in 2022, and look at the same people in the years around it. They were
# chosen *because* that year was bad.

# %%
EMERGENCY = ["21", "22", "23", "24", "25", "2A", "2D", "28"]
spells = records.frame("spells")
spells = spells[spells["admission_method"].isin(EMERGENCY)]
spells["quarter"] = pd.PeriodIndex(spells["admitted_on"], freq="Q")
chosen = set(spells.loc[spells["quarter"].dt.year == 2022, "patient_id"])
died = records.frame("patients").set_index("patient_id")["died_on"]
died = died[died.index.isin(chosen)]
quarters = pd.period_range("2021Q1", "2024Q4", freq="Q")
admitted = spells[spells["patient_id"].isin(chosen)].groupby("quarter").size().reindex(quarters, fill_value=0)
alive = pd.Series([(died.isna() | (died >= quarter.start_time)).sum() for quarter in quarters], index=quarters)
yearly = pd.DataFrame({"start": quarters.start_time, "rate": (100 * admitted / alive).to_numpy()})
yearly["year"] = yearly["start"].dt.year
means = yearly.groupby("year")["rate"].mean()
window = alt.Chart(pd.DataFrame({"from": [pd.Timestamp("2022-01-01")], "to": [pd.Timestamp("2023-01-01")]}))
window = window.mark_rect(color=ORANGE, opacity=0.15).encode(alt.X("from:T", title=None), alt.X2("to:T"))
line = alt.Chart(yearly).mark_line(color=BLUE, point=alt.OverlayMarkDef(color=BLUE), interpolate="linear")
line = line.encode(
    alt.X("start:T", axis=alt.Axis(format="%b %Y", tickCount="year")),
    alt.Y("rate:Q", title="emergency admissions per 100 people", scale=alt.Scale(zero=True)),
)
(window + line).properties(
    title=alt.Title(
        f"From {means[2022]:.0f} admissions a quarter in 2022 to {means[2023]:.0f} in 2023, and no service began",
        subtitle="per 100 people alive; those with an emergency admission in 2022 (shaded), followed over four years",
    )
)

# %% [markdown]
# This is regression to the mean (Barnett, van der Pols and Dobson 2005, doi:10.1093/ije/dyh299). A service that
# begins in January 2023 and takes these people on would show a splendid before-and-after. To learn what a service
# does takes people like them whom it did not take on, chosen by the same rule at the same time.
#
# **Be careful of**
#
# - *days in hospital*: they count as days on which a GP could have been seen, and mostly are not;
# - *who is left*: some die in the 90 days, and those who live are not those who were admitted;
# - *small numbers*: on the page of a run (`case_lists/pathways.html`) counts of 1 to 7 are not told, nor what would let
#   one be worked out ([docs/packs.md](../docs/packs.md)). These tables hold them: they are for the data team.
