"""How config.yaml and the areas beside it are changed by program: only what is meant to change changes.

styles    a value as YAML text, in the style of what stood there
splices   a change of zones as pieces of the text
geojson   areas and what is said of them, out of GeoJSON and into it
drawing   a GeoJSON file of one area, with another border
borders   areas for a market: which zone each belongs to, and what the files then hold
saving    files replaced in one step, never over somebody else's edit
changes   what differs between two versions, in short

Knows no database, no waves and no command line.
"""

from scheduler.editing.borders import Brought, Placed, bring
from scheduler.editing.changes import Changes, compare
from scheduler.editing.geojson import Feature, Unusable, collection, read
from scheduler.editing.saving import ChangedMeanwhile, FileChange, Unwritable, save
from scheduler.editing.splices import CannotEdit, edited

__all__ = [
    "Brought",
    "CannotEdit",
    "ChangedMeanwhile",
    "Changes",
    "Feature",
    "FileChange",
    "Placed",
    "Unusable",
    "Unwritable",
    "bring",
    "collection",
    "compare",
    "edited",
    "read",
    "save",
]
