"""Source pairs: what their records are known by, which source shows them, and what is awaited of the others."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _source(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f(f"fk_{table}_source"), onupdate="CASCADE")


def upgrade() -> None:
    """Make the four tables."""
    op.create_table(
        "pair_members",
        sa.Column("pair", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        _source("pair_members"),
        sa.PrimaryKeyConstraint("pair", "source", name=op.f("pk_pair_members")),
    )
    op.create_table(
        "pair_marks",
        sa.Column("pair", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pair", "mark", name=op.f("pk_pair_marks")),
    )
    op.create_index(op.f("ix_pair_marks_item"), "pair_marks", ["item"], unique=False)
    op.create_table(
        "pair_sightings",
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("baseline", sa.Boolean(), nullable=False),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        _source("pair_sightings"),
        sa.PrimaryKeyConstraint("item", "source", name=op.f("pk_pair_sightings")),
    )
    op.create_index(
        "ix_pair_sightings_change",
        "pair_sightings",
        ["change"],
        unique=False,
        sqlite_where=sa.text("change <> ''"),
        postgresql_where=sa.text("change <> ''"),
    )
    op.create_table(
        "pair_awaited",
        sa.Column("pair", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        _source("pair_awaited"),
        sa.PrimaryKeyConstraint("item", "source", "what", name=op.f("pk_pair_awaited")),
    )
    op.create_index(op.f("ix_pair_awaited_source_due"), "pair_awaited", ["source", "due"], unique=False)
