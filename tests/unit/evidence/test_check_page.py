"""The check of the records as a page: everything that was found, what to do about it, and nothing of any record."""

import html
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from vi_risk.evidence.check_page import (
    Sparkline,
    most_missing,
    sparkline,
    terminal_lines,
    verdict,
    volume_by_month,
    write_check_page,
)
from vi_risk.records.checks import CheckReport, Finding, Lag, PracticeFeed, TableSummary

SPELLS = TableSummary(
    table="spells",
    rows=120,
    first="2019-05-05",
    last="2024-03-09",
    missing={"spell_id": 0.0, "discharged_on": 0.25, "treatment_function": 0.5, "provider_code": 0.0004},
    months={"2019-05": 1, "2024-01": 40, "2024-03": 80},
    repeated=3,
    seen_from="2024-01-01",
    seen_to="2024-03-09",
    lag=Lag(rows=120, median=1, p90=12, p99=1_234, over_31_days=0.0213),
)
PATIENTS = TableSummary("patients", 70, None, None, {"died_on": 0.9}, {})
ERROR = Finding("spells", "admission_method", "missing, but required", 14, 120, "error", "Mend the extract.")
WARNING = Finding("gp_events", "", "begin late", 1, 52, "warning", "Ask the practice.", "practices")
FEED = PracticeFeed("gp_events", "X00001", "late", "2024-01", "2024-06", "2025-01", 5)
REPORT = CheckReport((PATIENTS, SPELLS), (WARNING, ERROR), ("referrals", "mdt_reviews"), (FEED,))
SOUND = CheckReport((PATIENTS, replace(SPELLS, repeated=0)), (), ())


def text_of(report: CheckReport, folder: Path) -> str:
    body = page_of(report, folder).partition("</style>")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def page_of(report: CheckReport, folder: Path) -> str:
    write_check_page(report, folder / "check.html", source="extracts <1>")
    return (folder / "check.html").read_text(encoding="utf-8")


def test_the_page_says_what_was_found_and_what_to_do_errors_first(tmp_path: Path) -> None:
    text = text_of(REPORT, tmp_path)

    places = [
        text.index(words)
        for words in (
            "extracts <1> · 2 tables, 190 rows",
            "1 error: a run stops until they are mended; 1 warning.",
            "spells .admission_method missing, but required 14 of 120 rows Mend the extract.",
            "gp_events begin late 1 of 52 practices Ask the practice.",
            "X00001 gp_events begins late 2024-01 2024-06 2025-01 5",
            "spells one row per hospital provider spell 120 2019-05-05 2024-03-09",
            "2024-01 to 2024-03: 0 to 80 3",
            "spells 1 12 1,234 2.1 %",
            "treatment_function 50 % , discharged_on 25 % (still in hospital) , provider_code under 0.1 %",
            "referrals the whole table is not there: its features are missing, never zero",
        )
    ]
    assert places == sorted(places)


def test_the_page_needs_no_network_and_runs_no_script(tmp_path: Path) -> None:
    page = page_of(REPORT, tmp_path)

    assert not re.search(r"""(src|href)=(?!"#)|url\(|@import|<script""", page)
    assert "default-src 'none'" in page
    assert "extracts &lt;1&gt;" in page


def test_the_same_report_gives_the_same_bytes(tmp_path: Path) -> None:
    assert page_of(REPORT, tmp_path) == page_of(REPORT, tmp_path)


def test_sound_records_have_neither_findings_nor_practices_on_the_page(tmp_path: Path) -> None:
    text = text_of(SOUND, tmp_path)

    assert "No errors and no warnings." in text
    assert "What to do" not in text
    assert "Practices" not in text


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        ((), "No errors and no warnings."),
        ((WARNING,), "No errors: a run can go on, with 1 warning on its model card."),
        ((WARNING, WARNING), "No errors: a run can go on, with 2 warnings on its model card."),
        ((ERROR, ERROR), "2 errors: a run stops until they are mended; 0 warnings."),
    ],
)
def test_the_verdict_is_what_a_run_does(findings: tuple[Finding, ...], words: str) -> None:
    assert verdict(replace(REPORT, findings=findings)) == words


def test_a_picture_has_a_bar_for_each_month_with_rows_as_high_as_they_are_many() -> None:
    assert sparkline(SPELLS) == Sparkline(
        path="M0.0 32v-16.0h64.0V32zM160.0 32v-32.0h64.0V32z", words="Rows a month from 2024-01 to 2024-03: 0 to 80"
    )
    assert sparkline(PATIENTS) is None


def test_a_picture_shows_the_last_ten_years_at_most() -> None:
    long = replace(SPELLS, seen_from="1990-01-01")

    first, rows = volume_by_month(long)

    assert (first, len(rows)) == (date(2014, 4, 1), 120)
    assert rows[-3:] == [40, 0, 80]


def test_shares_are_rounded_but_never_to_none_or_all() -> None:
    summary = replace(PATIENTS, missing={"lsoa": 0.0004, "care_home": 0.9995, "imd_decile": 0.126, "sex": 0.0})

    assert [(column, share) for column, share, _ in most_missing(summary)] == [
        ("care_home", "over 99.9 %"),
        ("imd_decile", "12.6 %"),
        ("lsoa", "under 0.1 %"),
    ]


def test_the_terminal_shows_tables_then_findings_then_the_verdict(tmp_path: Path) -> None:
    lines = list(terminal_lines(REPORT, page=Path("out/check.html")))

    assert lines[1] == f"{'patients':<23} {'70':>11}"
    assert lines[2].split() == [
        "spells", "120", "2019-05-05", "2024-03-09", "▅", "█", "1", "12", "1234", "treatment_function", "50", "%",
    ]  # fmt: skip
    assert lines[4:] == [
        "not there: referrals, mdt_reviews",
        "",
        "Errors",
        "  spells.admission_method: 14 of 120 rows: missing, but required",
        "",
        "Warnings",
        "  gp_events: 1 of 52 practices: begin late",
        "",
        "1 error: a run stops until they are mended; 1 warning. What to do about each: out/check.html",
    ]


def test_of_sound_records_the_terminal_speaks_of_nothing_to_do() -> None:
    *_, last = terminal_lines(SOUND, page=Path("out/check.html"))

    assert last == "No errors and no warnings. The whole of it: out/check.html"


def test_the_terminal_is_a_page_however_much_was_found() -> None:
    many = replace(REPORT, findings=(WARNING,) * 40 + (ERROR,) * 31)

    lines = list(terminal_lines(many, page=Path("out/check.html")))

    assert "  and 10 more" in lines
    assert "  and 1 more" in lines
    assert max(map(len, lines)) <= 120
