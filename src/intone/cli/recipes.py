"""`intone recipes`: list the experiments that come with Intone."""


def recipes() -> None:
    """List the experiments that come with Intone: report row, network, inputs, labels."""
    from intone.recipe import Recipe, shipped
    from intone.report.text import columns

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
    print(columns(rows, left=6))
