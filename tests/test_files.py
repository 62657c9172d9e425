"""Files that are whole or not there."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intone import files
from intone.errors import DataError

ARRAYS = {"ids": np.array(["a/1", "a/2"]), "answers": np.arange(6, dtype=np.float16).reshape(2, 3)}


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("files") / "arrays.npz"
    files.write_arrays(path, ARRAYS)
    return path


def test_arrays_come_back_as_they_were(stored):
    for name, values in files.read_arrays(stored).items():
        np.testing.assert_array_equal(values, ARRAYS[name], strict=True)


@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_happens_to_a_file_of_arrays_it_is_named(stored, data):
    whole = stored.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    bits = data.draw(st.integers(1, 255))
    changed = stored.with_name("changed.npz")
    changed.write_bytes(whole[:place] + bytes([whole[place] ^ bits]) + whole[place + 1 :])
    told = None
    try:
        files.read_arrays(changed)  # a byte of a date says nothing
    except DataError as error:
        told = str(error)
    assert told in (None, f"{changed}: is damaged; delete it, and go on with --resume")


@pytest.mark.parametrize(
    "content", [b"", b"PK\x05\x06", np.zeros(3).tobytes()], ids=["nothing", "begun", "no archive"]
)
def test_what_is_no_archive_is_named_with_what_to_do(tmp_path, content):
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"x\.npz: is damaged; get it again"):
        files.read_arrays(path, "get it again")


def test_missing_files_are_told_apart_from_damaged_ones(tmp_path):
    for read in (files.read_arrays, files.read_json):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "none")
    (tmp_path / "cut.json").write_text('{"a": ')
    with pytest.raises(DataError, match=r"cut\.json: is damaged; get it again"):
        files.read_json(tmp_path / "cut.json", "get it again")
