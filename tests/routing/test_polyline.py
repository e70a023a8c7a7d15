"""Encoded polylines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lines import decode

from routing import Location, polyline


def test_the_published_example() -> None:
    """The three points of the format's own documentation."""
    line = [(-120.2, 38.5), (-120.95, 40.7), (-126.453, 43.252)]
    assert polyline.encode(line) == "_p~iF~ps|U_ulLnnqC_mqNvxq`@"
    assert decode("_p~iF~ps|U_ulLnnqC_mqNvxq`@") == line


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), max_size=20))
def test_what_was_encoded_is_decoded(points: list[Location]) -> None:
    """To half of the last decimal, however long the line."""
    found = decode(polyline.encode(points))
    assert len(found) == len(points)
    for here, there in zip(found, points, strict=True):
        assert here == pytest.approx(there, abs=0.6e-5)
