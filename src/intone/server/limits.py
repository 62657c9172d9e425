"""How much a service takes on."""

import os
from dataclasses import dataclass, field


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Where a service says no, before it is overrun."""

    body_bytes: int = 100 * 2**20
    """in a request"""
    files: int = 100
    """in a request"""
    seconds: float = 3600.0
    """of sound, in a file"""
    values: int = 2**30
    """samples in a file, over all channels: what a small file can unfold to"""
    stream_seconds: float = 3600.0
    """of sound, in a stream"""
    message_bytes: int = 2**20
    """in a message of a stream"""
    requests: int = 128
    """that are answered, or wait for it"""
    streams: int = 32
    """that are open"""
    connections: int = 512
    """that are open"""
    answer_seconds: float = 300.0
    """until an answer is there"""
    patience: float = 10.0
    """seconds that a sender may be behind its pace"""
    pace: float = 10_000.0
    """bytes that a sender gives in a second, at least"""
    idle_seconds: float = 60.0
    """that a stream may send nothing, or a reader read nothing"""
    settling_seconds: float = 0.5
    """in which clients of a service that stops learn that it does"""
    threads: int = field(default_factory=processors)
    """that hear"""
