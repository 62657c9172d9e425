"""What a model file says of itself: JSON under one key of the graph's metadata."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intone.audio import SAMPLE_RATE
from intone.calibration import Candidates
from intone.errors import IntoneError, ModelError
from intone.features import FEATURES_VERSION, FrontEnd, Scaler
from intone.specs import build
from intone.windows import WindowRule

FORMAT_VERSION = 2  # which added `candidates`
TASKS = ("one of many", "label by label")
METADATA_KEY = "intone"


@dataclass(frozen=True, kw_only=True)
class InputDescription:
    """How one input of the graph is made from a window of sound."""

    front_end: FrontEnd
    scaler: Scaler | None

    def __call__(self, window: NDArray[np.float32]) -> NDArray[np.float32]:
        """Window `[T]` -> the input's array, without the batch axis."""
        features = self.front_end(window)
        return features if self.scaler is None else self.scaler(features)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the model file."""
        scaler = self.scaler and {
            "mean": self.scaler.mean.tolist(),
            "std": self.scaler.std.tolist(),
        }
        return {"front_end": self.front_end.to_dict(), "scaler": scaler}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], where: str) -> "InputDescription":
        """Read what `to_dict` wrote."""
        scaler = data["scaler"] and Scaler(
            mean=np.asarray(data["scaler"]["mean"]), std=np.asarray(data["scaler"]["std"])
        )
        return cls(front_end=FrontEnd.from_dict(data["front_end"], where), scaler=scaler)


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a model file says of itself. All that is needed to use, judge and verify it."""

    name: str
    labels: tuple[str, ...]
    window: WindowRule
    inputs: Mapping[str, InputDescription]
    task: str
    """how logits become probabilities: by softmax, or as shares of each label's own"""
    temperature: float
    """logits are divided by it before the softmax"""
    training: Mapping[str, Any]
    """recipe, corpora with their licences, digests of the training clips, versions"""
    expected: Mapping[str, Any]
    """the out-of-fold report of the recipe that made the model, with protocol and stamp"""
    tolerance: float
    """how far a probability may be from the self-test's on another machine"""
    self_test: tuple[float, ...] = ()
    """probabilities of `self_test_signal()`, in the order of the labels"""
    candidates: Candidates | None = None
    """None where nobody measured it"""
    format_version: int = FORMAT_VERSION
    features_version: int = FEATURES_VERSION
    sample_rate: int = SAMPLE_RATE

    def to_json(self) -> str:
        """Write the description as it stands in the model file."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        plain["format_version"] = FORMAT_VERSION  # whichever it was read from
        plain["window"] = asdict(self.window)
        plain["inputs"] = {name: spec.to_dict() for name, spec in self.inputs.items()}
        plain["candidates"] = self.candidates and asdict(self.candidates)
        return json.dumps(plain)

    @classmethod
    def from_json(cls, text: str, where: str) -> "Description":
        """Read a description.

        Raises:
            ModelError: the file was written by a newer Intone, or is damaged.
        """
        try:
            data = json.loads(text)
            for key, known in (
                ("format_version", FORMAT_VERSION),
                ("features_version", FEATURES_VERSION),
            ):
                if data[key] > known:
                    raise ModelError(
                        f"{where}: made by a newer Intone ({key} {data[key]}, this one reads up to "
                        f"{known}); update with pip install -U intone"
                    )
            data["window"] = build(WindowRule, data["window"], f"window of {where}")
            data["inputs"] = {
                name: InputDescription.from_dict(spec, f"input {name} of {where}")
                for name, spec in data["inputs"].items()
            }
            if (candidates := data.get("candidates")) is not None:
                data["candidates"] = build(Candidates, candidates, f"candidates of {where}")
            made = build(cls, data, where)
            made._check()
            return made
        except ModelError:
            raise
        except IntoneError as error:
            raise ModelError(str(error)) from None
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise ModelError(f"{where}: its description is damaged ({error!r})") from None

    def _check(self) -> None:
        """Refuse values that no model has.

        Raises:
            ValueError, TypeError, KeyError: the first that is found.
        """
        numbers = [self.temperature, self.tolerance, *self.self_test]
        for spec in self.inputs.values():
            spec.front_end.shape(self.window.length)
            if spec.scaler is not None:
                numbers += [*spec.scaler.mean.tolist(), *spec.scaler.std.tolist()]
        known = {
            "labels": len({str(label) for label in self.labels}) == len(self.labels) > 1,
            "task": self.task in TASKS,
            "temperature": self.temperature > 0,
            "sample_rate": self.sample_rate == SAMPLE_RATE,
            "self_test": len(self.self_test) in (0, len(self.labels)),
            "numbers": all(isfinite(number) for number in numbers),
            "expected": {"uar", "stamp", "protocol"} <= self.expected.keys(),
            "training": {"data", "recipe", "clips"} <= self.training.keys(),
        }
        for name, holds in known.items():
            if not holds:
                raise ValueError(name)
