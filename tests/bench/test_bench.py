"""The benchmark's own arithmetic, its verdicts and its table; what it measured is nobody's to assert here."""

from statistics import median

import pytest

from tests.bench import stage
from tests.bench.__main__ import SCENES, measure
from tests.bench.candidates.sandboxed import require_loopback
from tests.bench.catalogue import FIGURES
from tests.bench.figures import (
    Budget,
    Candidate,
    Figure,
    Unit,
    is_kept,
    number,
    percentile,
    ratio,
    slope,
    summary,
)
from tests.bench.record import TINY
from tests.bench.results import FILE, Results, line_of, machine, results_of
from tests.bench.scenes import proxy, upstream
from tests.bench.table import BEGIN, END, PAGE, cells, put_into, rendered, verdict

OURS, FLOOR, SCRIPT = Candidate.MIDWATCH, Candidate.MINIMAL, Candidate.SCRIPT
AT_MOST_TEN = Figure("one.figure", "a figure", Unit.MILLISECONDS, Budget(10))
TWICE = Figure("other.figure", "another", Unit.MILLISECONDS, Budget(2, FLOOR))


# Arithmetic


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 50), (99, 99), (99.5, 100), (100, 100), (1, 1), (0, 1)]
)
def test_a_percentile_is_the_smallest_sample_that_so_many_do_not_exceed(
    percent: float, expected: float
) -> None:
    assert percentile([float(one) for one in range(100, 0, -1)], percent) == expected


def test_a_percentile_of_one_sample_is_that_sample() -> None:
    assert percentile([7.0], 99) == percentile([7.0], 1) == 7.0


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 50)


def test_a_ratio_compares_within_each_round_before_it_sums_up() -> None:
    # The second round was disturbed, and both of its candidates with it.
    assert ratio([1, 30, 2], [1, 20, 1]) == 1.5
    assert ratio([1, 30, 2], [1, 20, 1]) != median([1, 30, 2]) / median([1, 20, 1])


@pytest.mark.parametrize(
    ("ours", "theirs"), [([1.0], []), ([], []), ([1.0, 2.0], [1.0]), ([1.0], [0.0])], ids=str
)
def test_there_is_no_ratio_without_as_many_rounds_or_of_nothing(
    ours: list[float], theirs: list[float]
) -> None:
    assert ratio(ours, theirs) is None


def test_a_slope_is_that_of_the_line_through_the_points() -> None:
    assert slope([(0, 5), (1, 7), (2, 9)]) == 2
    assert slope([(0, 1), (1, 2), (2, 1), (3, 2), (4, 1)]) == 0


def test_rounds_are_summed_up_by_their_median_or_where_any_miss_counts_by_the_worst() -> None:
    assert summary([3, 1, 9]).value == 3
    assert summary([3, 1, 9], worst=True).value == 9
    assert (summary([3, 1, 9]).least, summary([3, 1, 9]).most) == (1, 9)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (0.01234, "0.0123"),
        (1.0, "1"),
        (1.256, "1.26"),
        (12.34, "12.3"),
        (99.96, "100"),
        (600_060.0, "600,060"),
        (-1.5, "-1.5"),
    ],
)
def test_a_number_is_written_with_three_digits_that_count(value: float, written: str) -> None:
    assert number(value) == written


# Budgets


@pytest.mark.parametrize(("rounds", "kept"), [([9, 10, 30], True), ([9, 10.1, 30], False)])
def test_an_absolute_budget_is_judged_by_the_median(rounds: list[float], kept: bool) -> None:  # noqa: FBT001 - a case
    assert line_of(AT_MOST_TEN, {OURS: rounds}).kept is kept


@pytest.mark.parametrize(("rounds", "kept"), [([20, 20, 4], True), ([21, 21, 4], False)])
def test_a_relative_budget_is_judged_by_the_ratio(rounds: list[float], kept: bool) -> None:  # noqa: FBT001 - a case
    assert line_of(TWICE, {OURS: rounds, FLOOR: [10, 10, 10]}).kept is kept


def test_a_relative_budget_without_its_floor_is_not_kept() -> None:
    assert line_of(TWICE, {OURS: [1]}).kept is False


def test_one_bad_round_misses_the_budget_of_a_figure_that_must_be_zero() -> None:
    never = Figure("lost", "alerts lost", Unit.COUNT, Budget(0), worst=True)
    assert line_of(never, {OURS: [0, 0, 1]}).kept is False
    assert line_of(never, {OURS: [0, 0, 0]}).kept is True


def test_a_figure_without_a_budget_is_not_judged() -> None:
    assert is_kept(Figure("free", "free", Unit.SECONDS), summary([1e9]), None) is None


# The table


def results(*figures: Figure, **rounds: list[float]) -> Results:
    ours = {
        figure.key: {OURS: rounds["ours"], FLOOR: [10.0, 10.0], SCRIPT: [50.0, 70.0]} for figure in figures
    }
    return results_of(figures, ours, 2, machine())


def test_a_row_shows_the_ratio_first_then_who_took_what_then_the_budget() -> None:
    (line,) = results(TWICE, ours=[10.0, 15.0]).lines
    assert cells(line) == ("another", "1.25 x", "12.5 ms (10 - 15)", "10 ms", "60 ms", "≤ 2 x", "yes")


def test_a_missed_budget_stands_out_and_is_named_with_its_figures() -> None:
    found = results(TWICE, AT_MOST_TEN, ours=[30.0, 30.0])
    assert "| ≤ 10 ms | **no** |" in rendered(found)
    assert verdict(found).splitlines() == [
        "MISSED: another: 3 x · 30 ms · 10 ms · 60 ms · ≤ 2 x",
        "MISSED: a figure: 3 x · 30 ms · 10 ms · 60 ms · ≤ 10 ms",
        "0 of 2 budgets are kept.",
    ]


def test_what_was_not_measured_has_no_row() -> None:
    found = results_of([AT_MOST_TEN, TWICE], {TWICE.key: {OURS: [1.0], FLOOR: [1.0]}}, 1, machine())
    assert [line.key for line in found.lines] == [TWICE.key]


def test_results_are_read_as_they_were_written() -> None:
    found = results(TWICE, AT_MOST_TEN, ours=[30.0, 31.0])
    assert Results.read(found.written()) == found


def test_the_table_replaces_the_one_before_and_nothing_else() -> None:
    before = f"above\n{BEGIN}\nold\n\n{END}below\n"
    assert put_into(before, "new\n") == f"above\n{BEGIN}\nnew\n\n{END}below\n"
    with pytest.raises(ValueError, match="no place"):
        put_into("no markers", "new")


def test_the_page_shows_what_was_measured() -> None:
    kept, page = Results.read(FILE.read_text()), PAGE.read_text()
    assert put_into(page, rendered(kept)) == page


def test_the_results_are_of_every_figure_in_the_catalogue() -> None:
    kept = Results.read(FILE.read_text())
    assert [line.key for line in kept.lines] == [figure.key for figure in FIGURES]


def test_every_figure_is_measured_by_a_scene_and_stands_there_once() -> None:
    assert {figure.scene for figure in FIGURES} == set(SCENES)
    assert len({figure.key for figure in FIGURES}) == len(FIGURES)


# It runs


@pytest.mark.parametrize("scene", SCENES)
def test_a_tiny_round_is_played_to_its_end(scene: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "IDLE_AFTER", 0.05)
    monkeypatch.setattr(proxy, "SETTLES", 0.1)
    monkeypatch.setattr(upstream, "SETTLES", 0.1)
    found = measure([scene], 1, TINY)
    assert found.lines
    assert {line.key for line in found.lines} <= {figure.key for figure in FIGURES if figure.scene == scene}
    for line in found.lines:
        assert OURS in line.measured
        # What is judged against another was measured of that one, too.
        assert line.ratio is not None or "x" not in (line.budget or "")


@pytest.mark.parametrize("address", ["https://discord.com/api/v10", "http://192.0.2.1/v2"])
def test_every_candidate_connects_to_this_machine_alone(address: str) -> None:
    with pytest.raises((SystemExit, ValueError)):
        require_loopback(address)
