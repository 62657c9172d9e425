"""`intone cache`: what is kept on disk so that no work is done twice, and making room."""

from typing import Annotated

import typer

from intone.cli import _output


def cache(
    clear: Annotated[
        bool, typer.Option("--clear", help="Delete it; what is needed again is made again.")
    ] = False,
    quiet: _output.Quiet = False,
) -> None:
    """Show what is kept on disk so that no work is done twice.

    Decoded sound, augmented copies, features, and answers to changed sound; not the weights of
    encoders, which were fetched, nor the large model. INTONE_CACHE names another folder.
    """
    from intone import cache
    from intone.report.text import columns

    kept = cache.kept()
    sizes = {kind: sum(file.stat().st_size for file in files) for kind, files in kept.items()}
    rows = [["kept", "files", "MB"]]
    for kind, files in kept.items():
        rows.append([kind, str(len(files)), f"{sizes[kind] / 1e6:,.1f}"])
    print(columns(rows, left=1))
    if clear:
        cache.clear()
    done = "deleted; " if clear else ""
    _output.note(f"{cache.folder()}: {done}{sum(sizes.values()) / 1e9:.1f} GB", quiet)
