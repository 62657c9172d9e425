"""`intone corpora`: the corpora that are supported."""

from intone.cli import _output


def corpora() -> None:
    """List the corpora that are supported: clips, speakers, language, licence, where to ask."""
    from intone import corpora

    rows = [["name", "clips", "speakers", "language", "licence", "where to ask"]]
    for name in corpora.names():
        info = corpora.info(name)
        counts = [str(info.clips or ""), str(info.speakers or "")]
        rows.append([name, *counts, info.language, info.licence, info.url])
    print(_output.columns(rows, left=6))
