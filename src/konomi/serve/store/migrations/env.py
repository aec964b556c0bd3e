"""What Alembic runs: the migrations, on the connection that `migrate.py` gives it."""

from alembic import context

from konomi.serve.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=False)
context.run_migrations()
