"""How long work tells how far it is, without knowing who listens."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

Track = Callable[[Iterable[Any], str, int], Iterator[Any]]
"""`track(items, label, total)` gives the items on, and may show how far they are; 0 is unknown."""


def silent(items: Iterable[Any], label: str, total: int) -> Iterator[Any]:
    """Show nothing."""
    yield from items
