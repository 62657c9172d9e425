"""The contract of every net, and the parameter counts of the reports."""

import re
import sys

import numpy as np
import pytest
import torch
from torch.nn import functional

from intone import nets, tasks
from intone.errors import DataError
from intone.export import Graph, to_onnx
from made_encoders import register
from made_nets import AUTOENCODERS, NETS_FOR_LABELS, OPTIONS, made_net, made_shapes

REDUCED = {
    "CNN2DLSTM": {"kernel": 3, "first_channels": 8, "next_channels": 16},
    "DenseAutoencoder": {"hidden": 64, "code": 16},
    "FusedCNNLSTM": {"first_channels": 8, "next_channels": 16},
    "GRUAutoencoder": {"code": 32},
    "MatrixCNN": {"kernels": (16, 16, 8, 8)},
    "VectorCNN": {"kernels": (16, 16, 8)},
    "ZielonkaCNN": {"kernels": (16, 16, 8)},
}
"""Options that make the wide nets narrow"""

EVERY_NET = pytest.mark.parametrize("name", NETS_FOR_LABELS)
EVERY_AUTOENCODER = pytest.mark.parametrize("name", AUTOENCODERS)


@pytest.fixture(autouse=True)
def _small_encoders(monkeypatch):
    register(monkeypatch)


def reduced(name: str) -> torch.nn.Module:
    torch.manual_seed(0)
    return made_net(name, **REDUCED.get(name, {}))


def batch(net: torch.nn.Module, size: int, seed: int = 0) -> dict[str, torch.Tensor]:
    """Drawn inputs; encoders hear decibels."""
    generator = torch.Generator().manual_seed(seed)
    name = type(net).__name__
    shapes = made_shapes(name)
    drawn = {k: torch.randn(size, *shape, generator=generator) for k, shape in shapes.items()}
    return {k: 30 * values - 40 for k, values in drawn.items()} if name in OPTIONS else drawn


@pytest.mark.parametrize(
    ("name", "classes", "shapes", "keras", "norm_channels", "lstm_units"),
    [
        ("CNN2DLSTM", 7, {"frames": (128, 251)}, 3_800_855, 640, 48),
        ("CNNTransformer", 7, {"frames": (128, 251)}, 2_107_527, 480, 0),
        ("CNN2D", 8, {"frames": (60, 216)}, 277_768, 448, 0),
    ],
)
def test_parameters_are_those_of_a_report_that_used_keras(
    name, classes, shapes, keras, norm_channels, lstm_units
):
    """Keras has four values for a batch-norm channel, of which two are trained, as torch counts.

    It has one bias for each of an LSTM unit's four gates, torch two.
    """
    with torch.device("meta"):
        net = nets.build(name, classes=classes, shapes=shapes)
    assert nets.parameters(net) == keras - 2 * norm_channels + 4 * lstm_units


@pytest.mark.parametrize(
    ("name", "rows", "torchs"),
    [
        ("LSTMDense", 513, 346_244),
        ("LSTMDense", 80, 124_548),
        ("LSTMDense", 15, 91_268),
        ("LSTMDense", 512, 345_732),
        ("Query2Label", 80, 740_100),
        ("Query2Label", 512, 7_368_708),
    ],
)
def test_parameters_are_those_of_the_report_that_used_torch(name, rows, torchs):
    with torch.device("meta"):
        net = nets.build(name, classes=4, shapes={"frames": (rows, 100)})
    assert nets.parameters(net) == torchs


@pytest.mark.parametrize(
    ("name", "shapes", "options", "more"),
    [
        # 27 steps of 12 x 256 values instead of 12 steps of 27 x 256, to 4 gates of 48 units
        ("CNN2DLSTM", {"frames": (128, 251)}, {"over_time": True}, -4 * 48 * 256 * (27 - 12)),
        # one channel of as many values instead of 52 channels
        ("LSTMCNN1D", {"vector": (52,)}, {"last_state": True}, -64 * 3 * (52 - 1)),
        # the same, and the head sees 14 values of 64 units instead of 61 of 251 frames
        (
            "LSTMCNN2D",
            {"frames": (128, 251)},
            {"last_state": True},
            -128 * 3 * (64 - 1) - 7 * 256 * (61 - 14),
        ),
        ("LSTMDense", {"frames": (80, 100)}, {"dense_layers": 3}, 128 * 128 + 128),
    ],
)
def test_a_variant_of_the_report_has_so_many_parameters_more(name, shapes, options, more):
    with torch.device("meta"):
        net, variant = (
            nets.build(name, classes=7, shapes=shapes, options=o) for o in ({}, options)
        )
    assert nets.parameters(variant) - nets.parameters(net) == more


@pytest.mark.parametrize(
    ("name", "frames", "report", "branches"),
    [
        ("SingleCNN", 94, 27_495, 1),
        ("ParallelCNN", 94, 54_983, 2),
        ("ParallelCNNTransformer", 94, 848_967, 2),
        ("ParallelCNNTransformer", 188, 860_943, 2),
    ],
)
def test_parameters_are_those_of_report_b_but_for_its_batch_norm(name, frames, report, branches):
    """It holds four values for each time step; a batch norm per channel trains two for each."""
    with torch.device("meta"):
        net = nets.build(name, classes=7, shapes={"frames": (128, frames)})
    over_time = 4 * (frames + frames // 2 + frames // 8)
    per_channel = 2 * (16 + 32 + 64)
    assert nets.parameters(net) == report + branches * (per_channel - over_time)


COUNTED = re.compile(
    r"([\d,]+)\s+(?:trainable )?parameters at\s+(\d+) x (\d+)[,\s]+(?:and\s+)?(\d+)\s+classes"
)
"""How a docstring tells the parameters of a net that reads frames alone"""


@pytest.mark.parametrize(
    ("name", "told"),
    [(name, told) for name in nets.names() if (told := COUNTED.search(nets.find(name).__doc__))],
)
def test_parameters_are_those_of_the_docstring(name, told):
    count, rows, frames, classes = (int(number.replace(",", "")) for number in told.groups())
    with torch.device("meta"):
        net = made_net(name, classes=classes, shapes={"frames": (rows, frames)})
    assert nets.parameters(net) == count


def test_a_clip_is_cut_into_equal_chunks_or_not_at_all():
    with pytest.raises(DataError, match="433 frames cannot be cut into 2 equal chunks"):
        nets.build("ChunkedCNNLSTM", classes=3, shapes={"frames": (60, 433)})


@EVERY_NET
def test_gives_logits_and_every_parameter_a_gradient(name):
    net = reduced(name).train()
    logits = net(**batch(net, 4))
    assert logits.shape == (4, 3)
    functional.cross_entropy(logits, torch.tensor([0, 1, 2, 0])).backward()
    assert without_gradient(net) == []


@EVERY_AUTOENCODER
def test_gives_the_shape_it_was_given_and_every_parameter_a_gradient(name):
    net = reduced(name).train()
    frames = batch(net, 4)["frames"]
    reconstruction = net(frames)
    assert reconstruction.shape == frames.shape
    assert net.encoder(frames).shape == (4, net.encoder.features)
    functional.mse_loss(reconstruction, frames).backward()
    assert without_gradient(net) == []


def without_gradient(net: torch.nn.Module) -> list[str]:
    return [k for k, value in net.named_parameters() if value.requires_grad and value.grad is None]


@EVERY_NET
def test_learns_eight_clips_by_heart(name):
    net = reduced(name)
    for module in net.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    inputs, targets = batch(net, 8), torch.arange(8) % 3
    shares = functional.one_hot(targets).float()
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)

    def right() -> bool:
        """Answer, take a step, and tell whether all answers were right."""
        logits = net(**inputs)
        optimizer.zero_grad()
        tasks.loss(nets.task(net), logits, shares, weights=None, smoothing=0.0).backward()
        optimizer.step()
        return logits.argmax(dim=1).tolist() == targets.tolist()

    assert any(right() for _ in range(60))


@EVERY_AUTOENCODER
def test_learns_eight_windows_by_heart(name):
    """Each has a spectrum of its own, of variance 1, that grows louder."""
    net = reduced(name)
    spectra = torch.randn(8, 64, 1, generator=torch.Generator().manual_seed(0))
    frames = spectra * torch.linspace(0.5, 1.5, 64)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(150):
        optimizer.zero_grad()
        loss = functional.mse_loss(net(frames), frames)
        loss.backward()
        optimizer.step()
    assert loss < 0.05


@pytest.mark.parametrize(
    ("options", "count"),
    [
        # each way: 12,960 values to 512 to the code, or 512 to 512 twice between
        ({}, 2 * (12_960 * 512 + 512 + 512 * 100) + 100 + 12_960),
        ({"code": 300}, 2 * (12_960 * 512 + 512 + 512 * 300) + 300 + 12_960),
        (
            {"layers": 5},
            2 * (12_960 * 512 + 512 + 512 * 100 + 2 * (512 * 512 + 512)) + 100 + 12_960,
        ),
    ],
)
def test_parameters_of_the_dense_autoencoder(options, count):
    with torch.device("meta"):
        shapes = {"frames": (60, 216)}
        net = nets.build("DenseAutoencoder", classes=None, shapes=shapes, options=options)
    assert nets.parameters(net) == count


@pytest.mark.parametrize("all_states", [False, True])
def test_the_gru_autoencoder_hands_over_its_last_state_or_all(all_states):
    net = nets.build(
        "GRUAutoencoder",
        classes=None,
        shapes={"frames": (60, 216)},
        options={"all_states": all_states},
    ).eval()
    frames = torch.randn(2, 60, 216)
    states, last = net.encoder.gru(frames.transpose(1, 2))
    torch.testing.assert_close(net.encoder(frames), states.flatten(1) if all_states else last[0])
    # three gates: of each GRU, of 100 states over 60 rows and over 100 values; the dense layer
    assert nets.parameters(net) == 300 * (60 + 100 + 2) + 300 * (100 + 100 + 2) + 100 * 60 + 60


def test_a_frozen_encoder_neither_learns_nor_drops_values():
    net = reduced("CodedCNN").train()
    assert not any(module.training for module in net.encoder.modules())
    assert net.net.training
    assert not any(value.requires_grad for value in net.encoder.parameters())


@pytest.mark.parametrize("name", nets.names())
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
    onnx.save(to_onnx(Graph(net, {}), made_shapes(name)), path)
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
    with pytest.raises(DataError, match="no net named Nope; there is .*SingleCNN"):
        nets.find("Nope")
    with pytest.raises(DataError, match="SingleCNN has no option width; its options are dropout"):
        nets.build("SingleCNN", classes=3, shapes={"frames": (64, 64)}, options={"width": 3})
    with pytest.raises(DataError, match="reads the inputs frames; the recipe has mel"):
        nets.build("SingleCNN", classes=3, shapes={"mel": (64, 64)})
    with pytest.raises(DataError, match="GRUAutoencoder gives no labels; autoencoders stand under"):
        nets.build("GRUAutoencoder", classes=3, shapes={"frames": (64, 64)})
    with pytest.raises(DataError, match="SingleCNN gives labels, no reconstruction"):
        nets.build("SingleCNN", classes=None, shapes={"frames": (64, 64)})
    with pytest.raises(
        DataError, match=r"CodedCNN needs an encoder, as a recipe's \[pretraining\]"
    ):
        nets.build("CodedCNN", classes=3, shapes={"frames": (64, 64)})
    with pytest.raises(DataError, match="SingleCNN has no use for an encoder"):
        nets.build("SingleCNN", classes=3, shapes={"frames": (64, 64)}, encoder=torch.nn.Flatten())
    with pytest.raises(DataError, match="is the module in this folder"):
        nets.find("nowhere_at_all:Net")


def test_a_users_own_net_is_found_by_its_module():
    assert nets.find("intone.nets.parallel_cnn:SingleCNN") is nets.find("SingleCNN")


OWN = """
from torch import nn

class Good(nn.Module):
    def __init__(self, *, classes, vector_shape, fault=None):
        super().__init__()
        if fault == "building":
            [][1]
        self.head = nn.Linear(vector_shape[0], classes)
        self.fault = fault
    def forward(self, vector):
        return self.head(vector)[:, "x"] if self.fault == "hearing" else self.head(vector)

class Empty(nn.Module):
    def __init__(self, *, classes, vector_shape):
        super().__init__()
    def forward(self, vector):
        return vector
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A user's own module of nets."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "made_own.py").write_text(OWN)
    yield "made_own"
    sys.modules.pop("made_own", None)


def test_what_a_users_own_net_raises_is_told_in_a_line(own, tmp_path):
    shapes = {"vector": (6,)}
    net = nets.build(f"{own}:Good", classes=3, shapes=shapes)
    assert net(torch.zeros(2, 6)).shape == (2, 3)
    with pytest.raises(
        DataError, match=r"net made_own:Good: IndexError: list index .* \(made_own.py, line 8\)$"
    ):
        nets.build(f"{own}:Good", classes=3, shapes=shapes, options={"fault": "building"})
    with pytest.raises(DataError, match="made_own:Empty cannot learn: it has no parameters"):
        nets.build(f"{own}:Empty", classes=3, shapes=shapes)
    with pytest.raises(DataError, match=r"made_own:Good: TypeError: .* \(made_own.py, line 12\)$"):  # noqa: SIM117
        with nets.telling(f"{own}:Good"):
            nets.build(f"{own}:Good", classes=3, shapes=shapes, options={"fault": "hearing"})(
                torch.zeros(2, 6)
            )
    (tmp_path / "made_wrong.py").write_text("class :")
    with pytest.raises(DataError, match=r"SyntaxError: .*\(made_wrong.py, line 1\)$"):
        nets.find("made_wrong:X")
    with pytest.raises(DataError, match="net made_own:None_such: AttributeError"):
        nets.find(f"{own}:None_such")


def test_faults_of_intones_own_nets_are_not_hidden():
    with pytest.raises(KeyError), nets.telling("SingleCNN"):
        raise KeyError("a fault of ours")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dropout": float("nan")}, "option dropout: Input should be a finite number"),
        ({"hidden": "many"}, "option hidden: Input should be a valid integer"),
        ({"hidden": 10**23}, "cannot be built: .*verflow"),
        ({"dropout": 2.0}, "cannot be built: dropout probability has to be between 0 and 1"),
    ],
)
def test_an_option_that_makes_no_sense_is_told_in_a_line(options, words):
    with pytest.raises(DataError, match=f"PooledMLP,? {words}") as caught:
        nets.build("PooledMLP", classes=3, shapes={"vector": (6,)}, options=options)
    assert "\n" not in str(caught.value)


def test_inputs_are_pooled_where_the_net_reads_a_vector():
    with pytest.raises(DataError, match="reads statistics over time; name them in inputs.vector.p"):
        nets.build("PooledMLP", classes=3, shapes={"vector": (6, 9)})
    with pytest.raises(DataError, match=r"reads every frame; leave out inputs.frames.pool"):
        nets.build("SingleCNN", classes=3, shapes={"frames": (64,)})
