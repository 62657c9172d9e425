"""A model file at a quarter of its size: its weights in int8, one scale for each output channel.

Weights alone: sound and activations stay in float32, so that the answer to a clip does not depend
on its company, as it does where activations are quantised too.
"""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

_LEAST = 4096  # values; what is smaller saves nothing
_WEIGHTED = ("MatMul", "Gemm")
"""Operations whose second input may be weights. Convolutions stay whole: they hear the sound
itself, and in int8 they alone changed one answer in a hundred."""


def compress(graph: onnx.ModelProto) -> onnx.ModelProto:
    """Give a copy of a graph whose large weights are int8, and multiplied by their scale when used.

    The scale of a channel makes its largest weight 127 (symmetric, no zero point).
    """
    made = onnx.ModelProto()
    made.CopyFrom(graph)
    weights = {each.name: each for each in made.graph.initializer}
    for node in list(made.graph.node):
        if node.op_type not in _WEIGHTED or node.input[1] not in weights:
            continue
        name = node.input[1]
        values = numpy_helper.to_array(weights[name])
        if values.dtype == np.float32 and values.ndim > 1 and values.size >= _LEAST:
            axis = _output_axis(node)
            small, scale = quantise(values, axis)
            made.graph.initializer.remove(weights.pop(name))
            made.graph.initializer.append(numpy_helper.from_array(small, f"{name}.int8"))
            made.graph.initializer.append(numpy_helper.from_array(scale, f"{name}.scale"))
            large = helper.make_node(
                "DequantizeLinear", [f"{name}.int8", f"{name}.scale"], [name], axis=axis
            )
            made.graph.node.insert(0, large)
    del made.graph.value_info[:]
    onnx.checker.check_model(made)
    return made


def quantise(
    values: NDArray[np.float32], axis: int
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round weights to int8 with a scale for each place along `axis`: values ~ int8 * scale."""
    others = tuple(each for each in range(values.ndim) if each != axis)
    largest = np.abs(values).max(axis=others, keepdims=True)
    scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return np.rint(values / scale).astype(np.int8), scale.ravel()


def _output_axis(node: onnx.NodeProto) -> int:
    """The axis of an operation's weights along which its output channels lie."""
    transposed = any(each.name == "transB" and each.i for each in node.attribute)
    return 0 if transposed else 1
