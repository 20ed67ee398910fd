"""Themes: which features are one reason, and what of them belongs together."""

import numpy as np

from tests.spec.reasons.given import SHIPPED
from vi_risk.reasons.themes import Theme, themes_of, usual_window

BY_NAME = {feature.name: feature for feature in SHIPPED.features}


def theme(*names: str, windows: dict[str, int | None] | None = None) -> Theme:
    (found,) = themes_of([BY_NAME[name] for name in names], windows or {}).all
    return found


def test_definitions_that_share_a_theme_are_one_and_groups_are_apart() -> None:
    names = (
        "emergency_admissions_365d",
        "emergency_readmissions_365d",
        "condition_copd_1095d",
        "condition_stroke_1095d",
    )

    found = themes_of([BY_NAME[name] for name in names], {})

    assert [(theme.words, [member.place for member in theme.members]) for theme in found.all] == [
        ("COPD", [2]),
        ("Stroke or TIA", [3]),
        ("Emergency admissions", [0, 1]),
    ]


def test_what_a_theme_adds_is_what_its_features_add_and_nothing_is_lost() -> None:
    names = ("emergency_admissions_90d", "emergency_admissions_365d", "ed_attendances_365d", "age")
    themes = themes_of([BY_NAME[name] for name in names], {})

    added = themes.ordered(np.array([0.3, 0.2, 0.4, -0.1]), least=-1)

    assert [(theme.words, round(by, 3)) for theme, by in added.items()] == [
        ("Emergency admissions", 0.5),
        ("A&E attendances", 0.4),
        ("Age", -0.1),
    ]
    assert [theme.words for theme in themes.ordered(np.array([0.3, 0.2, 0.4, -0.1]), least=0.45)] == [
        "Emergency admissions"
    ]


def test_a_theme_is_told_by_the_counts_that_it_begins_with() -> None:
    emergencies = theme("emergency_admissions_90d", "emergency_admissions_365d", "bed_days_365d")

    assert [member.feature.name for member in emergencies.headline] == [
        "emergency_admissions_90d",
        "emergency_admissions_365d",
    ]
    assert theme("charlson_points_1095d", "long_term_conditions_1095d").headline == ()
    assert theme("three_or_more_emergency_admissions_365d").headline == ()


def test_the_day_of_the_last_event_is_that_of_the_events_counted() -> None:
    emergencies = theme(
        "emergency_admissions_365d", "emergency_without_night_365d", "days_since_emergency_admission_730d"
    )
    counted, without_night, last = emergencies.members

    assert emergencies.last_day(counted) is last
    assert emergencies.last_day(without_night) is None


def test_people_think_in_the_longest_window_up_to_a_year() -> None:
    windows = theme("emergency_admissions_30d", "emergency_admissions_365d", "emergency_admissions_730d").headline

    assert usual_window(windows).feature.name == "emergency_admissions_365d"
    assert usual_window(windows[2:]).feature.name == "emergency_admissions_730d"


def test_the_look_back_that_was_used_counts() -> None:
    cut = theme("emergency_admissions_30d", "emergency_admissions_730d", windows={"emergency_admissions_730d": 367})

    assert usual_window(cut.headline).window == 367


def test_all_contacts_sum_what_settings_have_themes_of_their_own_for() -> None:
    assert theme("contact_days_365d").sums_settings
    assert not theme("ed_soon_after_gp_365d").sums_settings
    assert not theme("ed_attendances_365d").sums_settings
