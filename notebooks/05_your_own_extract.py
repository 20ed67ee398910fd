# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 5. Bringing your own extract with a mapping
#
# *We have six files from the warehouse with names of our own. What must we write before the first feature?* One TOML
# file, the mapping: which file, which rows, which column becomes which. Nothing is reshaped by hand, so that next
# month's extract goes the same way.
#
# The extract below is made up: rows of the synthetic trust, written as a warehouse would write them, with pipes, its
# own column names, dates as dd/mm/yyyy, its own codes, and the faults that extracts have.

# %%
import os
import tempfile
from datetime import date
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd

import vi_risk
from vi_risk.types import TableReport

PEOPLE = int(os.environ.get("VI_RISK_NOTEBOOK_PEOPLE", "5000"))
SCRATCH = tempfile.TemporaryDirectory(prefix="vi-risk-notebook-")  # it goes when the kernel stops
HERE = Path(SCRATCH.name)
EXTRACT = HERE / "extract"
EXTRACT.mkdir()

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#7F7F7F"  # told apart without red and green
alt.renderers.enable("png", ppi=144)  # a picture, so that no browser has to fetch anything


@alt.theme.register("tour", enable=True)
def _tour() -> alt.theme.ThemeConfig:
    axis = {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal", "gridColor": "#E6E6E6"}
    title = {"anchor": "start", "fontSize": 14, "subtitleFontSize": 12, "subtitleColor": "#444444", "offset": 12}
    view = {"continuousWidth": 620, "continuousHeight": 260, "stroke": None}
    return {"config": {"view": view, "axis": axis, "title": title}}


# %% [markdown]
# ## The extract
#
# (This cell plays the warehouse; with real files there is none.)

# %%
trust = vi_risk.synthetic_records(patients=PEOPLE, seed=1, last_day=date(2024, 12, 31))
rng = np.random.default_rng(1)


def as_written(days: pd.Series) -> pd.Series:
    """Return days as the warehouse writes them."""
    return days.dt.strftime("%d/%m/%Y")


people, stays = trust.frame("patients"), trust.frame("spells")
index = pd.DataFrame(
    {
        "LOCAL_ID": people["patient_id"],
        "DOB_MONTH": people["birth_month"].dt.strftime("%m/%Y"),
        "SEX_CODE": people["sex"].map({"1": "M", "2": "F"}).fillna("U").where(rng.random(len(people)) > 0.01, "U"),
        "DATE_OF_DEATH": as_written(people["died_on"]),
        "LSOA": people["lsoa"],
    }
)
admissions = pd.DataFrame(
    {
        "SPELL_NO": stays["spell_id"],
        "LOCAL_ID": stays["patient_id"],
        "ADMIDATE": as_written(stays["admitted_on"]),
        "DISDATE": as_written(stays["discharged_on"]),
        "ADMIMETH": stays["admission_method"],
        "SPELL_STATUS": np.where(rng.random(len(stays)) < 0.04, "CANCELLED", "COMPLETE"),
        "LOAD_DATE": as_written(stays["recorded_on"]),
    }
)
year = stays["admitted_on"].dt.year
for of_year in sorted(year.unique()):
    rows = admissions[year == of_year]
    columns = rows.columns if of_year > 2021 else rows.columns.drop("LOAD_DATE")  # the first year had no load date
    rows[columns].to_csv(EXTRACT / f"APC_{of_year}.csv", sep="|", index=False)
index.to_csv(EXTRACT / "PMI.csv", sep="|", index=False)

codes = (
    trust.frame("diagnoses").query("position <= 5").assign(column=lambda rows: "DIAG_0" + rows["position"].astype(str))
)
wide = (
    codes.pivot_table(index="spell_id", columns="column", values="code", aggfunc="first")
    .reset_index()
    .rename(columns={"spell_id": "SPELL_NO"})
)
wide[wide["SPELL_NO"].isin(admissions.loc[admissions["SPELL_STATUS"] == "COMPLETE", "SPELL_NO"])].to_csv(
    EXTRACT / "CODING.csv", sep="|", index=False
)
visits = trust.frame("ed_attendances")
pd.DataFrame(
    {
        "ATT_NO": visits["attendance_id"],
        "LOCAL_ID": visits["patient_id"],
        "ARRIVED": visits["arrived_at"].dt.strftime("%d/%m/%Y %H:%M"),
        "TRIAGE": visits["acuity"].map({"1": "RED", "2": "ORANGE", "3": "YELLOW", "4": "GREEN", "5": "BLUE"}),
        "OUTCOME_TEXT": "see letter",
    }
).to_csv(EXTRACT / "AE.csv", sep="|", index=False)
for path in sorted(EXTRACT.iterdir()):
    print(path.name, path.read_text().splitlines()[0], sep=": ")

# %% [markdown]
# ## A first attempt
#
# Write half of it and ask. `check_mapping` goes on after faults and shows nothing of any record: names and numbers of
# rows alone. On the command line it is `vi-risk mapping check mapping.toml --records extract`.

# %%
first_attempt = """\
name = "our_warehouse"
title = "Monthly extract of the data warehouse"

[files]
delimiter = "|"

[tables.patients]
source = "PMI"
columns.patient_id = "LOCAL_ID"
columns.birth_month = "DOB_MONTH"
columns.sex = "SEX_CODE"
columns.died_on = "DATE_OF_DEATH"
columns.lsoa = "LSOA"
formats.birth_month = "%m/%Y"
formats.died_on = "%d/%m/%Y"
values.sex = { M = "1", F = "2" }

[tables.spells]
source = "APC_*"
columns.spell_id = "SPELL_NO"
columns.patient_id = "LOCAL_ID"
columns.admitted_on = "ADMIDATE"
columns.discharged_on = "DISDATE"
columns.admission_method = "ADMIMETH"
formats.admitted_on = "%d/%m/%Y"
formats.discharged_on = "%m/%d/%Y"

[tables.ed_attendances]
source = "AE"
columns.attendance_id = "ATT_NO"
columns.patient_id = "LOCAL_ID"
columns.arrived_at = "ARRIVED"
columns.acuity = "TRIAGE"
formats.arrived_at = "%d/%m/%Y %H:%M"
"""
mapping = HERE / "mapping.toml"
mapping.write_text(first_attempt)
before = vi_risk.check_mapping(EXTRACT, mapping)
print(*before.lines(), sep="\n")

# %% [markdown]
# Two faults, each with what would mend it: a sex that the value map does not list, and a date format with day and
# month the wrong way round. The second is the classic: twelve days of each month read without complaint, on the wrong
# day. Here one format holds for a whole column, so the other days give it away.
#
# What the check cannot know is what was *meant*: cancelled spells are still counted, and nothing says yet when a row
# reached us. Reading the columns that are not mapped is how one finds out.
#
# ## The mapping
#
# `"*"` stands for every other value (X is *not known* in the data dictionary); `where` keeps the cancelled spells out;
# `stack` lays the years under one another, though the first has a column less; `wide` turns numbered columns into rows.

# %%
finished = first_attempt.replace('F = "2" }', 'F = "2", "*" = "X" }')
finished = finished.replace('discharged_on = "%m/%d/%Y"', 'discharged_on = "%d/%m/%Y"')
finished = finished.replace(
    'source = "APC_*"',
    """\
source = "apc"
where = "SPELL_STATUS <> 'CANCELLED'"
columns.recorded_on = "LOAD_DATE"            # empty for 2021: those rows count from the day of admission
formats.recorded_on = "%d/%m/%Y\"""",
)
finished += """\
values.acuity = { RED = "1", ORANGE = "2", YELLOW = "3", GREEN = "4", BLUE = "5" }

[tables.diagnoses]
source = "coded"
columns.spell_id = "SPELL_NO"
columns.position = "position"
columns.code = "code"

[sources.apc]                                # all years under one another
stack = ["APC_*"]
columns = ["LOAD_DATE"]

[sources.coded]                              # DIAG_01 to DIAG_05 become rows, the empty ones left out
of = "CODING"
wide = { code = "DIAG_%02d" }
numbers = [1, 5]
"""
mapping.write_text(finished)
after = vi_risk.check_mapping(EXTRACT, mapping)
print(*after.lines()[-14:], sep="\n")

# %%
STATES = ["mapped", "not mapped"]
ATTEMPTS = {"first attempt": before, "finished": after}
columns = pd.DataFrame(
    {"attempt": attempt, "table": table.table, "state": state, "columns": len(found)}
    for attempt, report in ATTEMPTS.items()
    for table in report.tables
    for state, found in zip(STATES, (table.mapped, table.not_mapped), strict=True)
)
columns_of = vi_risk.data_dictionary().groupby("table", sort=False).size()  # canonical table -> how many it has
missing = pd.DataFrame(
    {"attempt": attempt, "table": name, "state": "not mapped", "columns": columns_of[name]}
    for attempt, report in ATTEMPTS.items()
    for name in report.tables_not_mapped
)
columns = pd.concat([columns, missing], ignore_index=True)
got = columns[columns["state"] == "mapped"].groupby("attempt")["columns"].sum()
all_columns = columns[columns["attempt"] == "finished"]["columns"].sum()
alt.Chart(columns).mark_bar().encode(
    alt.X("columns:Q", title="canonical columns"),
    alt.Y("table:N", title=None, sort=columns_of.index.tolist(), axis=alt.Axis(labelLimit=200)),
    alt.Color("state:N", title=None, scale=alt.Scale(domain=STATES, range=[BLUE, "#D9D9D9"])),
    alt.Column("attempt:N", title=None, sort=list(ATTEMPTS), header=alt.Header(labelFontSize=12)),
    order=alt.Order("state:N", sort="ascending"),
).properties(
    width=240,
    height=alt.Step(18),
    title=alt.Title(
        f"{got['finished']} of {all_columns} canonical columns are mapped in the end",
        subtitle="what is not mapped is missing, never zero; patients and spells are all that must be there",
    ),
)

# %% [markdown]
# Rows matter as much as columns: each row of the files should be used, or left out by a rule that you can name.

# %%
FATES = ["read", "left out by where", "with a value that cannot be read"]


def fates_of(table: TableReport) -> dict[str, int]:
    """Return what becomes of the rows of a table's source."""
    unreadable = max([0, *table.unreadable.values(), *table.unlisted.values()])
    return dict(zip(FATES, (table.rows_out - unreadable, table.rows_left_out, unreadable), strict=True))


fates = pd.DataFrame(
    {"attempt": attempt, "table": table.table, "fate": fate, "rows": rows}
    for attempt, report in ATTEMPTS.items()
    for table in report.tables
    for fate, rows in fates_of(table).items()
)
fates["share"] = fates["rows"] / fates.groupby(["attempt", "table"])["rows"].transform("sum")
lost = fates[(fates["attempt"] == "first attempt") & (fates["table"] == "spells") & (fates["fate"] == FATES[2])]
alt.Chart(fates).mark_bar().encode(
    alt.X("share:Q", title="share of the rows", axis=alt.Axis(format="%")),
    alt.Y("table:N", title=None, sort=columns_of.index.tolist()),
    alt.Color("fate:N", title=None, scale=alt.Scale(domain=FATES, range=[BLUE, GREY, ORANGE])),
    alt.Column("attempt:N", title=None, sort=list(ATTEMPTS), header=alt.Header(labelFontSize=12)),
    order=alt.Order("place:Q"),
).transform_calculate(place=f"indexof({FATES}, datum.fate)").properties(
    width=240,
    height=alt.Step(24),
    title=alt.Title(
        f"With day and month the wrong way round, {lost['share'].iloc[0]:.0%} of the spells cannot be read",
        subtitle="rows of each table's source, by what becomes of them",
    ),
)

# %% [markdown]
# ## Through the door
#
# Records that are not the synthetic trust need a governance file: what they may be used for, on what basis, until
# when. `today` is held against the end of the approval; nothing here asks the clock. Without the file nothing is
# read:

# %%
try:
    vi_risk.read_records(EXTRACT, mapping=mapping)
except vi_risk.GovernanceError as refused:
    print(refused)

(HERE / "governance.toml").write_text("""\
purpose = "direct_care"
legal_basis = "none is needed: a notebook made these people up"
tables = ["patients", "spells", "diagnoses", "ed_attendances"]
retention_months = 12

[approval]
reference = "none needed (made up)"
ends = 2099-12-31

[objections]
type_1 = "exclude"
national_data_opt_out = "exclude"
""")
records = vi_risk.read_records(EXTRACT, mapping=mapping, governance=HERE / "governance.toml", today=date(2025, 1, 6))
pd.DataFrame(
    {
        "table": name,
        "rows": len(records.frame(name)),
        "seen from": records.seen_from(name),
        "seen to": records.seen_to(name),
    }
    for name in records.tables
).style.hide(axis="index")

# %% [markdown]
# Does the result look like what you know of the place? First the months, then the days: a date format that is wrong
# shows as a fall after the 12th, a default date as a tower on the 1st.

# %%
admitted = records.frame("spells")["admitted_on"]
by_month = admitted.dt.to_period("M").dt.to_timestamp().value_counts().rename_axis("month").reset_index(name="rows")
by_day = admitted.dt.day.value_counts().rename_axis("day").reset_index(name="rows")
months = (
    alt.Chart(by_month)
    .mark_bar(color=BLUE)
    .encode(
        alt.X("yearmonth(month):T", title="month", axis=alt.Axis(format="%Y", tickCount="year")),
        alt.Y("rows:Q", title="admissions"),
    )
)
days = (
    alt.Chart(by_day)
    .mark_bar(color=BLUE)
    .encode(
        alt.X("day:O", title="day of the month", axis=alt.Axis(labelAngle=0, values=[1, 5, 10, 15, 20, 25, 31])),
        alt.Y("rows:Q", title="admissions"),
    )
)
late = (admitted.dt.day > 12).mean()
(months.properties(width=320, height=180) | days.properties(width=320, height=180)).properties(
    title=alt.Title(
        f"{late:.0%} of the admissions fall after the 12th of the month; {19 / 31:.0%} would if days did not matter",
        subtitle=f"{len(admitted):,} admissions from {admitted.min():%-d %B %Y} to {admitted.max():%-d %B %Y}",
    )
)

# %% [markdown]
# ## What this extract can tell
#
# The same declared features are computed whatever the extract holds. What rests on tables that are not there is
# missing for everyone, and the model leaves it out. So this picture is the price list of the feeds that one has not
# asked for.

# %%
catalogue = vi_risk.read_catalogue()
some = records.frame("patients").head(400)[["patient_id"]].assign(index_date=date(2025, 1, 1))
features = vi_risk.compute_features(records, some, catalogue=catalogue)
known = pd.DataFrame(
    {"domain": feature.definition.domain, "known": bool(features[feature.name].notna().any())}
    for feature in catalogue.features
)
shares = known.groupby("domain", as_index=False).agg(features=("known", "size"), known=("known", "sum"))
shares = shares.assign(missing=shares["features"] - shares["known"])
long = shares.melt("domain", ["known", "missing"], var_name="what", value_name="number")
alt.Chart(long).mark_bar().encode(
    alt.X("number:Q", title="features"),
    alt.Y("domain:N", title=None, sort="-x", axis=alt.Axis(labelLimit=220)),
    alt.Color("what:N", title=None, scale=alt.Scale(domain=["known", "missing"], range=[BLUE, "#D9D9D9"])),
).properties(
    height=alt.Step(28),
    title=alt.Title(
        f"{shares['known'].sum()} of {shares['features'].sum()} features can be known from these files",
        subtitle="known for at least one of the people looked at, by domain",
    ),
)

# %% [markdown]
# From here everything is as in [03](03_train_evaluate_promote.ipynb), or on the command line:
#
#     vi-risk run --records extract --mapping mapping.toml --index-date 2025-01-01 --out out
#
# **Be careful of**
#
# - *no list of the population*: people known only from the hospital make every rate too high. Ask for the patient index
#   and the registrations;
# - *no `recorded_on`*: rows of 2021 above count from the day on which they happened, as if they had been known at once;
# - *NHS numbers*: extracts that hold them go through `vi-risk pseudonymise` first.
#
# The grammar is in [docs/mappings.md](../docs/mappings.md); mappings for HES, OMOP and others are shipped.
