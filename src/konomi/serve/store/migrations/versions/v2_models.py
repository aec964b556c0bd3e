"""What clients say of items, the models that a service has, and the jobs that train them."""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """From the first schema to this one."""
    with op.batch_alter_table("item") as item:
        item.add_column(sa.Column("facts", sa.Text, nullable=True))
        item.add_column(sa.Column("withdrawn", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.false()))
    op.create_table(
        "model",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("activated", sa.BigInteger, nullable=True),
        sa.Column("job", sa.BigInteger, nullable=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("report", sa.Text, nullable=False),
    )
    row_id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "job",
        sa.Column("id", row_id, primary_key=True),
        sa.Column("how", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("began", sa.BigInteger, nullable=True),
        sa.Column("ended", sa.BigInteger, nullable=True),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("lease", sa.BigInteger, nullable=True),
        sa.Column("progress", sa.Text, nullable=False, server_default="{}"),
        sa.Column("error", sa.Text, nullable=True),
    )
