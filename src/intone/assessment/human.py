"""What people reach who only hear the clips, where somebody has measured it."""

from collections.abc import Iterable
from dataclasses import dataclass

from intone import corpora


@dataclass(frozen=True, kw_only=True)
class Human:
    """How often listeners name the intended emotion."""

    rate: float
    note: str
    """who listened to what"""


_KNOWN = {
    "ravdess": Human(rate=0.67, note="listeners of RAVDESS, as published"),
    "crema_d": Human(rate=0.40, note="ratings of CREMA-D's listeners who only heard the voice"),
    "crema_d_rebuilt": Human(
        rate=0.40,
        note="ratings of CREMA-D's listeners who only heard the voice, in the original recordings",
    ),
    "emodb": Human(rate=0.86, note="listeners of EMO-DB, as published"),
}


def level(names: Iterable[str], labels: Iterable[str]) -> Human | None:
    """Find what people reach on one corpus, told apart by its own emotions; otherwise None."""
    asked = [*names]
    if len(asked) != 1 or asked[0] not in _KNOWN:
        return None
    return _KNOWN[asked[0]] if {*labels} == {*corpora.info(asked[0]).emotions} else None
