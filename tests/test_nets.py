"""The contract of every net, and the parameter counts of the reports."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from intone import nets
from intone.errors import DataError
from intone.export import to_onnx

SHAPES = {"frames": (64, 64)}
"""Inputs of reduced size, by name"""

EVERY_NET = pytest.mark.parametrize("name", nets.names())


def reduced(name: str, classes: int = 3) -> torch.nn.Module:
    torch.manual_seed(0)
    wanted = nets.inputs(nets.find(name))
    return nets.build(name, classes=classes, shapes={key: SHAPES[key] for key in wanted})


def batch(net: torch.nn.Module, size: int, seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {key: torch.randn(size, *SHAPES[key], generator=generator) for key in nets.inputs(net)}


@pytest.mark.parametrize(
    ("name", "classes", "shapes", "keras", "norm_channels"),
    [
        ("SingleCNN", 7, {"frames": (128, 94)}, 27_335, 112),
        ("CNN2D", 8, {"frames": (60, 216)}, 277_768, 448),
    ],
)
def test_parameters_are_those_of_the_report(name, classes, shapes, keras, norm_channels):
    """Keras counts four values for a batch-norm channel, torch the two that are trained."""
    with torch.device("meta"):
        net = nets.build(name, classes=classes, shapes=shapes)
    assert nets.parameters(net) == keras - 2 * norm_channels


@EVERY_NET
def test_gives_logits_and_every_parameter_a_gradient(name):
    net = reduced(name).train()
    logits = net(**batch(net, 4))
    assert logits.shape == (4, 3)
    functional.cross_entropy(logits, torch.tensor([0, 1, 2, 0])).backward()
    still = [key for key, value in net.named_parameters() if value.grad is None]
    assert still == []


@EVERY_NET
def test_learns_eight_clips_by_heart(name):
    net = reduced(name)
    for module in net.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    inputs, targets = batch(net, 8), torch.arange(8) % 3
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(60):
        loss = functional.cross_entropy(net(**inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert net(**inputs).argmax(dim=1).tolist() == targets.tolist()


@EVERY_NET
def test_an_answer_does_not_depend_on_its_batch(name):
    net = reduced(name).eval()
    inputs = batch(net, 7)
    with torch.inference_mode():
        together = net(**inputs)
        alone = torch.cat([net(**{k: v[i : i + 1] for k, v in inputs.items()}) for i in range(7)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


@EVERY_NET
def test_onnx_gives_the_logits_of_torch_at_any_batch_size_and_the_embedding(name, tmp_path):
    import onnx
    import onnxruntime

    net = reduced(name).eval()
    path = tmp_path / "net.onnx"
    onnx.save(to_onnx(net, {key: SHAPES[key] for key in nets.inputs(net)}), path)
    session = onnxruntime.InferenceSession(path)
    for size in (1, 5):
        inputs = batch(net, size)
        logits, embedding = session.run(
            ["logits", "embedding"], {key: value.numpy() for key, value in inputs.items()}
        )
        with torch.inference_mode():
            np.testing.assert_allclose(logits, net(**inputs), atol=1e-5)
            np.testing.assert_allclose(net.head(torch.from_numpy(embedding)), logits, atol=1e-5)


def test_what_does_not_fit_is_said_by_name():
    with pytest.raises(DataError, match="no net named Nope; there are .*SingleCNN"):
        nets.find("Nope")
    with pytest.raises(DataError, match="SingleCNN has no option width; its options are dropout"):
        nets.build("SingleCNN", classes=3, shapes=SHAPES, options={"width": 3})
    with pytest.raises(DataError, match="reads the inputs frames; the recipe has mel"):
        nets.build("SingleCNN", classes=3, shapes={"mel": (64, 64)})
    with pytest.raises(DataError, match="is the module on PYTHONPATH"):
        nets.find("nowhere_at_all:Net")


def test_a_users_own_net_is_found_by_its_module():
    assert nets.find("intone.nets.parallel_cnn:SingleCNN") is nets.find("SingleCNN")
