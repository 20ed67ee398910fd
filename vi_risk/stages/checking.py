"""The records checked: what is in them and what is wrong, before anything is made of them."""

from pathlib import Path

from vi_risk.evidence.check_page import write_check_page
from vi_risk.records.checks import CheckReport, check_records
from vi_risk.records.linked import Records
from vi_risk.running.files import remove
from vi_risk.running.progress import Report
from vi_risk.running.run_file import CHECK_FILE, CHECK_PAGE, write_json


def examine(folder: Path, records: Records, report: Report) -> CheckReport:
    """Check the records and write check.json and check.html, whatever was found."""
    report.stage("Check the records")
    found = check_records(records)
    report.rows(sum(table.rows for table in found.tables))
    write_json(folder / CHECK_FILE, found.to_dict())
    remove(folder / CHECK_PAGE)
    write_check_page(found, folder / CHECK_PAGE, source=records.source)
    return found


def check(folder: Path, records: Records, report: Report) -> CheckReport:
    """Check the records for a run: say what was found; errors stop here."""
    found = examine(folder, records, report)
    for table in found.tables:
        span = f", {table.first} to {table.last}" if table.first else ""
        report.step(f"{table.table}: {table.rows:,} rows{span}")
    for finding in found.warnings:
        report.warn(str(finding))
    found.raise_errors()
    return found
