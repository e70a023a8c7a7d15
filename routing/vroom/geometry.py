"""The ways of an answer as lines for a map, beside VROOM's own keys: its ``geometry``, an encoded polyline.

We hold no roads here, so a way is the straight legs from stop to stop, over the crossings of the document's barriers.
"""

from __future__ import annotations

from typing import Any

from routing.travel import Kind, Settings
from routing.travel.straight import Straight

from .document import Errors, Node
from .places import SPEED_KMH, PlacesEstimated


def with_geometry(doc: Any, answer: dict[str, Any]) -> dict[str, Any]:
    """`answer` to `doc` with each route's ``geometry``, where all its steps have coordinates."""
    if answer["code"] != 0:
        return answer
    profiles = {vehicle["id"]: vehicle.get("profile", "car") for vehicle in doc["vehicles"]}
    kinds = {profile: Kind(speed_kmh=SPEED_KMH) for profile in profiles.values()}
    travel = Straight(Settings(kinds=kinds, barriers=PlacesEstimated(Node(doc, "", Errors())).barriers))
    routes = []
    for route in answer["routes"]:
        places = [step.get("location") for step in route["steps"]]
        line = None
        if None not in places:
            line = travel.geometry([(lon, lat) for lon, lat in places], profiles[route["vehicle"]])
        routes.append(route if line is None else {**route, "geometry": line})
    return {**answer, "routes": routes}
