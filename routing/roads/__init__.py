"""Road data: an extract of OpenStreetMap cut to an area, made ready for OSRM, kept in one folder. Asks no way of it.

    built = build(Order(extract=..., folder=..., area=..., profiles=("motorcycle",)), on_step=print, now=...)
    found = current(folder)     # DataSet, or None

A data set is a folder of its own and never changes; `current.json` names the one in use and is replaced in one step.
So a build that breaks leaves the good one where it was, and is taken up where it stopped.
"""

from .build import Order, RoadsError, build
from .dataset import Box, DataSet, current
from .profiles import PROFILES

__all__ = ["PROFILES", "Box", "DataSet", "Order", "RoadsError", "build", "current"]
