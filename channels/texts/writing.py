"""One kind of notice, compiled: from facts to `Content`. Pure; knows no language but the one it was compiled for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from jinja2 import Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from channels.base import Action, Content
from channels.texts.markup import lines, opened
from channels.texts.reading import Piece, Wording
from channels.texts.templates import compiled

# What a template may raise on facts it was not written for.
FAILURES = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Button:
    label: Template
    value: Template
    kind: Literal["link", "postback", "say", "location", "contact"]
    each: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Templates ready to render."""

    title: Template
    body: Template
    buttons: tuple[_Button, ...]

    def write(self, facts: Mapping[str, Any], language: str) -> Content:
        """The notice over these facts; raises one of `FAILURES` where a fact is missing."""
        return Content(
            title=opened(" ".join(self.title.render(facts).split())),
            lines=lines(self.body.render(facts)),
            actions=tuple(self._actions(facts)),
            language=language,
        )

    def _actions(self, facts: Mapping[str, Any]) -> Iterator[Action]:
        for button in self.buttons:
            for item in facts[button.each] if button.each else (None,):
                scope = {**facts, "item": item}
                label = opened(button.label.render(scope)).strip()
                value = opened(button.value.render(scope)).strip()
                if label and value:
                    yield Action(label=label, kind=button.kind, value=value)


def prepare(env: ImmutableSandboxedEnvironment, wording: Wording) -> Ready:
    """`wording` compiled; `jinja2.TemplateSyntaxError` where it is no template."""

    def template(piece: Piece | None) -> Template:
        return compiled(env, piece.text if piece else "")

    buttons = tuple(
        _Button(
            label=template(each.label),
            value=template(each.value),
            kind=cast("Literal['link', 'postback', 'say', 'location', 'contact']", each.kind),
            each=each.each.text if each.each else None,
        )
        for each in wording.actions or ()
    )
    return Ready(title=template(wording.title), body=template(wording.body), buttons=buttons)


def laid_over(shipped: Wording, own: Wording) -> Wording:
    """`own`, its missing parts taken from `shipped`."""
    return Wording(
        title=own.title or shipped.title,
        body=own.body or shipped.body,
        actions=shipped.actions if own.actions is None else own.actions,
    )
