"""Smaller weights answer nearly as the whole ones do, and each window still by itself."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from intone import compression, runtime
from intone.export import Graph, to_onnx


class Small(torch.nn.Module):
    """Two dense layers, one of them worth compressing, after a convolution, which stays whole."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv1d(80, 64, 1)
        self.dense = torch.nn.Linear(64, 500)
        self.head = torch.nn.Linear(500, 4)

    def forward(self, frames):
        return self.head(self.dense(self.conv(frames).relu().mean(2)).relu())


def answers(graph: onnx.ModelProto, frames: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    return session.run(["logits"], {"frames": frames})[0]


@pytest.mark.parametrize(
    ("weights", "saved", "off"), [("int8", 0.7, 1e-2), ("float16", 0.48, 1e-3)]
)
def test_a_graph_is_smaller_and_answers_alike(rng, weights, saved, off):
    torch.manual_seed(0)
    net = Small()
    whole = to_onnx(Graph(net, {}), {"frames": (80, 50)})
    small = compression.compress(whole, weights)
    assert small.ByteSize() < whole.ByteSize() - saved * 4 * net.dense.weight.numel()
    frames = rng.normal(size=(6, 80, 50)).astype(np.float32)
    expected, found = answers(whole, frames), answers(small, frames)
    np.testing.assert_allclose(found, expected, atol=off * np.abs(expected).max())
    assert np.abs(found - expected).max() > 0
    alone = np.concatenate([answers(small, one[None]) for one in frames])
    np.testing.assert_allclose(alone, found, atol=1e-6)


@given(
    arrays.arrays(
        np.float32, (3, 5), elements=st.floats(-1e3, 1e3, width=32, allow_subnormal=False)
    )
)
def test_a_weight_is_off_by_half_a_step_at_most(values):
    small, scale = compression.quantise(values, axis=1)
    assert small.dtype == np.int8
    assert np.abs(small.astype(int)).max() <= 127
    assert (np.abs(small * scale - values) <= 0.5001 * scale).all()


def test_in_float16_every_large_array_is_rounded_and_no_small_one():
    torch.manual_seed(0)
    net = Small()
    small = compression.compress(to_onnx(Graph(net, {}), {"frames": (80, 50)}), "float16")
    stored = [onnx.numpy_helper.to_array(each) for each in small.graph.initializer]
    halved = {values.size: values for values in stored if values.dtype == np.float16}
    assert halved.keys() == {64 * 80, 64 * 500}
    rounded = net.dense.weight.detach().numpy().astype(np.float16)
    np.testing.assert_array_equal(np.sort(halved[64 * 500].ravel()), np.sort(rounded.ravel()))
    head = net.head.weight.detach().numpy()
    assert any(np.array_equal(values, head) for values in stored)


class Framewise(torch.nn.Module):
    """A dense layer on every frame, which onnxruntime would quantise on its own."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = torch.nn.Linear(80, 128)
        self.head = torch.nn.Linear(128, 4)

    def forward(self, frames):
        return self.head(self.dense(frames.transpose(1, 2)).relu().mean(1))


def test_weights_alone_are_int8_when_a_file_is_heard(rng, tmp_path):
    torch.manual_seed(0)
    small = compression.compress(to_onnx(Graph(Framewise(), {}), {"frames": (80, 50)}), "int8")
    onnx.save(small, tmp_path / "small.onnx")
    frames = rng.normal(size=(1, 80, 50)).astype(np.float32)
    plain = onnxruntime.SessionOptions()
    plain.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    as_written = onnxruntime.InferenceSession(tmp_path / "small.onnx", plain)
    by_default = onnxruntime.InferenceSession(tmp_path / "small.onnx")
    ours = runtime._session(tmp_path / "small.onnx", 1)
    expected, rounded, found = (
        session.run(["logits"], {"frames": frames})[0] for session in (as_written, by_default, ours)
    )
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.abs(rounded - expected).max() > 1e-5
