# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 1. A tour of the linked record
#
# A vertically integrated trust runs the hospital, the community teams and the GP practices, so it can follow one
# person through all of them. Before anything is counted, three questions are worth an hour with any new extract:
#
# 1. What is there, and from when on?
# 2. What does one person look like in it?
# 3. What would we have known on the day of the list, as against what we know today?
#
# The records here are synthetic: nobody in them lives. Everything else is as it would be with an extract of yours
# ([05](05_your_own_extract.ipynb) shows how that gets here). **With real records, never commit or share a notebook
# with its outputs**: they show patients.

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
TRUST = Path(SCRATCH.name) / "trust"

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#7F7F7F"  # told apart without red and green
alt.renderers.enable("png", ppi=144)  # a picture, so that no browser has to fetch anything


@alt.theme.register("tour", enable=True)
def _tour() -> alt.theme.ThemeConfig:
    axis = {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal", "gridColor": "#E6E6E6"}
    title = {"anchor": "start", "fontSize": 14, "subtitleFontSize": 12, "subtitleColor": "#444444", "offset": 12}
    view = {"continuousWidth": 620, "continuousHeight": 260, "stroke": None}
    return {"config": {"view": view, "axis": axis, "title": title}}


# %% [markdown]
# ## Reading the records
#
# `read_records` takes a folder of Parquet or CSV files. It would ask for a governance file if these were not the
# synthetic trust: purpose, legal basis and end of the approval are settled before a row is read. The tables stay in
# DuckDB; `records.frame(name)` brings one out as a data frame. `data_dictionary()` says what each table and column is.

# %%
vi_risk.write_trust(TRUST, patients=PEOPLE, seed=1, first_day=date(2021, 1, 1), last_day=date(2024, 12, 31))
records = vi_risk.read_records(TRUST)
tables = {name: records.frame(name) for name in records.tables}
about = vi_risk.data_dictionary().drop_duplicates("table").set_index("table")

overview = pd.DataFrame(
    {
        "table": name,
        "one row per": about.loc[name, "grain"].removeprefix("one row per "),
        "rows": len(rows),
        "people": rows["patient_id"].nunique() if "patient_id" in rows else None,
        "seen from": records.seen_from(name),
        "seen to": records.seen_to(name),
        "held by": about.loc[name, "held_by"],
    }
    for name, rows in tables.items()
)
overview.style.format({"rows": "{:,}", "people": "{:,.0f}"}, na_rep="").hide(axis="index")

# %% [markdown]
# *Seen from* and *seen to* are the first and the last day between which a table is complete. They are worked out of
# its volume, so that a stray early row does not pass for coverage. *Held by* matters below: what a practice holds is
# seen only from the day on which the practice joined the trust.
#
# ## Volumes, month by month
#
# The first picture to draw of any extract. A step up or down is rarely medicine: it is a feed that began, a practice
# that joined, a table that was cut off.

# %%
SOURCES = {
    "gp_appointments": "GP appointments",
    "gp_events": "GP coded entries",
    "prescriptions": "GP prescriptions",
    "community_contacts": "Community contacts",
    "outpatient_appointments": "Outpatient appointments",
    "ed_attendances": "A&E attendances",
    "spells": "Hospital admissions",
}
contacts = pd.concat(
    [
        pd.DataFrame(
            {
                "patient_id": tables[name]["patient_id"],
                "source": title,
                "happened_on": tables[name][about.loc[name, "event"]].dt.normalize(),
                "recorded_on": tables[name]["recorded_on"],
            }
        )
        for name, title in SOURCES.items()
    ],
    ignore_index=True,
)
contacts["month"] = contacts["happened_on"].dt.to_period("M").dt.to_timestamp()
volumes = contacts.groupby(["source", "month"], as_index=False).size()

joining = tables["practices"].assign(joined=pd.to_datetime(tables["practices"]["integrated_from"]))
late_joiners = joining[joining["joined"].between("2021-02-01", "2024-12-31")]
bars = alt.Chart().mark_area(color=BLUE, opacity=0.85, interpolate="step-after")
bars = bars.encode(
    alt.X("month:T", title=None, axis=alt.Axis(format="%Y", tickCount="year")),
    alt.Y("size:Q", title="rows a month", axis=alt.Axis(tickCount=3)),
)
rule = alt.Chart().mark_rule(color=ORANGE, strokeDash=[4, 3], strokeWidth=2).encode(x="joined:T")
joined = late_joiners["joined"].min()
(
    alt.layer(bars, rule, data=volumes.assign(joined=joined))
    .properties(width=260, height=70)
    .facet(alt.Facet("source:N", title=None, sort=list(SOURCES.values())), columns=2)
    .resolve_scale(y="independent")
    .properties(
        title=alt.Title(
            "What practices hold steps up where one joins; the hospital's feeds do not",
            subtitle=f"rows a month by source; dashed: {late_joiners['name'].iloc[0]} joins on {joined:%-d %B %Y}",
        )
    )
)

# %% [markdown]
# A feature that counts GP appointments over two years would read that step as people who suddenly began to see their
# GP. `vi_risk` treats what was not seen as missing, never as zero, practice by practice:

# %%
registered = tables["registrations"][["patient_id", "practice_code", "registered_from", "registered_to"]]
entries = tables["gp_events"].merge(registered, on="patient_id")
within = entries["event_on"] >= entries["registered_from"]
within &= entries["registered_to"].isna() | (entries["event_on"] < entries["registered_to"])
entries = entries[within].merge(joining[["practice_code", "name", "joined"]], on="practice_code")
entries["month"] = entries["event_on"].dt.to_period("M").dt.to_timestamp()
by_practice = entries.groupby(["name", "month"], as_index=False).size()
cells = alt.Chart(by_practice).mark_rect()
cells = cells.encode(
    alt.X("yearmonth(month):O", title=None, axis=alt.Axis(format="%b %Y", labelAngle=0, labelOverlap=True)),
    alt.Y("name:N", title=None, axis=alt.Axis(labelLimit=220), scale=alt.Scale(domain=sorted(joining["name"]))),
    alt.Color("size:Q", title="entries", scale=alt.Scale(scheme="blues")),
)
outside = joining.loc[joining["joined"].isna(), "name"]
cells.properties(
    width=480,
    height=alt.Step(22),
    title=alt.Title(
        f"{len(outside)} of {len(joining)} practices are outside the trust, and {len(late_joiners)} came in later",
        subtitle="coded entries of the GP record by month and practice; white is not seen, which is not none",
    ),
)

# %% [markdown]
# ## One person
#
# Tables hide what a person's year is like. Here is one with contacts in many places; the pseudonym is as synthetic as
# its owner. Look for what a clinician would: clusters, what came before an admission, who went on seeing them after
# it.

# %%
last_two_years = contacts[contacts["happened_on"] >= "2023-01-01"]
busy = last_two_years.groupby("patient_id")["source"].agg(["nunique", "size"])
admissions = last_two_years[last_two_years["source"] == "Hospital admissions"].groupby("patient_id").size()
busy = busy.assign(admissions=admissions).fillna({"admissions": 0})
in_most_places = busy[(busy["nunique"] == busy["nunique"].max()) & busy["admissions"].between(2, 6)]
somebody = in_most_places.sort_values(["admissions", "size"], ascending=False).index[0]

life = last_two_years[last_two_years["patient_id"] == somebody]
stays = tables["spells"][tables["spells"]["patient_id"] == somebody]
stays = stays[stays["admitted_on"] >= "2023-01-01"].assign(source="Hospital admissions")
stays["until"] = stays["discharged_on"].fillna(pd.Timestamp("2024-12-31")) + pd.Timedelta(days=1)
stays["how"] = stays["admission_method"].str.startswith("2").map({True: "emergency", False: "planned"})
on_axis = alt.Y("source:N", title=None, sort=list(SOURCES.values()), axis=alt.Axis(labelLimit=200))
ticks = alt.Chart(life[life["source"] != "Hospital admissions"]).mark_tick(color=GREY, thickness=1.5, size=18)
ticks = ticks.encode(alt.X("happened_on:T", title=None, axis=alt.Axis(format="%b %Y")), on_axis)
bars = alt.Chart(stays).mark_bar(size=18, stroke="black", strokeWidth=0.6)
bars = bars.encode(
    alt.X("admitted_on:T"),
    alt.X2("until:T"),
    on_axis,
    alt.Color("how:N", title="admission", scale=alt.Scale(domain=["emergency", "planned"], range=[ORANGE, BLUE])),
)
nights = (stays["discharged_on"] - stays["admitted_on"]).dt.days.sum()
(ticks + bars).properties(
    height=alt.Step(28),
    title=alt.Title(
        f"Two years of {somebody}: {len(life)} rows in {life['source'].nunique()} sources, {nights:.0f} nights",
        subtitle="each mark is a day; each box a stay, from admission to discharge",
    ),
)

# %% [markdown]
# ## How late it arrives
#
# Every source says when a thing happened; good extracts say also when the row reached the trust (`recorded_on`). The
# gap is what makes yesterday's list wrong in ways that nobody notices, because by the time somebody checks, the rows
# have come in.

# %%
coded = tables["diagnoses"].merge(tables["spells"][["spell_id", "discharged_on"]], on="spell_id")
coding = pd.DataFrame(
    {"source": "Diagnoses, from discharge", "days": (coded["recorded_on"] - coded["discharged_on"]).dt.days}
)
lags = contacts.assign(days=(contacts["recorded_on"] - contacts["happened_on"]).dt.days)
lags = pd.concat([lags[["source", "days"]], coding], ignore_index=True)
days = lags.groupby("source")["days"]
spread = pd.DataFrame({"low": days.quantile(0.05), "median": days.median(), "high": days.quantile(0.95)}).reset_index()
slowest_first = spread.sort_values("median", ascending=False)["source"].tolist()
slowest = spread.sort_values("median").iloc[-1]
base = alt.Chart(spread).encode(alt.Y("source:N", title=None, sort=slowest_first, axis=alt.Axis(labelLimit=220)))
span = base.mark_rule(color=BLUE, strokeWidth=5, opacity=0.45)
span = span.encode(alt.X("low:Q", title="days from the event until the row arrived"), alt.X2("high:Q"))
middle = base.mark_point(color=BLUE, filled=True, size=90, opacity=1).encode(alt.X("median:Q"))
(span + middle).properties(
    height=alt.Step(26),
    title=alt.Title(
        f"Half of all {slowest['source'].split(',')[0].lower()} take {slowest['median']:.0f} days or more to arrive",
        subtitle="dot: median; bar: from the 5th to the 95th in a hundred",
    ),
)

# %% [markdown]
# ## Known then, known now
#
# `records.as_of(day)` gives the tables as they stood when that day began: rows that had happened *and* arrived, with
# values that came later (a discharge, a death) blanked. Every feature of this library is computed of that. Below, the
# same months counted twice: as a list of 1 July 2024 would have seen them, and as the extract has them now.

# %%
LIST_DAY = date(2024, 7, 1)
then = records.as_of(LIST_DAY)
stays_now = tables["spells"].loc[
    tables["spells"]["discharged_on"] < pd.Timestamp(LIST_DAY), ["spell_id", "discharged_on"]
]
main_now = tables["diagnoses"].query("position == 1").merge(stays_now, on="spell_id")
known_then = then.frame("diagnoses")
main_now["seen"] = (
    main_now["spell_id"].isin(known_then["spell_id"]).map({True: "known on the day", False: "came later"})
)
main_now["week"] = main_now["discharged_on"].dt.to_period("W").dt.start_time
recent = main_now[main_now["week"] >= pd.Timestamp(LIST_DAY) - pd.Timedelta(weeks=16)]
by_week = recent.groupby(["week", "seen"], as_index=False).size()
last_month = main_now[main_now["discharged_on"] >= pd.Timestamp(LIST_DAY) - pd.Timedelta(days=30)]
share = (last_month["seen"] == "came later").mean()
alt.Chart(by_week).mark_bar().encode(
    alt.X("yearmonthdate(week):O", title="week of discharge", axis=alt.Axis(format="%-d %b", labelAngle=0)),
    alt.Y("size:Q", title="coded stays"),
    alt.Color("seen:N", title=None, scale=alt.Scale(domain=["known on the day", "came later"], range=[BLUE, ORANGE])),
    order=alt.Order("seen:N", sort="descending"),
).properties(
    width=620,
    title=alt.Title(
        f"{share:.0%} of the stays that ended in the last 30 days were not yet coded on {LIST_DAY:%-d %B %Y}",
        subtitle="stays by week of discharge, as that day saw their primary diagnosis and as the extract does now",
    ),
)

# %% [markdown]
# Train on what is known now, and the model learns from diagnoses that no list will ever have on its day: it looks
# better on paper than in the room. That is why `as_of` is no option of this library but its only way, and why a
# mapping should give `recorded_on` wherever the source has it.
#
# **Be careful of**
#
# - a table without `recorded_on`: its rows count from the day on which they happened, which flatters recency;
# - attributes without a date (care home, deprivation): they are as at the extract and stay out of models;
# - months at the end of an extract, which look quiet because they have not arrived.
#
# Next: [02, declaring a feature and a code list](02_a_feature_of_ones_own.ipynb).
