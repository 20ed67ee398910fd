"""Types for annotations: what public values are made of, and what a verb takes beside them.

A program names them where it says what it keeps: ``def drawn(curve: vi_risk.types.DecisionCurve)``. The names that it
calls stand in `vi_risk`; those here need not be known to use them. A part of `Evaluation` is reached by its field
(``evaluation.model``), a part of `ModelSpec` is set by the name of its table (`ModelSpec.with_changes`).

>>> import vi_risk
>>> from vi_risk import types
>>> isinstance(vi_risk.load_spec().promotion, types.PromotionSpec)
True
"""

from vi_risk.caselists.choosing.bands import Band
from vi_risk.caselists.choosing.changes import PreviousList
from vi_risk.caselists.choosing.order import Order
from vi_risk.caselists.choosing.places import Places
from vi_risk.caselists.choosing.standing import Standing
from vi_risk.caselists.choosing.tie_band import TieBand
from vi_risk.caselists.lists import ListAbout
from vi_risk.cohort.index_dates import IndexDates
from vi_risk.cohort.particulars import Particulars
from vi_risk.features.cache import FeatureCache
from vi_risk.features.codelists import CodeEntry
from vi_risk.features.conditions import Range
from vi_risk.features.definition import Feature
from vi_risk.governance.declaration import Approval, Included, Objections, SmallNumbers
from vi_risk.models.evidence.age_bands import OfAgeBand
from vi_risk.models.evidence.already_known import IncrementalFinds
from vi_risk.models.evidence.calibration_curve import Point
from vi_risk.models.evidence.count_evaluation import CountPerformance, FoundCounts
from vi_risk.models.evidence.count_evaluation import Tenth as CountTenth
from vi_risk.models.evidence.count_subgroups import CountSubgroup
from vi_risk.models.evidence.decision_curve import DecisionCurve
from vi_risk.models.evidence.evaluation import Performance
from vi_risk.models.evidence.fairness import Fairness, Gap, Group
from vi_risk.models.evidence.metrics import Bin, Found
from vi_risk.models.evidence.resampling import Difference
from vi_risk.models.evidence.subgroups import Subgroup
from vi_risk.models.evidence.truth import AgainstTruth
from vi_risk.models.evidence.truth import Tenth as TruthTenth
from vi_risk.models.learning.calibrators import Calibrator
from vi_risk.models.learning.counts import LogMeanCalibrator
from vi_risk.models.spec_tables import (
    CensoringSpec,
    CohortSpec,
    FeatureSpec,
    LearnerSpec,
    MonitoringSpec,
    PromotionSpec,
    ReviewsSpec,
    SnapshotSpec,
    SplitSpec,
    UncertaintySpec,
)
from vi_risk.models.whole_record import WholeRecord
from vi_risk.reasons.when import Bounds, When
from vi_risk.records.extract_files import FileForm
from vi_risk.records.linked import RunsOn, Workspace
from vi_risk.records.mapping import Mapping, Stack, TableMapping, Wide
from vi_risk.records.mapping_report import SourceReport, TableReport
from vi_risk.records.permission import LeftOut, Permission
from vi_risk.records.tables import Column, Link, Table
from vi_risk.records.units import UnitRule
from vi_risk.records.volume import Month, Volume

__all__ = [
    "AgainstTruth",
    "Approval",
    "Band",
    "Bin",
    "Bounds",
    "Calibrator",
    "CensoringSpec",
    "CodeEntry",
    "CohortSpec",
    "Column",
    "CountPerformance",
    "CountSubgroup",
    "CountTenth",
    "DecisionCurve",
    "Difference",
    "Fairness",
    "Feature",
    "FeatureCache",
    "FeatureSpec",
    "FileForm",
    "Found",
    "FoundCounts",
    "Gap",
    "Group",
    "Included",
    "IncrementalFinds",
    "IndexDates",
    "LearnerSpec",
    "LeftOut",
    "Link",
    "ListAbout",
    "LogMeanCalibrator",
    "Mapping",
    "MonitoringSpec",
    "Month",
    "Objections",
    "OfAgeBand",
    "Order",
    "Particulars",
    "Performance",
    "Permission",
    "Places",
    "Point",
    "PreviousList",
    "PromotionSpec",
    "Range",
    "ReviewsSpec",
    "RunsOn",
    "SmallNumbers",
    "SnapshotSpec",
    "SourceReport",
    "SplitSpec",
    "Stack",
    "Standing",
    "Subgroup",
    "Table",
    "TableMapping",
    "TableReport",
    "TieBand",
    "TruthTenth",
    "UncertaintySpec",
    "UnitRule",
    "Volume",
    "When",
    "WholeRecord",
    "Wide",
    "Workspace",
]
