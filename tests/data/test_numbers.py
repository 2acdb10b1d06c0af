"""Numbers in the ways that people and spreadsheets write them, read right or refused with the reason."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import InputError
from data.numbers import check_decimal, read_numbers

FILE = Path("mine.csv")


def read(*cells: str, decimal: str | None = None) -> list[float]:
    return list(read_numbers(dict(enumerate(cells, 2)), FILE, "Compute", decimal)[0].values())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,024", 1024.0),
        ("1,234,567", 1234567.0),
        ("1,234.5", 1234.5),
        ("1 234 567", 1234567.0),
        ("1\u00a0234\u202f567.5", 1234567.5),
        ("1'234'567", 1234567.0),
        ("1\u2019234.5", 1234.5),
        ("4.70E+17", 4.7e17),
        ("1e+022", 1e22),
        (".5", 0.5),
        ("\u22123", -3.0),
        ("1500000.0", 1500000.0),
    ],
)
def test_number_with_a_decimal_point(text: str, value: float):
    assert read(text) == [value]
    assert read(text, decimal=".") == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4,70E+17", 4.7e17),
        ("1,5e22", 1.5e22),
        ("512,0", 512.0),
        ("1.234.567", 1234567.0),
        ("1.234,5", 1234.5),
        ("1 234,5", 1234.5),
        ("0,512", 0.512),
        ("22,176091", 22.176091),
        (",5", 0.5),
    ],
)
def test_decimal_comma_condemns_the_column_or_is_read_if_asked_for(text: str, value: float):
    with pytest.raises(InputError, match=r"mine\.csv, row 3, column 'Compute'.*decimal comma.*--decimal ,"):
        read("1.5", text)
    with pytest.raises(InputError, match="decimal comma"):
        read("1024", text, decimal=".")
    assert read("7", text, decimal=",") == [7.0, value]


@pytest.mark.parametrize("text", ["4.70E+17", "1.5", "1,234.5", "1,234,567"])
def test_decimal_point_condemns_a_column_that_is_read_with_a_decimal_comma(text: str):
    with pytest.raises(InputError, match=r"decimal point.*--decimal \."):
        read(text, decimal=",")


def test_one_group_of_three_digits_and_an_exponent_can_be_read_in_two_ways():
    """``1,500e22`` is 1.5e22 where the comma is a decimal comma, and 1.5e25 where it separates thousands."""
    with pytest.raises(InputError, match="may be a decimal comma"):
        read("1,500e22")
    assert read("1,500e22", decimal=",") == [1.5e22]
    assert read("1,500e22", decimal=".") == [1.5e25]


@pytest.mark.parametrize(
    "text", ["lots", "nan", "inf", "1e", "12,34", "1,23,456", "1.2.3", "--1", "1 23", "0x10", "1e5.5"]
)
def test_anything_else_is_refused(text: str):
    with pytest.raises(InputError, match=r"row 2, column 'Compute'"):
        read(text)


def test_separated_thousands_are_counted():
    assert read_numbers({2: "1,024", 3: "7", 4: ""}, FILE, "Count") == ({2: 1024.0, 3: 7.0}, 1)


def test_decimal_sign_is_checked():
    check_decimal(",")
    with pytest.raises(InputError, match=r"known: \. and ,"):
        check_decimal("comma")


LOCALES = {"en": (",", "."), "de": (".", ","), "fr": ("\u202f", ","), "ch": ("\u2019", ".")}


def write(value: float, locale: str, style: str) -> str:
    """Write a number as a spreadsheet of a locale does."""
    text = {"grouped": f"{value:,.2f}", "plain": f"{value:.2f}", "exponent": f"{value:.4e}"}[style]
    thousands, decimal = LOCALES[locale]
    return text.translate({ord(","): thousands, ord("."): decimal})


@given(
    values=st.lists(st.floats(0.01, 1e12), min_size=1, max_size=6),
    locale=st.sampled_from(sorted(LOCALES)),
    style=st.sampled_from(["grouped", "plain", "exponent"]),
    whole=st.booleans(),
)
def test_column_of_any_locale_is_read_right_or_refused(values: list[float], locale: str, style: str, whole: bool):
    """Without ``decimal`` no number is ever read wrong; with it, every number is read."""
    values = [float(round(value)) if whole else value for value in values]
    cells = [write(value, locale, style) for value in values]
    precision = 1e-4 if style == "exponent" else 1e-9
    close = [math.isclose(one, other, rel_tol=precision, abs_tol=0.006) for one, other in zip(
        read(*cells, decimal=LOCALES[locale][1]), values, strict=True)]  # fmt: skip
    assert all(close)
    if LOCALES[locale][1] == ".":
        assert read(*cells) == read(*cells, decimal=".")
    else:
        with pytest.raises(InputError, match="decimal comma"):
            read(*cells)


def test_a_blank_may_stand_before_the_exponent():
    assert read("1.5 E+9", "2 e21") == [1.5e9, 2e21]
    assert read("1,5 E+9", decimal=",") == [1.5e9]


@pytest.mark.parametrize(
    "text",
    ["2.5*10^21", "1e21-1e22", "~3e23", ">1e25", "1.2B", "175 billion", "50%", "5.7e24,6e24", "inf"],
)
def test_what_is_no_plain_number_is_refused_with_an_example(text: str):
    with pytest.raises(InputError, match=r"not a number \(a number like 1500 or 1\.5e24"):
        read(text)
