"""Fits the ranker on folders of labelled questions, says how well it does on questions and folders that it has not seen."""

import argparse
import hashlib
import os
import pickle
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks import held
from knowledge.arrays import Floats
from knowledge.encoder import Encoder
from knowledge.finding.evaluate import index_of, read
from knowledge.finding.ranker import CANDIDATES, MODEL, candidates, together
from knowledge.finding.signals import SIGNALS, signals
from knowledge.finding.views import views

HERE = Path(__file__).resolve().parents[1]
FOLDS = 3
TREES = 300
FITTING = {
    "objective": "lambdarank",
    "num_leaves": 15,
    "max_depth": 8,
    "learning_rate": 0.025,
    "min_data_in_leaf": 60,
    "feature_fraction": 0.5,
    "feature_fraction_bynode": 0.4,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "lambdarank_truncation_level": 10,
    "label_gain": [0, 1],
    "verbose": -1,
    "num_threads": 2,
    "seed": 1,
    "deterministic": True,
}
EACH = 800  # questions that every folder counts for, however many it has
CODE = (
    "signals",
    "views",
    "index",
    "fusion",
    "query",
    "following",
    "lexical",
    "bm25",
    "dense",
    "parts",
    "narrowing",
    "heads",
    "late",
)  # of signals
UNSEEN = 99  # the rank of what is not among the candidates


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's candidates: their signals, and which are right. `group` is what must not be on both sides of a fold."""

    group: str
    seen: Floats
    right: Floats


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="BEIR folders; all in ../shared/data if none is given")
    parser.add_argument("--dry", action="store_true", help="print, but write nothing")
    chosen = parser.parse_args()
    home = Path(os.environ.get("GUICHET_HOME", HERE / ".guichet"))
    encoder = Encoder.open(home / "encoder", workers=2)
    folders = chosen.folders or sorted(f.parent for f in (HERE.parent / "shared" / "data").glob("*/queries.jsonl"))
    console = Console(width=120)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("")

        def show(name: str) -> Callable[[str, int, int], None]:
            return lambda step, done, total: bar.update(
                task, completed=done, total=total, description=f"{name}: {step}"
            )

        def read_all(some: Iterable[Path]) -> dict[str, list[Asked]]:
            return {folder.name: asked(folder, encoder, home / "evaluated", show(folder.name)) for folder in some}

        sets = read_all(folders)
        learnt = {name: questions for name, questions in sets.items() if name.startswith(held.OF_INVENTORY)}
        unseen = read_all(held.held(folder, home / "held") for folder in folders if folder.name in learnt)
    table = Table("folder", "questions", "mixture alone", "ranker of other folders", f"ranker, {FOLDS} folds")
    # the encoder was trained on these rows, so that their cosines promise more than those of others
    fitted_on = {name: questions for name, questions in sets.items() if name not in learnt}
    folds, whole = by_folds(fitted_on), fit(fitted_on)
    folds |= {name: judge(whole, questions) for name, questions in unseen.items()}
    for name, questions in (fitted_on | unseen).items():
        others = fit({other: q for other, q in fitted_on.items() if family(other) != family(name)})
        shown = (
            recall([ranks(each.right) for each in questions]),
            recall(judge(others, questions)),
            recall(folds[name]),
        )
        table.add_row(name, f"{len(questions):,}", *shown)
    console.print(table)
    if learnt:
        tried = fit(sets)
        for name, questions in unseen.items():
            console.print(
                f"{name} by a ranker that was fitted on training rows, too: {recall(judge(tried, questions))}"
            )
    if not chosen.dry:
        MODEL.write_bytes(as_onnx(whole.dump_model()))
        console.print(f"{MODEL.relative_to(HERE)}: {MODEL.stat().st_size / 1000:.0f} kB, {TREES} trees")


def asked(folder: Path, encoder: Encoder, cache: Path, progress: Callable[[str, int, int], None]) -> list[Asked]:
    """The questions of a folder as the ranker sees them; kept, for the same code and encoder."""
    kept = cache / f"signals-{folder.name}-{_version(encoder)}.pickle"
    if kept.exists():
        loaded: list[Asked] = pickle.loads(kept.read_bytes())
        return loaded
    index, names, written, language = index_of(folder, encoder, cache, progress)
    found: list[Asked] = []
    questions = read(folder)[1]
    for done, question in enumerate(questions):
        newest = index.understand(question.text, encoder, forgiving=written == language)
        taken = views(index, newest, index.score(newest, written), question.history, encoder, written)
        base = together(index, taken)
        among = candidates(taken, base)
        seen = signals(index, taken, base.whole, among, len(question.history), written)
        right = np.array([names[number] in question.relevant for number in among], np.float32)
        found.append(Asked(group(folder.name, question.id), seen, right))
        progress("ask", done + 1, len(questions))
    kept.write_bytes(pickle.dumps(found))
    return found


def group(folder: str, question: str) -> str:
    """Turns of one dialogue, which have its id before the last underscore, and the same question across languages."""
    return question.rsplit("_", 1)[0] if folder.startswith("doc2dial") else f"{family(folder)}:{question}"


def family(folder: str) -> str:
    """Folders of one source: who has seen one has seen the others."""
    return folder.split("_")[0]


def fit(sets: dict[str, list[Asked]]) -> Any:
    import lightgbm

    seen, right, groups, weights = [], [], list[int](), []
    for questions in sets.values():
        useful = [each for each in questions if each.right.any()]
        for each in useful:
            seen.append(each.seen)
            right.append(each.right)
            groups.append(len(each.right))
            weights.append(np.full(len(each.right), EACH / max(EACH / 4, len(useful))))
    data = lightgbm.Dataset(
        np.concatenate(seen), np.concatenate(right), group=groups, weight=np.concatenate(weights),
        feature_name=list(SIGNALS),
    )  # fmt: skip
    return lightgbm.train(FITTING, data, TREES)


def judge(model: Any, questions: Sequence[Asked]) -> list[int]:
    return [ranks(each.right[np.argsort(-model.predict(each.seen), kind="stable")]) for each in questions]


def by_folds(sets: dict[str, list[Asked]]) -> dict[str, list[int]]:
    """Each question's rank by a ranker that was fitted on all folders, but on nothing of its group."""
    found: dict[str, list[int]] = {name: [] for name in sets}
    for fold in range(FOLDS):
        model = fit({name: [q for q in questions if _fold(q.group) != fold] for name, questions in sets.items()})
        for name, questions in sets.items():
            found[name] += judge(model, [q for q in questions if _fold(q.group) == fold])
    return found


def ranks(right: Floats) -> int:
    """The rank of the first right one, from 0."""
    return int(np.argmax(right)) if right.any() else UNSEEN


def recall(found: Sequence[int]) -> str:
    return " / ".join(f"{np.mean(np.array(found) < k):.3f}" for k in (1, 5, 10))


def as_onnx(dumped: dict[str, Any]) -> bytes:
    """The trees of a LightGBM model as an ONNX graph: "signals", float32 (passages, signals), to "score"."""
    from onnx import TensorProto, helper

    nodes: dict[str, list[Any]] = {name: [] for name in ("tree", "id", "feature", "value", "mode", "yes", "no")}
    leaves: dict[str, list[Any]] = {name: [] for name in ("tree", "id", "weight")}

    def add(tree: int, node: dict[str, Any]) -> int:
        number = sum(1 for each in nodes["tree"] if each == tree)
        leaf = "leaf_value" in node
        row = (tree, number, 0 if leaf else node["split_feature"], 0.0 if leaf else _below(node["threshold"]))
        for name, value in zip(("tree", "id", "feature", "value"), row, strict=True):
            nodes[name].append(value)
        nodes["mode"].append("LEAF" if leaf else "BRANCH_LEQ")
        nodes["yes"].append(0)
        nodes["no"].append(0)
        if leaf:
            for name, value in zip(("tree", "id", "weight"), (tree, number, node["leaf_value"]), strict=True):
                leaves[name].append(value)
            return number
        at = len(nodes["yes"]) - 1
        nodes["yes"][at] = add(tree, node["left_child"])
        nodes["no"][at] = add(tree, node["right_child"])
        return number

    for number, tree in enumerate(dumped["tree_info"]):
        add(number, tree["tree_structure"])
    ensemble = helper.make_node(
        "TreeEnsembleRegressor",
        ["signals"],
        ["score"],
        domain="ai.onnx.ml",
        n_targets=1,
        nodes_treeids=nodes["tree"],
        nodes_nodeids=nodes["id"],
        nodes_featureids=nodes["feature"],
        nodes_values=nodes["value"],
        nodes_modes=nodes["mode"],
        nodes_truenodeids=nodes["yes"],
        nodes_falsenodeids=nodes["no"],
        target_treeids=leaves["tree"],
        target_nodeids=leaves["id"],
        target_ids=[0] * len(leaves["tree"]),
        target_weights=leaves["weight"],
    )
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["passages", size])
        for name, size in (("signals", len(SIGNALS)), ("score", 1))
    ]
    graph = helper.make_graph([ensemble], "ranker", ends[:1], ends[1:])
    versions = [helper.make_opsetid("ai.onnx.ml", 3), helper.make_opsetid("", 17)]
    made: bytes = helper.make_model(graph, opset_imports=versions, ir_version=9).SerializeToString()
    return made


def _below(threshold: float) -> float:
    """The greatest float32 that is not above a threshold in float64."""
    near = np.float32(threshold)
    return float(near if near <= threshold else np.nextafter(near, np.float32(-np.inf)))


def _fold(of: str) -> int:
    return random.Random(of).randrange(FOLDS)


def _version(encoder: Encoder) -> str:
    finding = MODEL.parent
    code = [finding / f"{name}.py" for name in CODE]
    made_of = b"".join(file.read_bytes() for file in code) + encoder.fingerprint.encode() + bytes([CANDIDATES])
    return hashlib.sha256(made_of).hexdigest()[:12]


if __name__ == "__main__":
    main()
