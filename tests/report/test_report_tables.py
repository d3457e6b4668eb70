"""Numbers as text say what they should to their last digit, and tables survive hostile cells."""

import io
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from gdbench.errors import InputError
from gdbench.report.tables import count, interval, ratio, seconds, to_csv, to_markdown, to_rich

UNITS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}
TABLE = pd.DataFrame(
    {
        "method": ["adam", "a|b [red]x[/red]"],
        "time": ["12.3 µs", "–"],
        "n": [101770, 2],
        "loss": [0.1, math.nan],
    }
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.234e-5, "12.3 µs"),
        (999.96e-6, "1.00 ms"),
        (0.9994, "999 ms"),
        (59.96, "60.0 s"),
        (123456.0, "123,456 s"),
        (3e-12, "0.00300 ns"),
        (-2e-3, "-2.00 ms"),
        (0.0, "0 s"),
        (math.nan, "–"),
        (math.inf, "∞"),
    ],
)
def test_seconds(value, text):
    assert seconds(value) == text


@given(st.floats(1e-9, 1e6), st.integers(1, 6))
def test_seconds_read_back(value, digits):
    number, unit = seconds(value, digits).split()
    read = float(number.replace(",", ""))
    assert read * UNITS[unit] == pytest.approx(value, rel=0.51 * 10 ** (1 - digits))
    assert 1 <= read < 1000 or unit == "s"


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.4, "3.4x"), (9.96, "10x"), (0.0996, "0.10x"), (1, "1.0x"), (12.4, "12x"), (203540.2, "203,540x")],
)
def test_ratio(value, text):
    assert ratio(value) == text


@given(st.floats(1e-6, 1e9))
def test_ratios_read_back(value):
    assert float(ratio(value).removesuffix("x").replace(",", "")) == pytest.approx(value, rel=0.051)


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((1.234e-3, 1.2e-3, 1.2699e-3), "1.23 [1.20, 1.27] ms"),
        ((9.99e-4, 9.5e-4, 1.2e-3), "999 [950, 1,200] µs"),
        ((2.0, 1.5, math.inf), "2.00 [1.50, ∞] s"),
        ((2.0, math.nan, math.nan), "2.00 s"),
        ((math.inf, 1.0, math.inf), "∞"),
    ],
)
def test_interval(numbers, text):
    assert interval(*numbers) == text


@given(st.floats(1e-9, 1e4), st.floats(0.5, 1), st.floats(1, 2))
def test_interval_ends_have_the_decimals_of_the_median(median, below, above):
    middle, low, high, _ = interval(median, median * below, median * above).replace(", ", " ").split()
    decimals = {len(part.strip("[]").partition(".")[2]) for part in (middle, low, high)}
    assert len(decimals) == 1


@given(st.integers(-(10**12), 10**12))
def test_counts_read_back(value):
    assert int(count(value).replace(",", "")) == value


def test_markdown():
    assert to_markdown(TABLE).splitlines() == [
        "| method            |    time |       n | loss |",
        "| :---------------- | ------: | ------: | ---: |",
        "| adam              | 12.3 µs | 101,770 |  0.1 |",
        r"| a\|b [red]x[/red] |       – |       2 |    – |",
    ]


@given(st.lists(st.tuples(st.text(), st.floats() | st.none(), st.booleans()), max_size=4))
def test_markdown_keeps_its_shape_whatever_the_cells(rows):
    lines = to_markdown(pd.DataFrame(rows, columns=["text", "number", "flag"])).split("\n")
    assert len(lines) == len(rows) + 2
    assert {line.replace(r"\|", "").count("|") for line in lines} == {4}


def test_rich_prints_cells_as_they_are():
    screen = io.StringIO()
    Console(file=screen, width=100).print(to_rich(TABLE, "A title [bold]"))
    for text in ("A title [bold]", "a|b [red]x[/red]", "12.3 µs", "101,770"):
        assert text in screen.getvalue()


def test_csv_bytes(tmp_path):
    path = to_csv(TABLE.assign(third=[1 / 3, math.inf]), tmp_path / "deep" / "table.csv")
    assert (
        path.read_bytes()
        == (
            "method,time,n,loss,third\nadam,12.3 µs,101770,0.1,0.3333333333333333\na|b [red]x[/red],–,2,,inf\n"
        ).encode()
    )
    back = pd.read_csv(path)
    assert back["third"].tolist() == [1 / 3, math.inf]


def test_refusals(tmp_path):
    for print_it in (to_markdown, to_rich, lambda frame: to_csv(frame, tmp_path / "x.csv")):
        with pytest.raises(InputError, match="no columns"):
            print_it(pd.DataFrame())
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        to_csv(TABLE, tmp_path / "file" / "table.csv")
