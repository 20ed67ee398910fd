"""pandas by hand: the features of `benchmarks/sql` as a careful analyst writes them.

Each table is read once, only the columns and the years that are needed, and let go before the next one; people are
numbered, and all grouping is by that number.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.contenders.analysis import Analysis, matched_codes, read
from benchmarks.measured import limit_memory, measured
from benchmarks.place import Asked, asked_of

_UNITS = {
    "bmi": (["kg/m2", "kg/m²", "kg/m^2"], 10, 90),
    "systolic": (["mm[Hg]", "mmHg"], 50, 280),
    "hba1c": (["mmol/mol"], 10, 200),
    "egfr": (["mL/min/1.73m2", "mL/min/{1.73_m2}", "mL/min/1.73m^2", "ml/min/1.73m2"], 1, 200),
}
_COMORBIDITY = ("charlson", "long_term_conditions", "frailty_deficits", "falls", "delirium")
_LEAST_DAYS_OF_A_SLOPE = 90
_EMERGENCY = ["21", "22", "23", "24", "25", "2A", "2D", "28"]


def _share(rows: pd.DataFrame, part: "pd.Series[bool]") -> "pd.Series[Any]":
    return part.groupby(rows["person"]).mean()


def _rise(rows: pd.DataFrame) -> "pd.Series[Any]":
    whole = rows.groupby("person").size()
    return rows[rows["days"] <= 90].groupby("person").size().reindex(whole.index, fill_value=0) * (365 / 90) / whole


def _emergency_department(analysis: Analysis) -> None:
    columns = ["arrival_mode", "acuity", "disposal", "department_type"]
    rows = analysis.rows("ed_attendances", "arrived_at", columns, 2)
    analysis.add("days_since_ed_attendance_730d", rows.groupby("person")["days"].min())
    analysis.add("ed_ambulance_share_730d", _share(rows, rows["arrival_mode"] == "1"))
    year = rows[rows["days"] <= 365]
    analysis.add("ed_rise_365d", _rise(year))
    for days in (30, 90, 365):
        analysis.count(f"ed_attendances_{days}d", year[year["days"] <= days])
    by_ambulance = year[year["arrival_mode"] == "1"]
    for days in (90, 365):
        analysis.count(f"ed_by_ambulance_{days}d", by_ambulance[by_ambulance["days"] <= days])
    analysis.count("ed_high_acuity_365d", year[year["acuity"].isin(["1", "2"])])
    analysis.count("ed_left_before_treatment_365d", year[year["disposal"].isin(["12", "13"])])
    analysis.count("ed_major_365d", year[year["department_type"] == "01"])
    analysis.count("ed_minor_365d", year[year["department_type"].isin(["03", "04"])])


def _outpatients(analysis: Analysis) -> None:
    rows = analysis.rows("outpatient_appointments", "appointment_on", ["attended", "specialty"], 2)
    rows = rows[rows["attended"].isin(["5", "6", "3", "7"])]
    missed = rows["attended"].isin(["3", "7"])
    analysis.add("outpatient_missed_share_730d", _share(rows, missed))
    analysis.count("outpatient_missed_365d", rows[missed & (rows["days"] <= 365)])
    seen = rows[~missed & (rows["days"] <= 365)]
    analysis.count("outpatient_attended_365d", seen)
    analysis.count("outpatient_attended_90d", seen[seen["days"] <= 90])
    analysis.distinct("outpatient_specialties_365d", seen, "specialty")


def _general_practice(analysis: Analysis) -> None:
    columns = ["status", "staff_role", "mode"]
    rows = analysis.rows("gp_appointments", "appointment_on", columns, 2, seen=True)
    rows = rows[rows["status"].isin(["attended", "dna"])]
    missed = rows["status"] == "dna"
    before = set(analysis.features)
    analysis.add("gp_missed_share_730d", _share(rows, missed))
    analysis.count("gp_appointments_missed_365d", rows[missed & (rows["days"] <= 365)])
    kept = rows[~missed & (rows["days"] <= 365)]
    for days in (30, 90, 365):
        analysis.count(f"gp_appointments_{days}d", kept[kept["days"] <= days])
    for days in (90, 365):
        analysis.count(f"gp_home_visits_{days}d", kept[(kept["mode"] == "home") & (kept["days"] <= days)])
    analysis.count("gp_remote_365d", kept[kept["mode"].isin(["telephone", "video"])])
    for role, name in (("gp", "doctor"), ("nurse", "nurse"), ("pharmacist", "pharmacist")):
        analysis.count(f"gp_{name}_appointments_365d", kept[kept["staff_role"] == role])
    analysis.add("gp_rise_365d", _rise(kept))
    analysis.unless_unseen(set(analysis.features) - before)
    analysis.add("days_since_gp_appointment_365d", kept.groupby("person")["days"].min())


def _community(analysis: Analysis) -> None:
    rows = analysis.rows("community_contacts", "contact_on", ["team_type", "attended"], 1)
    analysis.count("community_missed_365d", rows[rows["attended"].isin(["3", "7"])])
    seen = rows[rows["attended"].isin(["5", "6"])]
    for days in (30, 90, 365):
        analysis.count(f"community_contacts_{days}d", seen[seen["days"] <= days])
    nursing = seen[seen["team_type"] == "district_nursing"]
    for days in (90, 365):
        analysis.count(f"district_nursing_{days}d", nursing[nursing["days"] <= days])
    analysis.distinct("community_teams_365d", seen, "team_type")
    analysis.add("days_since_community_contact_365d", seen.groupby("person")["days"].min())
    referred = analysis.rows("referrals", "referred_on", ["service"], 1)
    analysis.count("referrals_365d", referred)
    analysis.count("referred_to_social_care_365d", referred[referred["service"] == "social_care"])


def _medicines(analysis: Analysis) -> None:
    lists = ("medicines", "antibiotics", "relievers", "high_risk_medicines")
    rows = analysis.rows("prescriptions", "issued_on", ["bnf_code"], 1, seen=True)
    rows["bnf_code"] = rows["bnf_code"].astype("category")  # few codes, many rows: compared as numbers from here on
    matched = matched_codes("bnf", pd.Series(rows["bnf_code"].cat.categories), lists)
    in_list = {name: rows["bnf_code"].isin(matched.loc[matched["list"] == name, "code"]) for name in lists}
    lately = rows["days"] <= 90
    before = set(analysis.features)
    medicines = rows[in_list["medicines"]]
    analysis.count("prescriptions_365d", medicines)
    analysis.add("prescriptions_rise_365d", _rise(medicines))
    of_code = medicines.drop_duplicates(["person", "bnf_code"])
    types = of_code.assign(type=of_code["bnf_code"].astype(str).str[:6])
    analysis.distinct("medicine_types_365d", types, "type")
    of_code = medicines[lately].drop_duplicates(["person", "bnf_code"])
    substances = of_code.assign(substance=of_code["bnf_code"].astype(str).str[:9])
    analysis.distinct("medicines_90d", substances, "substance")
    for days in (90, 365):
        analysis.count(f"antibiotics_{days}d", rows[in_list["antibiotics"] & (rows["days"] <= days)])
    analysis.count("reliever_inhalers_365d", rows[in_list["relievers"]])
    groups = matched.loc[matched["list"] == "high_risk_medicines", ["code", "group"]]
    risky = rows.loc[in_list["high_risk_medicines"] & lately, ["person", "bnf_code"]].drop_duplicates()
    risky = risky.astype({"bnf_code": str}).merge(groups, left_on="bnf_code", right_on="code")
    analysis.distinct("high_risk_medicines_90d", risky, "group")
    analysis.unless_unseen(set(analysis.features) - before)


def _practice_record(analysis: Analysis) -> pd.DataFrame:
    """Make the features of measurements and reviews, and return the rows that may count as comorbidity."""
    columns = ["code_system", "code", "value", "unit"]
    rows = analysis.rows("gp_events", "event_on", columns, 3, seen=True)
    lists = (*_COMORBIDITY, "measurements", "reviews_and_vaccinations")
    matched = matched_codes(rows["code_system"], rows["code"], lists).rename(columns={"system": "code_system"})

    def of(*names: str) -> pd.DataFrame:
        return rows.merge(matched[matched["list"].isin(names)], on=["code_system", "code"])

    measurements = of("measurements")
    before = set(analysis.features)
    slopes = {}
    for group, (units, least, most) in _UNITS.items():
        values = measurements[measurements["group"] == group]
        values = values[values["unit"].isin(units) & values["value"].between(least, most)]
        of_day = values.groupby(["person", "days"])["value"].mean().reset_index()  # sorted: the last day comes first
        recent = of_day[of_day["days"] <= 730].drop_duplicates("person")
        analysis.add(f"{group}_730d", recent.set_index("person")["value"])
        slopes[group] = _slope(values)
    for group in ("bmi", "egfr"):
        analysis.add(f"{group}_change_1095d", slopes[group])
    analysis.unless_unseen(name for name in set(analysis.features) - before if "_change_" in name)
    reviews = of("reviews_and_vaccinations")
    condition = reviews[(reviews["group"] == "condition_review") & (reviews["days"] <= 365)]
    analysis.add("condition_review_365d", condition.groupby("person")["days"].any().astype(float), empty=0)
    found = analysis.features["condition_review_365d"].replace(0, np.nan)
    analysis.unless_unseen(["condition_review_365d"])  # what was seen of the window is certain all the same
    analysis.features["condition_review_365d"] = found.fillna(analysis.features["condition_review_365d"])
    medication = reviews[(reviews["group"] == "medication_review") & (reviews["days"] <= 730)]
    analysis.add("days_since_medication_review_730d", medication.groupby("person")["days"].min())
    return of(*_COMORBIDITY)


def _slope(values: pd.DataFrame) -> "pd.Series[Any]":
    """Return the yearly change of each person with 90 days or more from the first value to the last."""
    years = -values["days"] / 365.25
    centred = pd.DataFrame(
        {
            "person": values["person"],
            "x": years - years.groupby(values["person"]).transform("mean"),
            "y": values["value"] - values["value"].groupby(values["person"]).transform("mean"),
        }
    )
    products = centred.assign(xy=centred["x"] * centred["y"], xx=centred["x"] ** 2).groupby("person").sum()
    days = values.groupby("person")["days"]
    return (products["xy"] / products["xx"])[days.max() - days.min() >= _LEAST_DAYS_OF_A_SLOPE]


def _diagnoses(analysis: Analysis, of_practice: pd.DataFrame) -> None:
    index_date = pd.Timestamp(analysis.index_date)
    columns = ["spell_id", "patient_id", "admitted_on", "discharged_on", "admission_method", "recorded_on"]
    known = read(analysis.place.files("spells"), columns)
    known = known[(known["admitted_on"] < index_date) & ~(known["recorded_on"] >= index_date)]
    known["person"] = analysis.numbers_of(known["patient_id"])
    known = known[known["person"] >= 0].drop(columns=["patient_id", "recorded_on"])
    _nights(analysis, known)
    known = known[known["discharged_on"] < index_date]
    known = known.assign(days=(index_date - known["discharged_on"]).dt.days)
    known = known.loc[known["days"] <= 1095, ["spell_id", "person", "discharged_on", "days"]]
    coded = read(analysis.place.files("diagnoses"), ["spell_id", "code", "recorded_on"])
    coded = coded[~(coded["recorded_on"] >= index_date)].drop(columns="recorded_on")
    rows = coded.merge(known, on="spell_id").drop(columns="spell_id")
    year = rows[rows["days"] <= 365]
    analysis.distinct("hospital_diagnoses_365d", year.assign(stem=year["code"].str[:3]), "stem")
    matched = matched_codes("icd10", rows["code"], (*_COMORBIDITY, "hospital_frailty")).drop(columns="system")
    rows = rows.merge(matched, on="code").rename(columns={"discharged_on": "event_on"})
    frail = rows[(rows["list"] == "hospital_frailty") & (rows["days"] <= 730)].drop_duplicates(["person", "group"])
    analysis.add("hospital_frailty_score_730d", frail.groupby("person")["points"].sum(), empty=0)
    kept = ["person", "list", "group", "points", "replaced_by", "event_on", "days"]
    _comorbidity(analysis, pd.concat([rows.loc[rows["list"] != "hospital_frailty", kept], of_practice[kept]]))


def _comorbidity(analysis: Analysis, rows: pd.DataFrame) -> None:
    charlson = rows[rows["list"] == "charlson"].drop_duplicates(["person", "group"])
    severe = charlson[["person", "group"]].rename(columns={"group": "replaced_by"}).assign(replaced=True)
    charlson = charlson.merge(severe, on=["person", "replaced_by"], how="left")
    counting = charlson[charlson["replaced"].isna()]
    analysis.add("charlson_points_1095d", counting.groupby("person")["points"].sum(), empty=0)
    for name in ("long_term_conditions", "frailty_deficits"):
        analysis.distinct(f"{name}_1095d", rows[rows["list"] == name], "group")
    falls = rows[rows["list"] == "falls"]
    for days in (180, 365, 1095):
        analysis.distinct(f"falls_{days}d", falls[falls["days"] <= days], "event_on")
    analysis.distinct("delirium_730d", rows[(rows["list"] == "delirium") & (rows["days"] <= 730)], "group")


def _nights(analysis: Analysis, spells: pd.DataFrame) -> None:
    index_date = pd.Timestamp(analysis.index_date)
    since = (index_date - spells["admitted_on"]).dt.days
    out = (index_date - spells["discharged_on"].where(spells["discharged_on"] < index_date)).dt.days.fillna(0)
    emergency = spells["admission_method"].isin(_EMERGENCY)
    for name, days, chosen in (
        ("emergency_bed_days_90d", 90, emergency),
        ("emergency_bed_days_365d", 365, emergency),
        ("bed_days_365d", 365, emergency | True),
    ):
        inside = (since.clip(upper=days) - out).clip(lower=0)[chosen]
        analysis.add(name, inside.groupby(spells["person"]).sum().clip(upper=days), empty=0)


def write_features(asked: Asked) -> int:
    """Write the features, and return how many people they are of."""
    people = (
        read(asked.place.cohort(1), ["patient_id", "index_date", "gp_seen_from"]).set_index("patient_id").sort_index()
    )
    analysis = Analysis(asked.place, people["index_date"].max().date(), people)
    steps: tuple[Callable[[Analysis], None], ...] = (
        _emergency_department,
        _outpatients,
        _general_practice,
        _community,
        _medicines,
    )
    for step in steps:
        step(analysis)
    _diagnoses(analysis, _practice_record(analysis))
    keys = people["index_date"].dt.date.reset_index()
    keys.join(pd.DataFrame(analysis.features)).to_parquet(asked.out, index=False, compression="zstd")
    return len(people)


if __name__ == "__main__":
    asked = asked_of("by_hand_pandas")
    limit_memory(asked.memory_gigabytes)
    with measured() as result:
        result["rows"] = write_features(asked)
