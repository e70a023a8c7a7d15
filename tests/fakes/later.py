"""A later Songsuk: this one with a migration more, in a folder from which Python takes `storage` before this one."""

from __future__ import annotations

import shutil
from pathlib import Path

from storage import migrate

ROOT = Path(__file__).parents[2]
HEAD = "0002"
NEW_TABLE = """
    op.create_table("later", sa.Column("id", sa.Integer(), primary_key=True))
    op.add_column("message", sa.Column("later", sa.Integer(), nullable=False, server_default="7"))"""
MIGRATION = '''"""What a later Songsuk remembers besides."""

import sqlalchemy as sa
from alembic import op

revision = "{head}"
down_revision = "{before}"


def upgrade() -> None:{steps}
'''


def later(folder: Path, steps: str = NEW_TABLE) -> str:
    """The folder, for PYTHONPATH; all but `storage` is taken from here. `steps`: what its migration does."""
    storage = folder / "later" / "storage"
    shutil.copytree(ROOT / "storage", storage, ignore=shutil.ignore_patterns("__pycache__"))
    migration = MIGRATION.format(head=HEAD, before=migrate.HEAD, steps=steps)
    (storage / "migrations" / "versions" / f"{HEAD}_later.py").write_text(migration, encoding="utf-8")
    code, mine = (storage / "migrate.py").read_text(encoding="utf-8"), f'HEAD = "{migrate.HEAD}"'
    assert mine in code
    (storage / "migrate.py").write_text(code.replace(mine, f'HEAD = "{HEAD}"'), encoding="utf-8")
    return str(storage.parent)
