"""One rule: the windows of a whole sound, of pieces of it, and of its random cuts agree."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intone import windows
from intone.windows import Cutter, WindowRule, at, cut, random_start, starts

RULES = st.integers(1, 40).flatmap(
    lambda length: st.builds(WindowRule, length=st.just(length), hop=st.integers(1, length))
)


def ramp(total: int) -> np.ndarray:
    """Samples that tell where they are; none is 0, which is the padding."""
    return np.arange(1, total + 1, dtype=np.float32)


def test_docstring_examples() -> None:
    assert doctest.testmod(windows).attempted == 1
    assert doctest.testmod(windows).failed == 0


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (0, [0]),
        (1, [0]),
        (48_000, [0]),
        (48_001, [0, 1]),
        (72_000, [0, 24_000]),
        (72_001, [0, 24_000, 24_001]),
        (96_000, [0, 24_000, 48_000]),
        (100_000, [0, 24_000, 48_000, 52_000]),
    ],
)
def test_starts_of_the_default_rule(total: int, expected: list[int]) -> None:
    assert starts(total, WindowRule()) == expected


@pytest.mark.parametrize(("length", "hop"), [(10, 0), (10, -1), (10, 11), (0, 0), (-1, -1)])
def test_a_rule_that_would_skip_samples_is_refused(length: int, hop: int) -> None:
    with pytest.raises(ValueError, match="hop"):
        WindowRule(length=length, hop=hop)


def test_cut_gives_exact_windows() -> None:
    rule = WindowRule(length=4, hop=3)
    np.testing.assert_array_equal(
        cut(ramp(9), rule), np.float32([[1, 2, 3, 4], [4, 5, 6, 7], [6, 7, 8, 9]])
    )
    np.testing.assert_array_equal(cut(ramp(3), rule), np.float32([[1, 2, 3, 0]]))
    np.testing.assert_array_equal(cut(ramp(0), rule), np.float32([[0, 0, 0, 0]]))
    assert cut(ramp(9), rule).dtype == np.float32


def test_a_window_is_a_copy() -> None:
    samples, rule = ramp(9), WindowRule(length=4, hop=2)
    at(samples, 0, rule)[:] = 0
    (_, first), *_rest = Cutter(rule).push(samples)
    first[:] = 0
    np.testing.assert_array_equal(samples, ramp(9))


@given(rule=RULES, total=st.integers(0, 300))
def test_starts_are_sorted_unique_and_reach_every_sample(rule: WindowRule, total: int) -> None:
    found = starts(total, rule)
    assert found == sorted(set(found))
    assert found[0] == 0
    assert found[-1] == max(0, total - rule.length)
    assert all(start % rule.hop == 0 for start in found[:-1])
    assert {i for s in found for i in range(s, s + rule.length)} >= set(range(total))


@given(rule=RULES, total=st.integers(0, 300))
def test_cut_takes_its_windows_at_starts(rule: WindowRule, total: int) -> None:
    expected = [at(ramp(total), start, rule) for start in starts(total, rule)]
    np.testing.assert_array_equal(cut(ramp(total), rule), expected)


@given(rule=RULES, sizes=st.lists(st.integers(0, 90), max_size=12))
def test_pieces_of_any_size_give_the_windows_of_the_whole(
    rule: WindowRule, sizes: list[int]
) -> None:
    whole = ramp(sum(sizes))
    cutter = Cutter(rule)
    found = []
    for piece in np.split(whole, np.cumsum(sizes)[:-1]) if sizes else []:
        found += cutter.push(piece)
        assert all(start + rule.length <= piece[-1] for start, _ in found if len(piece))
    given_early = len(found)
    found += cutter.finish()
    assert [start for start, _ in found] == starts(len(whole), rule)
    np.testing.assert_array_equal([window for _, window in found], cut(whole, rule))
    assert len(found) - given_early <= 1


def test_a_window_comes_as_soon_as_it_is_complete() -> None:
    cutter = Cutter(WindowRule(length=4, hop=2))
    assert cutter.push(ramp(3)) == []
    assert [start for start, _ in cutter.push(ramp(1))] == [0]
    assert cutter.push(ramp(1)) == []
    assert [start for start, _ in cutter.push(ramp(3))] == [2, 4]
    assert cutter.finish() == []


def test_a_cutter_holds_little_of_a_long_sound() -> None:
    rule = WindowRule(length=1000, hop=300)
    cutter = Cutter(rule)
    for _ in range(500):
        cutter.push(ramp(160))
        assert len(cutter._held) <= rule.length + rule.hop


def test_random_starts_reach_both_ends_and_follow_the_generator() -> None:
    rule = WindowRule(length=10, hop=5)
    rng = np.random.default_rng(0)
    drawn = [random_start(13, rule, rng) for _ in range(400)]
    counts = np.bincount(drawn)
    assert len(counts) == 4
    assert counts.min() > 70
    assert drawn[:20] == [random_start(13, rule, r) for r in [np.random.default_rng(0)] * 20]
    assert {random_start(total, rule, rng) for total in (0, 3, 10)} == {0}
