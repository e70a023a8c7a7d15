"""A `Problem` from VROOM's JSON. A shipment goes by its delivery's id, a job by its own.

Where a shipment has several ``pickups``, each may state its ``amount``; a shipment's own ``amount`` beside pickups that
state none is loaded at the first of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from routing.model import Amount, Balance, Id, Problem, Shipment, Task, Vehicle
from routing.validate import errors as model_errors

from .before import churn_from, previous_from, tasks_of, with_steps
from .document import DocumentError, Errors, Node
from .places import Places, places_of
from .vehicles import MOST_SECONDS, vehicle_from


def problem_from_json(doc: Any) -> Problem:
    """Read a whole document; all that is wrong with it is raised at once, as a `DocumentError`."""
    errors = Errors()
    if not isinstance(doc, dict):
        errors.add("", "type.object", "a problem is a JSON object")
        errors.raise_any()
    top = Node(doc, "", errors)
    if not top.has("vehicles") or not top.items("vehicles"):
        top.wrong("vehicles", "vehicles.none", "a problem needs at least one vehicle")
    if not top.has("shipments") and not top.has("jobs"):
        top.wrong("shipments", "tasks.none", "a problem needs shipments or jobs")
    places = places_of(top)
    nodes = {key: list(top.children(key)) for key in ("vehicles", "shipments", "jobs")}
    if any(len(found) < len(top.items(key)) for key, found in nodes.items()):
        errors.raise_any()  # what is no object has no number among those that are
    vehicles = [vehicle_from(node, places) for node in nodes["vehicles"]]
    reader = _Tasks(places)
    shipments = [reader.shipment(node) for node in nodes["shipments"]]
    shipments += [reader.job(node) for node in nodes["jobs"]]
    _unique(top, "vehicles", [v.id for v in vehicles])
    dimensions = _dimensions(top, vehicles, shipments)
    _known_vehicles(top, vehicles, shipments)
    tasks = tasks_of(shipments)
    vehicles = with_steps(nodes["vehicles"], vehicles, tasks)
    balance = top.child("balance")
    share = Balance(duration=balance.integer("duration"), tasks=balance.integer("tasks")) if balance else None
    previous, churn = previous_from(top, tasks), churn_from(top)
    matrices = places.matrices(vehicles)
    errors.raise_any()
    problem = Problem(
        vehicles=tuple(vehicles),
        shipments=tuple(shipments),
        matrices=matrices,
        dimensions=dimensions,
        balance=share,
        previous=previous,
        churn=churn,
    )
    # what the fields alone do not show, such as an index that lies outside of its matrix
    left = list(model_errors(problem))
    if left:
        raise DocumentError(left)
    return problem


class _Tasks:
    """Reads shipments and jobs; ids are unique among pickups, among deliveries and among jobs, as in VROOM."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.seen: set[tuple[str, Id]] = set()
        self.names: set[Id] = set()

    def shipment(self, node: Node) -> Shipment:
        if node.has("pickup") and node.has("pickups"):
            node.wrong("pickups", "pickups.both", "give either pickup or pickups")
        found = [p] if (p := node.child("pickup")) else list(node.children("pickups"))
        delivery = node.child("delivery")
        if not found:
            node.wrong("pickup", "pickup.missing", "a shipment needs a pickup")
        if delivery is None:
            node.wrong("delivery", "delivery.missing", "a shipment needs a delivery")
            delivery = Node({"id": 0, "location_index": 0, "location": [0, 0]}, node.at("delivery"), Errors())
        pickups = tuple(self._task(p, "pickup") for p in found)
        drop = self._task(delivery, "delivery")
        return Shipment(
            id=self._name(drop.id, "shipment"),
            pickups=pickups,
            delivery=drop,
            amounts=self._amounts(node, found),
            **self._shared(node),
        )

    def job(self, node: Node) -> Shipment:
        task = self._task(node, "job")
        given = node.amount("delivery") or node.amount("amount")
        return Shipment(
            id=self._name(task.id, "job"),
            pickups=(),
            delivery=task,
            amounts=(given,) if given else (),
            collected=node.amount("pickup"),
            **self._shared(node),
        )

    def _name(self, id_: Id, kind: str) -> Id:
        """A job may bear the id of a delivery; as shipments they need different names."""
        name: Id = id_ if id_ not in self.names else f"{kind} {id_}"
        while name in self.names:
            name = f"{name}'"
        self.names.add(name)
        return name

    def _task(self, node: Node, kind: str) -> Task:
        id_ = node.id()
        if (kind, id_) in self.seen and id_ != "":
            node.wrong("id", "id.duplicate", f"{kind} {id_!r} is used twice")
        self.seen.add((kind, id_))
        return Task(
            id=id_,
            index=self.places.index(node, "location", "location_index") or 0,
            location=node.location("location"),
            description=node.description(),
            setup=node.integer("setup", most=MOST_SECONDS),
            service=node.integer("service", most=MOST_SECONDS),
            setup_per_type=node.durations("setup_per_type", MOST_SECONDS),
            service_per_type=node.durations("service_per_type", MOST_SECONDS),
            windows=node.windows("time_windows"),
            soft_end=node.optional_integer("soft_end"),
            cost_per_hour_after_soft_end=node.integer("cost_per_hour_after_soft_end"),
        )

    @staticmethod
    def _amounts(node: Node, pickups: list[Node]) -> tuple[Amount, ...]:
        whole = node.amount("amount")
        own = [p.amount("amount") for p in pickups] if len(pickups) > 1 or "pickups" in node.value else []
        if not any(own):
            rest = (0,) * len(whole)
            return tuple(whole if k == 0 else rest for k in range(len(pickups)))
        size = max(len(a) for a in own)
        filled = [a or (0,) * size for a in own]
        total = tuple(map(sum, zip(*filled, strict=False)))
        if whole and total != whole:
            node.wrong("amount", "amounts.sum", f"pickups load {list(total)} together")
        return tuple(filled)

    @staticmethod
    def _shared(node: Node) -> dict[str, Any]:
        return {
            "skills": node.ids("skills") or frozenset(),
            "priority": node.integer("priority", most=100),
            "penalty": node.optional_integer("penalty"),
            "max_ride_time": node.optional_integer("max_ride_time"),
            "allowed_vehicles": node.ids("allowed_vehicles"),
            "forbidden_vehicles": node.ids("forbidden_vehicles") or frozenset(),
            "preferred_vehicles": node.ids("preferred_vehicles") or frozenset(),
            "group": node.optional_id("group"),
        }


def _unique(top: Node, key: str, ids: list[Id]) -> None:
    seen: set[Id] = set()
    for k, id_ in enumerate(ids):
        if id_ in seen and id_ != "":
            top.errors.add(f"{key}[{k}].id", "id.duplicate", f"{id_!r} is used twice")
        seen.add(id_)


def _dimensions(top: Node, vehicles: list[Vehicle], shipments: list[Shipment]) -> tuple[str, ...]:
    """The names of the dimensions, after making sure that all amounts have as many numbers."""
    amounts: list[tuple[str, Amount]] = [(f"vehicles[{k}].capacity", v.capacity) for k, v in enumerate(vehicles)]
    for k, vehicle in enumerate(vehicles):
        loads = [(f"vehicles[{k}].breaks[{n}].max_load", rest.max_load) for n, rest in enumerate(vehicle.breaks)]
        amounts += [(path, load) for path, load in loads if load is not None]
    count = len(top.items("shipments"))
    for k, shipment in enumerate(shipments):
        path = f"shipments[{k}].amount" if k < count else f"jobs[{k - count}].delivery"
        amounts += [(path, amount) for amount in shipment.amounts]
        amounts.append((f"jobs[{k - count}].pickup", shipment.collected))
    sizes = [len(amount) for _, amount in amounts if amount]
    names = tuple(str(name) for name in top.items("dimensions"))
    size = len(names) if names else max(sizes, default=0)
    for path, amount in amounts:
        if amount and len(amount) != size:
            top.errors.add(path, "amount.dimensions", f"{len(amount)} numbers for {size} dimensions")
    for k, shipment in enumerate(shipments):  # what states no amount carries nothing
        if any(not amount for amount in shipment.amounts):
            shipments[k] = replace(shipment, amounts=tuple(a or (0,) * size for a in shipment.amounts))
    return names or tuple(f"amount[{d}]" for d in range(size))


def _known_vehicles(top: Node, vehicles: list[Vehicle], shipments: list[Shipment]) -> None:
    known = {v.id for v in vehicles}
    count = len(top.items("shipments"))
    for k, shipment in enumerate(shipments):
        path = f"shipments[{k}]" if k < count else f"jobs[{k - count}]"
        for name in ("allowed_vehicles", "forbidden_vehicles", "preferred_vehicles"):
            for unknown in sorted((getattr(shipment, name) or frozenset()) - known, key=repr):
                top.errors.add(f"{path}.{name}", "vehicle.unknown", f"there is no vehicle {unknown!r}")
