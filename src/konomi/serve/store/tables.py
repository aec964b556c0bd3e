"""The tables of a store, in SQLAlchemy Core. What makes and changes them are the migrations; a test holds the two together.

    meta      name → value: the secret that signs cursors
    person    a row for each id; its wishes and dials
    item      a row for each id that anybody has named, in a catalogue or not; what clients say of it
    entry     what a person says of an item: one row for each pair, a tombstone where it was taken back
    key       who may do what, without the secrets
    session   which browser is which anonymous person, without the cookies
    model     the bundles that are or were served, or may be; their files are beside the store
    job       trainings: what waits, runs and is done

`at` and `created` are microseconds since 1970, UTC. `seq` numbers what is written, in the order of the commits: a training that
knows the last number it has read can go on from there.
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, SmallInteger, String, Table, Text, false

TAKEN_BACK = -1  # the status of a tombstone
HIDDEN, HIDDEN_FRANCHISE = 7, 8  # statuses beside those of `labels.STATUS`
LONGEST_ID = 200  # characters

metadata = MetaData()

row_id = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only where the type is INTEGER

meta = Table("meta", metadata, Column("name", String(50), primary_key=True), Column("value", Text, nullable=False))

person = Table(
    "person",
    metadata,
    Column("row", row_id, primary_key=True),
    Column("id", String(LONGEST_ID), nullable=False, unique=True),
    Column("created", BigInteger, nullable=False),
    Column("settings", Text, nullable=False, server_default="{}"),  # JSON: wishes and dials
)

item = Table(
    "item",
    metadata,
    Column("row", row_id, primary_key=True),
    Column("id", String(LONGEST_ID), nullable=False, unique=True),
    Column("facts", Text, nullable=True),  # JSON: what clients say of it; null = nothing
    Column("withdrawn", Boolean(create_constraint=False), nullable=False, server_default=false()),  # not offered any more
)

entry = Table(
    "entry",
    metadata,
    Column("person", BigInteger, primary_key=True, autoincrement=False),  # person.row
    Column("item", BigInteger, primary_key=True, autoincrement=False),  # item.row
    Column("rating", Float, nullable=True),  # on the source's scale; null = not scored
    Column("status", SmallInteger, nullable=False),  # `labels.STATUS`, 0 = unknown, or one of the above
    Column("at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("entry_seq", "seq"),
    sqlite_with_rowid=False,
)

key = Table(
    "key",
    metadata,
    Column("id", String(8), primary_key=True),
    Column("hash", String(64), nullable=False),  # SHA-256 of the secret, in hex
    Column("name", String(LONGEST_ID), nullable=False),
    Column("scopes", Text, nullable=False),  # divided by spaces
    Column("person", String(LONGEST_ID), nullable=True),  # whom alone it is for; null = whoever the scopes say
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=True),
    Column("used", BigInteger, nullable=True),  # last, to a minute
)

session = Table(
    "session",
    metadata,
    Column("hash", String(64), primary_key=True),  # SHA-256 of the cookie, in hex
    Column("person", String(LONGEST_ID), nullable=False),
    Column("used", BigInteger, nullable=False),  # last, to a day
)

model = Table(
    "model",
    metadata,
    Column("id", String(12), primary_key=True),  # the first digits of its file's SHA-256
    Column("made", BigInteger, nullable=False),  # when its training began, or it was given
    Column("activated", BigInteger, nullable=True),  # when it was last made the one that answers; the latest is
    Column("job", BigInteger, nullable=True),  # job.id; null = it was given
    Column("seq", BigInteger, nullable=False),  # the last change that it has learnt; 0 = none of this store
    Column("report", Text, nullable=False),  # JSON: how it stands to the one that was served
)

job = Table(
    "job",
    metadata,
    Column("id", row_id, primary_key=True),
    Column("how", String(10), nullable=False),  # warm or whole
    Column("state", String(10), nullable=False),  # waiting, running, done, failed, cancelled
    Column("created", BigInteger, nullable=False),
    Column("began", BigInteger, nullable=True),
    Column("ended", BigInteger, nullable=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("lease", BigInteger, nullable=True),  # until when it belongs to the process that runs it
    Column("progress", Text, nullable=False, server_default="{}"),  # JSON
    Column("error", Text, nullable=True),
)
