"""What a change of the config would have done: two configs over the same past orders. Pure, but for the solving.

    changes    which zones are gained, lost, moved or otherwise changed
    replay     past orders through batching and planning, under one config
    solving    several replays side by side, each different problem solved once
    scatter    how much of a difference is the search's luck
    figures    what came of a replay, by zone and in all, and how two differ
    falling    orders that wait, and members, whom the new zones leave outside
    expecting  orders that a place is expected to bring, and what they would need
    page       the document that leaves the house
    comparing  all of it, from two configs and the past to the document
    picture    the map, as PNG or SVG, of a frame, names and labels

Writes nothing, sends nothing, needs no channel. Places are ``(lon, lat)``; units are routing's.
"""
