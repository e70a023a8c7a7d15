"""The wording of every notice, in Thai and English, as templates that a market may replace.

`compose` turns facts into `Content`; it knows no service, and asks nobody for the time. Templates are Jinja2 in a
sandbox, read from ``channels/locales/*.yaml`` and from a coordinator's own file of the same shape.

    TextError       a fact is missing, or no such kind or language: a mistake of the caller
    TextProblem     a value: what is wrong in a coordinator's file, where, and what to write instead
"""

from channels.texts.book import Texts, as_shipped
from channels.texts.filters import Words
from channels.texts.kinds import KINDS, sample
from channels.texts.reading import TextProblem
from channels.texts.templates import TextError
from channels.texts.trial import load, load_text

__all__ = ["KINDS", "TextError", "TextProblem", "Texts", "Words", "as_shipped", "load", "load_text", "sample"]
