"""More answers: for several people together, one title for one person, search, lists for nobody in particular, tastes."""

import secrets

from konomi.ranking.dials import Dials
from konomi.recommend import answer as told
from konomi.recommend.filters import Where
from konomi.recommend.person import Person
from konomi.recommend.words import words
from konomi.serve import bodies, replies
from konomi.serve.answers import filters_of, reply, title
from konomi.serve.current import Served
from konomi.serve.understanding import Reader, asker, dials_of, where_of


def together(served: Served, body: bodies.Together) -> replies.Group:
    """What to see next, for several people together."""
    words(body.language)
    reader, recommender = Reader(served), served.recommender
    people = [asker(each.profile, each.wishes, reader) for each in body.people]
    where, unknown = filters_of(served, body, reader, set())
    dials = dials_of(body.dials)
    titles: tuple[replies.Shared, ...] = ()
    if where is not None:
        found = recommender.recommend_together(people, body.k, where, dials, body.why)
        each = [[title(row, answer, body.language) for row in answer] for answer in found.answers]
        titles = tuple(
            replies.Shared(one.item_id, one.title, one.score, tuple(own)) for one, *own in zip(found, *each, strict=True)
        )
    return replies.Group(secrets.token_hex(8), served.id, titles, recommender.note, tuple(reader.understood), unknown)


def why(served: Served, body: bodies.Why) -> replies.Verdict:
    """What speaks for an item and against it, for somebody."""
    reader = Reader(served)
    row = reader.row(body.item, "item")
    person = asker(body.profile, body.wishes, reader)
    return why_for(served, person, row, where_of(body.where), dials_of(body.dials), body.language)


def why_for(served: Served, person: Person, row: int, where: Where, dials: Dials, language: str) -> replies.Verdict:
    """The same, for somebody who was understood."""
    words(language)
    found = served.recommender.why(person, served.recommender.catalogue.ids[row], where, dials)
    shown = title(found.row, found.answer, language)
    return replies.Verdict(served.id, shown, found.kept, found.filters, found.doubtful, served.recommender.note)


def search(served: Served, text: str, k: int, sensitive: bool) -> replies.Hits:
    """Titles that a text may be the beginning of."""
    hits = served.recommender.search(text, k, sensitive)
    found = (replies.Found(hit.item_id, hit.title, hit.name, hit.how, hit.year, hit.type) for hit in hits)
    return replies.Hits(served.id, tuple(found))


def listed(served: Served, answer: told.Answer) -> replies.Answer:
    """A list for nobody in particular."""
    return reply(served, answer, Reader(served), "en", replies.Unknown())
