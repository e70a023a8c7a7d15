"""Jinja2, made small: no functions, no imports, no arithmetic that grows, only the filters a message needs.

A coordinator's template can therefore neither reach anything nor run away, and `faults` can name its mistakes by line
before anybody is written to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from channels.base import ChannelError
from channels.texts.filters import Words
from channels.texts.markup import guarded

_REFUSED: dict[type[nodes.Node], str] = {
    nodes.Call: "calls",
    nodes.CallBlock: "calls",
    nodes.Macro: "macros",
    nodes.Include: "includes",
    nodes.Import: "imports",
    nodes.FromImport: "imports",
    nodes.Extends: "extends",
    nodes.Block: "blocks",
    nodes.FilterBlock: "filter blocks",
    nodes.AssignBlock: "set blocks",
    nodes.Mul: "multiplication",
    nodes.Pow: "powers",
    nodes.Mod: "the % operator",
}
_TESTS = ("defined", "none", "equalto", "eq", "ne", "gt", "ge", "lt", "le", "in")
_LOOP = frozenset({"loop", "index", "index0", "first", "last", "length"})


class TextError(ChannelError):
    """A message cannot be written: a fact is missing, or no such kind or language."""


class _Environment(ImmutableSandboxedEnvironment):
    """`stop.items` is the fact called items, never the method of the mapping."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


def environment(words: Words) -> ImmutableSandboxedEnvironment:
    """The environment of one language."""
    made = _Environment(
        undefined=StrictUndefined,
        autoescape=False,  # the result is no HTML: each channel escapes for its own service
        finalize=guarded,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=0,
    )
    made.globals.clear()
    made.filters = dict(words.filters())
    made.tests = {name: made.tests[name] for name in _TESTS}
    return made


def compiled(env: ImmutableSandboxedEnvironment, source: str) -> Template:
    """A template ready to render; `TemplateSyntaxError` where it is none."""
    return env.from_string(source)


def faults(
    env: ImmutableSandboxedEnvironment, source: str, names: frozenset[str], attributes: frozenset[str]
) -> Iterator[tuple[int, str, str]]:
    """Every (line, code, what) that keeps `source` from being a template over these facts; lines count from 1."""
    try:
        tree = env.parse(source)
        env.compile(tree)
    except (TemplateSyntaxError, RecursionError) as fault:
        yield getattr(fault, "lineno", 1), "template.syntax", getattr(fault, "message", None) or "too deeply nested"
        return
    tree = env.parse(source)
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"}
    for node in tree.find_all(nodes.Node):
        what = _REFUSED.get(type(node))
        if what is not None:
            yield node.lineno, "template.refused", what
        elif isinstance(node, nodes.Name) and node.ctx == "load" and node.name not in names | own | {"loop"}:
            yield node.lineno, "template.unknown_name", node.name
        elif isinstance(node, nodes.Getattr) and node.attr not in attributes | _LOOP:
            yield node.lineno, "template.unknown_name", node.attr


def names_in(facts: Mapping[str, Any]) -> frozenset[str]:
    """Every name that occurs in nested facts."""
    found = set(facts)
    for value in facts.values():
        for each in value if isinstance(value, list | tuple) else (value,):
            if isinstance(each, Mapping):
                found |= names_in(each)
    return frozenset(found)
