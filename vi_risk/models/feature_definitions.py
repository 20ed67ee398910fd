"""Whether features mean today what they meant when a model was trained: each by its own definition and codes."""

import hashlib
import json
from collections.abc import Iterable, Mapping

from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import WORDS, Feature


def differing(names: Iterable[str], *, then: Catalogue, today: Catalogue) -> dict[str, str]:
    """Return feature -> what is different today, of the features named; those that mean the same are left out.

    Wording may differ, and so may all that a model does not read: other windows of the same definition, other groups
    of the same code list where the feature is of one group.
    """
    known_then = {feature.name: feature for feature in then.features}
    known_today = {feature.name: feature for feature in today.features}
    found = {}
    for name in names:
        if name not in known_today:
            found[name] = "is not declared"
        elif name not in known_then or meaning(then, known_then[name]) != meaning(today, known_today[name]):
            found[name] = "is defined otherwise"
    return found


def meaning(catalogue: Catalogue, feature: Feature) -> str:
    """Return a fingerprint of all that decides the values of one feature."""
    of_a_group = feature.group is not None
    left_out = {*WORDS, "windows", "model_input", *(["groups"] if of_a_group else [])}
    content: dict[str, object] = {
        "definition": feature.definition.model_dump(mode="json", exclude=left_out),
        "window": feature.window,
        "group": feature.group,
    }
    if feature.definition.codes is not None:
        codelist = catalogue.codelists[feature.definition.codes]
        together = _together(feature.group, codelist.replaced_by) if feature.group is not None else None
        content["codes"] = [code for code in codelist.content if together is None or code[2] in together]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _together(group: str, replaced_by: Mapping[str, str]) -> set[str]:
    """Return the group with those that count instead of it, and those that these count instead of."""
    found = {group}
    while grown := {name for pair in replaced_by.items() if found & set(pair) for name in pair} - found:
        found |= grown
    return found
