"""What the patients of a snapshot are told apart by when it is asked for whom a model works."""

import pandas as pd

_ETHNIC_GROUPS = {
    "ethnic_white": "White",
    "ethnic_mixed": "Mixed",
    "ethnic_asian": "Asian or Asian British",
    "ethnic_black": "Black or Black British",
    "ethnic_other": "Chinese or any other",
}
_FIFTHS = ("1 (most deprived)", "2", "3", "4", "5 (least deprived)")


def attributes_of(cohort: pd.DataFrame, features: pd.DataFrame) -> dict[str, "pd.Series[str]"]:
    """Return attribute -> label of each row, those that the records tell; a label that is not known is missing.

    Ethnic group and deprivation are told from features whether or not the model may use them.
    """
    found = {"sex": cohort["sex"], "age band": cohort["age_band"]}
    if "imd_decile" in features and features["imd_decile"].notna().any():
        found["deprivation fifth"] = deprivation_fifth(features["imd_decile"])
    if present := [name for name in _ETHNIC_GROUPS if name in features and features[name].notna().any()]:
        found["ethnic group"] = ethnic_group(features[present])
    if (cohort["practice_code"] != cohort["practice_code"].iloc[0]).any():
        found["practice"] = cohort["practice_code"]
    found["GP record"] = pd.Series(gp_record_seen(cohort), index=cohort.index)
    return found


def deprivation_fifth(decile: "pd.Series[float]") -> "pd.Series[str]":
    """Return the fifth of a decile of deprivation; deciles 1 and 2 are the most deprived fifth."""
    return decile.map({number: _FIFTHS[(number - 1) // 2] for number in range(1, 11)})


def ethnic_group(flags: pd.DataFrame) -> "pd.Series[str]":
    """Return the group whose flag is 1; missing where none is."""
    group = pd.Series(pd.NA, index=flags.index, dtype="str")
    for name in flags.columns:
        group[flags[name] == 1] = _ETHNIC_GROUPS[str(name)]
    return group


def gp_record_seen(cohort: pd.DataFrame) -> list[str]:
    """Say of each row of a cohort how much of the year before its index date the GP record shows."""
    days = [
        0 if pd.isna(seen_from) else (index_date - seen_from).days
        for index_date, seen_from in zip(cohort["index_date"], cohort["gp_seen_from"], strict=True)
    ]
    return ["seen all year" if seen >= 365 else "seen in part" if seen > 0 else "not seen" for seen in days]
