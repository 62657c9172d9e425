"""Three processes that work on one search, as `python search_workers.py STORAGE FOLDER CORPUS`.

The first kills itself in the third epoch that it trains, in the middle of its first trial; the
others begin when that trial has begun, so that they cannot take all trials before it. They are
forks of one that has imported all there is to import, and trained nothing; it says how they ended.
"""

import os
import signal
import sys
from pathlib import Path

from intone import corpora, experiment, training
from intone.search import tuning
from made_runs import BRIGHT, MLP, SPEAKER, made_recipe

TRIALS = 6
EPOCHS = 4


def work(storage: str | None, folder: Path, corpus: Path) -> tuning.Outcome:
    """Search; trials are random, so that each trains all its epochs, whoever is faster."""
    clips = corpora.read("folder", corpus, speaker=SPEAKER)
    space = {"training.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}}
    training = {"epochs": EPOCHS, "batch_size": 8}
    search = {"space": space, "method": "random"}
    return tuning.tune(
        made_recipe(BRIGHT, net=MLP["net"], training=training, search=search),
        lambda variant: experiment.prepare(variant, clips),
        folder,
        storage=storage,
        trials=TRIALS,
        heartbeat=1,
    )


def die_in_the_third_epoch(begun: int) -> None:
    train, trained = training._train_epoch, []

    def counted(*given):
        trained.append(1)
        os.write(begun, b".")
        if len(trained) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return train(*given)

    training._train_epoch = counted


def start(storage: str | None, folder: Path, corpus: Path, begun: int | None = None) -> int:
    process = os.fork()
    if process == 0:
        if begun is not None:
            die_in_the_third_epoch(begun)
        work(storage, folder, corpus)
        os._exit(0)
    return process


if __name__ == "__main__":
    import optuna.importance  # noqa: F401
    import torch._dynamo  # noqa: F401

    storage, folder, corpus = sys.argv[1] or None, Path(sys.argv[2]), Path(sys.argv[3])
    begins, begun = os.pipe()
    processes = [start(storage, folder, corpus, begun)]
    os.close(begun)
    os.read(begins, 1)
    processes += [start(storage, folder, corpus) for _ in range(2)]
    print(*(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in processes))
