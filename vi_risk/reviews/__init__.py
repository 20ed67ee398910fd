"""Decisions that come back: what a team wrote into a workbook, kept beside the records for the next run."""

from vi_risk.reviews.acceptance import acceptance, acceptance_in_words
from vi_risk.reviews.joined import with_reviews
from vi_risk.reviews.recording import Recorded, record
from vi_risk.reviews.returned import Returned, read_returned
from vi_risk.reviews.store import REVIEW_COLUMNS, read_reviews, write_reviews

__all__ = [
    "REVIEW_COLUMNS",
    "Recorded",
    "Returned",
    "acceptance",
    "acceptance_in_words",
    "read_returned",
    "read_reviews",
    "record",
    "with_reviews",
    "write_reviews",
]
