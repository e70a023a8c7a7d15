"""The base of all tables, in a MetaData of our own, with names for their constraints that migrations can rely on."""

from typing import ClassVar

from sqlalchemy import MetaData, Table
from sqlmodel import SQLModel

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Row(SQLModel):
    """What every row class is made from."""

    metadata = METADATA
    __table__: ClassVar[Table]  # SQLAlchemy sets it; said for the type checker
