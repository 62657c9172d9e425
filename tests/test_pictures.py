"""Pictures show the numbers they are given, and pages can be read by everybody, offline."""

import base64
import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from conftest import made_voice
from full_disk import full_disk
from intone import corpora, emotions
from intone.errors import IntoneError
from intone.features import Chroma, FrontEnd, LogMel
from intone.report import corpora_page, page, pictures, style
from intone.report.pictures import PANELS, Scale

SAMPLE_RATE = 16_000


def texts(figure) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", style.svg(figure, "x"))


# Colours.

# Machado, Oliveira and Fernandes (2009), severity 1.
EYES = {
    "typical": np.eye(3),
    "protanope": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranope": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanope": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(colour: str) -> np.ndarray:
    values = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Linear RGB -> Oklab, where 0.02 is a difference that is just seen (Ottosson, 2020)."""
    cones = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    return np.array(lab) @ np.cbrt(np.array(cones) @ np.clip(rgb, 0, 1))


def test_every_emotion_has_a_colour_and_other_words_share_one():
    assert tuple(style.EMOTIONS) == emotions.EMOTIONS
    assert style.emotion_colour("sarcastic") == style.emotion_colour("amused")


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("palette", ["EMOTIONS", "SEXES"])
def test_colours_are_told_apart_by_colour_blind_eyes_too(eyes, palette):
    seen = {
        name: oklab(np.array(EYES[eyes]) @ linear(colour))
        for name, colour in getattr(style, palette).items()
    }
    for one, other in combinations(seen, 2):
        assert np.linalg.norm(seen[one] - seen[other]) > 0.055, f"{one} and {other}"


# Corpora.


def test_stacked_bars_are_the_counts_and_name_their_sums():
    counts = {"One": {"angry": 3, "neutral": 2}, "Two": {"neutral": 1, "sad": 1200}}
    figure = pictures.classes_by_origin(counts)
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["neutral", "sad", "angry"]
    first, second = axes.containers
    assert [bar.get_width() for bar in first] == [2, 0, 3]
    assert [(bar.get_x(), bar.get_width()) for bar in second] == [(2, 1), (0, 1200), (3, 0)]
    assert {"One", "Two", "3", "1,200"} <= {*texts(figure)}


def test_a_corpus_s_bars_are_shares_in_the_emotions_colours():
    figure = pictures.classes({"neutral": 10, "angry": 30}, largest_share=0.75)
    (bars,) = figure.axes[0].containers
    assert [bar.get_width() for bar in bars] == [25, 75]
    assert figure.axes[0].get_xlim()[1] > 75
    assert style.EMOTIONS["angry"] in style.svg(figure, "x")
    assert {"10", "30"} <= {*texts(figure)}


def test_hills_share_their_axis_and_have_their_medians():
    figure = pictures.spreads({"One": [1, 2, 2, 4], "Two": [7, 7, 7]}, label="seconds")
    first, second = figure.axes
    assert first.get_xlim() == second.get_xlim()
    assert [axes.lines[0].get_xdata()[0] for axes in figure.axes] == [2, 7]
    heights = first.patches[0].get_data().values
    assert (heights.sum(), heights.max()) == (4, 2)
    assert {"One", "Two", "seconds"} <= {*texts(figure)}


def test_equal_values_are_a_hill_too():
    assert pictures.spreads({"One": [2.0]}, label="s").axes[0].lines[0].get_xdata()[0] == 2


def test_mean_mfccs_leave_the_level_out():
    figure = pictures.mean_mfccs({"female": [-400, 5, 3], "male": [-300, 4, -2]}, reach=8)
    female, male = figure.axes[0].lines[:2]
    assert [*female.get_xdata()] == [1, 2]
    assert [*female.get_ydata()] == [5, 3]
    assert [*male.get_ydata()] == [4, -2]
    assert figure.axes[0].get_ylim() == (-8, 8)
    assert female.get_linestyle() != male.get_linestyle()


# Clips.


@pytest.fixture(scope="session")
def voice() -> np.ndarray:
    return made_voice(200, 1.5, np.random.default_rng(3))


def test_a_clip_s_panels_show_its_features(voice):
    figure = pictures.clip(voice, Scale(seconds=2, peak=0.5))
    assert len(figure.axes) == 2 * len(PANELS) == 10
    shown = {axes.get_title(loc="left"): axes for axes in figure.axes[::2]}
    for kind, feature in (("log-mel", LogMel(n_mels=64)), ("chroma", Chroma())):
        (image,) = shown[kind].images
        values = FrontEnd(features=(feature,), n_fft=1024, hop_length=256)(voice)
        np.testing.assert_array_equal(image.get_array(), values)
    assert shown["MFCC"].images[0].get_array().shape[0] == 39
    first, last = shown["chroma"].images[0].get_extent()[:2]
    assert (first, last) == pytest.approx((-0.008, 1.5), abs=0.01)  # seconds
    assert shown["chroma"].get_xlim() == (0, 2)


def test_a_tone_stands_in_the_spectrogram_at_its_pitch_and_level():
    tone = np.sin(2 * np.pi * 2000 * np.arange(16_000) / 16_000).astype(np.float32) / 10
    axes = pictures.clip(tone, Scale.of([tone]), panels=["spectrogram"]).axes[0]
    column = axes.images[0].get_array()[:, 30]
    assert column.max() == pytest.approx(-20, abs=0.1)
    (two,) = [
        place
        for place, label in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
        if label.get_text() == "2"
    ]
    assert column.argmax() == two


def test_axes_and_colours_of_clips_compare(voice):
    loud, soft = voice, voice[:8_000] / 10
    scale = Scale.of([loud, soft])
    assert scale == Scale(seconds=1.5, peak=0.5)
    for first, second in zip(
        pictures.clip(loud, scale).axes, pictures.clip(soft, scale).axes, strict=True
    ):
        assert first.get_xlim() == second.get_xlim()
        assert first.get_ylim() == second.get_ylim()
        assert [i.get_clim() for i in first.images] == [i.get_clim() for i in second.images]


@pytest.mark.parametrize("samples", [np.zeros(1600, np.float32), np.full(1600, 1, np.float32)])
def test_silence_and_the_shortest_clip_are_drawn(samples):
    svg = style.svg(pictures.clip(samples, Scale.of([samples])), "x")
    assert "nan" not in svg.split("base64")[0]


# As SVG.


def test_svg_is_sound_and_its_ids_are_the_picture_s_own(voice):
    figure = pictures.clip(voice, Scale.of([voice]), panels=["waveform", "chroma"])
    drawn = {name: style.svg(figure, name) for name in ("one", "two")}
    ids = {}
    for name, svg in drawn.items():
        elements = list(ElementTree.fromstring(svg).iter())
        ids[name] = {element.get("id") for element in elements} - {None}
        links = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg)
        assert {a or b for a, b in links} <= ids[name]
    assert not ids["one"] & ids["two"]
    assert drawn["one"] == style.svg(figure, "one")
    assert "waveform" in texts(figure)


def test_a_page_s_picture_takes_the_page_s_colours_and_has_words():
    svg = style.svg(pictures.classes({"angry": 1}, largest_share=1), "x")
    element = style.inline(svg, 'a "bar" & more')
    assert 'role="img" aria-label="a &quot;bar&quot; &amp; more"' in element
    for colour in (style.INK, style.MUTED, style.PAPER):
        assert colour in svg
        assert colour not in element
    assert {"currentColor", "var(--muted)", "var(--paper)"} <= {
        word for word in re.findall(r"currentColor|var\(--\w+\)", element)
    }


# The page of corpora, as `intone corpora stats` makes it.


class Reader(HTMLParser):
    """Everything that a page is made of: (tag, attributes)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="session")
def rebuilt(tmp_path_factory):
    """Two clips named as CREMA-D's, rebuilt audio."""
    root = tmp_path_factory.mktemp("rebuilt")
    (root / "rebuilt_index.csv").touch()
    rng = np.random.default_rng(1)
    for name in ("1001_DFA_ANG_XX", "1001_DFA_SAD_XX"):
        soundfile.write(root / f"{name}.wav", made_voice(150, 0.5, rng), SAMPLE_RATE)
    return root


def test_the_page_is_whole_reads_well_and_needs_nothing_else(run, made_corpus, rebuilt, tmp_path):
    code, out, err = run(
        *("corpora", "stats", "--data", f"folder={made_corpus}"),
        *("--data", f"crema_d_rebuilt={rebuilt}", "--speaker", r"(s\d)-"),
        *("--clip", "folder/sad/s0-1.wav", "--clip", "crema_d_rebuilt/1001_DFA_ANG_XX"),
        *("--output", tmp_path / "out"),
    )
    assert code == 0
    assert re.search(r"^sad +32 +1 +33$", out, re.M)
    assert "CREMA-D, rebuilt audio" in out
    assert "index.html: open it" in err

    html = (tmp_path / "out" / "index.html").read_text()
    read = Reader(html)
    assert "98 clips" in read.text
    assert len(re.findall(r"CREMA-D(?!, rebuilt audio)", read.text.split("Licences")[0])) == 0
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len({*ids})
    assert all(picture["role"] == "img" and picture["aria-label"] for picture in read.all("svg"))
    assert all(head["scope"] in ("row", "col") for head in read.all("th"))
    assert len(read.all("caption")) == len(read.all("table")) == 5
    assert not read.all("script") + read.all("link") + read.all("img")
    for tag, attributes in read.elements:
        assert (attributes.get("src") or "data:").startswith("data:"), tag
        if tag != "a":
            href = attributes.get("xlink:href") or attributes.get("href") or "#"
            assert href.startswith(("#", "data:")), tag
    assert "prefers-color-scheme: dark" in html

    heard = [audio["src"].partition("base64,")[2] for audio in read.all("audio")]
    assert len(heard) == 4  # two clips, and the first again without and with noise
    original, _ = soundfile.read(made_corpus / "sad" / "s0-1.wav")
    first, _, clean, noisy = (soundfile.read(io.BytesIO(base64.b64decode(one)))[0] for one in heard)
    np.testing.assert_allclose(first, original, atol=2**-15)
    np.testing.assert_array_equal(first, clean)
    assert 10 * np.log10(np.var(clean) / np.var(noisy - clean)) == pytest.approx(15, abs=0.1)

    numbers = json.loads((tmp_path / "out" / "statistics.json").read_text())
    assert numbers["together"]["clips"] == 98
    drawn = {path.name for path in (tmp_path / "out" / "pictures").iterdir()}
    assert {"classes.svg", "classes-folder.png", "durations.svg", "clip-2.png"} <= drawn
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("index.html", "statistics.json", "pictures")
    }


def test_without_names_one_voice_is_drawn_in_each_of_its_emotions(made_corpus):
    utterances = corpora.read("folder", made_corpus, speaker=r"(s\d)-")

    def draw(seed: int) -> list[tuple[str, str | None]]:
        chosen = corpora_page.choose(utterances, rng=np.random.default_rng(seed))
        return [(clip.id, clip.speaker) for clip in chosen]

    drawn = [draw(seed) for seed in range(6)]
    for clips in drawn:
        assert [id.split("/")[1] for id, _ in clips] == ["neutral", "sad", "angry"]
        assert len({speaker for _, speaker in clips}) == 1
    assert len({clips[0] for clips in drawn}) > 1
    assert draw(0) == drawn[0]


def test_one_sentence_is_drawn_where_a_voice_says_it_in_several_emotions(speech):
    utterances = corpora.read("tess", speech / "tess")
    chosen = corpora_page.choose(utterances, rng=np.random.default_rng(0))
    assert len(chosen) == 7
    assert len({clip.sentence for clip in chosen}) == 1


def test_what_cannot_be_is_one_line(run, made_corpus, tmp_path):
    data = ("--data", f"folder={made_corpus}")
    code, out, err = run("corpora", "stats", *data, "--clip", "folder/x.wav")
    assert (code, out) == (2, "")
    assert err == "intone: no clip folder/x.wav in the data; ids are like folder/angry/s0-0.wav\n"
    (tmp_path / "file").touch()
    code, _, err = run("corpora", "stats", *data, "--output", tmp_path / "file", "--quiet")
    assert code == 2
    assert "cannot be written" in err
    assert err.count("\n") == 1


def test_without_matplotlib_the_extra_is_named(made_corpus):
    code = "import sys; sys.modules['matplotlib'] = None; from intone import cli; cli.main()"
    command = [sys.executable, "-c", code, "corpora", "stats", "--data", f"folder={made_corpus}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "intone: pictures need matplotlib: pip install 'intone[report]'\n"


def test_a_page_escapes_what_users_wrote():
    shown = page.table([["a <b>"], ["<script>"]], 'of "them"')
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert 'aria-label="of &quot;them&quot;"' in shown


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_a_full_disk_leaves_no_half_of_a_picture(kind, tmp_path):
    figure = style.bars(width=3, height=2)[0]
    picture = page.Picture(name="made", figure=figure, description="nothing")
    if kind == "png":
        vars(picture)["svg"] = "<svg/>"  # for which there is room
    with full_disk(), pytest.raises(IntoneError, match=rf"made.{kind}: cannot be written: .*room"):
        picture.save(tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".svg"][: kind == "png"]
