"""Where a finding stands: in the config's text, or in the file of an area that the config names.

Knows the tree of the text and the areas' files; nothing of what is right or wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from scheduler.config.area_file import AreaFile
from scheduler.config.problems import Finding, Problem, problem, written
from scheduler.config.reader import Node


def placed(found: Iterable[Finding], root: Node, name: str) -> list[Problem]:
    """Each finding at its line and column of the config; what another file holds, where that file is named."""
    told = []
    for finding in found:
        node, taken = root.find(finding.path)
        path = finding.path
        if node.origin:
            path = (*path[: taken - 1], "file") if path[0] == "zones" else path
        elif finding.at_key:
            parent = root.find(path[:-1])[0]
            node = parent.keys.get(str(path[-1]), node)
        told.append(
            problem(finding.code, finding.facts, file=name, line=node.line, column=node.column, path=written(path))
        )
    return told


def in_order(
    reading: Sequence[Problem], found: Iterable[tuple[Finding, Problem]], areas: Mapping[int, AreaFile]
) -> tuple[list[Problem], list[Problem]]:
    """Errors and warnings in the order of the config, `reading` the YAML's own; those within an area's file, by zone,
    get their place in it."""
    shown = [(place_of(said), False, said) for said in reading]
    shown += [(place_of(said), finding.warning, _inside(finding, areas) or said) for finding, said in found]
    shown.sort(key=lambda each: each[0])
    return [said for _, warning, said in shown if not warning], [said for _, warning, said in shown if warning]


def place_of(said: Problem) -> tuple[int, int]:
    return said.line, said.column


def _inside(finding: Finding, areas: Mapping[int, AreaFile]) -> Problem | None:
    """A problem of what an area's own file holds, with its place there; None for anything else.

    What a zone as a whole is to others is the config's matter: ``priority`` stands there.
    """
    match finding.path:
        case ("zones", int(index), "polygon", *steps) if index in areas:
            if finding.code.startswith("zone.") and not steps:
                return None
            area = areas[index]
            line, column = area.place(tuple(steps))
            way = written((*area.way, *steps))
            return problem(finding.code, finding.facts, file=area.name, line=line, column=column, path=way)
    return None
