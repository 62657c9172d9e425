"""An experiment as strict, typed data: a TOML file in which an unknown key is an error by name."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from intone import emotions
from intone.augment.frames import FrameAugmentation
from intone.augment.sound import SoundAugmentation
from intone.corpora import Utterance
from intone.encoders import Encoding
from intone.errors import DataError
from intone.features import FrontEnd
from intone.protocols import Protocol
from intone.search.space import Search, Values
from intone.windows import WindowRule

FOLDERS = (Path(__file__).parent / "recipes", Path(__file__).parents[2] / "recipes")
"""Where the recipes are that come with Intone: in the package, or in a source checkout."""


def shipped() -> dict[str, Path]:
    """Find the recipes that come with Intone: name (as `b/b1`) -> file."""
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for folder in FOLDERS
        for path in sorted(folder.rglob("*.toml"))
    }


def locate(name: str) -> Path:
    """Find a recipe by its path, or by the name that `intone recipes` lists.

    Raises:
        DataError: there is neither.
    """
    known = shipped()
    path = known.get(name, Path(name))
    if not path.is_file():
        near = " or ".join(get_close_matches(name, known, n=3))
        hint = f"; did you mean {near}?" if near else ""
        raise DataError(f"{name}: no such recipe file, nor a name that intone recipes lists{hint}")
    return path


Sound: TypeAlias = Annotated[SoundAugmentation, Field(discriminator="kind")]
Frames: TypeAlias = Annotated[FrameAugmentation, Field(discriminator="kind")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Labels(_Section):
    """Which labels are learned: a named mapping, with changes of single emotions if wanted."""

    mapping: str = "as-labelled"
    changes: dict[str, str | Literal[False]] = {}
    """emotion -> label, or false to leave its clips out"""
    one_vs_rest: str | None = None
    """learn this label alone, against all others together"""
    faults: dict[str, dict[str, str]] = {}
    """corpus -> emotion -> the emotion that its clips are wrongly given, to repeat a report's
    fault; every figure is then stamped 'wrong labels'"""

    @field_validator("faults")
    @classmethod
    def _of_known_emotions(cls, faults: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        named = {word for own in faults.values() for change in own.items() for word in change}
        if unknown := sorted(named - {*emotions.EMOTIONS}):
            raise ValueError(f"no emotion {unknown[0]}; there are {', '.join(emotions.EMOTIONS)}")
        return faults

    def given(self, clip: Utterance) -> Utterance:
        """Give a clip as it is labelled, faults included."""
        own = self.faults.get(clip.corpus, {})
        return replace(clip, emotion=own.get(clip.emotion, clip.emotion))


@dataclass(frozen=True, kw_only=True)
class Input(FrontEnd):
    """One input of the net: a front end, and whether its rows are standard-scaled."""

    scale: bool = True

    @property
    def name(self) -> str:
        """The features, in a word each."""
        return "+".join(feature.kind for feature in self.features)

    @property
    def front_end(self) -> FrontEnd:
        """The front end alone, as a model file describes it."""
        return FrontEnd(**{field.name: getattr(self, field.name) for field in fields(FrontEnd)})

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012


@dataclass(frozen=True, kw_only=True)
class EncodedInput(Encoding):
    """One input of the net: what a frozen encoder gives, and whether its rows are scaled."""

    scale: bool = True

    @property
    def name(self) -> str:
        """The encoder."""
        return self.encoder

    @property
    def front_end(self) -> Encoding:
        """What the encoder gives."""
        return Encoding(**{field.name: getattr(self, field.name) for field in fields(Encoding)})


def _kind_of_input(data: Any) -> str:
    encoded = "encoder" in data if isinstance(data, dict) else isinstance(data, EncodedInput)
    return "encoder" if encoded else "features"


AnyInput: TypeAlias = Annotated[
    Annotated[Input, Tag("features")] | Annotated[EncodedInput, Tag("encoder")],
    Discriminator(_kind_of_input),
]


class Net(_Section):
    """Which network, and its options."""

    name: str
    options: dict[str, Any] = {}


class Training(_Section):
    """How the network learns."""

    epochs: int = Field(gt=0)
    batch_size: int = Field(default=32, gt=0)
    optimizer: Literal["adam", "adamw", "rmsprop", "sgd"] = "adam"
    learning_rate: float = Field(default=1e-3, gt=0)
    momentum: float = Field(default=0.0, ge=0, lt=1)
    """of sgd and rmsprop"""
    weight_decay: float = Field(default=0.0, ge=0)
    """as the optimiser has it: decoupled in adamw, a gradient in the others"""
    l2: float = Field(default=0.0, ge=0)
    """Keras's kernel penalty: the loss grows by l2 times the sum of the squared weights"""
    schedule: Literal["constant", "cosine", "exponential", "plateau"] = "constant"
    warmup: int = Field(default=0, ge=0)
    """first epochs, in which the learning rate rises"""
    decay: float = Field(default=0.5, gt=0, lt=1)
    """the learning rate's factor: every epoch (exponential), or after a plateau"""
    plateau: int = Field(default=5, gt=0)
    """epochs without a better validation value that make a plateau"""
    patience: int = Field(default=20, gt=0)
    """epochs without a better validation value before training stops"""
    monitor: Literal["loss", "accuracy", "uar"] = "loss"
    retrain: bool = False
    """train anew for the best number of epochs, as report B does, instead of restoring weights"""
    windows: Literal["fixed", "random"] = "fixed"
    """every fixed window of a clip each epoch, or one at a random place"""
    class_weights: bool = False
    """weigh labels by the inverse of their frequency"""
    soft_labels: bool = False
    """learn the listeners' votes where a corpus has them"""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    mixup: float = Field(default=0.0, ge=0)
    """alpha of the Beta distribution that pairs of windows are mixed by"""
    seeds: tuple[Annotated[int, Field(ge=0, lt=2**32)], ...] = Field(default=(0,), min_length=1)

    @field_validator("seeds")
    @classmethod
    def _each_once(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("a seed stands twice")
        return seeds


_NOT_WITHOUT_LABELS = (
    *("monitor", "retrain", "class_weights", "soft_labels", "label_smoothing", "mixup"),
    "seeds",  # those of the recipe's training
)
"""settings of training that mean nothing where an autoencoder is trained"""


class Pretraining(_Section):
    """An autoencoder that is trained first, and whose encoder the network listens to.

    It remakes the input that its `forward` names. It hears the training part and all unlabelled
    clips, with the seeds of `training`, and is kept as it was where validation's error was lowest.
    """

    net: Net
    training: Training

    @model_validator(mode="after")
    def _knows_no_labels(self) -> Self:
        for key in _NOT_WITHOUT_LABELS:
            if getattr(self.training, key) != Training.model_fields[key].default:
                raise ValueError(f"pretraining.training.{key} has no meaning for an autoencoder")
        return self


class Augment(_Section):
    """How training clips are varied; clips that are scored never are."""

    copies: tuple[Sound, ...] = ()
    """a copy of every training clip for each, made once, as the source reports do"""
    sound: tuple[Sound, ...] = ()
    """fresh each epoch, each with probability 0.5; needs random windows"""
    frames: tuple[Frames, ...] = ()
    """the same, on the features"""


class Recipe(_Section):
    """One experiment: labels, protocol, windows, inputs, network, training."""

    title: str
    report: str | None = None
    """letter and row of the source report, as `B1`"""
    labels: Labels = Labels()
    protocol: Protocol = Protocol()
    allow_leak: bool = False
    """a recipe that repeats a leaky report says so; its numbers are stamped"""
    window: WindowRule = WindowRule()
    inputs: dict[str, AnyInput]
    net: Net
    augment: Augment = Augment()
    pretraining: Pretraining | None = None
    training: Training
    search: Search | None = None

    @model_validator(mode="after")
    def _fresh_needs_random_windows(self) -> Self:
        if (self.augment.sound or self.augment.frames) and self.training.windows == "fixed":
            raise ValueError("augment.sound and augment.frames need training.windows = 'random'")
        return self

    @model_validator(mode="after")
    def _short_windows_need_pooling(self) -> Self:
        unpooled = [name for name, spec in self.inputs.items() if not spec.pool]
        if self.window.shortest is not None and unpooled:
            raise ValueError(f"window.shortest needs inputs with pool; {unpooled[0]} has none")
        return self

    @classmethod
    def load(cls, path: Path, changes: Iterable[str] = ()) -> Self:
        """Read a recipe, with `section.key=value` changes (values as TOML writes them).

        Raises:
            DataError: no such file, not TOML, an unknown key or a value that does not fit.
        """
        return cls.parse(read(path, changes), str(path))

    def varied(self, values: Values) -> Self:
        """Change settings, by their names (`training.epochs`); the variant is not searched.

        Raises:
            DataError: there is no such setting, or a value does not fit.
        """
        data = self.model_dump(mode="json", exclude={"search"})
        for key, value in values.items():
            put(data, key, value)
        return self.parse(data, "recipe")

    @classmethod
    def parse(cls, data: dict[str, Any], where: str) -> Self:
        """Check plain data against the recipe's types.

        Raises:
            DataError: the first key or value that does not fit, by its full name.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise DataError(f"{where}: {first_fault(error)}") from None

    def mapping(self, labelled: Iterable[str]) -> emotions.Mapping:
        """The label mapping for clips with these emotions.

        Raises:
            DataError: an unknown mapping, or a change that does not fit it.
        """
        if self.labels.mapping == "as-labelled":
            mapping = emotions.as_labelled(labelled)
        elif self.labels.mapping in emotions.MAPPINGS:
            mapping = emotions.MAPPINGS[self.labels.mapping]
        else:
            known = ", ".join(["as-labelled", *emotions.MAPPINGS])
            raise DataError(f"no label mapping {self.labels.mapping}; there are {known}")
        if changes := self.labels.changes:
            mapping = mapping.with_changes(
                {emotion: label or None for emotion, label in changes.items()}
            )
        one = self.labels.one_vs_rest
        return mapping if one is None else mapping.against_rest(one)


def first_fault(error: ValidationError) -> str:
    """Name the first key or value that does not fit, and say what is wrong with it."""
    known = ("extra_forbidden", "unexpected_keyword_argument")
    first = min(error.errors(), key=lambda one: one["type"] not in known)
    place = list(first["loc"])
    if place[:1] == ["inputs"]:
        del place[2:3]  # pydantic's name for the kind of input
    if place[:2] == ["search", "space"]:
        del place[3:4]  # its name for the kind of dimension
    key = ".".join(map(str, place))
    reason = {
        "extra_forbidden": "there is no such setting",
        "unexpected_keyword_argument": "there is no such setting",
        "missing": "is missing",
    }.get(first["type"], first["msg"])
    return f"{key}: {reason}"


def read(path: Path, changes: Iterable[str] = ()) -> dict[str, Any]:
    """Read a recipe file as plain data, with `section.key=value` changes.

    Raises:
        DataError: no such file, or not TOML.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a TOML file: {error}") from None
    except (ValueError, RecursionError):  # digits or brackets by the thousand
        raise DataError(f"{path}: holds a number too long or brackets too deep to read") from None
    for change in changes:
        key, value = split_change(change)
        put(data, key, parse_value(value))
    return data


def split_change(change: str) -> tuple[str, str]:
    """Take `training.epochs=3` apart: the name of a setting, and its value as it was typed.

    Raises:
        DataError: it is written otherwise.
    """
    key, sign, value = change.partition("=")
    if not sign or not key:
        raise DataError(f"--set {change}: write it as section.key=value")
    return key, value


def parse_value(text: str) -> Any:
    """Read a value as TOML writes it; what is none is a text without its quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


def put(data: dict[str, Any], key: str, value: Any) -> None:
    """Set `training.epochs` in plain data.

    Raises:
        DataError: a part of the name is no section.
    """
    *sections, last = key.split(".")
    place: Any = data
    try:
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = value
    except (AttributeError, TypeError):
        raise DataError(f"--set {key}: there is no such setting") from None
