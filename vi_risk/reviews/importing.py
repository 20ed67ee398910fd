"""Workbooks imported: read, checked all together, recorded, and told in numbers."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from vi_risk.errors import InputError, UsageError
from vi_risk.identity.identifiers_as_written import identifier_in
from vi_risk.reviews.recording import Recorded, record
from vi_risk.reviews.returned import Returned, read_returned
from vi_risk.reviews.store import check_file, read_reviews, write_reviews
from vi_risk.running.progress import Report


def import_packs(
    packs: Sequence[Path], file: Path, *, reviewed_on: date, by: str, today: date, report: Report
) -> list[str]:
    """Return, in lines for a person, what the workbooks brought to the reviews in `file`.

    Raises
    ------
    UsageError
        The meeting lies after `today`: its reviews would count in no run before that day, and nobody would know. Or who
        brings the decisions is said with an NHS number or a postcode.
    InputError
        Any of the workbooks has a fault; all faults of all of them are told, and nothing is written.
    """
    if reviewed_on > today:
        msg = f"--reviewed-on {reviewed_on}: lies after today, {today}. Name the day of a meeting that was held."
        raise UsageError(msg)
    if found := identifier_in(by):
        msg = f"--by: holds {found}, and the reviews are to hold none. Give a name or a role."
        raise UsageError(msg)
    check_file(file)
    kept = read_reviews(file)
    returned: list[Returned] = []
    faults: list[str] = []
    for path in packs:
        try:
            returned.append(read_returned(path, reviewed_on=reviewed_on))
        except InputError as error:
            faults.append(str(error))
    if faults:
        raise InputError("\n".join((*faults, "Nothing was imported.")))
    try:
        after = record(kept, returned, reviewed_on=reviewed_on, by=by)
    except InputError as error:
        msg = f"{error}\nNothing was imported."
        raise InputError(msg) from None
    for workbook in returned:
        _tell(workbook, report)
    if after.new or after.replaced or after.withdrawn:
        write_reviews(after.reviews, file)
    return _in_lines(returned, after, file)


def _tell(workbook: Returned, report: Report) -> None:
    people = len(workbook.identity.patients)
    if not workbook.decided:
        report.warn(f"{workbook.name}: no decision among its {people} people yet; nothing is imported from it.")
    elif workbook.without_row:
        report.warn(f"{workbook.name}: {workbook.without_row} of its {people} people have no row any more.")


def _in_lines(returned: Sequence[Returned], after: Recorded, file: Path) -> list[str]:
    decisions = sum(len(workbook.decided) for workbook in returned)
    books = f"{len(returned)} workbook{'' if len(returned) == 1 else 's'}"
    if not decisions:
        return [f"No decision in {books}: nothing imported."]
    counted = f"{decisions:,} decision{'' if decisions == 1 else 's'} in {books}"
    lines = [f"{counted}: {after.new:,} new, {after.replaced:,} corrected, {after.unchanged:,} as they were."]
    if after.withdrawn:
        lines.append(
            f"{after.withdrawn:,} withdrawn: an import before brought them from these lists and this day, and their"
            " rows are empty now. If they stand in another copy of the workbook, import both copies in one call."
        )
    return [*lines, f"Reviews  {file}  ({len(after.reviews):,} in all)"]
