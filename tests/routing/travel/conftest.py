"""The made-up town's road data, built once for all the tests of travel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from town import AREA, served, write_town

from routing.roads import DataSet, Order, build

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    """The town's data for cars and motorcycles."""
    if find_spec("osrm") is None:
        pytest.skip("osrm-bindings has wheels for Linux and Python 3.12 on only")
    folder = tmp_path_factory.mktemp("roads")
    extract = write_town(folder / "town.osm")
    order = Order(extract=extract, folder=folder / "data", area=AREA, profiles=("car", "motorcycle"))
    return build(order, now=NOW)


@pytest.fixture(scope="session")
def town_server(town: DataSet) -> Iterator[str]:
    """The address of an OSRM server on the town's roads."""
    with served(town, "motorcycle") as url:
        yield url
