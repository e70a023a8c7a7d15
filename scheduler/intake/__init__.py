"""What people send, turned into orders and members row by row. Pure: bytes in, values out.

Knows files, rows, pins, Thai dates and words; knows no database, no chat and no clock of its own.
"""

from scheduler.intake.context import IntakeContext
from scheduler.intake.items import Item, parse_items, sum_items
from scheduler.intake.members import MembersFile, read_members
from scheduler.intake.orders import OrdersFile, order_from_object, orders_from_objects, read_orders
from scheduler.intake.places import pin_from_text
from scheduler.intake.problems import RowProblem, UnreadableFile, problem
from scheduler.intake.rows import Progress
from scheduler.intake.thai import english_date, parse_date, thai_date
from scheduler.intake.values import nearest

__all__ = [
    "IntakeContext",
    "Item",
    "MembersFile",
    "OrdersFile",
    "Progress",
    "RowProblem",
    "UnreadableFile",
    "english_date",
    "nearest",
    "order_from_object",
    "orders_from_objects",
    "parse_date",
    "parse_items",
    "pin_from_text",
    "problem",
    "read_members",
    "read_orders",
    "sum_items",
    "thai_date",
]
