"""The list as CSV, for other tools and for spreadsheets: UTF-8 with byte order mark, CRLF line ends (RFC 4180)."""

from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.wording import is_chance

# What a spreadsheet may take for the start of a formula (OWASP, CSV injection), full-width forms included.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


def csv_pack(case_list: CaseList) -> bytes:
    """Return the list with snake_case header, chances with four decimals, and no text that could run as a formula."""
    table = case_list.table.astype(object).map(_cell)
    for column in ("risk", *filter(is_chance, case_list.fact_columns)):
        table[column] = case_list.table[column].map("{:.4f}".format, na_action="ignore")
    table.columns = [_cell(column) for column in table.columns]
    text = table.to_csv(index=False, lineterminator="\r\n")
    return text.encode("utf-8-sig")


def _cell(value: object) -> object:
    """Keep text from being a formula, and write a count as a count where missing values made it a float."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else value
