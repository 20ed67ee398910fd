"""The check of the records as a page, for the terminal and as HTML: what is wrong first, then what is there.

Every number comes from the report; it holds no value of any record.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from vi_risk.models.templates import page_environment
from vi_risk.records.checks import CheckReport, Finding, Lag, TableSummary
from vi_risk.records.tables import NOT_RECORDED, TABLES
from vi_risk.records.volume import month_after, months_between

_SHOWN_MONTHS = 120
_BARS = "▁▂▃▄▅▆▇█"
_TERMINAL_MONTHS = 18
_TERMINAL_FINDINGS = 30
_SPARKLINE = (240, 32)  # width and height in units of the picture
_FAULTS = {
    "no rows": "has people but no row",
    "late": "begins late",
    "silent": "falls silent in between",
    "stopped": "has stopped",
}


@dataclass(frozen=True, slots=True)
class Sparkline:
    """The monthly volume of a table as bars: the path of an SVG picture and its words."""

    path: str
    words: str


def verdict(report: CheckReport) -> str:
    """Return in one sentence what the findings mean for a run."""
    errors, warnings = len(report.errors), len(report.warnings)
    told = f"{warnings} warning{'' if warnings == 1 else 's'}"
    if errors:
        return f"{errors} error{'' if errors == 1 else 's'}: a run stops until they are mended; {told}."
    if warnings:
        return f"No errors: a run can go on, with {told} on its model card."
    return "No errors and no warnings."


def volume_by_month(summary: TableSummary) -> tuple[date, list[int]]:
    """Return a table's first month and its rows in each month since, at most the last ten years."""
    begins, ends = (date.fromisoformat(str(day)) for day in (summary.seen_from, summary.seen_to))
    span = min(months_between(begins, ends) + 1, _SHOWN_MONTHS)
    months = [month_after(ends, n - span + 1) for n in range(span)]
    return months[0], [summary.months.get(f"{month:%Y-%m}", 0) for month in months]


# --- HTML -------------------------------------------------------------------------------------------------------------


def write_check_page(report: CheckReport, path: Path, *, source: str) -> None:
    """Write the report as one self-contained HTML page; the same report gives the same bytes."""
    page = (
        page_environment()
        .get_template("check.html.jinja")
        .render(
            report=report,
            source=source,
            verdict=verdict(report),
            rows=sum(table.rows for table in report.tables),
            grades=[("Errors", report.errors), ("Warnings", report.warnings)],
            sparklines={table.table: sparkline(table) for table in report.tables},
            sparkline_size=_SPARKLINE,
            missing={table.table: most_missing(table) for table in report.tables},
            grain={name: table.grain for name, table in TABLES.items()},
            without={name: TABLES[name].absent for name in report.absent},
            faults=_FAULTS,
            not_recorded=NOT_RECORDED,
        )
    )
    path.write_bytes(page.encode())


def sparkline(summary: TableSummary) -> Sparkline | None:
    """Return the picture of a table's monthly volume; None where its rows have no day."""
    if summary.seen_from is None:
        return None
    first, rows = volume_by_month(summary)
    width, height = _SPARKLINE
    step = width / len(rows)
    bars = [
        f"M{n * step:.1f} {height}v-{height * number / max(rows):.1f}h{0.8 * step:.1f}V{height}z"
        for n, number in enumerate(rows)
        if number
    ]
    last = month_after(first, len(rows) - 1)
    words = f"Rows a month from {first:%Y-%m} to {last:%Y-%m}: {min(rows):,} to {max(rows):,}"
    return Sparkline("".join(bars), words)


def most_missing(summary: TableSummary) -> list[tuple[str, str, str]]:
    """Return the columns that have nulls, with the share in words and what a null says, from most to least."""
    ordered = sorted(summary.missing.items(), key=lambda entry: -entry[1])
    declared = TABLES[summary.table]
    return [(column, _percent(share), declared.column(column).missing) for column, share in ordered if share]


def _percent(share: float) -> str:
    if 0 < share < 0.001:
        return "under 0.1 %"
    if 0.999 < share < 1:
        return "over 99.9 %"
    return f"{100 * share:.1f} %".replace(".0 %", " %")


# --- terminal ---------------------------------------------------------------------------------------------------------


def terminal_lines(report: CheckReport, *, page: Path) -> Iterator[str]:
    """Yield the report as lines of at most 120 columns, one screen or two; what does not fit stands in the `page`."""
    head = f"{'table':<23} {'rows':>11}  {'from':<10}  {'to':<10}  {f'last {_TERMINAL_MONTHS} months':<18}"
    yield f"{head}  {'recorded':<10}  most missing"
    for summary in report.tables:
        unrecorded = [" ".join(entry[:2]) for entry in most_missing(summary) if entry[2] == NOT_RECORDED][:1]
        yield (
            f"{summary.table:<23} {summary.rows:>11,}  {summary.first or '':<10}  {summary.last or '':<10}"
            f"  {_bars(summary):<18}  {_lag_words(summary.lag):<10}  {''.join(unrecorded)}"
        ).rstrip()
    yield "recorded: days from event to arrival, median, 90th and 99th percentile"
    if report.absent:
        yield f"not there: {', '.join(report.absent)}"
    for title, findings in (("Errors", report.errors), ("Warnings", report.warnings)):
        if findings:
            yield ""
            yield title
            yield from _finding_lines(findings)
    yield ""
    yield f"{verdict(report)} {'What to do about each' if report.findings else 'The whole of it'}: {page}"


def _finding_lines(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings[:_TERMINAL_FINDINGS]:
        yield f"  {finding}"
    if len(findings) > _TERMINAL_FINDINGS:
        yield f"  and {len(findings) - _TERMINAL_FINDINGS} more"


def _bars(summary: TableSummary) -> str:
    if summary.seen_from is None:
        return ""
    _, rows = volume_by_month(summary)
    shown = rows[-_TERMINAL_MONTHS:]
    most = max(*shown, 1)
    return "".join(_BARS[min(7, 8 * number // most)] if number else " " for number in shown)


def _lag_words(lag: Lag | None) -> str:
    return "" if lag is None else f"{lag.median} {lag.p90} {lag.p99}"
