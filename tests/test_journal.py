"""A journal keeps every entry that was added, through any kill, for the same work only."""

import pytest

from intone.batch.journal import journal
from intone.errors import DataError, IntoneError

ABOUT = {"paths": ["a"], "hop": 1.5}


class KilledError(Exception):
    pass


def broken_off(result, entries, **options) -> None:
    """Add entries, and end as a killed process does."""
    with pytest.raises(KilledError), journal(result, ABOUT, **options) as kept:  # noqa: PT012
        for entry in entries:
            kept.add(entry)
        raise KilledError


def test_entries_are_read_in_their_order_while_more_are_added(tmp_path):
    with journal(tmp_path / "a.csv", ABOUT, resume=False) as kept:
        kept.add({"source": "zażółć\udcff.wav"})
        assert [*kept] == [{"source": "zażółć\udcff.wav"}]
        kept.add({"source": "b"})
        assert [entry["source"] for entry in kept] == ["zażółć\udcff.wav", "b"]
        assert (tmp_path / "a.csv.journal").exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("torn", [b"", b'{"sour', b'{"source": "c"}'])
def test_work_goes_on_after_the_last_whole_entry(tmp_path, torn):
    result = tmp_path / "a.csv"
    broken_off(result, [{"source": "a"}], resume=False)
    broken_off(result, [{"source": "b"}], resume=True)
    with (tmp_path / "a.csv.journal").open("ab") as file:
        file.write(torn)
    with journal(result, ABOUT, resume=True) as kept:
        assert [entry["source"] for entry in kept] == ["a", "b"]
        kept.add({"source": "d"})
        assert [entry["source"] for entry in kept] == ["a", "b", "d"]


def test_a_journal_torn_in_its_first_line_is_begun_anew(tmp_path):
    (tmp_path / "a.csv.journal").write_bytes(b'{"paths": [')
    with journal(tmp_path / "a.csv", ABOUT, resume=True) as kept:
        kept.add({"source": "a"})
        assert [*kept] == [{"source": "a"}]


def test_what_was_broken_off_is_neither_lost_nor_mixed_with_other_work(tmp_path):
    result = tmp_path / "a.csv"
    broken_off(result, [{"source": "a"}], resume=False)
    before = (tmp_path / "a.csv.journal").read_bytes()
    with (
        pytest.raises(DataError, match="go on with --resume, or delete it"),
        journal(result, ABOUT, resume=False),
    ):
        pass
    with (
        pytest.raises(DataError, match="of other files, another model or other settings"),
        journal(result, {**ABOUT, "hop": 1.0}, resume=True),
    ):
        pass
    assert (tmp_path / "a.csv.journal").read_bytes() == before


def test_without_a_result_or_for_a_device_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for result in (None, type(tmp_path)("/dev/null")):
        with journal(result, ABOUT, resume=False) as kept:
            kept.add({"source": "a"})
            assert [*kept] == [{"source": "a"}]
    assert list(tmp_path.iterdir()) == []
    assert not type(tmp_path)("/dev/null.journal").exists()


def test_a_journal_without_entries_holds_nobody_up(tmp_path):
    result = tmp_path / "a.csv"
    broken_off(result, [], resume=False)
    for resume in (False, True):
        with journal(result, {**ABOUT, "hop": 1.0}, resume=resume) as kept:
            assert [*kept] == []
            kept.add({"source": "a"})
            assert [*kept] == [{"source": "a"}]


def test_two_runs_never_write_into_one_journal(tmp_path):
    result = tmp_path / "a.csv"
    with journal(result, ABOUT, resume=False) as kept:
        kept.add({"source": "a"})
        for resume in (False, True):
            with (
                pytest.raises(IntoneError, match="a.csv.journal: another process writes it"),
                journal(result, ABOUT, resume=resume),
            ):
                pass
        kept.add({"source": "b"})
        assert [entry["source"] for entry in kept] == ["a", "b"]


@pytest.mark.parametrize(
    ("place", "message"),
    [("no/a.csv", "there is no folder"), (".", "is a folder; name a file")],
)
def test_a_place_that_cannot_be_written_is_one_line(tmp_path, place, message):
    with (
        pytest.raises(IntoneError, match=message),
        journal(tmp_path / place, ABOUT, resume=False),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
