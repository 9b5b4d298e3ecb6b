"""What pictures show: their size, their colours at known places, texts of any kind, and nothing of chance."""

# The types of matplotlib have gaps.
# pyright: reportUnknownMemberType=false

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import pairwise

import matplotlib as mpl
import pytest
from PIL import Image, ImageColor

from bot.domain.charts import Axis, Chart, Level, Levels, Pace, Shade, Span, Timeline, TimelineRow, UsageCurve
from bot.pictures import labels, page
from bot.pictures.drawing import draw
from bot.pictures.labels import clipped, drawable, width_of
from bot.pictures.page import (
    AHEAD,
    BACKGROUND,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    TEXT,
    TRACK,
    VERMILLION,
    WIDTH,
    YELLOW,
)
from bot.pictures.worker import chart_as_json, chart_of

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAY = timedelta(days=1)
AXIS = Axis(
    tuple(f"{{day}} {NOW.replace(day=1, month=month):%b}" for month in range(1, 13)), "Jan {year}", ","
)
FIRST_ROW, LEFT = 40, 310
"""Dots: the middle of the first of several rows, and where its time begins."""


def picture(chart: Chart) -> Image.Image:
    return Image.open(BytesIO(draw(chart))).convert("RGB")


def columns(image: Image.Image, colour: str, y: int) -> list[int]:
    """Return the places of a colour in a line of dots."""
    wanted = ImageColor.getrgb(colour)
    return [x for x in range(image.width) if image.getpixel((x, y)) == wanted]


def lines(image: Image.Image, colour: str, x: int) -> list[int]:
    """Return the places of a colour in a column of dots."""
    wanted = ImageColor.getrgb(colour)
    return [y for y in range(image.height) if image.getpixel((x, y)) == wanted]


def runs(places: list[int]) -> int:
    """Return how many stretches there are without a gap."""
    return sum(place - 1 not in places for place in places)


def share(image: Image.Image, colour: str) -> float:
    wanted = ImageColor.getrgb(colour)
    dots = image.width * image.height
    return sum(count for count, found in image.getcolors(dots) or [] if found == wanted) / dots


def timeline(*rows: TimelineRow, days: int = 30, more: int = 0) -> Timeline:
    return Timeline(NOW - days * DAY, NOW, AXIS, rows, more=more, more_words=f"and {more} more accounts")


def span(begin: float, end: float, shade: Shade = Shade.BLOCK) -> Span:
    """A stretch of time by how many days ago it began and ended."""
    return Span(NOW - begin * DAY, NOW - end * DAY, shade)


CHARTS: dict[str, Chart] = {
    "timeline": timeline(
        TimelineRow("aurora", (span(20, 10), span(15, 12, Shade.OUTAGE)), (NOW - 10 * DAY,)), days=400
    ),
    "curve": UsageCurve(
        NOW - 10 * DAY,
        NOW,
        AXIS,
        "aurora",
        ((NOW - 9 * DAY, 12.0), (NOW - 2 * DAY, 6.0)),
        ((date(2026, 11, 20), 40), (date(2026, 11, 21), 0)),
        Pace(NOW, 6.0, NOW + 3 * DAY, 0.0),
        NOW + 5 * DAY,
    ),
    "levels": Levels((Level("aurora", 3.0, 15.0, is_short=True, amount="3.0 h", outlook="empty 29 Nov"),), 4),
}


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
def test_the_same_chart_makes_the_same_picture_also_after_its_way_to_the_process(chart: Chart) -> None:
    received = chart_of(chart_as_json(chart))
    assert received == chart
    assert draw(received) == draw(chart)


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
def test_a_picture_has_a_background_of_its_own_and_the_width_of_two_phones(chart: Chart) -> None:
    image = Image.open(BytesIO(draw(chart)))
    assert image.width == WIDTH
    assert image.convert("RGBA").getpixel((1, 1)) == (*ImageColor.getrgb(BACKGROUND), 255)


@pytest.mark.parametrize("chart", [timeline(), Levels(()), UsageCurve(NOW - DAY, NOW, AXIS, "", ())], ids=str)
def test_a_chart_of_nothing_is_drawn(chart: Chart) -> None:
    assert draw(chart)


# Timeline


def test_trouble_stands_in_its_row_at_its_time() -> None:
    image = picture(timeline(TimelineRow("aurora", (span(20, 10),)), TimelineRow("borealis")))
    blocked, width = columns(image, VERMILLION, FIRST_ROW), image.width - 16 - LEFT
    assert runs(blocked) == 1
    assert blocked[0] == pytest.approx(LEFT + width / 3, abs=5)
    assert blocked[-1] == pytest.approx(LEFT + width * 2 / 3, abs=5)
    second = FIRST_ROW + 53
    assert not columns(image, VERMILLION, second)
    assert len(columns(image, TRACK, second)) > width * 0.98


def test_a_minute_of_trouble_is_seen_in_400_days() -> None:
    rows = [TimelineRow(str(ago), (span(ago, ago - 1 / 1440),)) for ago in (400, 200, 1 / 1440)]
    image = picture(timeline(*rows, days=400))
    for number in range(3):
        assert len(columns(image, VERMILLION, FIRST_ROW + 53 * number)) >= 3


def test_kinds_differ_in_colour_and_outages_and_absences_are_hatched_over_them() -> None:
    shades = {Shade.MODERATION: YELLOW, Shade.CAPTCHA: SKY, Shade.ACCESS: PURPLE, Shade.OTHER: ORANGE}
    rows = [TimelineRow(each, (span(20, 10, each), span(12, 5, Shade.OUTAGE))) for each in shades]
    image = picture(timeline(*rows))
    for number, colour in enumerate(shades.values()):
        row = columns(image, colour, FIRST_ROW + 53 * number)
        assert runs(row) > 1, "the hatching lies over it"
        assert runs(columns(image, TRACK, FIRST_ROW + 53 * number)) > 3


def test_a_reset_is_marked() -> None:
    with_mark, without = (
        picture(timeline(TimelineRow("aurora", (span(20, 10),), marks), TimelineRow("borealis")))
        for marks in ((NOW - 15 * DAY,), ())
    )
    middle = LEFT + (WIDTH - 16 - LEFT) // 2
    assert with_mark.getpixel((middle, FIRST_ROW)) == ImageColor.getrgb(TEXT)
    assert without.getpixel((middle, FIRST_ROW)) == ImageColor.getrgb(VERMILLION)


def test_what_is_not_shown_is_not_explained() -> None:
    troubled, quiet = (
        picture(timeline(TimelineRow("aurora", spans), TimelineRow("borealis")))
        for spans in ((span(9, 8),), ())
    )
    assert quiet.height < troubled.height
    assert share(quiet, VERMILLION) == 0


@pytest.mark.parametrize("count", [1, 2, 12, 50, 60])
def test_each_account_has_a_row_that_a_phone_can_show(count: int) -> None:
    image = picture(timeline(*(TimelineRow(f"account {each}") for each in range(count))))
    rows = lines(image, TRACK, LEFT + 40)
    assert runs(rows) == count
    assert len(rows) / count * 390 / image.width >= 10


@pytest.mark.parametrize("length", [1, 2, 8, 9, 10, 14, 30, 90, 400])
def test_the_words_for_times_do_not_touch(length: int) -> None:
    with mpl.rc_context(page.STYLE):
        for day in range(40):
            until = datetime(2026, 10, 28, 7, tzinfo=UTC) + day * DAY
            figure = page.new(100)
            axes = page.field(figure, 306, 50, 678, 40)
            page.show_time(axes, until - length * DAY, until, AXIS)
            boxes = sorted(
                (each.get_window_extent().x0, each.get_window_extent().x1) for each in axes.get_xticklabels()
            )
            assert len(boxes) > 1
            assert all(right[0] - left[1] > 8 for left, right in pairwise(boxes))


# Fast time


def test_a_curve_steps_down_and_goes_on_at_its_pace_to_its_renewal() -> None:
    image = picture(CHARTS["curve"]).crop((0, 60, WIDTH, 400))  # without the legend
    known, pace, renewal, ahead = (
        [x for x in range(WIDTH) if lines(image, colour, x)] for colour in (SKY, ORANGE, GREEN, AHEAD)
    )
    assert max(known) < min(ahead) <= min(pace) < max(pace) < min(renewal)
    assert min(lines(image, SKY, min(known))) < min(lines(image, SKY, max(known))), "less is lower"
    assert min(lines(image, ORANGE, min(pace))) < min(lines(image, ORANGE, max(pace)))


def test_a_day_without_images_differs_from_one_without_data() -> None:
    def drawn(*images: tuple[date, int]) -> Image.Image:
        return picture(UsageCurve(NOW - 10 * DAY, NOW, AXIS, "aurora", ((NOW - 9 * DAY, 12.0),), images))

    known = drawn((date(2026, 11, 20), 40), (date(2026, 11, 22), 0))
    unknown = drawn((date(2026, 11, 20), 40))
    lowest = max(y for y in range(known.height) if columns(known, PURPLE, y))
    assert runs(columns(known, PURPLE, lowest)) == 2
    assert runs(columns(unknown, PURPLE, lowest)) == 1


def test_without_data_about_images_there_is_no_place_for_them() -> None:
    without = UsageCurve(NOW - 10 * DAY, NOW, AXIS, "aurora", ((NOW - 9 * DAY, 12.0),))
    assert picture(without).height < picture(CHARTS["curve"]).height - 150


def test_a_level_is_a_bar_within_that_of_its_plan_and_stands_out_if_it_does_not_last() -> None:
    image = picture(Levels((Level("short", 5.0, 10.0, is_short=True), Level("enough", 5.0, 10.0))))
    short, rest = columns(image, VERMILLION, FIRST_ROW), columns(image, TRACK, FIRST_ROW)
    assert len(short) == pytest.approx(len(rest), abs=3)
    assert columns(image, SKY, FIRST_ROW + 53) == short


# Texts of people


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("aurora", "aurora"),
        ("  two\t\nlines ", "two lines"),
        ("\u202egnp\u0000.\u200bexe", "gnp.exe"),
        ("$\\frac{1}{0}$ 50%_^", "$\\frac{1}{0}$ 50%_^"),
        ("moon \U000f0000\U0001fae8\ufe0f!", "moon •!"),
        ("\ud800", ""),
        ("e" + "\u0301" * 50, "é"),
        ("\u0301\ud800", ""),
        ("e\u093e", "e"),
        ("Анна ελ", "Анна ελ"),
    ],
)
def test_a_label_is_drawn_without_what_no_font_has_or_what_is_no_sign(label: str, shown: str) -> None:
    assert drawable(label) == shown
    assert draw(timeline(TimelineRow(label)))


def test_chinese_is_drawn_where_a_font_has_it_and_replaced_where_none_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chinese = "天" if len(labels.FAMILIES) > 1 else "•"
    assert drawable("天") == chinese
    monkeypatch.setattr(labels, "FONTS", labels.open_fonts(["DejaVu Sans"]))
    assert drawable("天地") == "•"


def test_a_long_label_is_cut_to_its_width() -> None:
    for label in ("W" * 300, "i" * 300, "a fleet of accounts with names"):
        cut = clipped(label, 200, 26)
        assert cut.endswith("…")
        assert 140 < width_of(cut, 26) <= 200
    assert clipped("short", 200, 26) == "short"


def in_chinese(english: Timeline) -> Timeline:
    return replace(
        english,
        kinds={Shade.BLOCK: "被封禁"},
        axis=replace(AXIS, days=tuple(f"{month}月{{day}}日" for month in range(1, 13))),
        english=english,
    )


def test_the_words_are_english_where_no_font_has_a_character_of_the_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    english = replace(timeline(TimelineRow("天地", (span(20, 10),))), kinds={Shade.BLOCK: "blocked"})
    german = replace(english, kinds={Shade.BLOCK: "gesperrt"}, english=english)
    monkeypatch.setattr(labels, "FONTS", labels.open_fonts(["DejaVu Sans"]))
    received = chart_of(chart_as_json(in_chinese(english)))
    assert draw(received) == draw(english)
    assert draw(german) != draw(english), "its characters are there, and those of a label do not matter"


def test_long_words_of_a_legend_stand_below_one_another_within_the_picture() -> None:
    def drawn(word: str) -> Image.Image:
        rows = [TimelineRow(each, (span(20, 10, each),)) for each in Shade]
        return picture(replace(timeline(*rows), kinds=dict.fromkeys(Shade, word)))

    short, long = drawn("blocked"), drawn("Verbindungsunterbrechung " * 9)
    assert long.height - short.height == 4 * page.LINE
    assert not [x for x in columns(long, TEXT, long.height - 30) if x >= WIDTH - page.MARGIN]


@pytest.mark.parametrize("length", [2, 30, 400])
def test_longer_words_for_times_neither_touch_nor_leave_the_picture(length: int) -> None:
    axis = replace(AXIS, days=("{day}. September",) * 12, year="{year}. January")
    with mpl.rc_context(page.STYLE):
        for hour in range(24):
            until = datetime(2026, 10, 28, hour, tzinfo=UTC)
            axes = page.field(page.new(100), 110, 50, 858, 40)
            page.show_time(axes, until - length * DAY, until, axis)
            boxes = sorted(
                (each.get_window_extent().x0, each.get_window_extent().x1) for each in axes.get_xticklabels()
            )
            assert boxes
            assert boxes[0][0] > 64
            assert boxes[-1][1] <= WIDTH
            assert all(right[0] - left[1] > 8 for left, right in pairwise(boxes))


def test_a_long_outlook_leaves_place_for_its_bar() -> None:
    level = Level("aurora", 10.0, 10.0, amount="10 hours", outlook="renews on the first of December " * 3)
    image = picture(Levels((level,)))
    assert len(columns(image, SKY, FIRST_ROW)) >= 100
    assert not [x for x in columns(image, TEXT, FIRST_ROW) if x >= WIDTH - 4]
