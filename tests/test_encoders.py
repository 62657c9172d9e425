"""Encoders against the libraries that they come from, and as inputs and parts of nets."""

import pickle
import re
import runpy
import struct
import sys
import urllib.request
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from matplotlib import colormaps
from numpy.testing import assert_allclose, assert_array_equal
from safetensors.torch import save_file
from torch.nn import functional

from conftest import made_voice
from intone import corpora, encoders, experiment, nets, training
from intone.encoders import Encoding, _weights, vgg16
from intone.errors import DataError
from intone.export import Graph, to_onnx
from intone.features import FrontEnd, LogMel, Samples
from intone.nets.fine_tuned import FineTuned
from intone.recipe import Input, Recipe, shipped
from made_encoders import MADE, NAMES, publish, register

EVERY_ENCODER = pytest.mark.parametrize("name", NAMES)
FAMILY = ["wav2vec2-made", "hubert-made", "wavlm-made", "data2vec-made"]


@pytest.fixture(autouse=True)
def _made(monkeypatch, tmp_path):
    """Small encoders are known, and no weights are on this machine."""
    monkeypatch.setenv("INTONE_CACHE", str(tmp_path / "cache"))
    register(monkeypatch)
    encoders.pooled.cache_clear()
    yield
    encoders.pooled.cache_clear()


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Put an encoder's drawn weights on this machine, by way of its official file."""

    def put(name: str) -> Path:
        return encoders.get(name, publish(name, tmp_path, monkeypatch))

    return put


def voice(seconds: float, seed: int = 0) -> np.ndarray:
    return made_voice(140.0, seconds, np.random.default_rng(seed))


def heard(name: str, *clips: np.ndarray) -> torch.Tensor:
    """What an encoder's front end gives of clips: `[B, rows, frames]`."""
    return torch.from_numpy(np.stack([encoders.front_end(name)(clip) for clip in clips]))


def drawn(name: str, blocks: tuple[int, ...]) -> torch.nn.Module:
    torch.manual_seed(0)
    return encoders.build(name, blocks).eval()


# --- against the libraries that they come from ----------------------------------------------------


def test_whisper_hears_and_gives_what_transformers_does(published):
    from transformers import WhisperConfig, WhisperFeatureExtractor
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    published("whisper-made")
    sound = np.pad(voice(2.0), (0, 28 * 16_000))  # transformers takes 30 s and no less
    mel = heard("whisper-made", sound)
    theirs = WhisperFeatureExtractor()(sound, sampling_rate=16_000, return_tensors="pt")
    assert_allclose(mel[..., :3000] / 40 + 1, theirs.input_features, atol=1e-4)

    config = WhisperConfig(
        d_model=64, encoder_layers=3, encoder_attention_heads=1, encoder_ffn_dim=256
    )
    oracle = WhisperEncoder(config).eval()
    ours = encoders.load("whisper-made", (0, 1, 2))
    missing, unexpected = oracle.load_state_dict(_as_transformers(ours.state_dict()), strict=False)
    assert unexpected == []
    assert all("layers.2" in key or key.startswith(("layer_norm", "embed")) for key in missing)
    with torch.inference_mode():
        states = oracle(theirs.input_features, output_hidden_states=True).hidden_states
        given = ours(mel)
    for block in (0, 1, 2):
        assert_allclose(given[0, block].T, states[block][0], atol=1e-4)


def _as_transformers(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    names = {
        "attn_ln": "self_attn_layer_norm",
        "mlp_ln": "final_layer_norm",
        "attn.query": "self_attn.q_proj",
        "attn.key": "self_attn.k_proj",
        "attn.value": "self_attn.v_proj",
        "attn.out": "self_attn.out_proj",
        "mlp.0": "fc1",
        "mlp.2": "fc2",
    }
    renamed = {}
    for key, value in state.items():
        for ours, theirs in names.items():
            key = key.replace(ours, theirs)
        renamed[key] = value
    return renamed


@pytest.mark.parametrize("name", FAMILY)
def test_the_wav2vec_family_gives_what_transformers_does(name, published):
    """Their whole model, of two blocks, from the same weights; ours is cut after each block."""
    from transformers import AutoModel, Wav2Vec2FeatureExtractor

    published(name)
    whole = encoders.load(name, (2,)).model
    oracle = AutoModel.from_config(whole.config).eval()
    oracle.load_state_dict(whole.state_dict())
    processor = Wav2Vec2FeatureExtractor(do_normalize=not name.startswith("wavlm"))
    sound = voice(0.5)
    values = processor(sound, sampling_rate=16_000, return_tensors="pt").input_values
    with torch.inference_mode():
        theirs = oracle(values, output_hidden_states=True)
        for blocks in ((0,), (1, 2)):
            given = encoders.load(name, blocks)(heard(name, sound))
            assert given.shape == (1, len(blocks), 64, 24)
            for place, block in enumerate(blocks):
                assert_allclose(given[0, place].T, theirs.hidden_states[block][0], atol=1e-5)
    assert_allclose(given[0, -1].T, theirs.last_hidden_state[0], atol=1e-5)


def test_the_front_alone_is_the_front_of_the_whole(tmp_path, monkeypatch, published):
    published("wav2vec2-made")
    encoders.get("wav2vec2-made-front", publish("wav2vec2-made-front", tmp_path, monkeypatch))
    front = encoders.load("wav2vec2-made-front", (0,))
    whole = encoders.load("wav2vec2-made", (0,)).model
    whole.feature_extractor.load_state_dict(front.model["feature_extractor"].state_dict())
    sound = voice(0.3)
    values = torch.from_numpy((sound - sound.mean()) / sound.std())[None]
    with torch.inference_mode():
        given = front(heard("wav2vec2-made-front", sound))
        assert_allclose(given[0, 0], whole.feature_extractor(values)[0], atol=1e-4)
    assert given.shape == (1, 1, 512, 1 + (4800 - 400) // 320)


def test_a_picture_has_magmas_colours_low_bands_at_the_bottom():
    decibels = torch.linspace(-80, 0, 256).repeat(2, 1)
    decibels[1] = -200  # below the dynamics
    picture = vgg16.Picture()(decibels[None])[0]
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (vgg16._MEAN, vgg16._STD))
    colours = (picture * std + mean).permute(1, 2, 0)
    magma = colormaps["magma"](np.arange(256))[:, :3]
    assert_allclose(colours[1], magma, atol=2.6 / 255)
    assert_allclose(colours[0], np.tile(magma[0], (256, 1)), atol=2.6 / 255)


def test_vgg16_is_thirteen_convolutions_in_five_blocks():
    with torch.device("meta"):
        whole = encoders.build("vgg16", (5,))
        assert whole(torch.empty(1, 224, 224)).shape == (1, 1, 512 * 7, 7)
        assert encoders.build("vgg16", (4,))(torch.empty(1, 224, 300)).shape == (1, 1, 512 * 14, 18)
    convolutions = [part for part in whole.modules() if isinstance(part, torch.nn.Conv2d)]
    widths = [64, 64, 128, 128, 256, 256, 256, *[512] * 6]
    assert [part.out_channels for part in convolutions] == widths


# --- the contract of every encoder ----------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in encoders.known() if "made" not in name])
def test_parameters_are_told(name):
    known = encoders.find(name)
    with torch.device("meta"):
        whole = encoders.build(name, (known.depth,))
    assert sum(value.numel() for value in whole.parameters()) == known.parameters
    assert re.fullmatch("[0-9a-f]{64}", known.file_sha256)
    assert known.licence
    assert known.citation


@EVERY_ENCODER
def test_what_it_gives_does_not_depend_on_its_company(name):
    encoder = drawn(name, (encoders.find(name).depth,))
    clips = heard(name, *(voice(0.6, seed) for seed in range(3)))
    with torch.inference_mode():
        together, alone = encoder(clips), torch.cat([encoder(clip[None]) for clip in clips])
    assert_allclose(together, alone, atol=1e-5)
    assert (together[0] - together[1]).abs().max() > 1e-3


@pytest.mark.parametrize("name", ["whisper-made", "wavlm-made"])
def test_in_a_model_file_it_gives_the_same_at_any_length(name, tmp_path, published):
    import onnx
    import onnxruntime

    published(name)
    encoding = Encoding(encoder=name, blocks=(1,), pool=("mean", "std"))
    rows = encoding.shape(16_000)
    net = nets.build("MLPClassifier", classes=3, shapes={"vector": rows})
    graph = Graph(net.eval(), {"vector": encoding.module()})
    shapes = {"vector": encoding.hears.shape(16_000)}
    path = tmp_path / "model.onnx"
    onnx.save(to_onnx(graph, shapes, free=["vector"]), path)
    session = onnxruntime.InferenceSession(path)
    for seconds in (0.7, 1.0, 1.9):
        clips = heard(name, voice(seconds), voice(seconds, 1))
        logits, _ = session.run(["logits", "embedding"], {"vector": clips.numpy()})
        with torch.inference_mode():
            assert_allclose(logits, graph(clips)[0], atol=1e-5)


def test_an_unknown_encoder_or_block_is_told_in_a_line():
    with pytest.raises(DataError, match="no encoder named whisper-basic; there is whisper-"):
        encoders.find("whisper-basic")
    with pytest.raises(DataError, match=r"whisper-made has the blocks 0 to 2; blocks is \[1, 3\]"):
        encoders.build("whisper-made", (1, 3))
    with pytest.raises(DataError, match=r"blocks of vgg16-made differ in size: name one"):
        encoders.build("vgg16-made", (4, 5))


# --- weights --------------------------------------------------------------------------------------


@EVERY_ENCODER
def test_the_official_file_is_taken(name, tmp_path, monkeypatch):
    official = publish(name, tmp_path, monkeypatch)
    assert not encoders.is_here(name)
    kept = encoders.get(name, official)
    assert encoders.is_here(name)
    assert kept.is_relative_to(tmp_path / "cache")
    depth = encoders.find(name).depth
    expected, loaded = drawn(name, (depth,)), encoders.load(name, (depth,))
    assert_equal_states(loaded, expected)
    assert not any(value.requires_grad for value in loaded.parameters())


def test_the_official_address_is_asked(tmp_path, monkeypatch):
    publish("whisper-made", tmp_path, monkeypatch)  # whose address is that of a file
    encoders.get("whisper-made")
    assert encoders.is_here("whisper-made")


def test_the_same_tensors_are_taken_in_any_file(tmp_path, monkeypatch):
    from dataclasses import replace

    tensors = drawn("whisper-made", (2,)).state_dict()
    [whisper] = [module for module in MADE if "whisper-made" in module.KNOWN]
    known = replace(whisper.KNOWN["whisper-made"], tensors_sha256=_weights.digest(tensors))
    monkeypatch.setitem(whisper.KNOWN, "whisper-made", known)
    learning = {name: torch.nn.Parameter(value) for name, value in tensors.items()}
    torch.save({**learning, "epoch": 3}, tmp_path / "same.pt")
    encoders.get("whisper-made", tmp_path / "same.pt")
    assert_equal_states(encoders.load("whisper-made", (2,)), drawn("whisper-made", (2,)))

    tensors["conv1.bias"] += 1e-6
    torch.save(tensors, tmp_path / "other.pt")
    with pytest.raises(DataError, match=r"other.pt: does not hold the published weights of whisp"):
        encoders.get("whisper-made", tmp_path / "other.pt")


@pytest.mark.parametrize("content", [b"", b"no weights", b"\x80\x02cposix\nsystem\n."])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_file_that_holds_no_weights_is_told_in_a_line(content, suffix, tmp_path):
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    with pytest.raises(DataError, match="bad.*: not a file of weights") as caught:
        encoders.get("whisper-made", path)
    assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="none.pt: No such file"):
        encoders.get("whisper-made", tmp_path / "none.pt")


@pytest.mark.filterwarnings("ignore:The creation functions that produce tensors")
@pytest.mark.parametrize(
    "content",
    [
        {"a": torch.nn.Parameter(torch.zeros(2))},
        {"a": torch.zeros(2, requires_grad=True)},
        {"a": torch.eye(2).to_sparse()},
        {"a": torch.quantize_per_tensor(torch.zeros(2), 0.1, 0, torch.qint8)},
        {"a": torch.zeros(2, device="meta")},
        {"a": torch.zeros(2, dtype=torch.complex64)},
        {"a": torch.zeros(2), 3: torch.zeros(2)},
        {"a": "no tensor"},
    ],
    ids=["parameter", "grad", "sparse", "quantized", "meta", "complex", "mixed names", "text"],
)
def test_a_file_of_other_tensors_is_told_in_a_line(content, tmp_path):
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(DataError, match="does not hold the published weights of whisper-made"):
        encoders.get("whisper-made", tmp_path / "other.pt")


def test_another_models_official_file_is_refused(tmp_path, monkeypatch):
    other = publish("whisper-made", tmp_path, monkeypatch)
    with pytest.raises(DataError, match="does not hold the published weights of hubert-made"):
        encoders.get("hubert-made", other)
    assert not encoders.is_here("hubert-made")


def test_missing_or_damaged_weights_are_told_in_a_line(published):
    with pytest.raises(DataError, match="intone encoders get whisper-made fetches them"):
        encoders.load("whisper-made", (1,))
    kept = published("whisper-made")
    kept.write_bytes(kept.read_bytes()[:-100])
    with pytest.raises(DataError, match="is damaged; delete it, and get whisper-made again"):
        encoders.load("whisper-made", (1,))


@pytest.mark.parametrize("tensors", [{}, {"conv1.bias": torch.zeros(3)}], ids=["none", "others"])
def test_weights_of_another_network_are_damaged(published, tensors):
    kept = published("whisper-made")
    whole = drawn("whisper-made", (2,)).state_dict() if tensors else {}
    save_file(whole | tensors, kept)
    with pytest.raises(DataError, match="is damaged; delete it, and get whisper-made again"):
        encoders.load("whisper-made", (1,))


def test_an_address_out_of_reach_names_the_file_option(monkeypatch):
    def refuse(*_, **__):
        raise URLError("no route")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    with pytest.raises(DataError, match=r"nowhere cannot be fetched \(no route\); .*--file FILE"):
        encoders.get("whisper-made")


def assert_equal_states(one: torch.nn.Module, other: torch.nn.Module) -> None:
    left, right = one.state_dict(), other.state_dict()
    assert left.keys() == right.keys()
    for key in left:
        assert_array_equal(left[key], right[key])


# --- the script that takes weights out of packages ------------------------------------------------

FETCH = runpy.run_path(str(Path(__file__).parent.parent / "scripts" / "fetch_encoders.py"))


def test_a_ctranslate2_model_is_named_as_ours(tmp_path):
    state = drawn("whisper-made", (2,)).half().state_dict()
    theirs = {"encoder/layer_0/unused": torch.zeros(1)}
    for key in ("conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias"):
        theirs[f"encoder/{key.replace('.', '/')}"] = state[key]
    for number in range(2):
        ours, place = f"layers.{number}", f"encoder/layer_{number}"
        norms = {"self_attention": "attn_ln", "ffn": "mlp_ln"}
        for part, norm in norms.items():
            theirs[f"{place}/{part}/layer_norm/gamma"] = state[f"{ours}.{norm}.weight"]
            theirs[f"{place}/{part}/layer_norm/beta"] = state[f"{ours}.{norm}.bias"]
        state[f"{ours}.attn.key.bias"] = torch.zeros(64)
        for part in ("weight", "bias"):
            attention = [state[f"{ours}.attn.{name}.{part}"] for name in ("query", "key", "value")]
            theirs[f"{place}/self_attention/linear_0/{part}"] = torch.cat(attention)
            theirs[f"{place}/self_attention/linear_1/{part}"] = state[f"{ours}.attn.out.{part}"]
            theirs[f"{place}/ffn/linear_0/{part}"] = state[f"{ours}.mlp.0.{part}"]
            theirs[f"{place}/ffn/linear_1/{part}"] = state[f"{ours}.mlp.2.{part}"]
        del state[f"{ours}.attn.key.bias"]
    _write_ctranslate2(theirs, tmp_path / "model.bin")
    found = FETCH["whisper"](tmp_path / "model.bin")
    assert found.keys() == state.keys()
    for key, value in found.items():
        assert_array_equal(value, state[key].numpy())


def _write_ctranslate2(tensors: dict[str, torch.Tensor], path: Path) -> None:
    def text(words: str) -> bytes:
        return struct.pack("<H", len(words) + 1) + words.encode() + b"\0"

    content = struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<II", 3, len(tensors))
    for name, value in tensors.items():
        values = value.half().numpy()
        shape = struct.pack(f"<B{values.ndim}I", values.ndim, *values.shape)
        content += text(name) + shape + struct.pack("<BI", 4, values.nbytes) + values.tobytes()
    path.write_bytes(content)


def test_a_pickle_of_arrays_may_hold_arrays_alone(tmp_path):
    kernel, bias = np.arange(54.0).reshape(3, 3, 3, 2), np.zeros(2)
    arrays = {"VGG16_0": {f"Conv_{n}": {"kernel": kernel, "bias": bias} for n in range(13)}}
    (tmp_path / "arrays").write_bytes(pickle.dumps(arrays))
    found = FETCH["vgg"](tmp_path / "arrays")
    assert_array_equal(found["layers.0.0.weight"], kernel.transpose(3, 2, 0, 1))
    (tmp_path / "more").write_bytes(pickle.dumps(Path))
    with pytest.raises(pickle.UnpicklingError, match=r"does not call pathlib.*Path"):
        FETCH["vgg"](tmp_path / "more")


# --- frozen, as an input --------------------------------------------------------------------------


def test_an_encoding_stacks_blocks_and_pools_over_time(published):
    published("whisper-made")
    sound = voice(1.0)
    frames = Encoding(encoder="whisper-made", blocks=(1, 2))(sound)
    assert (
        frames.shape == Encoding(encoder="whisper-made", blocks=(1, 2)).shape(16_000) == (128, 50)
    )
    pooled = Encoding(encoder="whisper-made", blocks=(1, 2), pool=("mean", "std"))
    expected = np.concatenate([frames.mean(axis=1), frames.std(axis=1)])
    assert_allclose(pooled(sound), expected, atol=1e-5)
    assert pooled.shape(16_000) == (256,)
    assert pooled(voice(0.4)).shape == (256,)


def test_an_encoding_hears_at_the_level_that_it_says(published):
    published("hubert-made")
    sound = voice(0.3)
    own = Encoding(encoder="hubert-made", blocks=(1,))
    assert_allclose(own(0.1 * sound), own(sound), atol=1e-3)  # it scales by itself
    levelled = Encoding(encoder="hubert-made", blocks=(1,), level="peak")
    assert_allclose(levelled.hears(0.1 * sound), levelled.hears(sound), atol=1e-6)
    assert own.to_dict() != levelled.to_dict()
    assert own.to_dict()["weights"] == encoders.find("hubert-made").file_sha256


def test_bfloat16_gives_nearly_the_same(published):
    published("whisper-made")
    sound = voice(1.0)
    exact, halved = (
        Encoding(encoder="whisper-made", blocks=(2,), precision=precision)(sound)
        for precision in ("float32", "bfloat16")
    )
    assert halved.dtype == np.float32
    assert 0 < np.abs(halved - exact).max() < 0.05 * np.abs(exact).max()


LINEAR = """
title = "a linear probe on a made encoder"
window = { length = 24_000, hop = 12_000, shortest = 4_800 }
protocol = { name = "unseen-speakers", folds = 2 }
inputs.vector = { encoder = "whisper-made", blocks = [1, 2], pool = ["mean", "std"] }
net.name = "LinearSVM"
training.epochs = 1
"""


def test_a_probe_learns_from_a_frozen_encoder_which_hears_each_clip_once(
    tmp_path, made_corpus, published, monkeypatch
):
    published("whisper-made")
    (tmp_path / "linear.toml").write_text(LINEAR)
    recipe = Recipe.load(tmp_path / "linear.toml")
    clips = corpora.read("folder", made_corpus, speaker="(s[0-7])-")
    subject = experiment.prepare(recipe, clips)
    split = subject.splits[0]
    fitted = experiment.fit(subject, split.train, seed=0, last_epoch=1)
    part = experiment.part(subject, split.test, fitted.scalers)
    assert (training.predict(fitted.net, part).argmax(axis=1) == part.targets).mean() > 0.8

    monkeypatch.setattr(Encoding, "__call__", None)  # what was heard is in the cache
    again = experiment.prepare(recipe, clips)
    assert_array_equal(again.data.fixed["vector"], subject.data.fixed["vector"])


# --- unfrozen, as a part of a net -----------------------------------------------------------------


def tuned(name: str = "whisper-made", seconds: float = 0.5, **options) -> FineTuned:
    torch.manual_seed(0)
    shape = encoders.front_end(name).shape(round(16_000 * seconds))
    options = {"pretrained": name, **options}
    return nets.build("FineTuned", classes=3, shapes={"frames": shape}, options=options)


def test_parameters_are_report_bs():
    with torch.device("meta"):
        net = nets.build("FineTuned", classes=7, shapes={"frames": (1, 48_000)})
    assert nets.parameters(net) == 94_377_095


@pytest.mark.parametrize(
    ("unfrozen", "trainable"),
    [(0, 12_945_415), (1, 15_305_223), (2, 17_665_031), (3, 20_024_839)],
)
def test_parameters_of_vgg16_are_report_bs(unfrozen, trainable):
    def made(rows: int, frames: int, **options) -> torch.nn.Module:
        with torch.device("meta"):
            shapes = {"frames": (rows, frames)}
            return nets.build("VGG16", classes=7, shapes=shapes, options=options)

    whole = made(224, 224, unfrozen=unfrozen)
    assert nets.parameters(whole) == trainable
    assert sum(value.numel() for value in whole.parameters()) == 27_660_103
    assert nets.parameters(made(512 * 14, 14, after=4, unfrozen=unfrozen)) == trainable


def test_vgg16_after_a_block_is_the_whole_on_what_the_encoder_gives(published):
    published("vgg16-made")
    sound = voice(1.0)
    shapes = {"frames": encoders.front_end("vgg16-made").shape(len(sound))}
    options = {"pretrained": "vgg16-made", "first": 8, "second": 4}
    torch.manual_seed(0)
    whole = nets.build("VGG16", classes=3, shapes=shapes, options=options).eval()
    whole.load_published()
    for block in (3, 4, 5):
        encoding = Encoding(encoder="vgg16-made", blocks=(block,))
        shapes = {"frames": encoding.shape(len(sound))}
        options = {"pretrained": "vgg16-made", "first": 8, "second": 4, "after": block}
        above = nets.build("VGG16", classes=3, shapes=shapes, options=options).eval()
        above.load_published()
        above.dense.load_state_dict(whole.dense.state_dict())
        above.head.load_state_dict(whole.head.state_dict())
        with torch.inference_mode():
            expected = whole(heard("vgg16-made", sound))
            given = above(torch.from_numpy(encoding(sound))[None])
        assert_allclose(given, expected, atol=1e-6)
    with pytest.raises(DataError, match="3 convolutions stand after block 4"):
        nets.build(
            "VGG16",
            classes=3,
            shapes={"frames": (512 * 14, 14)},
            options={"after": 4, "unfrozen": 4},
        )


def test_frozen_blocks_stay_as_published_and_the_others_learn(published):
    published("hubert-made")
    net = tuned("hubert-made", unfrozen=1).train()
    net.load_published()
    before = {name: value.clone() for name, value in net.encoder.named_parameters()}
    assert not net.encoder.layers[0].training
    assert net.encoder.layers[1].training
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    functional.cross_entropy(net(heard("hubert-made", voice(0.5))), torch.tensor([1])).backward()
    optimizer.step()
    changed = {
        name for name, value in net.encoder.named_parameters() if (value != before[name]).any()
    }
    assert changed
    assert all("layers.1." in name for name in changed)


def test_blocks_learn_slower_the_lower_they_stand():
    net = tuned(blocks=[1, 2], rate=0.5, decay=0.1)
    groups = nets.rates(net)
    assert [share for _, share in groups] == pytest.approx([0.5, 0.05, 0.005, 1.0])
    counted = [value for group, _ in groups for value in group]
    assert len(counted) == len(set(counted)) == len(list(net.parameters()))
    [top, *_, own] = [set(group) for group, _ in groups]
    assert top == set(net.encoder.layers[1].parameters())
    assert own == {net.mix, *net.head.parameters()}


def test_the_loop_gives_each_block_its_own_rate():
    """A step of Adam is as long as the learning rate, whatever the gradient."""
    net = tuned(rate=0.5, decay=0.1)
    before = {name: value.detach().clone() for name, value in net.named_parameters()}
    recipe = Recipe.load(shipped()["b/b7"], ["training.batch_size=4", "training.epochs=1"])
    frames = heard("whisper-made", *(voice(0.5, seed) for seed in range(4))).numpy()
    part = training.Part(
        np.arange(4), np.array([0, 1, 2, 0]), np.eye(3, dtype=np.float32)[[0, 1, 2, 0]],
        lambda rows: {"frames": frames[rows]},
    )  # fmt: skip
    settings = recipe.training.model_copy(update={"learning_rate": 1e-3})
    training.fit(net, lambda epoch: part, None, settings, seed=0)
    step = {
        name: (value.detach() - before[name]).abs().max().item()
        for name, value in net.named_parameters()
    }
    assert step["head.weight"] == pytest.approx(1e-3, rel=0.05)
    assert step["encoder.layers.1.mlp.0.weight"] == pytest.approx(5e-4, rel=0.05)
    assert step["encoder.layers.0.mlp.0.weight"] == pytest.approx(5e-5, rel=0.05)
    assert step["encoder.conv1.weight"] == pytest.approx(5e-6, rel=0.05)


@pytest.mark.parametrize("name", ["whisper-made", "wav2vec2-made"])
def test_checkpointing_changes_no_gradient(name):
    clips, gradients = heard(name, voice(0.5)), []
    for checkpointing in (False, True):
        net = tuned(name, checkpointing=checkpointing).train()
        torch.manual_seed(1)
        net(clips).square().sum().backward()
        gradients.append([value.grad for value in net.encoder.layers.parameters()])
    for kept, anew in zip(*gradients, strict=True):
        assert_allclose(anew, kept, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"blocks": [2]}, lambda states: states[2].mean(1)),
        (
            {"blocks": [1], "pool": "mean and std"},
            lambda states: torch.cat([states[1].mean(1), states[1].std(1, correction=0)]),
        ),
        ({"blocks": [0, 2]}, lambda states: (0.25 * states[0] + 0.75 * states[2]).mean(1)),
    ],
)
def test_a_head_hears_a_mix_of_blocks_pooled_over_time(options, expected):
    net = tuned(**options).eval()
    if net.mix is not None:
        net.mix.data = torch.tensor([0.0, np.log(3.0)], dtype=torch.float32)
    clips = heard("whisper-made", voice(0.5))
    whole = encoders.build("whisper-made", (0, 1, 2))
    whole.load_state_dict(net.encoder.state_dict(), strict=False)
    with torch.inference_mode():
        given = net(clips)[0]
        assert_allclose(given, net.head(expected(whole.eval()(clips)[0])), atol=1e-5)


def test_what_cannot_be_tuned_is_told_in_a_line():
    options, shapes = {"pretrained": "whisper-made"}, {"frames": (64, 64)}
    with pytest.raises(DataError, match="whisper-made hears 80 rows, not 64"):
        nets.build("FineTuned", classes=3, shapes=shapes, options=options)
    with pytest.raises(DataError, match="vgg16-made has no Transformer blocks"):
        tuned("vgg16-made")


def test_a_fit_begins_with_the_published_weights(tmp_path, made_corpus, published):
    recipe = Recipe.load(
        shipped()["b/b7-whisper"],
        [
            "window={length=8000, hop=8000}",
            "protocol={name='unseen-speakers', folds=2}",
            "labels.mapping='as-labelled'",
            "net.options={pretrained='whisper-made', unfrozen=1}",
        ],
    )
    clips = corpora.read("folder", made_corpus, speaker="(s[0-7])-")[::6]
    with pytest.raises(DataError, match="the weights of whisper-made are not on this machine"):
        experiment.prepare(recipe, clips)
    published("whisper-made")
    subject = experiment.prepare(recipe, clips)
    fitted = experiment.fit(subject, [clip.id for clip in clips], seed=0, last_epoch=1)
    expected = encoders.load("whisper-made", (2,))
    assert_array_equal(fitted.net.encoder.conv1.weight, expected.conv1.weight)
    assert_equal_states(fitted.net.encoder.layers[0], expected.layers[0])
    assert (fitted.net.encoder.layers[1].mlp[0].weight != expected.layers[1].mlp[0].weight).any()


@pytest.mark.parametrize("name", shipped())
def test_a_recipe_that_tunes_an_encoder_hears_as_the_encoder_does(name):
    recipe = Recipe.load(shipped()[name])
    default = {"FineTuned": "wav2vec2-base", "VGG16": "vgg16"}.get(recipe.net.name)
    spec = recipe.inputs.get("frames")
    if default is None or not isinstance(spec, Input):
        return
    pretrained = recipe.net.options.get("pretrained", default)
    assert spec.front_end == encoders.front_end(pretrained)
    assert not spec.scale


def test_front_ends_are_what_the_encoders_were_trained_on():
    assert encoders.front_end("wav2vec2-base") == FrontEnd(
        features=(Samples(),), n_fft=1, hop_length=1, center=False
    )
    assert encoders.front_end("vgg16").features == (LogMel(n_mels=224, ref="max"),)


# --- the command line -----------------------------------------------------------------------------


def test_without_transformers_recipes_are_listed_and_its_encoders_name_the_extra(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    code, out, _ = run("recipes")
    assert code == 0
    assert "b/b7 " in out
    code, _, err = run("recipes", "--show", "b/b7")
    assert (code, err) == (2, "intone: this needs transformers: pip install 'intone[encoders]'\n")


def test_the_list_says_what_is_here(run, published):
    published("whisper-made")
    code, out, _ = run("encoders")
    rows = {line.split()[0]: line.split() for line in out.splitlines()}
    assert code == 0
    assert rows["whisper-base"][1:4] == ["19,821,568", "6", "no"]
    assert rows["whisper-made"][3] == "yes"
    assert set(encoders.known()) < set(rows)


def test_weights_are_got_from_a_file_or_refused(run, tmp_path, monkeypatch):
    official = publish("whisper-made", tmp_path, monkeypatch)
    code, out, err = run("encoders", "get", "whisper-made", "--file", official)
    assert (code, out) == (0, "")
    assert "the published weights" in err
    code, _, err = run("encoders", "get", "whisper-base", "--file", official)
    assert code == 2
    assert err.count("\n") == 1
    assert "does not hold the published weights of whisper-base; take https://" in err
