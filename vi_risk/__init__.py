"""Linked hospital, community and GP records in, ranked case lists for a multidisciplinary team out.

The verbs follow each other: each takes what the one before gave. Every name here is loaded when it is first used.

>>> import vi_risk
>>> sorted(vi_risk.__all__)[-4:]
['synthetic_records', 'train', 'write_packs', 'write_trust']
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vi_risk.caselists.choosing.rules import CaseListRules, load_rules
    from vi_risk.caselists.from_scores import lists_from_scores
    from vi_risk.caselists.lists import CaseList
    from vi_risk.caselists.making import case_lists
    from vi_risk.caselists.packs.writing import write_packs
    from vi_risk.caselists.ranking import choose
    from vi_risk.errors import (
        GovernanceError,
        InputError,
        ResourceError,
        SpecificationError,
        UsageError,
        ViRiskError,
    )
    from vi_risk.features.catalogue import Catalogue, read_catalogue
    from vi_risk.features.codelists import CodeList
    from vi_risk.features.definition import Definition
    from vi_risk.governance.computing import compute_features
    from vi_risk.governance.declaration import Governance, read_governance
    from vi_risk.governance.door import permitted
    from vi_risk.governance.pathways import admission_pathways
    from vi_risk.governance.reading import read_records
    from vi_risk.governance.trying import synthetic_records
    from vi_risk.models.evaluating import evaluate
    from vi_risk.models.evidence.count_evaluation import CountEvaluation
    from vi_risk.models.evidence.evaluation import Evaluation
    from vi_risk.models.evidence.evaluation import evaluate as evaluate_risks
    from vi_risk.models.learning.bundle import load_any as load_model
    from vi_risk.models.learning.bundle import save as save_model
    from vi_risk.models.learning.classifier import RiskClassifier
    from vi_risk.models.learning.counts import CountRegressor
    from vi_risk.models.on_snapshots import Model, train
    from vi_risk.models.scoring import score
    from vi_risk.models.snapshots import Snapshots, build_features
    from vi_risk.models.spec import ModelSpec, load_spec
    from vi_risk.reasons.explain import explain
    from vi_risk.records.dictionary_table import data_dictionary
    from vi_risk.records.linked import Records
    from vi_risk.records.mapping_check import check_mapping
    from vi_risk.records.mapping_report import MappingReport
    from vi_risk.records.synthetic.effects import Effects
    from vi_risk.records.synthetic.flaws import Flaws
    from vi_risk.records.synthetic.trust import write_trust

__version__ = "0.1.0"

# Name -> the module that it lives in, and its name there where that is another. It is loaded when first used, so that
# `import vi_risk` costs nothing.
_LIVES_IN = {
    # records
    "read_records": "vi_risk.governance.reading",
    "check_mapping": "vi_risk.records.mapping_check",
    "data_dictionary": "vi_risk.records.dictionary_table",
    "admission_pathways": "vi_risk.governance.pathways",
    "read_governance": "vi_risk.governance.declaration",
    "permitted": "vi_risk.governance.door",
    "synthetic_records": "vi_risk.governance.trying",
    "write_trust": "vi_risk.records.synthetic.trust",
    "Records": "vi_risk.records.linked",
    "MappingReport": "vi_risk.records.mapping_report",
    "Effects": "vi_risk.records.synthetic.effects",
    "Flaws": "vi_risk.records.synthetic.flaws",
    "Governance": "vi_risk.governance.declaration",
    # features
    "read_catalogue": "vi_risk.features.catalogue",
    "compute_features": "vi_risk.governance.computing",
    "build_features": "vi_risk.models.snapshots",
    "Catalogue": "vi_risk.features.catalogue",
    "CodeList": "vi_risk.features.codelists",
    "Definition": "vi_risk.features.definition",
    "Snapshots": "vi_risk.models.snapshots",
    # models
    "load_spec": "vi_risk.models.spec",
    "train": "vi_risk.models.on_snapshots",
    "evaluate": "vi_risk.models.evaluating",
    "evaluate_risks": "vi_risk.models.evidence.evaluation:evaluate",
    "score": "vi_risk.models.scoring",
    "explain": "vi_risk.reasons.explain",
    "save_model": "vi_risk.models.learning.bundle:save",
    "load_model": "vi_risk.models.learning.bundle:load_any",
    "ModelSpec": "vi_risk.models.spec",
    "Model": "vi_risk.models.on_snapshots",
    "RiskClassifier": "vi_risk.models.learning.classifier",
    "CountRegressor": "vi_risk.models.learning.counts",
    "Evaluation": "vi_risk.models.evidence.evaluation",
    "CountEvaluation": "vi_risk.models.evidence.count_evaluation",
    # lists
    "load_rules": "vi_risk.caselists.choosing.rules",
    "choose": "vi_risk.caselists.ranking",
    "case_lists": "vi_risk.caselists.making",
    "lists_from_scores": "vi_risk.caselists.from_scores",
    "write_packs": "vi_risk.caselists.packs.writing",
    "CaseListRules": "vi_risk.caselists.choosing.rules",
    "CaseList": "vi_risk.caselists.lists",
    # errors
    "ViRiskError": "vi_risk.errors",
    "UsageError": "vi_risk.errors",
    "InputError": "vi_risk.errors",
    "SpecificationError": "vi_risk.errors",
    "GovernanceError": "vi_risk.errors",
    "ResourceError": "vi_risk.errors",
}

__all__ = [
    "CaseList",
    "CaseListRules",
    "Catalogue",
    "CodeList",
    "CountEvaluation",
    "CountRegressor",
    "Definition",
    "Effects",
    "Evaluation",
    "Flaws",
    "Governance",
    "GovernanceError",
    "InputError",
    "MappingReport",
    "Model",
    "ModelSpec",
    "Records",
    "ResourceError",
    "RiskClassifier",
    "Snapshots",
    "SpecificationError",
    "UsageError",
    "ViRiskError",
    "admission_pathways",
    "build_features",
    "case_lists",
    "check_mapping",
    "choose",
    "compute_features",
    "data_dictionary",
    "evaluate",
    "evaluate_risks",
    "explain",
    "lists_from_scores",
    "load_model",
    "load_rules",
    "load_spec",
    "permitted",
    "read_catalogue",
    "read_governance",
    "read_records",
    "save_model",
    "score",
    "synthetic_records",
    "train",
    "write_packs",
    "write_trust",
]

if not TYPE_CHECKING:  # a type checker would take every name for one of the library's

    def __getattr__(name: str) -> object:
        if name not in _LIVES_IN:
            msg = f"module 'vi_risk' has no attribute {name!r}"
            raise AttributeError(msg)
        module, _, there = _LIVES_IN[name].partition(":")
        value = getattr(import_module(module), there or name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_LIVES_IN])
