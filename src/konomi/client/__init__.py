"""A client of the service, for programs in Python.

    from konomi.client import Client

    with Client("http://localhost:8000", key="kn_…") as konomi:
        konomi.person("ann").put(1, rating=9)
        konomi.person("ann").recommend(k=3).titles

It needs httpx and msgspec, which the extra `serve` brings, and nothing of what computes answers.
"""

from konomi.client.asked import Dials as Dials
from konomi.client.asked import Entry as Entry
from konomi.client.asked import Facts as Facts
from konomi.client.asked import Filters as Filters
from konomi.client.asked import ItemRow as ItemRow
from konomi.client.asked import Row as Row
from konomi.client.client import Client as Client
from konomi.client.errors import NotThere as NotThere
from konomi.client.errors import ServiceError as ServiceError
from konomi.client.errors import Unreachable as Unreachable
from konomi.client.person import Somebody as Somebody
