"""What a net is made of: its layers, what flows between them, how many values they learn.

A silent clip goes through the net, and what happens to it is written down. So every net that runs
can be shown, whatever its `forward` does.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from intone import emotions, experiment, nets
from intone.recipe import Recipe

Shape: TypeAlias = tuple[int, ...]
Kind: TypeAlias = Literal[
    "input",
    "learned",
    "convolution",
    "recurrent",
    "attention",
    "dense",
    "join",
    "padding",
    "norm",
    "pool",
    "activation",
    "dropout",
    "flatten",
    "other",
]

FOLLOWERS = {"norm", "pool", "activation", "dropout", "flatten"}
"""Kinds of layers that stand in one block with the layer before them."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One step of a net: a module, or an operation between modules."""

    name: str
    """its place in the net, as `branch.0.conv`"""
    kind: Kind
    words: str
    """what it is, as `conv 1 -> 64, 3x3`"""
    shape: Shape
    """what it gives for one clip"""
    parameters: int = 0
    """trainable values, as torch counts them; those of a shared module stand at its first use"""


@dataclass(frozen=True)
class Edge:
    """What flows from one place to another, in the shape that the receiver reads."""

    source: int
    target: int
    shape: Shape


@dataclass(frozen=True)
class Block:
    """Layers that follow each other alone: a box of the drawing, named by its main layer."""

    layers: tuple[Layer, ...]

    @property
    def main(self) -> Layer:
        """The layer that the others prepare or finish."""
        return next((each for each in self.layers if _leads(each)), self.layers[0])

    @property
    def others(self) -> tuple[Layer, ...]:
        """All layers but the main one, in their order."""
        return tuple(each for each in self.layers if each is not self.main)

    @property
    def shape(self) -> Shape:
        """What the block gives for one clip."""
        return self.layers[-1].shape


@dataclass(frozen=True)
class Network:
    """The layers of a net in the order in which they are computed, its inputs first."""

    layers: tuple[Layer, ...]
    edges: tuple[Edge, ...]
    """between places of `layers`"""
    keras_parameters: int
    """as Keras counts: four values a batch-norm channel, one bias an LSTM gate"""

    @property
    def parameters(self) -> int:
        """Trainable values, as torch counts them."""
        return sum(layer.parameters for layer in self.layers)

    def blocks(self) -> tuple[tuple[Block, ...], tuple[Edge, ...]]:
        """Gather the layers into blocks, and the edges between them, by places of blocks."""
        leaving = Counter(edge.source for edge in self.edges)
        blocks: list[tuple[Layer, ...]] = []
        home: dict[int, int] = {}  # layer -> its block
        for place, layer in enumerate(self.layers):
            sources = [edge.source for edge in self.edges if edge.target == place]
            alone = len(sources) == 1 and leaving[sources[0]] == 1
            if alone and _belongs(layer, blocks[home[sources[0]]]):
                home[place] = home[sources[0]]
                blocks[home[place]] += (layer,)
            else:
                home[place] = len(blocks)
                blocks.append((layer,))
        between = (Edge(home[e.source], home[e.target], e.shape) for e in self.edges)
        edges = tuple(edge for edge in between if edge.source != edge.target)
        return tuple(map(Block, blocks)), edges


def _leads(layer: Layer) -> bool:
    return layer.kind not in FOLLOWERS | {"padding"}


def _belongs(layer: Layer, block: tuple[Layer, ...]) -> bool:
    if not any(map(_leads, block)):
        return layer.kind != "padding"  # what only prepares waits for its main layer
    return layer.kind in FOLLOWERS and block[0].kind != "input"


# From a recipe or a net.


def build(recipe: Recipe) -> nn.Module:
    """Make the recipe's net.

    Where a recipe takes labels as they come, the net has one for every emotion that has a name.
    """
    return experiment.build(recipe, len(recipe.mapping(emotions.EMOTIONS).labels), _shapes(recipe))


def parameters(recipe: Recipe) -> int:
    """Count the trainable values of the recipe's net, without making them."""
    with torch.device("meta"):
        return nets.parameters(build(recipe))


def autoencoder_parameters(recipe: Recipe) -> int:
    """Count the trainable values of the recipe's autoencoder, without making them."""
    with torch.device("meta"):
        return nets.parameters(experiment.build_autoencoder(recipe, _shapes(recipe), seed=0))


def describe(recipe: Recipe) -> Network:
    """Trace the recipe's net."""
    return trace(build(recipe), _shapes(recipe))


def trace(net: nn.Module, shapes: Mapping[str, Shape]) -> Network:
    """Send a silent clip through a copy of a net that reads inputs of these shapes."""
    net = deepcopy(net).eval()
    recorder = _Recorder(net)
    inputs = {name: torch.zeros(1, *shape) for name, shape in shapes.items()}
    for name, tensor in inputs.items():
        recorder.add(name, "input", name, [], tensor)
    with torch.inference_mode(), recorder:
        net(**inputs)
    edges = tuple(recorder.edges.values())
    return Network(tuple(recorder.layers), edges, _keras_parameters(net))


def _shapes(recipe: Recipe) -> dict[str, Shape]:
    """The shape of each input of the recipe's net, for one window."""
    return {
        name: spec.front_end.shape(recipe.window.length) for name, spec in recipe.inputs.items()
    }


class _Recorder(TorchFunctionMode):
    """Writes down what the modules and operations of a net do to the tensors that it is given."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.layers: list[Layer] = []
        self.edges: dict[tuple[int, int], Edge] = {}
        self._origins: dict[int, tuple[int, Tensor]] = {}
        """id of a tensor -> the layer that gave it, and the tensor, so that the id stays its own"""
        self._names = {id(parameter): name for name, parameter in net.named_parameters()}
        self._counted: set[int] = set()
        self._path = [""]
        self._leaves = 0  # how many modules deep within a leaf, whose inner life is not shown
        for name, module in net.named_modules():
            module.register_forward_pre_hook(partial(self._enter, name))
            module.register_forward_hook(partial(self._leave, name), with_kwargs=True)

    def add(
        self,
        name: str,
        kind: Kind,
        words: str,
        inputs: Iterable[Tensor],
        outputs: Any,
        parameters: Iterable[nn.Parameter] = (),
    ) -> None:
        """Write down a layer, what it reads and what it gives."""
        place = len(self.layers)
        given = list(_tensors(outputs))
        learned = self._count(parameters)
        layer = Layer(
            name=name, kind=kind, words=words, shape=_per_clip(given[0]), parameters=learned
        )
        self.layers.append(layer)
        for tensor in inputs:
            source, _ = self._origins[id(tensor)]
            self.edges.setdefault((source, place), Edge(source, place, _per_clip(tensor)))
        for tensor in given:
            self._origins[id(tensor)] = place, tensor

    def _count(self, parameters: Iterable[nn.Parameter]) -> int:
        """Count the values that no layer has counted before."""
        new = {id(each): each for each in parameters if id(each) not in self._counted}
        self._counted |= new.keys()
        return sum(each.numel() for each in new.values() if each.requires_grad)

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        if not self._leaves:
            self._operation(func.__name__.strip("_"), args, kwargs, output)
        return output

    def _enter(self, name: str, module: nn.Module, args: Any) -> None:
        self._path.append(name)
        self._leaves += _is_leaf(module)

    def _leave(self, name: str, module: nn.Module, args: Any, kwargs: Any, output: Any) -> Any:
        self._path.pop()
        if self._leaves == _is_leaf(module) == 1 and not _does_nothing(module):
            if isinstance(output, Tensor) and id(output) in self._origins:
                output = output.view_as(output)  # dropout gives back what it got; tell them apart
            self._module(name, module, (args, kwargs), output)
        self._leaves -= _is_leaf(module)
        return output

    def _module(self, name: str, module: nn.Module, given: Any, output: Any) -> None:
        own = list(module.parameters())
        kind, words = _in_words(module)
        if own and all(id(each) in self._counted for each in own):
            words += ", shared"
        elif own and not any(each.requires_grad for each in own):
            words += ", frozen"
        self.add(name, kind, words, self._known(given), output, own)

    def _operation(self, name: str, args: Any, kwargs: Any, output: Any) -> None:
        inputs, given = self._known((args, kwargs)), list(_tensors(output))
        if not inputs or not given:
            return
        origins = {self._origins[id(tensor)][0] for tensor in inputs}
        joins = len(origins) > 1
        shrinks = inputs[0].numel() // given[0].numel() if not joins else 1
        if name in _REARRANGEMENTS and not joins and not (name == "getitem" and shrinks > 1):
            self._origins |= {id(tensor): (min(origins), tensor) for tensor in given}
            return
        words = _WORDS.get(name, name.replace("_", " "))
        kind: Kind = "join" if joins else _KINDS.get(name, "other")
        if name == "getitem":
            words = "last" if _takes_last(args[1]) else "part"
        place = ".".join(filter(None, [self._path[-1], words]))
        if shrinks > 1:
            kind, words = "pool", f"{words} of {shrinks}"
        self.add(place, kind, words, inputs, output)

    def _known(self, values: Any) -> list[Tensor]:
        """The tensors that come from the inputs, or that the net itself learns."""
        found = list(_tensors(values))
        for tensor in found:
            if isinstance(tensor, nn.Parameter) and id(tensor) not in self._origins:
                name = self._names[id(tensor)]
                words = f"learned {name.rpartition('.')[2]}"
                self.add(name, "learned", words, [], tensor, [tensor])
        return [tensor for tensor in found if id(tensor) in self._origins]


def _tensors(values: Any) -> Iterator[Tensor]:
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, tuple | list):
        for each in values:
            yield from _tensors(each)
    elif isinstance(values, dict):
        yield from _tensors(list(values.values()))


def _per_clip(tensor: Tensor) -> Shape:
    """The shape without the axis of the one clip; a clip in chunks keeps their number."""
    shape = tuple(tensor.shape)
    return shape[1:] if shape[:1] == (1,) else shape


def _takes_last(index: Any) -> bool:
    """Whether a subscript is of the last, as `[:, -1]` or `[:, -1:]`."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(each, int | slice) and each in (-1, slice(-1, None)) for each in parts)


def _keras_parameters(net: nn.Module) -> int:
    count = nets.parameters(net)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            count += 2 * module.num_features  # the running mean and variance
        if isinstance(module, nn.LSTM):
            biases = [value for name, value in module.named_parameters() if "bias_hh" in name]
            count -= sum(value.numel() for value in biases)
    return count


# In words.

_REARRANGEMENTS = {
    *("cat", "chunk", "contiguous", "expand", "flatten", "get", "getitem", "movedim", "permute"),
    *("reshape", "split", "squeeze", "stack", "swapaxes", "transpose", "unbind", "unflatten"),
    *("unsqueeze", "view", "view_as"),
}
"""Operations that compute nothing; between layers, the shape on the edge tells of them."""

_WORDS = {
    "cat": "concatenate",
    "elu": "ELU",
    "gelu": "GELU",
    "mul": "multiply",
    "relu": "ReLU",
    "scaled_dot_product_attention": "attention",
    "sub": "subtract",
}

_KINDS: dict[str, Kind] = {
    "scaled_dot_product_attention": "attention",
    **dict.fromkeys(("elu", "gelu", "relu", "sigmoid", "softmax", "tanh"), "activation"),
    **dict.fromkeys(("add", "sqrt", "square"), "activation"),  # value by value, as those are
}

_CONTAINERS = (
    nn.Sequential,
    nn.ModuleList,
    nn.Transformer,
    nn.TransformerEncoder,
    nn.TransformerDecoder,
)


def _is_leaf(module: nn.Module) -> bool:
    return type(module).__module__.startswith("torch.nn") and not isinstance(module, _CONTAINERS)


def _does_nothing(module: nn.Module) -> bool:
    return isinstance(module, nn.Identity) or (isinstance(module, nn.Dropout) and module.p == 0)


def _in_words(module: nn.Module) -> tuple[Kind, str]:
    """What a module of PyTorch is, and its main settings."""
    match module:
        case nn.Conv1d() | nn.Conv2d():
            return "convolution", _convolution(module)
        case nn.Linear():
            return "dense", f"dense {module.in_features} -> {module.out_features}"
        case nn.LSTM() | nn.GRU():
            return "recurrent", _recurrent(module)
        case nn.TransformerEncoderLayer() | nn.TransformerDecoderLayer():
            return "attention", _transformer(module)
        case nn.MultiheadAttention():
            return "attention", f"attention, {module.num_heads} heads"
        case nn.BatchNorm1d() | nn.BatchNorm2d():
            return "norm", "batch norm"
        case nn.LayerNorm():
            return "norm", "layer norm"
        case nn.MaxPool1d() | nn.MaxPool2d():
            return "pool", _pool("max-pool", module)
        case nn.AvgPool1d() | nn.AvgPool2d():
            return "pool", _pool("average-pool", module)
        case nn.Dropout() | nn.Dropout1d() | nn.Dropout2d():
            return "dropout", f"dropout {module.p:g}"
        case nn.ReLU() | nn.ELU() | nn.GELU() | nn.Tanh() | nn.Sigmoid() | nn.Softmax():
            name = type(module).__name__.lower()
            return "activation", _WORDS.get(name, name)
        case nn.Flatten():
            return "flatten", "flatten"
        case nn.ZeroPad1d() | nn.ZeroPad2d():
            return "padding", "padded with zeros"
        case _:
            return "other", type(module).__name__


def _convolution(module: nn.Conv1d | nn.Conv2d) -> str:
    kernel = _size(module.kernel_size)
    words = [f"conv {module.in_channels} -> {module.out_channels}"]
    words += [kernel if "x" in kernel else f"kernel {kernel}"]
    words += [f"step {_size(module.stride)}"] * (set(module.stride) != {1})
    words += [f"dilation {_size(module.dilation)}"] * (set(module.dilation) != {1})
    words += [f"{module.groups} groups"] * (module.groups > 1)
    return ", ".join(words)


def _recurrent(module: nn.LSTM | nn.GRU) -> str:
    words = [f"{module.mode} {module.input_size} -> {module.hidden_size}"]
    words += [f"{module.num_layers} layers"] * (module.num_layers > 1)
    words += ["both ways"] * module.bidirectional
    return ", ".join(words)


def _transformer(module: nn.TransformerEncoderLayer | nn.TransformerDecoderLayer) -> str:
    part = "encoder" if isinstance(module, nn.TransformerEncoderLayer) else "decoder"
    heads, inner = module.self_attn.num_heads, module.linear1.out_features
    return f"Transformer {part}, {heads} heads, inner {inner}"


def _pool(name: str, module: Any) -> str:
    own_step = "" if module.stride == module.kernel_size else f", step {_size(module.stride)}"
    return f"{name} {_size(module.kernel_size)}{own_step}"


def _size(value: int | tuple[int, ...]) -> str:
    return str(value) if isinstance(value, int) else "x".join(map(str, value))
