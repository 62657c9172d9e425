"""`intone recipes`: list the experiments that come with Intone."""

from intone.cli import _output


def recipes() -> None:
    """List the experiments that come with Intone: report row, network, inputs, labels."""
    from intone.recipe import Recipe, shipped

    rows = [["recipe", "report", "net", "inputs", "labels", "title"]]
    for name, path in shipped().items():
        recipe = Recipe.load(path)
        inputs = ", ".join(
            "+".join(feature.kind for feature in spec.features) for spec in recipe.inputs.values()
        )
        rows.append(
            [
                name,
                recipe.report or "",
                recipe.net.name,
                inputs,
                recipe.labels.mapping,
                recipe.title,
            ]
        )
    print(_output.columns(rows, left=6))
