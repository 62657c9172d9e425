"""Intone hears emotion in speech.

>>> import intone
>>> intone.predict("call.wav").emotion  # doctest: +SKIP
'angry'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "IntoneError",
    "Model",
    "Prediction",
    "Smoothing",
    "Stream",
    "Timeline",
    "__version__",
    "load",
    "predict",
]

if TYPE_CHECKING:
    from intone.errors import IntoneError
    from intone.recordings.stream import Stream
    from intone.recordings.timeline import Smoothing, Timeline
    from intone.runtime import Model, Prediction, load, predict

_HOME = {
    "IntoneError": "intone.errors",
    "Model": "intone.runtime",
    "Prediction": "intone.runtime",
    "Smoothing": "intone.recordings.timeline",
    "Stream": "intone.recordings.stream",
    "Timeline": "intone.recordings.timeline",
    "load": "intone.runtime",
    "predict": "intone.runtime",
}


def __dir__() -> list[str]:
    """Name what is public, before it is loaded too."""
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that importing intone costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"module 'intone' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
