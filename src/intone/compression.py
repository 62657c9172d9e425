"""A model file at half or a quarter of its size: its weights in float16, or in int8.

Weights alone: sound and activations stay in float32, so that the answer to a clip does not depend
on its company, as it does where activations are quantised too.
"""

from typing import Literal, get_args

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Weights = Literal["float32", "float16", "int8"]
WEIGHTS: tuple[Weights, ...] = get_args(Weights)

_LEAST = 4096  # values; what is smaller saves nothing
_WEIGHTED = ("MatMul", "Gemm")
"""Operations whose second input may be weights. In int8 convolutions stay whole: they hear the
sound itself, and they alone changed one answer in a hundred."""


def compress(graph: onnx.ModelProto, weights: Weights) -> onnx.ModelProto:
    """Give a copy of a graph whose large weights are stored smaller, and made float32 when used."""
    made = onnx.ModelProto()
    made.CopyFrom(graph)
    if weights == "float16":
        _halve(made.graph)
    elif weights == "int8":
        _quarter(made.graph)
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


def _halve(graph: onnx.GraphProto) -> None:
    """Store every large array in float16."""
    for stored in list(graph.initializer):
        values = numpy_helper.to_array(stored)
        if _is_large(values):
            _store(graph, stored, {"float16": values.astype(np.float16)})
            cast = helper.make_node(
                "Cast", [f"{stored.name}.float16"], [stored.name], to=onnx.TensorProto.FLOAT
            )
            graph.node.insert(0, cast)


def _quarter(graph: onnx.GraphProto) -> None:
    """Store the weights of dense layers in int8, with one scale for each output channel.

    The scale makes a channel's largest weight 127 (symmetric, no zero point).
    """
    weights = {each.name: each for each in graph.initializer}
    for node in list(graph.node):
        if node.op_type not in _WEIGHTED or node.input[1] not in weights:
            continue
        name = node.input[1]
        values = numpy_helper.to_array(weights[name])
        if values.ndim > 1 and _is_large(values):
            axis = _output_axis(node)
            small, scale = quantise(values, axis)
            _store(graph, weights.pop(name), {"int8": small, "scale": scale})
            large = helper.make_node(
                "DequantizeLinear", [f"{name}.int8", f"{name}.scale"], [name], axis=axis
            )
            graph.node.insert(0, large)


def _is_large(values: NDArray[np.generic]) -> bool:
    return values.dtype == np.float32 and values.size >= _LEAST


def _store(
    graph: onnx.GraphProto, old: onnx.TensorProto, arrays: dict[str, NDArray[np.generic]]
) -> None:
    """Put other arrays where one was, named after it."""
    graph.initializer.remove(old)
    for suffix, array in arrays.items():
        graph.initializer.append(numpy_helper.from_array(array, f"{old.name}.{suffix}"))


def _output_axis(node: onnx.NodeProto) -> int:
    """The axis of an operation's weights along which its output channels lie."""
    transposed = any(each.name == "transB" and each.i for each in node.attribute)
    return 0 if transposed else 1
