"""The stages of a run, each from the files of the one before to files of its own in one output folder."""

from vi_risk.running.checksums import content_mark
from vi_risk.stages.building import build_features
from vi_risk.stages.checking import check, examine
from vi_risk.stages.evaluating import evaluate
from vi_risk.stages.listing import case_lists
from vi_risk.stages.request import FeatureRequest, ListBefore, Source
from vi_risk.stages.resuming import Journal, finished_at_sight
from vi_risk.stages.scoring import score
from vi_risk.stages.tracking import track_lists, track_model
from vi_risk.stages.training import train
from vi_risk.stages.unread import UnreadRecords, unread

__all__ = [
    "FeatureRequest",
    "Journal",
    "ListBefore",
    "Source",
    "UnreadRecords",
    "build_features",
    "case_lists",
    "check",
    "content_mark",
    "evaluate",
    "examine",
    "finished_at_sight",
    "score",
    "track_lists",
    "track_model",
    "train",
    "unread",
]
