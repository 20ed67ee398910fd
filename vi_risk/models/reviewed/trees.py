"""Trees without the branches of people who were reviewed: a review as a covariate, set to "not reviewed" for good.

A model that learns with one more column, the share of the window on which a review was at work, is asked about nobody
but people whom no team has reviewed yet. So the column is taken out of its trees once they are grown: each split on it
is replaced by the branch that a share of 0 takes. Every score is the one that the trees gave with the column at 0, and
there is no column any more that a list could explain, that a page could name, or that somebody could forget to set: the
model, saved, registered or explained, is one of the declared features alone.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb

from vi_risk.errors import ViRiskError
from vi_risk.models.learning.inputs import name_in_booster

_OF_SPLITS = (
    "split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child",
    "internal_value", "internal_weight", "internal_count",
)  # fmt: skip
_OF_LEAVES = ("leaf_value", "leaf_weight", "leaf_count")
_HEADERS_BY_COLUMN = ("feature_names", "monotone_constraints", "feature_infos")


def without_column(booster: lgb.Booster, name: str) -> lgb.Booster:
    """Return a booster of the other columns, whose scores are those of `booster` where the column is 0.

    Parameters
    ----------
    booster
        Of numbers alone; the column must be the last of its features.
    name
        Of the column.

    Raises
    ------
    ViRiskError
        The column is not the last one, or divides its values as a category does.
    """
    names = booster.feature_name()
    if name_in_booster(name) != names[-1]:
        msg = f"{name}: expected as the last column of the trees, found elsewhere. Train again and report this."
        raise ViRiskError(msg)
    text = booster.model_to_string()
    header, *trees = re.split(r"(?=^Tree=\d+\n)", text, flags=re.MULTILINE)
    trees[-1], end = trees[-1].split("end of trees", 1)
    cut = [_cut(tree, len(names) - 1) for tree in trees]
    rest = re.sub(r"(?ms)^feature_importances:\n.*?\n\n", "", "end of trees" + end)  # counted anew
    return lgb.Booster(model_str=_narrower(header, len(names) - 1) + "".join(cut) + rest)


def _narrower(header: str, columns: int) -> str:
    """Return the header of a model with so many columns."""
    lines = []
    for line in header.splitlines():
        key, _, value = line.partition("=")
        if key == "tree_sizes":  # of the trees as they were; LightGBM does without
            continue
        if key == "max_feature_idx":
            value = str(columns - 1)
        elif key in _HEADERS_BY_COLUMN:
            value = " ".join(value.split(" ")[:columns])
        lines.append(f"{key}={value}" if "=" in line else line)
    return "\n".join(lines) + "\n\n"


@dataclass(frozen=True, slots=True)
class _Kept:
    """A tree of which some splits are gone: splits and leaves that are left, in order, and the people below each."""

    splits: list[int]
    leaves: list[int]
    children: dict[int, tuple[int, int]]  # split -> what stands below it now; a leaf as ~leaf
    count: dict[int, int]


def _cut(tree: str, column: int) -> str:
    """Return the text of a tree without its splits on a column, each replaced by the branch of the value 0."""
    parts = dict(line.partition("=")[::2] for line in tree.strip().splitlines())
    if parts["num_cat"] != "0":
        msg = "reviews: trees with categories cannot be cut. Train again and report this."
        raise ViRiskError(msg)
    features = [int(number) for number in parts["split_feature"].split()]
    if column not in features:
        return tree
    kept = _kept(parts, features, column)
    place = {split: number for number, split in enumerate(kept.splits)}
    place |= {~leaf: ~number for number, leaf in enumerate(kept.leaves)}
    told = {name: parts[name].split() for name in (*_OF_SPLITS, *_OF_LEAVES)}
    new = {name: [told[name][split] for split in kept.splits] for name in _OF_SPLITS}
    new |= {name: [told[name][leaf] for leaf in kept.leaves] if told[name] else [] for name in _OF_LEAVES}
    for side, name in enumerate(("left_child", "right_child")):
        new[name] = [str(place[kept.children[split][side]]) for split in kept.splits]
    # The people below a split are those of its leaves: reasons share a score out by them.
    new["internal_count"] = [str(kept.count[split]) for split in kept.splits]
    lines = parts | {name: " ".join(values) for name, values in new.items()} | {"num_leaves": str(len(kept.leaves))}
    return "\n".join(f"{name}={value}" for name, value in lines.items()) + "\n\n\n"


def _kept(parts: Mapping[str, str], features: list[int], column: int) -> _Kept:
    left, right = ([int(node) for node in parts[f"{side}_child"].split()] for side in ("left", "right"))
    threshold = [float(value) for value in parts["threshold"].split()]
    counts = [int(number) for number in parts["leaf_count"].split()]

    def down(node: int) -> int:
        """Return what stands in the place of a node: itself, or what the value 0 leads to."""
        while node >= 0 and features[node] == column:
            node = left[node] if threshold[node] >= 0 else right[node]
        return node

    children: dict[int, tuple[int, int]] = {}

    def below(node: int) -> Iterator[int]:
        """Yield nodes from the root down, a split before what is below it."""
        yield node
        if node >= 0:
            children[node] = (down(left[node]), down(right[node]))
            for child in children[node]:
                yield from below(child)

    nodes = [*below(down(0))]
    count: dict[int, int] = {~leaf: people for leaf, people in enumerate(counts)}
    for split in (node for node in reversed(nodes) if node >= 0):
        count[split] = sum(count[child] for child in children[split])
    return _Kept([node for node in nodes if node >= 0], [~node for node in nodes if node < 0], children, count)


def at_no_review(model: Any, column: str) -> Any:
    """Return a model fitted with a column, as it scores people of whom the column is 0; it knows the column no more."""
    cut = copy.copy(model)
    cut.booster_ = without_column(model.booster_, column)
    cut.feature_name_ = [name for name in model.feature_name_ if name != column]
    cut.n_features_in_ = len(cut.feature_name_)
    return cut
