"""The evidence of a run put together: card, plots, metrics and parameters, every number from the run itself."""

from vi_risk.evidence.disclosed import disclosed
from vi_risk.evidence.disclosed_promotion import disclosed_decision
from vi_risk.evidence.disclosed_run import disclosed_run, rule_of
from vi_risk.evidence.of_run import card_of, write_plots
from vi_risk.evidence.tracked import metrics_of, parameters_of
from vi_risk.evidence.words import doubts, in_words, truth_in_words

__all__ = [
    "card_of",
    "disclosed",
    "disclosed_decision",
    "disclosed_run",
    "doubts",
    "in_words",
    "metrics_of",
    "parameters_of",
    "rule_of",
    "truth_in_words",
    "write_plots",
]
