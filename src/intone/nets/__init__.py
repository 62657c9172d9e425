"""Networks. A net is found because its file stands in this folder; nothing else lists it."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from pkgutil import iter_modules
from traceback import extract_tb
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter, ValidationError
from torch import nn

from intone.errors import DataError, IntoneError
from intone.tasks import Task


def names() -> list[str]:
    """Name every net of this folder."""
    return sorted(_classes())


def find(name: str) -> type[nn.Module]:
    """Find a net by its class name, or a user's own as `my_module:MyNet`.

    Raises:
        DataError: there is no such net, or the user's module fails.
    """
    if _is_own(name):
        module, _, attribute = name.partition(":")
        if "" not in sys.path:
            sys.path.append("")  # the folder that the user stands in
        with telling(name):
            try:
                net = getattr(import_module(module), attribute)
            except ImportError as error:
                raise DataError(f"net {name}: {error}; is the module in this folder?") from None
        if not (isinstance(net, type) and issubclass(net, nn.Module)):
            raise DataError(f"net {name}: is no torch.nn.Module")
        return net
    classes = _classes()
    if name not in classes:
        near = get_close_matches(name, classes, n=3) or sorted(classes)
        raise DataError(f"no net named {name}; there is {', '.join(near)}")
    return classes[name]


def inputs(net: type[nn.Module] | nn.Module) -> list[str]:
    """Name the inputs that a net reads: the parameters of its `forward`."""
    return [name for name in signature(net.forward).parameters if name != "self"]


def build(
    name: str,
    *,
    classes: int | None,
    shapes: Mapping[str, tuple[int, ...]],
    options: Mapping[str, Any] | None = None,
    encoder: nn.Module | None = None,
) -> nn.Module:
    """Make a net for `classes` labels and inputs of these shapes (without the batch axis).

    An autoencoder has no classes: None. `encoder` is that of an autoencoder, for a net that
    listens to its code.

    Raises:
        DataError: the net is unknown, reads other inputs, refuses an option, has nothing to learn,
            or is an autoencoder where labels are wanted, or the other way round.
    """
    cls = find(name)
    if (task(cls) == "reconstruction") != (classes is None):
        fault = "gives labels, no reconstruction" if classes is None else "gives no labels"
        raise DataError(f"{name} {fault}; autoencoders stand under [pretraining.net], others [net]")
    if set(inputs(cls)) != set(shapes):
        raise DataError(
            f"{name} reads the inputs {', '.join(inputs(cls))}; the recipe has {', '.join(shapes)}"
        )
    wanted = signature(cls).parameters
    if ("encoder" in wanted) != (encoder is not None):
        need = "has no use for" if encoder is not None else "needs"
        raise DataError(f"{name} {need} an encoder, as a recipe's [pretraining] makes one")
    told: dict[str, Any] = {
        f"{key}_shape": shape for key, shape in shapes.items() if f"{key}_shape" in wanted
    }
    told |= {"classes": classes} if classes is not None else {}
    told |= {"encoder": encoder} if encoder is not None else {}
    given = dict(options or {})
    settable = set(wanted) - set(told)
    if unknown := sorted(set(given) - settable):
        raise DataError(
            f"{name} has no option {', '.join(unknown)}; "
            f"its options are {', '.join(sorted(settable)) or 'none'}"
        )
    if not _is_own(name):
        _require_axes(name, shapes)
        given = {key: _option(name, wanted[key], value) for key, value in given.items()}
    with telling(name):
        try:
            net = cls(**told, **given)
        except (TypeError, ValueError, RuntimeError) as error:
            raise DataError(f"{name} cannot be built: {reason(error)}") from None
    if next(net.parameters(), None) is None:
        raise DataError(f"{name} cannot learn: it has no parameters")
    return net


def reason(error: Exception) -> str:
    """What an exception says, in a line: torch adds its C++ stack below."""
    return next(iter(str(error).splitlines()), type(error).__name__)


@contextmanager
def telling(name: str) -> Iterator[None]:
    """Tell in a line what a user's own net raises, and where; Intone's own nets are left alone.

    Raises:
        DataError: the user's net raised something.
    """
    try:
        yield
    except IntoneError:
        raise
    except Exception as error:  # whatever a user may write
        if not _is_own(name):
            raise
        file = f"{name.partition(':')[0].rpartition('.')[2]}.py"
        lines = [s.lineno for s in extract_tb(error.__traceback__) if Path(s.filename).name == file]
        where = f" ({file}, line {lines[-1]})" if lines else ""
        raise DataError(f"net {name}: {type(error).__name__}: {reason(error)}{where}") from None


def _is_own(name: str) -> bool:
    """Whether a net is a user's own."""
    return ":" in name


def _require_axes(name: str, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """See that `frames` has frames, and that every other input is a vector."""
    for key, shape in shapes.items():
        if key == "frames" and len(shape) < 2:
            raise DataError(f"{name} reads every frame; leave out inputs.{key}.pool")
        if key != "frames" and len(shape) > 1:
            raise DataError(f"{name} reads statistics over time; name them in inputs.{key}.pool")


def _option(name: str, parameter: Parameter, value: Any) -> Any:
    """Read an option as its type in the net's signature; no number is endless."""
    kind: TypeAdapter[Any] = TypeAdapter(
        parameter.annotation, config=ConfigDict(allow_inf_nan=False)
    )
    try:
        return kind.validate_python(value)
    except ValidationError as error:
        raise DataError(f"{name}, option {parameter.name}: {error.errors()[0]['msg']}") from None


def parameters(net: nn.Module) -> int:
    """Count the trainable values of a net, as torch counts them."""
    return sum(value.numel() for value in net.parameters() if value.requires_grad)


def with_published(net: nn.Module) -> nn.Module:
    """Give a net the published weights that it begins with, if it begins with any.

    Raises:
        DataError: they are not on this machine.
    """
    if hasattr(net, "load_published"):
        net.load_published()  # type: ignore[operator]
    return net


def rates(net: nn.Module) -> list[tuple[list[nn.Parameter], float]]:
    """A net's parameters in groups, each with its share of the learning rate."""
    if hasattr(net, "rates"):
        return list(net.rates())  # type: ignore[operator]
    return [(list(net.parameters()), 1.0)]


def task(net: type[nn.Module] | nn.Module) -> Task:
    """What the net is asked: its `task`, or one of many labels."""
    asked: Task = getattr(net, "task", "one of many")
    return asked


def solves(net: nn.Module) -> bool:
    """Whether the net fits itself to all training windows at once, outside the loop."""
    return hasattr(net, "solve")


def require(net: nn.Module, targets: NDArray[np.int64]) -> None:
    """See that a net which solves itself can be fitted to windows of these labels `[W]`.

    Raises:
        DataError: there are too few.
    """
    if hasattr(net, "require"):
        net.require(targets)  # type: ignore[operator]


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
