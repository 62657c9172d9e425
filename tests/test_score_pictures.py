"""Pictures of scores, training and reasons show the numbers they are given."""

import re

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from intone.assessment.breakdowns import Voice
from intone.assessment.explanation import Answer, Explanation, Occluded
from intone.assessment.reliability import Bin, Point
from intone.evaluation import Interval
from intone.report import explanation_pictures, score_pictures, style, training_pictures
from intone.report.score_pictures import Row


def texts(figure) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", style.svg(figure, "x"))


def test_a_stamp_stands_below_a_figure_and_covers_nothing_of_it():
    figure = score_pictures.headline(Interval(0.46, 0.43, 0.5), {"chance": 0.125})
    before, texts_before = figure.get_size_inches(), texts(figure)
    edges = style.stamp(figure, "leaky, wrong labels")
    assert (edges.x0, edges.x1, edges.y1) == (0, *before)
    assert texts(figure) == [*texts_before, "leaky, wrong labels"]
    drawn = figure.texts[-1].get_window_extent().transformed(figure.dpi_scale_trans.inverted())
    assert edges.y0 <= drawn.y0 < drawn.y1 <= 0
    height = float(re.search(r'height="([\d.]+)pt"', style.svg(figure, "x", edges))[1])
    assert height == pytest.approx(72 * (before[1] - edges.y0), abs=0.1)


# Answers.


def test_a_confusion_matrix_has_every_count_and_its_share_of_the_row():
    counts = [[3, 1], [0, 40]]
    figure = score_pictures.confusion_matrices(["calm", "a$b$"], {"": counts})
    (axes,) = figure.axes
    alphas = [patch.get_facecolor()[3] for patch in axes.patches]
    assert alphas == [0.75, 0.25, 0, 1]
    assert all(patch.get_facecolor()[:3] == to_rgba(style.FILL)[:3] for patch in axes.patches)
    assert [text.get_text() for text in axes.texts] == ["75", "3", "25", "1", "0", "0", "100", "40"]
    assert axes.texts[0].get_color() == style.INK
    assert axes.texts[6].get_color() == style.ON_FILL
    assert texts(figure).count("a$b$") == 2
    assert axes.get_ylim() == (2, 0)  # truth reads from the top


def test_matrices_stand_side_by_side_with_their_names():
    figure = score_pictures.confusion_matrices(
        ["calm", "sad"], {"one": [[1, 0], [0, 1]], "two": [[0, 1], [1, 0]]}
    )
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["one", "two"]
    first, second = (axes.get_position() for axes in figure.axes)
    assert first.x1 < second.x0
    assert texts(figure).count("truth") == 1


def test_a_class_without_clips_has_no_shares_and_no_fault():
    figure = score_pictures.confusion_matrices(["calm", "sad"], {"": [[0, 0], [1, 1]]})
    assert [text.get_text() for text in figure.axes[0].texts[:4]] == ["0", "0", "0", "0"]


def test_the_headline_stands_at_its_rate_between_its_marks():
    figure = score_pictures.headline(Interval(0.46, 0.43, 0.5), {"chance": 0.125, "people": 0.67})
    scale, interval, dot, chance, people = figure.axes[0].lines
    assert [*scale.get_xdata()] == [0, 100]
    assert [*interval.get_xdata()] == [43, 50]
    assert [*dot.get_xdata()] == [46]
    assert {*chance.get_xdata()} == {12.5}
    assert {*people.get_xdata()} == {67}
    assert {"46.0 %", "chance 12.5", "people 67"} <= {*texts(figure)}
    without = score_pictures.headline(Interval(0.46, None, None), {})
    assert len(without.axes[0].lines) == 2


def test_intervals_are_drawn_where_there_are_any_and_small_groups_are_hollow():
    rows = [
        Row(name="many", rate=Interval(0.5, 0.4, 0.6)),
        Row(name="few", rate=Interval(0.3, None, None), faint=True),
    ]
    figure = score_pictures.intervals(rows, label="UAR, %", marks={"chance": 0.25})
    bar, many, few, chance = figure.axes[0].lines
    assert [*bar.get_xdata()] == [40, 60]
    assert [*many.get_xdata()] == [50]
    assert (many.get_markerfacecolor(), few.get_markerfacecolor()) == (style.ACCENT, style.PAPER)
    assert {*chance.get_xdata()} == {25}
    assert {"many", "few", "50.0", "30.0", "chance", "UAR, %"} <= {*texts(figure)}


def test_voices_are_one_above_the_other_and_none_covers_another():
    voices = [Voice(f"s{n}", 10, uar, sex) for n, (uar, sex) in enumerate(
        [(0.51, "female"), (0.52, "male"), (0.9, None), (0.1, "male")])]  # fmt: skip
    figure = score_pictures.voices(voices, chance=0.2)
    places = [
        (line.get_xdata()[0], line.get_ydata()[0], line.get_marker())
        for line in figure.axes[0].lines[:4]
    ]
    assert [place[:2] for place in places] == [
        (51.25, 0.5),
        (51.25, 1.5),
        (91.25, 0.5),
        (11.25, 0.5),
    ]
    assert [place[2] for place in places] == ["o", "^", "s", "^"]
    assert {"female", "male", "chance"} <= {*texts(figure)}


def test_pairs_are_joined():
    figure = score_pictures.pairs([("sad", 0.2, 0.8)], names=("listeners", "model"))
    joint, listeners, model = figure.axes[0].lines
    assert [*joint.get_xdata()] == [20, 80]
    assert [*listeners.get_xdata()] == [20]
    assert [*model.get_xdata()] == [80]
    assert {"sad", "listeners", "model"} <= {*texts(figure)}


# Calibration.


def test_reliability_has_a_bar_and_a_dot_for_every_bin():
    bins = [
        Bin(low=0.2, high=0.4, answers=30, confidence=0.33, accuracy=0.5),
        Bin(low=0.4, high=0.6, answers=10, confidence=0.45, accuracy=0.4),
    ]
    rates, counts = score_pictures.reliability(bins).axes
    assert [(bar.get_x(), bar.get_height()) for bar in rates.patches] == [(20, 50), (40, 40)]
    assert [*rates.lines[0].get_xdata()] == [33, 45]
    assert [*rates.lines[0].get_ydata()] == [50, 40]
    assert [bar.get_height() for bar in counts.patches] == [75, 25]


def test_the_risk_coverage_curve_is_its_points():
    (line,) = score_pictures.risk_coverage([Point(0.5, 0.1), Point(1, 0.3)]).axes[0].lines
    assert [*line.get_xdata()] == [50, 100]
    assert [*line.get_ydata()] == pytest.approx([10, 30])


# Training.


def fit(epochs: int, best: int) -> dict:
    rows = [
        {
            "epoch": epoch,
            "train_loss": 1 / epoch,
            "validation_loss": 2 / epoch,
            "validation_uar": epoch / 10,
        }
        for epoch in range(1, epochs + 1)
    ]
    return {"history": rows, "best_epoch": best}


def test_learning_curves_are_a_run_s_losses_and_rates_with_the_best_epochs():
    runs = {"B1": {"fold 0": fit(2, 2), "fold 1": fit(1, 1)}, "B2": {"fold 0": fit(2, 1)}}
    figure = training_pictures.learning_curves(runs)
    first, second, rates, _ = figure.axes
    assert [axes.get_title(loc="left") for axes in (first, second)] == ["B1", "B2"]
    training, validation, best, *_ = first.lines
    assert [*training.get_ydata()] == [1, 0.5]
    assert training.get_linestyle() == "--"
    assert [*validation.get_ydata()] == [2, 1]
    assert (best.get_xdata()[0], best.get_ydata()[0]) == (2, 1)
    assert [*rates.lines[0].get_ydata()] == [10, 20]
    assert first.get_ylim() == second.get_ylim()
    assert {"fold 0", "training", "loss", "validation UAR, %"} <= {*texts(figure)}


def test_a_fit_without_validation_has_its_training_alone():
    history = [{"epoch": 1, "train_loss": 1.0, "validation_loss": None, "validation_uar": None}]
    figure = training_pictures.learning_curves({"": {"x": {"history": history, "best_epoch": 1}}})
    assert [*figure.axes[0].lines[0].get_ydata()] == [1]
    assert len(figure.axes[1].lines[0].get_xdata()) == 0


def test_many_fits_are_not_named():
    runs = {"": {f"fold {n}": fit(1, 1) for n in range(24)}}
    assert "fold 3" not in texts(training_pictures.learning_curves(runs))


def test_losses_alone_have_a_panel_a_run_and_share_their_axes():
    runs = {f"code {n}": {"fold 0": fit(2, 2)} for n in range(6)} | {"last": {"fold 0": fit(4, 3)}}
    figure = training_pictures.loss_curves(runs)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [*runs]
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    training, validation, best, *_ = figure.axes[-1].lines
    assert [*training.get_ydata()] == [1, 1 / 2, 1 / 3, 1 / 4]
    assert [*validation.get_ydata()] == [2, 1, 2 / 3, 1 / 2]
    assert (best.get_xdata()[0], best.get_ydata()[0]) == (3, 2 / 3)
    named = [axes.get_title(loc="left") for axes in figure.axes if axes.get_xlabel() == "epoch"]
    assert named == ["code 3", "code 4", "code 5", "last"]  # four columns, the last of one panel
    assert texts(figure).count("fold 0") == 1


def test_learning_rates_are_steps():
    figure = training_pictures.learning_rates({"fold 0": [0.1, 0.1, 0.05]})
    (line,) = figure.axes[0].lines
    assert [*line.get_xdata()] == [1, 2, 3]
    assert [*line.get_ydata()] == [0.1, 0.1, 0.05]


def test_reconstructions_share_their_colours_and_have_their_errors(rng):
    originals = rng.normal(size=(2, 5, 7)).astype(np.float32)
    figure = training_pictures.reconstructions(originals, originals + np.array([[[0.5]], [[1]]]))
    *images, _ = figure.axes
    shown = [axes.images[0] for axes in images]
    np.testing.assert_array_equal(shown[1].get_array(), originals[1])
    np.testing.assert_allclose(shown[3].get_array(), originals[1] + 1)
    assert len({image.get_clim() for image in shown}) == 1
    assert {"frames; error 0.25", "frames; error 1.00"} <= {*texts(figure)}


# Reasons.


def test_an_explanation_shows_what_is_lost_and_what_is_answered_otherwise(rng):
    told = Explanation(
        clip="made/1",
        truth="sad",
        label="angry",
        probability=0.9,
        seconds=1.0,
        log_mel=tuple(map(tuple, rng.normal(size=(48, 32)).tolist())),
        time=(Occluded(low=0, high=0.5, lost=0.1), Occluded(low=0.5, high=1.0, lost=0.6)),
        frequency=(Occluded(low=0, high=4000, lost=0.3), Occluded(low=4000, high=8000, lost=-0.1)),
        pitch=tuple(Answer(value=v, label="angry", probability=0.9) for v in (-1, 0, 1)),
        gain=tuple(Answer(value=v, label="angry", probability=0.9) for v in (-5, 0, 5)),
        tempo=(
            Answer(value=0.8, label="sad", probability=0.5),
            Answer(value=1, label="angry", probability=0.9),
        ),
    )
    figure = explanation_pictures.explanation(told)
    time, _, image, bands, *panels = figure.axes
    assert [*time.lines[0].get_xdata()] == [0.25, 0.75]
    assert [*time.lines[0].get_ydata()] == [10, 60]
    assert image.images[0].get_array().shape == (48, 32)
    assert [bar.get_width() for bar in bands.patches] == [30, -10]
    assert bands.patches[0].get_y() == -0.5
    assert bands.patches[1].get_y() + bands.patches[1].get_height() == 47.5
    answers = panels[2].collections[0].get_offsets().tolist()
    assert answers == [[0.8, 1], [1, 0]]
    shown = texts(figure)
    assert {"angry", "sad", "seconds", "gain, dB", "tempo, times"} <= {*shown}
    colours = panels[2].collections[0].get_facecolors()
    assert tuple(colours[0]) == to_rgba(style.EMOTIONS["sad"])
