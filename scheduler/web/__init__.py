"""The web side of the house: `create(app)` gives the ASGI application. Knows requests; decides nothing itself."""

from scheduler.web.site import create

__all__ = ["create"]
