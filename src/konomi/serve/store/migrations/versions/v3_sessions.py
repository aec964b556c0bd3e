"""When a session was last used, instead of when it began."""

from alembic import op

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """From the second schema to this one."""
    op.alter_column("session", "created", new_column_name="used")
