"""Checks of the linked record: each table against its declaration, and the tables against one another.

A finding is a table, a column, a rule and a number of rows; never a value. Errors stop a run; warnings go on the card.
All counting is done by the engine, in one aggregate query per table and a few over keys and months, so that records may
be larger than memory.
"""

from vi_risk.records.checks.checking import check_records
from vi_risk.records.checks.findings import CheckReport, Finding, Lag, PracticeFeed, TableSummary
from vi_risk.records.checks.schemas import pandera_schema

__all__ = ["CheckReport", "Finding", "Lag", "PracticeFeed", "TableSummary", "check_records", "pandera_schema"]
