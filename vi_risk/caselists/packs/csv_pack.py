"""The list as CSV, for other tools and for spreadsheets: UTF-8 with byte order mark, CRLF line ends (RFC 4180)."""

import numpy as np

from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.wording import is_chance
from vi_risk.reviews.csv_cells import guarded


def csv_pack(case_list: CaseList) -> bytes:
    """Return the list with snake_case header, chances with four decimals, and no text that could run as a formula."""
    table = case_list.table.astype(object).map(_cell)
    for column in ("risk", *filter(is_chance, case_list.fact_columns)):
        table[column] = case_list.table[column].map("{:.4f}".format, na_action="ignore")
    table.columns = [guarded(str(column)) for column in table.columns]
    text = table.to_csv(index=False, lineterminator="\r\n")
    return text.encode("utf-8-sig")


def _cell(value: object) -> object:
    """Keep text from being a formula, write yes and no in words, and a count as a count beside missing ones."""
    if isinstance(value, str):
        return guarded(value)
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else value
