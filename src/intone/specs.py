"""Settings as strict data: what a model file or a recipe says becomes a frozen dataclass."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from intone.errors import IntoneError

T = TypeVar("T")


def build(cls: type[T], data: Mapping[str, Any], where: str) -> T:
    """Make `cls(**data)`, refusing unknown and missing keys by name.

    `where` names the place for the reader ("window of model.onnx"). Lists become tuples.

    Raises:
        IntoneError: a key is unknown or missing, or the class refuses a value.
    """
    known = fields(cls)  # type: ignore[arg-type]
    names = [field.name for field in known]
    if unknown := sorted(set(data) - set(names)):
        raise IntoneError(
            f"{where}: unknown setting {', '.join(unknown)}; known are {', '.join(names)}"
        )
    needed = [f.name for f in known if f.default is MISSING and f.default_factory is MISSING]
    if missing := sorted(set(needed) - set(data)):
        raise IntoneError(f"{where}: setting {', '.join(missing)} is missing")
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in data.items()}
    try:
        return cls(**values)
    except (TypeError, ValueError) as error:
        raise IntoneError(f"{where}: {error}") from None
