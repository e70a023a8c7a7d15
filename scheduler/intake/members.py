"""Files become members: riders, sellers, buyers, coordinators. Pure; the same rules as orders.py.

The id column tells whose list it is. ``rows == members + repeated + rejected``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scheduler.intake.context import IntakeContext
from scheduler.intake.files import open_table
from scheduler.intake.headings import ID_COLUMNS, MEMBERS, missing
from scheduler.intake.member_row import MemberReader
from scheduler.intake.problems import Bad, RowProblem, UnreadableFile, listed, problem
from scheduler.intake.rows import Progress, file_warnings, is_no_row, ticking
from scheduler.intake.tables import Row, Table
from storage.records import Member, Role

_REQUIRED: Mapping[Role, tuple[tuple[str, ...], ...]] = {
    Role.RIDER: (("rider_id", "id"), ("vehicle",)),
    Role.SELLER: (("seller_id", "id"), ("shop_name", "name")),
    Role.BUYER: (("buyer_ref", "id"), ("phone", "line_user_id", "telegram_chat_id", "name")),
    Role.COORDINATOR: (("coordinator_id", "id"), ("phone", "line_user_id", "telegram_chat_id", "name")),
}
_WORDS = [MEMBERS.columns.index(name) for name in ("name", "phone", "shop_name", "vehicle")]
_NUMBERS = [MEMBERS.columns.index(name) for name in ("capacity_kg", "capacity_l", "max_stops")]


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersFile:
    """What a file gave. ``row_numbers``: the member's own number -> row; ``repeated``: rows that said nothing new."""

    name: str
    role: Role
    format: str
    encoding: str
    rows: int
    members: list[Member]
    row_numbers: Mapping[str, int]
    repeated: int
    rejected: int
    errors: list[RowProblem]
    warnings: list[RowProblem]


@dataclass(slots=True)
class _Kept:
    members: dict[str, Member] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    repeated: int = 0
    rejected: int = 0
    errors: list[RowProblem] = field(default_factory=list)
    warnings: list[RowProblem] = field(default_factory=list)

    def add(self, row: int, member: Member) -> None:
        earlier = self.members.get(member.ref)
        if earlier is None:
            self.members[member.ref] = member
            self.rows[member.ref] = row
            return
        detail = {"row": self.rows[member.ref]}
        if earlier == member:
            self.repeated += 1
            self.warnings.append(problem(row, "row.repeated", value=member.ref, ref=member.ref, detail=detail))
        else:
            self.refuse([problem(row, "member.conflict", value=member.ref, ref=member.ref, detail=detail)])

    def refuse(self, errors: list[RowProblem]) -> None:
        self.rejected += 1
        listed(self.errors, errors)


def read_members(
    source: Path | bytes,
    *,
    name: str,
    role: Role | None,
    context: IntakeContext,
    on_progress: Progress | None = None,
) -> MembersFile:
    """The members of a CSV, TSV, XLSX or JSON file; raises `UnreadableFile` where no row of it can be trusted."""
    table = open_table(source, MEMBERS)
    role = _role_of(table, role)
    if table.fixed_columns:
        missing(MEMBERS, _REQUIRED[role], table.present, table.unknown)
    reader, kept, total = MemberReader(context, role), _Kept(), 0
    for row, cells in ticking(table.rows(), table.expected, on_progress):
        if isinstance(cells, Bad):
            total += 1
            kept.refuse([problem(row, cells.code, column=cells.column, detail=cells.detail)])
            continue
        if table.fixed_columns and is_no_row(cells, MEMBERS, _WORDS, _NUMBERS):
            continue
        total += 1
        member, errors, warnings = reader.read(row, cells)
        listed(kept.warnings, warnings)
        if member is None:
            kept.refuse(errors)
        else:
            kept.add(row, member)
    return MembersFile(
        name=name,
        role=role,
        format=table.format,
        encoding=table.encoding,
        rows=total,
        members=list(kept.members.values()),
        row_numbers=kept.rows,
        repeated=kept.repeated,
        rejected=kept.rejected,
        errors=kept.errors,
        warnings=file_warnings(table, MEMBERS) + kept.warnings,
    )


def _role_of(table: Table, role: Role | None) -> Role:
    """Whose list it is: as asked for, else by the one id column there is."""
    present = table.present if table.fixed_columns else _filled_ids(table.rows)
    told = [column for column in ID_COLUMNS if column in present]
    if role is not None:
        return role
    if len(told) > 1:
        raise UnreadableFile("role.ambiguous", columns=", ".join(told))
    if not told:
        raise UnreadableFile("role.unknown")
    return ID_COLUMNS[told[0]]


def _filled_ids(rows: Callable[[], Iterator[Row]]) -> set[str]:
    """The id columns that a JSON document really fills."""
    places = {column: MEMBERS.columns.index(column) for column in ID_COLUMNS}
    filled: set[str] = set()
    for _, cells in rows():
        if not isinstance(cells, Bad):
            filled |= {column for column, place in places.items() if cells[place] is not None}
    return filled
