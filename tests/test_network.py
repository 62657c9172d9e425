"""Networks as data, as text and as pictures: of every net, and of made ones that are awkward."""

from functools import cache
from itertools import combinations

import pytest
import torch
from matplotlib.patches import FancyBboxPatch
from torch import nn

from intone import nets
from intone.recipe import Recipe, shipped
from intone.report import network, network_picture, network_text
from made_encoders import register
from made_nets import NETS_FOR_LABELS, OPTIONS, made_net, made_shapes

EVERY_NET = pytest.mark.parametrize("name", NETS_FOR_LABELS)


@pytest.fixture(autouse=True)
def _small_encoders(monkeypatch):
    register(monkeypatch)


@cache
def traced(name: str, classes: int = 3, **shapes: tuple[int, ...]) -> network.Network:
    shapes = shapes or made_shapes(name)
    return network.trace(made_net(name, classes=classes, shapes=shapes), shapes)


# --- every net ------------------------------------------------------------------------------------


@EVERY_NET
def test_the_layers_hold_every_parameter_and_end_with_the_head(name):
    shapes = made_shapes(name)
    net = made_net(name)
    found = network.trace(net, shapes)
    assert found.parameters == nets.parameters(net)
    assert (found.layers[-1].name, found.layers[-1].shape) == ("head", (3,))
    inputs = {layer.name: layer.shape for layer in found.layers if layer.kind == "input"}
    assert inputs == shapes
    if name not in OPTIONS:  # encoders scale what they hear
        assert "other" not in {layer.kind for layer in found.layers}
    for layer in found.layers:
        if layer.parameters and layer.kind != "learned":
            own = net.get_submodule(layer.name).parameters()
            assert layer.parameters == sum(value.numel() for value in own)


@EVERY_NET
def test_every_layer_is_reached_from_an_input_and_leads_to_the_head(name):
    found = traced(name)
    ends = {edge.source for edge in found.edges}, {edge.target for edge in found.edges}
    for place, layer in enumerate(found.layers):
        assert (place in ends[0]) == (layer.name != "head")
        assert (place in ends[1]) == (layer.kind not in ("input", "learned"))
    assert all(edge.source < edge.target for edge in found.edges)


@EVERY_NET
def test_the_text_fits_a_terminal(name):
    found = traced(name)
    for text in (network_text.table(found), network_text.drawing(found)):
        assert max(map(len, text.split("\n"))) <= 80


@EVERY_NET
def test_in_the_picture_nothing_stands_on_anything_else(name):
    found = traced(name)
    figure = network_picture.draw(found, "A title that is longer than some pictures")
    [axes] = figure.axes
    texts = [text.get_window_extent() for text in axes.texts]
    for one, other in combinations(texts, 2):
        assert not one.overlaps(other)
    for text in texts:
        assert figure.bbox.x0 < text.x0 < text.x1 < figure.bbox.x1
        assert figure.bbox.y0 < text.y0 < text.y1 < figure.bbox.y1
    boxes = {patch.get_bbox().bounds: patch.get_window_extent() for patch in boxes_of(axes)}
    assert len(boxes) == len(found.blocks()[0])
    for one, other in combinations(boxes.values(), 2):
        assert not one.overlaps(other)
    for text in texts:
        for box in boxes.values():
            inside = box.x0 < text.x0 < text.x1 < box.x1 and box.y0 < text.y0 < text.y1 < box.y1
            assert inside or not box.overlaps(text)


def boxes_of(axes):
    return [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]


# --- what is written ------------------------------------------------------------------------------

SINGLE_CNN = """\
layer                                output  parameters
frames        input                  128x94
branch.0
  conv        conv 1 -> 16, 3x3   16x128x94         160
  norm        batch norm          16x128x94          32
  pool        max-pool 2           16x64x47
  activation  ReLU                 16x64x47
  dropout     dropout 0.3          16x64x47
branch.1
  conv        conv 16 -> 32, 3x3   32x64x47       4,640
  norm        batch norm           32x64x47          64
  pool        max-pool 4           32x16x11
  activation  ReLU                 32x16x11
  dropout     dropout 0.3          32x16x11
branch.2
  conv        conv 32 -> 64, 3x3   64x16x11      18,496
  norm        batch norm           64x16x11         128
  pool        max-pool 4             64x4x2
  activation  ReLU                   64x4x2
  dropout     dropout 0.3            64x4x2
branch
  3           flatten                   512
head          dense 512 -> 7              7       3,591

○  frames                                                  128x94
●  conv 1 -> 16, 3x3                                     16x64x47
│    batch norm, max-pool 2, ReLU, dropout 0.3
●  conv 16 -> 32, 3x3                                    32x16x11
│    batch norm, max-pool 4, ReLU, dropout 0.3
●  conv 32 -> 64, 3x3                                         512
│    batch norm, max-pool 4, ReLU, dropout 0.3, flatten
●  dense 512 -> 7                                               7"""


def test_a_net_is_written_as_a_table_and_a_drawing():
    found = traced("SingleCNN", 7, frames=(128, 94))
    assert f"{network_text.table(found)}\n\n{network_text.drawing(found)}" == SINGLE_CNN


BRANCHES = """\
○      frames                                                   64x64
├─┬─╮
● │ │  Transformer encoder, 4 heads, inner 512                  64x64
● │ │  Transformer encoder, 4 heads, inner 512                  64x64
● │ │  Transformer encoder, 4 heads, inner 512                  64x64
● │ │  Transformer encoder, 4 heads, inner 512                     64
│ │ │    mean of 64
│ ● │  conv 1 -> 16, 3x3                                     16x32x32
│ │ │    batch norm, max-pool 2, ReLU, dropout 0.3
│ ● │  conv 16 -> 32, 3x3                                      32x8x8
│ │ │    batch norm, max-pool 4, ReLU, dropout 0.3
│ ● │  conv 32 -> 64, 3x3                                         256
│ │ │    batch norm, max-pool 4, ReLU, dropout 0.3, flatten
│ │ ●  conv 1 -> 16, 3x3                                     16x32x32
│ │ │    batch norm, max-pool 2, ReLU, dropout 0.3
│ │ ●  conv 16 -> 32, 3x3                                      32x8x8
│ │ │    batch norm, max-pool 4, ReLU, dropout 0.3
│ │ ●  conv 32 -> 64, 3x3                                         256
│ │ │    batch norm, max-pool 4, ReLU, dropout 0.3, flatten
├─┴─╯
●      concatenate                                                576
●      dense 576 -> 3                                               3"""


def test_branches_are_drawn_side_by_side():
    assert network_text.drawing(traced("ParallelCNNTransformer")) == BRANCHES


class Awkward(nn.Module):
    """Reads two inputs, skips a block, uses one twice, learns values of its own, and crosses."""

    def __init__(self) -> None:
        super().__init__()
        self.twice = nn.Linear(4, 4)
        self.dropout = nn.Dropout(0.5)
        self.lstm = nn.LSTM(4, 6, batch_first=True)
        self.offset = nn.Parameter(torch.zeros(4))
        self.head = nn.Linear(10, 2)

    def forward(self, vector: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        once = self.twice(vector)
        again = once + self.dropout(self.twice(once))
        _, (last, _) = self.lstm(frames.transpose(1, 2))
        return self.head(torch.cat([last[-1], again * self.offset], dim=1))


AWKWARD = """\
○      vector                  4
│ ○    frames                4x5
● │    dense 4 -> 4            4
├─┼─╮
● │ │  dense 4 -> 4, shared    4
│ │ │    dropout 0.5
├─┼─╯
● │    add                     4
│ │      read as             5x4
│ ●    LSTM 4 -> 6           5x6
│ │ ○  learned offset          4
├─┼─╯
● │    multiply                4
├─╯
●      concatenate            10
●      dense 10 -> 2           2"""


def test_what_skips_crosses_or_is_shared_is_drawn_too():
    net = Awkward()
    found = network.trace(net, {"vector": (4,), "frames": (4, 5)})
    assert found.parameters == nets.parameters(net)
    assert network_text.drawing(found) == AWKWARD


def test_what_is_frozen_is_said_and_not_counted():
    net = nets.build("SingleCNN", classes=3, shapes={"frames": (64, 64)})
    net.branch.requires_grad_(False)
    found = network.trace(net, {"frames": (64, 64)})
    assert found.parameters == nets.parameters(net) == 256 * 3 + 3
    assert found.layers[1].words == "conv 1 -> 16, 3x3, frozen"


# --- data -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "classes", "shapes", "keras"),
    [
        ("SingleCNN", 7, {"frames": (128, 94)}, 27_335),
        ("CNN2DLSTM", 7, {"frames": (128, 251)}, 3_800_855),
        ("CNNTransformer", 7, {"frames": (128, 251)}, 2_107_527),
        ("CNN2D", 8, {"frames": (60, 216)}, 277_768),
    ],
)
def test_keras_counts_as_the_reports_print(name, classes, shapes, keras):
    assert traced(name, classes, **shapes).keras_parameters == keras


def test_an_edge_has_the_shape_that_its_receiver_reads():
    found = traced("CNN2DLSTM", frames=(128, 251))
    blocks, edges = found.blocks()
    assert [block.main.kind for block in blocks] == [
        "input",
        *["convolution"] * 3,
        "recurrent",
        "dense",
    ]
    assert blocks[3].shape == (256, 12, 27)
    assert [edge.shape for edge in edges] == [
        (1, 128, 251),
        (128, 62, 123),
        (256, 29, 59),
        (12, 27 * 256),
        (48,),
    ]


def test_the_net_itself_stays_as_it_is():
    net = Awkward()
    before = net(torch.ones(2, 4), torch.ones(2, 4, 5)).shape
    network.trace(net, {"vector": (4,), "frames": (4, 5)})
    assert net.training
    assert all(not module._forward_hooks for module in net.modules())
    assert net(torch.ones(2, 4), torch.ones(2, 4, 5)).shape == before


def test_a_recipe_s_parameters_are_counted_without_being_made(tiny_recipe):
    recipe = Recipe.load(tiny_recipe)
    assert network.parameters(recipe) == network.describe(recipe).parameters
    assert network.parameters(Recipe.load(shipped()["b/b1-ravdess"])) == 27_624


# --- the plan of the picture ----------------------------------------------------------------------


def test_branches_run_straight_and_stand_around_what_joins_them():
    [axes] = network_picture.draw(traced("ParallelCNN"), "two branches").axes
    lefts: dict[float, set[float]] = {}
    for patch in boxes_of(axes):
        lefts.setdefault(patch.get_y(), set()).add(round(patch.get_x(), 3))
    rows = [sorted(row) for _, row in sorted(lefts.items())]
    assert [len(row) for row in rows] == [1, 2, 2, 2, 1, 1]
    assert rows[1] == rows[2] == rows[3]
    assert rows[0] == rows[4] == rows[5] == [pytest.approx(sum(rows[1]) / 2, abs=0.02)]
