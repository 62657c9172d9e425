"""The cheap dropout is dropout: its rate, its scale, its dice, in training alone."""

import pytest
import torch
from torch import nn

from intone.dropout import Dropout, quicken


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5])
@pytest.mark.parametrize("kind", ["flat", "channels last", "with gaps", "bfloat16"])
def test_drops_its_share_and_scales_the_rest(p, kind):
    torch.manual_seed(0)
    values = torch.rand(16, 8, 40, 50) + 1
    if kind == "channels last":
        values = values.to(memory_format=torch.channels_last)
    elif kind == "with gaps":
        values = values.transpose(1, 3)[:, ::2]
    elif kind == "bfloat16":
        values = values.bfloat16()
    dropped = Dropout(p).train()(values)
    assert dropped.shape == values.shape
    assert dropped.dtype == values.dtype
    assert (dropped == 0).float().mean().item() == pytest.approx(p, abs=0.005)
    kept = dropped != 0
    torch.testing.assert_close(dropped[kept], values[kept] * (1 / (1 - p)), rtol=1e-2, atol=0)


def test_the_dice_are_torch_s_and_each_value_has_its_own():
    values, layer = torch.ones(1000, 64), Dropout(0.4).train()
    torch.manual_seed(1)
    first, second = layer(values), layer(values)
    torch.manual_seed(1)
    assert torch.equal(layer(values), first)
    assert not torch.equal(first, second)
    columns = (first != 0).float().mean(dim=0)
    assert columns.min() > 0.5
    assert columns.max() < 0.7


def test_gradients_go_through_what_is_kept_and_evaluation_changes_nothing():
    values = torch.ones(200, requires_grad=True)
    dropped = Dropout(0.5).train()(values)
    dropped.sum().backward()
    torch.testing.assert_close(values.grad, dropped.detach())
    assert torch.equal(Dropout(0.5).eval()(values), values)


def test_quicken_changes_the_layers_and_nothing_else():
    net = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.2), nn.Sequential(nn.Dropout(0.7)))
    before = net.state_dict()
    quicken(net)
    assert [type(module) for module in net.modules()].count(Dropout) == 2
    assert (net[1].p, net[2][0].p) == (0.2, 0.7)
    assert net.state_dict().keys() == before.keys()
