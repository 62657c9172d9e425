"""What a run was made of: its clips, and the code and the machine that trained it."""

import hashlib
import platform
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from intone import corpora, training
from intone.augment import original
from intone.corpora import Utterance
from intone.errors import DataError
from intone.experiment import Experiment


def environment() -> dict[str, Any]:
    """The versions and the hardware that a result depends on."""
    packages = ("intone", "torch", "numpy", "onnxruntime", "soundfile", "soxr")
    return {
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
        "processor": _processor(),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "bfloat16": training.has_bfloat16(training.tune_hardware()),
        "commit": _commit(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def describe_data(utterances: Sequence[Utterance]) -> dict[str, Any]:
    """Per corpus: its name, licence, and how much of it was used."""
    found: dict[str, Any] = {}
    recorded = [u for u in utterances if original(u.id) == u.id]
    for name in sorted({utterance.corpus for utterance in recorded}):
        clips = [u for u in recorded if u.corpus == name]
        info = corpora.info(name) if name in corpora.names() else None
        found[name] = {
            "clips": len(clips),
            "speakers": len({u.speaker for u in clips if u.speaker}),
            "expected_clips": info and info.clips,
            "formats": dict(Counter(clip.path.suffix.lstrip(".").lower() for clip in clips)),
            "licence": info and info.licence,
        }
    return found


def check_clips(subject: Experiment, record: Mapping[str, Any]) -> None:
    """See that the clips and their labels are those of the record.

    Raises:
        DataError: they have changed since.
    """
    if record.get("clips", digest_of_clips(subject)) != digest_of_clips(subject):
        raise DataError("the clips or their labels are not those of the run; train it anew")


def digest_of_clips(subject: Experiment) -> str:
    """Name the clips by what is learned of them: ids, labels and samples."""
    targets = subject.data.targets[: len(subject.utterances)].tolist()
    parts = [
        f"{clip.id}\0{target}\0{subject.digests[clip.id]}"
        for clip, target in zip(subject.utterances, targets, strict=True)
    ]
    return hashlib.sha256("\n".join(parts).encode(errors="surrogateescape")).hexdigest()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _commit() -> str | None:
    """The commit of a source checkout, marked when its code differs; what it wrote is no code."""
    checkout = Path(__file__).parents[3]
    if not (checkout / ".git").exists():
        return None
    git = ["git", "-C", str(checkout)]
    changed = [*git, "diff", "--quiet", "HEAD", "--", ".", ":!results", ":!docs"]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip()
        return f"{head}-dirty" if subprocess.run(changed, check=False).returncode else head
    except (OSError, subprocess.CalledProcessError):
        return None
