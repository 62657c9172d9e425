"""`intone recipes`: the experiments that come with Intone, and what one of them is."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from intone.recipe import Recipe
    from intone.report.network import Network

_COUNTED_AS_KERAS_DOES = "ABDE"  # the reports


def recipes(
    show: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Show one of them, or a recipe file, with its network."),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --show: draw its network, as .svg or .png."),
    ] = None,
) -> None:
    """List the experiments that come with Intone, or show one: its settings and its network."""
    if show is not None:
        _show(show, picture)
    elif picture is not None:
        raise typer.BadParameter("a picture is of one recipe: add --show NAME")
    else:
        _list()


def _list() -> None:
    from intone.recipe import Recipe, shipped
    from intone.report.text import columns

    counted = find_spec("torch") is not None
    rows = [["recipe", "report", "net", "inputs", "labels", "title"]]
    if counted:
        rows[0].insert(3, "parameters")
    for name, path in shipped().items():
        recipe = Recipe.load(path)
        inputs = ", ".join(spec.name for spec in recipe.inputs.values())
        net, labels = recipe.net.name, recipe.labels.mapping
        rows.append([name, recipe.report or "", net, inputs, labels, recipe.title])
        if counted:
            rows[-1].insert(3, _parameters(recipe))
    print(columns(rows, left=len(rows[0])))


def _parameters(recipe: "Recipe") -> str:
    from intone.report import network

    try:
        return f"{network.parameters(recipe):>10,}"
    except ModuleNotFoundError:  # an encoder's library, which is an extra of its own
        return ""


def _show(name: str, picture: Path | None) -> None:
    from intone.recipe import Recipe, locate
    from intone.report import network, network_text

    recipe = Recipe.load(locate(name))
    traced = network.describe(recipe)
    if picture is not None:
        _draw(traced, recipe.title, picture)
    about = [
        fill(f"{key:12}{words}", 80, subsequent_indent=" " * 12)
        for key, words in _about(recipe, traced)
    ]
    parts = [
        fill(recipe.title, 80),
        "\n".join(about),
        network_text.table(traced),
        _total(recipe, traced),
        network_text.drawing(traced),
    ]
    print("\n\n".join(parts))


def _about(recipe: "Recipe", network: "Network") -> Iterator[tuple[str, str]]:
    """Say what a recipe sets, as key and words; of settings, those that are not the default."""
    from intone.audio import SAMPLE_RATE
    from intone.emotions import EMOTIONS
    from intone.recipe import Input
    from intone.report.network_text import shape

    if recipe.report:
        yield "report", recipe.report
    mapping = recipe.mapping(EMOTIONS)
    note = " (those of the clips)" if recipe.labels.mapping == "as-labelled" else ""
    yield "labels", f"{mapping.name}{note}: {', '.join(mapping.labels)}"
    yield "protocol", _named(recipe.protocol) + ", leaks allowed" * recipe.allow_leak
    rule = recipe.window
    yield "window", f"{rule.length / SAMPLE_RATE:g} s, every {rule.hop / SAMPLE_RATE:g} s"
    for name, spec in recipe.inputs.items():
        parts = map(_named, spec.features) if isinstance(spec, Input) else [spec.name]
        heard = [" + ".join(parts), *_changed(spec)]
        read = next(layer.shape for layer in network.layers if layer.name == name)
        yield name, f"{shape(read)}: {', '.join(heard)}"
    yield "net", ", ".join([recipe.net.name, *_words(recipe.net.options)])
    for way, augmentations in recipe.augment:
        if augmentations:
            yield f"+ {way}", ", ".join(map(_named, augmentations))
    yield "training", ", ".join(_words(recipe.training.model_dump(exclude_defaults=True)))


def _named(settings: Any) -> str:
    """Name settings by their kind, as `mfcc (n_mfcc 128)`."""
    changed = ", ".join(_changed(settings))
    name: str = getattr(settings, "kind", None) or settings.name
    return f"{name} ({changed})" if changed else name


def _changed(settings: Any) -> list[str]:
    """Word the fields of a dataclass that are not as by default."""
    values = {each.name: (getattr(settings, each.name), each.default) for each in fields(settings)}
    return _words(
        {
            name: value
            for name, (value, default) in values.items()
            if value != default and name not in ("features", "encoder", "name")
        }
    )


def _words(values: Mapping[str, Any]) -> list[str]:
    return [f"{name} {_word(value)}" for name, value in values.items()]


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " and ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _total(recipe: "Recipe", network: "Network") -> str:
    total = f"{network.parameters:,} parameters"
    if not recipe.report or recipe.report[0] not in _COUNTED_AS_KERAS_DOES:
        return total
    return f"{total}; {network.keras_parameters:,} as Keras, and so the report, counts"


def _draw(network: "Network", title: str, output: Path) -> None:
    from intone import files
    from intone.errors import IntoneError
    from intone.report import network_picture

    if output.suffix not in (".svg", ".png"):
        raise IntoneError(f"{output}: a picture is written as .svg or .png; name it so")
    drawn = network_picture.encode(network_picture.draw(network, title), output)
    with files.writing(output) as file:
        file.write(drawn)
