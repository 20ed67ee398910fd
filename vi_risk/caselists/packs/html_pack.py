"""The list as one self-contained page: the practice in one view, a table to scan, then a block for each patient."""

import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from vi_risk.caselists.about import (
    EXPLANATIONS,
    WHAT_REASONS_ARE,
    band_ranges,
    compared_with,
    data_reach,
    missing_from,
    places,
    summary,
)
from vi_risk.caselists.choosing.rules import CaseListRules
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.packs.first_page import SHARE_OF_NEED, SHARE_OF_PEOPLE, first_page, side_by_side
from vi_risk.caselists.packs.patient_block import choices, patients_of, table_facts
from vi_risk.caselists.packs.timeline import HEADINGS as SETTINGS
from vi_risk.caselists.packs.timeline import STRIP
from vi_risk.caselists.practice.practice_summary import WHAT_STANDS_OUT_IS
from vi_risk.caselists.wording import DECISION_SUPPORT, heading, percent, without_turning, written
from vi_risk.cohort.contacts import DAYS_OF_CONTACTS as DAYS
from vi_risk.models.templates import date_in_words, page_environment

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ]")
_FOLDER = Path(__file__).parent / "templates"


def html_pack(case_list: CaseList, rules: CaseListRules, *, workbook: str, practices: Sequence[CaseList] = ()) -> bytes:
    """Return the page; it fetches nothing and works without its script.

    Parameters
    ----------
    workbook
        File name of the workbook to decide in.
    practices
        Of a network's list, those of its practices, to be told beside one another.
    """
    script = (_FOLDER / "pack.js").read_text(encoding="utf-8").strip()
    patients = patients_of(case_list, rules)
    roles = choices([patient.roles for patient in patients])
    themes = choices([patient.themes for patient in patients])
    page = (
        page_environment(_FOLDER)
        .get_template("pack.html.jinja")
        .render(
            case_list=case_list,
            about=case_list.about,
            summary=summary(case_list),
            of="network" if case_list.practice_code == case_list.network else "practice",
            first_page=None if case_list.summary is None else first_page(case_list.summary, rules),
            side_by_side=side_by_side(practices),
            notes=[note for note in case_list.about.notes if note not in EXPLANATIONS],
            explained=[note for note in case_list.about.notes if note in EXPLANATIONS],
            patients=patients,
            fact_headings=[heading(column) for column in table_facts(case_list)],
            roles=roles,
            themes=themes,
            # A row names its roles and reasons by their places among the choices: short, and no text of the records.
            role_places={role: place for place, (role, _) in enumerate(roles)},
            theme_places={theme: place for place, (theme, _) in enumerate(themes)},
            any_change=any(patient.change for patient in patients),
            timeline_size=(DAYS, STRIP * len(SETTINGS)),
            strips=len(SETTINGS),
            # The same for every patient, so that the style sheet says them once; a screen reader hears the words.
            setting_labels=_css_text("\n".join(SETTINGS.values())),
            month_labels=_css_text(_months(case_list)),
            excluded=[
                (written(row["patient_id"]), written(row["age_band"]), percent(row["risk"]), written(row["reason"]))
                for row in case_list.excluded.to_dict("records")
            ],
            left=[
                (written(row["patient_id"]), written(row["rank_before"]), written(row["why"]))
                for row in case_list.left.to_dict("records")
            ],
            data_reach=data_reach(case_list.about.data_to),
            band_ranges=band_ranges(rules),
            compared_with=compared_with(case_list.about),
            places=places(case_list.about),
            what_reasons_are=WHAT_REASONS_ARE,
            what_stands_out_is=WHAT_STANDS_OUT_IS,
            decision_support=DECISION_SUPPORT,
            missing=[(title, {k: written(v) for k, v in told.items()}) for title, told in missing_from(case_list)],
            share_of_people=SHARE_OF_PEOPLE,
            share_of_need=SHARE_OF_NEED,
            print_practice=_css_text(case_list.title),
            print_about=_css_text(f"MDT case list, {date_in_words(case_list.about.index_date)}"),
            print_use=_css_text(DECISION_SUPPORT),
            print_handling=_css_text(case_list.about.handling),
            workbook=workbook,
            script=script,
            # Only this very script may run, whatever text the records hold.
            script_fingerprint=b64encode(sha256(script.encode()).digest()).decode(),
        )
    )
    return without_turning(page).encode()


def _months(case_list: CaseList) -> str:
    """Return the months in which the timelines begin, have their middle and end; only between them is a line spread."""
    days = (case_list.about.index_date - timedelta(days=back) for back in (DAYS, DAYS // 2, 0))
    return " ".join(f"{day:%b}\N{NARROW NO-BREAK SPACE}{day:%Y}" for day in days)


def _css_text(text: str) -> str:
    """Return any text as a string of a style sheet: what is no plain letter, figure or blank stands as its code."""
    return '"' + _NOT_PLAIN.sub(lambda found: f"\\{ord(found[0]):x} ", text) + '"'
