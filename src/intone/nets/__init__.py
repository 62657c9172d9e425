"""Networks. A net is found because its file stands in this folder; nothing else lists it."""

from collections.abc import Mapping
from importlib import import_module
from inspect import signature
from pkgutil import iter_modules
from typing import Any

from torch import nn

from intone.errors import DataError
from intone.tasks import Task


def names() -> list[str]:
    """Name every net of this folder."""
    return sorted(_classes())


def find(name: str) -> type[nn.Module]:
    """Find a net by its class name, or a user's own as `my_module:MyNet`.

    Raises:
        DataError: there is no such net.
    """
    if ":" in name:
        module, _, attribute = name.partition(":")
        try:
            return getattr(import_module(module), attribute)  # type: ignore[no-any-return]
        except (ImportError, AttributeError) as error:
            raise DataError(f"net {name}: {error}; is the module on PYTHONPATH?") from None
    classes = _classes()
    if name not in classes:
        raise DataError(f"no net named {name}; there are {', '.join(sorted(classes))}")
    return classes[name]


def inputs(net: type[nn.Module] | nn.Module) -> list[str]:
    """Name the inputs that a net reads: the parameters of its `forward`."""
    return [name for name in signature(net.forward).parameters if name != "self"]


def build(
    name: str,
    *,
    classes: int,
    shapes: Mapping[str, tuple[int, ...]],
    options: Mapping[str, Any] | None = None,
) -> nn.Module:
    """Make a net for `classes` labels and inputs of these shapes (without the batch axis).

    Raises:
        DataError: the net is unknown, reads other inputs, or refuses an option.
    """
    cls = find(name)
    if set(inputs(cls)) != set(shapes):
        raise DataError(
            f"{name} reads the inputs {', '.join(inputs(cls))}; the recipe has {', '.join(shapes)}"
        )
    wanted = signature(cls).parameters
    sized = {f"{key}_shape": shape for key, shape in shapes.items() if f"{key}_shape" in wanted}
    given = dict(options or {})
    unknown = sorted(set(given) - set(wanted))
    if unknown:
        settable = sorted(set(wanted) - set(sized) - {"classes"}) or ["none"]
        raise DataError(
            f"{name} has no option {', '.join(unknown)}; its options are {', '.join(settable)}"
        )
    try:
        return cls(classes=classes, **sized, **given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"{name} cannot be built: {error}") from None


def parameters(net: nn.Module) -> int:
    """Count the trainable values of a net, as torch counts them."""
    return sum(value.numel() for value in net.parameters() if value.requires_grad)


def task(net: nn.Module) -> Task:
    """What the net is asked: its `task`, or one of many labels."""
    asked: Task = getattr(net, "task", "one of many")
    return asked


def solves(net: nn.Module) -> bool:
    """Whether the net fits itself to all training windows at once, outside the loop."""
    return hasattr(net, "solve")


def _classes() -> dict[str, type[nn.Module]]:
    found: dict[str, type[nn.Module]] = {}
    for info in iter_modules(__path__):
        if not info.name.startswith("_"):
            module = import_module(f"{__name__}.{info.name}")
            found |= {
                name: value
                for name, value in vars(module).items()
                if isinstance(value, type)
                and issubclass(value, nn.Module)
                and value.__module__ == module.__name__
                and not name.startswith("_")
            }
    return found
