"""What the columns of the kernel's tables hold. One row of `POS` is one cache line."""

from __future__ import annotations

UNREACHABLE = 10**8
NEVER = 2**60
"""Later than any instant; its negative is earlier than any."""

# Data.stop[n]: one task
PLACE, SETUP, SERVICE, OPENS, CLOSES, SHIPMENT, FIRST_WINDOW, LAST_WINDOW = range(8)
CHANGE = 8
"""From ``CHANGE`` on: what the stop does to the load, one column a dimension. ``FIRST_WINDOW`` to ``LAST_WINDOW`` are
rows of ``Data.window``; both are 0 for a stop with one window."""

# Data.shipment[s]
FIRST, COUNT, RIDE, JOB, BEFORE, BEGUN = range(6)
ABOARD = 6
"""Its stops are ``FIRST`` to ``FIRST + COUNT - 1``, the delivery last. ``RIDE`` is -1 without a limit, ``BEFORE`` where
no vehicle brought it before, or none minds; ``BEGUN`` is when its delivery began then, -1 where that is nothing. From
``ABOARD`` on: what a job has loaded at the start, one column a dimension."""

# Data.vehicle[v]; START and END are places, STARTS and ENDS instants
CLASS, START, END, STARTS, ENDS, MAX_TASKS, MAX_TRAVEL, MAX_METRES, KIND = range(9)
CAPACITY = 9

# Data.kind: vehicles, those of one kind together; and where each kind begins among them, the end last
MEMBER, BEGINS = range(2)

# Data.weight[s]
PENALTY, ORDER, SLIGHT = 0, 1, 8
"""From ``ORDER`` on by what to sort; from ``SLIGHT`` on, per vehicle, what it weighs for not being preferred, or not
being the one before, infinite where it may not carry the shipment."""

# Data.travel[direction, class, place, place]: from the first to the second place, or into the first from the second
# (there is one direction only where both ways are alike)
OUT, INTO = 0, -1

# Data.rate[v]: what a second of travel, a metre, a second of work and using the vehicle cost; what a stop weighs; what
# each second (stop) more weighs for every second (stop) that the route has
PER_SECOND, PER_METRE, PER_WORK, FIXED, PER_STOP, UNEVEN_TIME, UNEVEN_STOPS = range(7)
RATE_COLUMNS = 7
"""What the vehicle has from the weeks before is in ``PER_SECOND``, ``PER_WORK`` and ``PER_STOP``."""

# Data.flag
HAS_JOBS, HAS_RIDES, SHORTCUT, KINDS, NOBODY, EVEN, MOST_MOVED, MOST_SHIFT, PER_MOVED = range(9)
FLAGS = 9
"""``SHORTCUT``: how many seconds a detour over another place may save, where matrices break the triangle inequality.
``NOBODY`` is -1: a function called with the constant would be compiled once more for it. ``EVEN``: whether an uneven
share weighs. ``MOST_MOVED`` is -1 where any number of shipments may change their vehicle; ``MOST_SHIFT`` is how much
earlier or later one may begin at no cost, -1 where that does not matter; else it weighs ``PER_MOVED``."""

# State.pos[route, k]: k = 0 is the start, 1 to n the stops, n + 1 the end. AT, OWED: place and setup of the stop
POS_STOP, AT, READY, DUE, BY, LEG, WORK, OWED = range(8)
POS_COLUMNS = 8
"""``READY``: earliest departure. ``DUE``: latest departure, ``BY``: latest beginning, that all later stops allow.
``LEG``: seconds from the position before. ``WORK``: setup paid here, and service."""

# State.total[route]
STOPS, TRAVEL, METRES, WORKED, RIDES, MOVED = range(6)
BEST_STOPS, TOUCHED, TRIED, SAVED_AT, RUINED, CLOSED, VERSION, OLD_VERSION, BEST_VERSION, HOME_VERSION = range(6, 16)
TOTAL_COLUMNS = 16
"""``MOVED``: shipments that another vehicle brought before. ``TOUCHED``: a list of slots to undo. ``TRIED`` to
``RUINED``: when last.
``CLOSED``: whether it was empty when the routes were taken.
``VERSION``: a number of its own for every route there ever was: what was found out about it need not be again. The
others after it are those of the routes in ``State.copy``: what is there already is not copied again."""

# State.load[route, k, dimension]: leaving k; the most up to k, and from k on (these two only where there are jobs)

# State.list, by shipment: slot or -1; the absent, now, before the round and before an excursion; those to be inserted
WHERE, LEFT, LEFT_BEFORE, QUEUE, HOME_LEFT = range(5)

# State.row, by position: a sequence to look at, one to keep, times; routes to try; a route's shipments
TRIAL, KEEP, BEGIN, CANDIDATE, BLAMED = range(5)

# State.copy[which, route]: stops to go back to (their number first), the best, those before an excursion
OLD, BEST, HOME = range(3)

# State.score, by shipment
KEY, BLAME = range(2)

# State.value: weight of the present and of the best routes; its penalties and fixed costs; a price; of the present
# routes without what is absent: cost, fixed cost, and how much of that is above the price; their stops in the mean
NOW, LEAST, STAKES, LEAST_STAKES, PRICE, SPENT, FIXES, OVER, MEAN_STOPS = range(9)
WAS = 9
"""From ``WAS`` on, by slot: what a touched route cost before; behind these, by slot too, what a second more of travel
or work weighs in the present route for the even share. See `routes.pressure`."""

# State.known[shipment, vehicle]: the cheapest insertion into that version of its route; AFTER_PICKUP is -1 if there is
# none below the cost in ADDED
OF_VERSION, AFTER_PICKUP, AFTER_DELIVERY, ADDED = range(4)

# State.note: numbers that calls leave for each other and for the caller
SEEN, ABSENT, FULL, SAVED, RANDOM_1, RANDOM_2, BEST_ABSENT, KEPT, VERSIONS = range(9)
ROUNDS, AWAY, AWAY_FOR, HOME_ABSENT, DEAR = range(9, 14)
NOTES = 14
"""``ROUNDS`` since excursions' price changed, ``AWAY`` of them; ``DEAR``: whether vehicles cost more than all else."""
