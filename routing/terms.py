"""The plain types that problems, plans and fixes are written in; what they mean stands on top of `routing.model`."""

Id = str | int
Location = tuple[float, float]
TimeWindow = tuple[int, int]
Amount = tuple[int, ...]
