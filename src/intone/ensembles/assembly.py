"""One ONNX graph put together from several."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import compose, helper, numpy_helper

from intone.errors import ModelError


class Assembly:
    """Nodes and weights of graphs side by side; names of values are how they are connected."""

    def __init__(self) -> None:
        self._inputs: list[onnx.ValueInfoProto] = []
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []
        self._functions: list[onnx.FunctionProto] = []
        self._opsets: dict[str, int] = {}
        self._ir_version = 0

    def take(self, model: onnx.ModelProto, prefix: str, inputs: Mapping[str, str]) -> None:
        """Take a graph in, all its names prefixed; `inputs` says which value each of its reads.

        Raises:
            ModelError: it speaks another version of ONNX than those before it.
        """
        own = compose.add_prefix(model, prefix)
        for opset in own.opset_import:
            if self._opsets.setdefault(opset.domain, opset.version) != opset.version:
                raise ModelError(
                    "the members' files are of different versions of ONNX; export them anew"
                )
        self._ir_version = max(self._ir_version, own.ir_version)
        for name, value in inputs.items():
            self.node("Identity", value, output=prefix + name)
        self._nodes += own.graph.node
        self._weights += own.graph.initializer
        self._functions += own.functions

    def input(self, name: str, like: onnx.ValueInfoProto) -> None:
        """Give the whole an input of this name, of the type of another."""
        made = onnx.ValueInfoProto()
        made.CopyFrom(like)
        made.name = name
        self._inputs.append(made)

    def node(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node; gives the name of its output."""
        output = output or f"{kind}.{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, value: ArrayLike) -> str:
        """Add a constant; gives its name."""
        name = f"constant.{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def model(self, classes: int) -> onnx.ModelProto:
        """The whole, with the outputs `logits [B, classes]` and `embedding [B, D]`.

        Raises:
            ModelError: it is not a valid graph.
        """
        outputs = [
            helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", width])
            for name, width in (("logits", classes), ("embedding", "width"))
        ]
        graph = helper.make_graph(self._nodes, "ensemble", self._inputs, outputs, self._weights)
        made = helper.make_model(
            graph,
            functions=self._functions,
            opset_imports=[helper.make_opsetid(*opset) for opset in self._opsets.items()],
            ir_version=self._ir_version,
        )
        try:
            onnx.checker.check_model(made)
        except onnx.checker.ValidationError as error:
            raise ModelError(f"the members' graphs do not go together: {error}") from None
        return made
