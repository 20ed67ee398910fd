"""The model card: what a model is for, what it was made from, how well it does and where it fails.

`content` is what the card is told, `document` puts it into sections, and the page (HTML) and the text (Markdown) are
both written from these sections: there is one set of words and numbers.
"""

from vi_risk.models.card.content import (
    Companion,
    FeatureImportance,
    FollowUp,
    ModelCard,
    SourceTable,
)
from vi_risk.models.card.pictures import decision_curve_figure, reliability_figure
from vi_risk.models.card.write import write_card

__all__ = [
    "Companion",
    "FeatureImportance",
    "FollowUp",
    "ModelCard",
    "SourceTable",
    "decision_curve_figure",
    "reliability_figure",
    "write_card",
]
