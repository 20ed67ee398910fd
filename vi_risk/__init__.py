"""Linked hospital, community and GP records in, ranked case lists for a multidisciplinary team out.

>>> import vi_risk
>>> sorted(vi_risk.__all__)[:4]
['build_features', 'case_lists', 'choose', 'evaluate']
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vi_risk.caselists.making import case_lists
    from vi_risk.caselists.ranking import choose
    from vi_risk.features.catalogue import read_catalogue
    from vi_risk.governance.reading import read_records
    from vi_risk.models.evaluating import evaluate
    from vi_risk.models.on_snapshots import train
    from vi_risk.models.scoring import score
    from vi_risk.models.snapshots import build_features
    from vi_risk.models.spec import load_spec
    from vi_risk.reasons.explain import explain

__version__ = "0.1.0"

# Verb -> where it lives. It is loaded when first used, so that `import vi_risk` costs nothing.
_VERBS = {
    "read_records": "vi_risk.governance.reading",
    "load_spec": "vi_risk.models.spec",
    "read_catalogue": "vi_risk.features.catalogue",
    "build_features": "vi_risk.models.snapshots",
    "train": "vi_risk.models.on_snapshots",
    "evaluate": "vi_risk.models.evaluating",
    "score": "vi_risk.models.scoring",
    "explain": "vi_risk.reasons.explain",
    "case_lists": "vi_risk.caselists.making",
    "choose": "vi_risk.caselists.ranking",
}

__all__ = [
    "build_features",
    "case_lists",
    "choose",
    "evaluate",
    "explain",
    "load_spec",
    "read_catalogue",
    "read_records",
    "score",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _VERBS:
        msg = f"module 'vi_risk' has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(_VERBS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_VERBS])
