"""The head is what an encoder gives words by: the directions of their states that tell what is meant."""

import json
from pathlib import Path

from knowledge.arrays import Floats
from knowledge.encoder import MANIFEST, MODEL
from knowledge.export import describe


def attach(folder: Path, head: Floats) -> None:
    """Let the encoder in `folder`, which gives the states of words, give vectors of length 1 that are as wide as `head`,
    float32 (dim, width), and point where the states do in its directions."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(str(folder / MODEL))
    graph = model.graph
    for node in graph.node:
        for names in (node.input, node.output):
            for at, name in enumerate(names):
                names[at] = "states" if name == "words" else name
    graph.initializer.append(numpy_helper.from_array(head, "head"))
    graph.node.extend(
        [
            helper.make_node("MatMul", ["states", "head"], ["pointed"]),
            helper.make_node("ReduceL2", ["pointed"], ["far"], axes=[-1]),
            helper.make_node("Div", ["pointed", "far"], ["words"]),
        ]
    )
    width = head.shape[1]
    (output,) = (each for each in graph.output if each.name == "words")
    output.type.tensor_type.shape.dim[2].Clear()
    output.type.tensor_type.shape.dim[2].dim_value = width
    onnx.checker.check_model(model)
    (folder / MODEL).write_bytes(model.SerializeToString())
    describe(folder, **json.loads((folder / MANIFEST).read_text()) | {"width": width})
