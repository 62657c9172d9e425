"""Predictions say when to doubt them: candidates, and a warning where nobody speaks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import intone
from intone import calibration, files, runtime
from intone.calibration import Candidates
from intone.description import FORMAT_VERSION, Description
from intone.errors import ModelError
from made_model import LABELS, RATE, example, made_model, quiet, talk

HALF = Candidates(threshold=0.3, coverage=0.8)


def test_a_prediction_and_its_windows_have_the_model_s_candidates():
    model = made_model(candidates=HALF)
    heard = model.predict(example("calm"), sample_rate=RATE)
    assert heard.threshold == 0.3
    ranked = sorted(LABELS, key=heard.probabilities.__getitem__, reverse=True)
    likely = [label for label in ranked if heard.probabilities[label] >= 0.3]
    assert heard.candidates == (tuple(likely) or (ranked[0],))
    assert {part.threshold for part in heard.timeline} == {0.3}
    plain = heard.to_dict()
    assert plain["candidates"] == [*heard.candidates]
    assert plain["timeline"][0]["emotion"] == heard.timeline[0].emotion
    assert "threshold" not in plain


def test_a_timeline_has_them_and_answers_relative_to_a_baseline_have_none():
    model = made_model(candidates=HALF)
    timeline = model.timeline(talk(), sample_rate=RATE)
    for part in (*timeline.windows, *timeline.utterances, *timeline.segments):
        assert part.threshold == 0.3
    first = model.timeline(talk(), sample_rate=RATE, first=5)
    assert {part.threshold for part in first.utterances} == {None}
    relative = model.relative_to(example("calm"), sample_rate=RATE)
    assert relative.predict(example("agitated"), sample_rate=RATE).candidates == ()


def test_the_bundled_model_says_how_sure_it_is():
    candidates = intone.load().description.candidates
    assert candidates is not None
    assert candidates.coverage == 0.9
    assert 0.05 < candidates.threshold < 0.5


def test_where_nobody_speaks_there_is_a_warning(rng):
    model = made_model()
    noise = (0.05 * rng.standard_normal(3 * RATE)).astype(np.float32)
    assert model.predict(noise, sample_rate=RATE).warnings == ("no speech found",)
    silence = model.predict(np.zeros(RATE, np.float32), sample_rate=RATE)
    assert silence.warnings == ("digital silence", "no speech found")
    assert model.predict(example("calm"), sample_rate=RATE).warnings == ()
    late = np.concatenate([quiet(70), example("calm"), quiet(1)])  # in the third block
    assert model.predict(late, sample_rate=RATE).warnings == ()


def test_the_large_model_is_made_once_and_kept_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("INTONE_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match="intone train default/large .* --output large"):
        runtime.load("large")
    place = runtime.located(runtime.LARGE)
    assert place == tmp_path / "models" / "large.onnx" == files.cache_folder() / "models/large.onnx"
    place.parent.mkdir()
    place.write_bytes(intone.load().path.read_bytes())
    assert runtime.load("large").path == place
    assert runtime.located(Path("other.onnx")) == Path("other.onnx")


def test_what_is_kept_of_candidates_comes_back():
    description = replace(intone.load().description, candidates=HALF)
    again = Description.from_json(description.to_json(), "x")
    assert again.candidates == HALF
    assert again.format_version == FORMAT_VERSION


@pytest.mark.parametrize(("threshold", "coverage"), [(-0.1, 0.9), (1.1, 0.9), (0.2, 0), (0.2, 1)])
def test_shares_are_shares(threshold, coverage):
    with pytest.raises(ValueError, match="threshold .* for coverage"):
        calibration.Candidates(threshold=threshold, coverage=coverage)
