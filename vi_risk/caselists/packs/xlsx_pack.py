"""The list as a workbook to decide in: the list itself, and what stands beside it on sheets of its own."""

from copy import deepcopy
from datetime import datetime, time
from io import BytesIO

import xlsxwriter

from vi_risk.caselists.about import missing_from
from vi_risk.caselists.choosing.rules import CaseListRules
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.packs.identity import identity_of
from vi_risk.caselists.packs.patient_block import patients_of
from vi_risk.caselists.packs.xlsx_beside import (
    write_about,
    write_identity,
    write_left,
    write_left_out,
    write_practice,
)
from vi_risk.caselists.packs.xlsx_cells import WORKBOOK, formats_of
from vi_risk.caselists.packs.xlsx_list import PATIENTS_SHEET, write_list
from vi_risk.caselists.packs.xlsx_patients import write_patients
from vi_risk.caselists.wording import DECISION_SUPPORT
from vi_risk.reviews.form import IDENTITY_SHEET, LIST_SHEET, OWNERS


def xlsx_pack(case_list: CaseList, rules: CaseListRules) -> bytes:
    """Return the workbook: the list to decide in, then the sheets for which there is something to tell.

    A hidden sheet says which list it is, for `vi-risk reviews import`.
    """
    content = BytesIO()
    # A copy, for xlsxwriter adds to the properties of the font: the next workbook would be of other bytes.
    workbook = xlsxwriter.Workbook(content, deepcopy(dict(WORKBOOK)))
    # Excel wants a moment of making; the clock would make every file different.
    made_on = datetime.combine(case_list.about.index_date, time())
    workbook.set_properties(
        {"title": f"MDT case list: {case_list.title}", "comments": DECISION_SUPPORT, "created": made_on}
    )
    formats = formats_of(workbook)
    list_sheet = workbook.add_worksheet(LIST_SHEET)
    patients = patients_of(case_list, rules)
    if patients:
        write_patients(workbook.add_worksheet(PATIENTS_SHEET), case_list, patients, formats)
    if case_list.summary is not None:
        write_practice(workbook.add_worksheet("Practice"), case_list, case_list.summary, formats)
    if missing_from(case_list) or not case_list.excluded.empty:
        write_left_out(workbook.add_worksheet("Left out"), case_list, formats)
    if not case_list.left.empty:
        write_left(workbook.add_worksheet("Left the list"), case_list, formats)
    write_about(workbook.add_worksheet("About"), case_list, rules, formats)
    hidden = workbook.add_worksheet(IDENTITY_SHEET)
    hidden.very_hidden()  # it can be shown again from the editor alone
    owners: dict[str, str] = {}
    for words in (*OWNERS, *case_list.prompts["role"].astype(str)):
        owners.setdefault(words.casefold(), words)
    rows_of_owners = write_identity(hidden, identity_of(case_list), tuple(owners.values()), formats)
    write_list(list_sheet, case_list, patients, formats, owners=rows_of_owners)
    workbook.close()
    return content.getvalue()
