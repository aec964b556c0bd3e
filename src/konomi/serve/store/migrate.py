"""Brings the schema of a store up to date, in one transaction; a store of a newer program is refused."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from konomi.errors import StoreError


def config() -> Config:
    """Alembic's settings: where the migrations are."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return found


def newest() -> str:
    """The name of the newest schema."""
    head = ScriptDirectory.from_config(config()).get_current_head()
    assert head is not None
    return head


def schema(connection: Connection) -> str | None:
    """The name of the schema that a database has; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def migrate(connection: Connection, to: str = "head") -> None:
    """Run what is missing up to a schema, within the transaction of the connection; StoreError where the schema is unknown."""
    now = schema(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}
    if now is not None and now not in known:
        raise StoreError(
            f"The store has the schema {now}, which is not known here.", "Use the program that wrote it, or a newer one."
        )
    settings = config()
    settings.attributes["connection"] = connection
    command.upgrade(settings, to)
