"""Why a shipment found no place, and the cheapest change that would give it one. Changes no plan.

`explain` gives both as data, `sentence` and `fix_sentence` as words, and `apply_fix` the problem with the change made,
in which the shipment fits.
"""

from __future__ import annotations

from .reasons import explain, sentence
from .relax import apply_fix
from .words import fix_sentence

__all__ = ["apply_fix", "explain", "fix_sentence", "sentence"]
