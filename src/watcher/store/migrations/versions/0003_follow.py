"""Following: the sources that are followed pages, and the entries that led to them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "children",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("life", sa.BigInteger(), nullable=False),
        sa.Column("least", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f("fk_children_source"), onupdate="CASCADE"),
        sa.ForeignKeyConstraint(["parent"], ["sources.name"], name=op.f("fk_children_parent"), onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_children")),
    )
    op.create_index(op.f("ix_children_parent_life"), "children", ["parent", "life"], unique=False)
    op.create_table(
        "followed",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name=op.f("fk_followed_source"), onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("source", "entry", name=op.f("pk_followed")),
    )
    op.create_index(op.f("ix_followed_entry"), "followed", ["entry"], unique=False)
    op.create_index(op.f("ix_followed_change"), "followed", ["change"], unique=False)
    op.create_index(
        "ix_followed_waits",
        "followed",
        ["at"],
        unique=False,
        sqlite_where=sa.text("waits"),
        postgresql_where=sa.text("waits"),
    )
