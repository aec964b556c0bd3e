"""The answers, computed from a request's body and the served bundle; nothing is stored."""

import secrets
from dataclasses import fields

import numpy as np

from konomi.errors import RequestError
from konomi.ranking.dials import Dials
from konomi.recommend import answer as told
from konomi.recommend.answer import LEVEL
from konomi.recommend.filters import Where
from konomi.recommend.interview import answered, next_question, start
from konomi.recommend.person import Person
from konomi.recommend.words import words
from konomi.serve import bodies, replies
from konomi.serve.current import Served
from konomi.serve.understanding import Reader, asker, dials_of, where_of

ROW = [each.name for each in fields(told.Row)]


def recommend(served: Served, body: bodies.Recommend) -> replies.Answer:
    """What to see next."""
    reader = Reader(served)
    return recommend_to(served, body, asker(body.profile, body.wishes, reader), dials_of(body.dials), reader)


def recommend_to(served: Served, body: bodies.Wanted, who: Person, dials: Dials, reader: Reader) -> replies.Answer:
    """What to see next, for somebody who was understood."""
    words(body.language)
    where, unknown = filters_of(served, body, reader, set(who.hidden.tolist()))
    if where is None:
        return reply(served, told.Answer((), served.recommender.note, who), reader, body.language, unknown)
    after = [reader.catalogue.ids[row] for row in reader.known(body.after)[0]]
    found = served.recommender.recommend(who, body.k, where, dials, why=body.why, after=after)
    return reply(served, found, reader, body.language, unknown)


def filters_of(served: Served, body: bodies.Wanted, reader: Reader, hidden: set[int]) -> tuple[Where | None, replies.Unknown]:
    """The filters of a request, None where its candidates leave nothing; and how many of its ids no item has."""
    ids = reader.catalogue.ids
    excluded, no_exclude = reader.known(body.exclude)
    included, no_include = reader.known(body.include)
    candidates, no_candidate = reader.known(body.candidates or ())
    unknown, refused = replies.Unknown(no_exclude, no_include, no_candidate), {*excluded, *hidden}
    if body.candidates is not None and not set(candidates) - refused:
        return None, unknown
    without = tuple(ids[row] for row in sorted(excluded))
    where = where_of(body.where, only=tuple(ids[row] for row in candidates), without=without)
    return (_with(served, where, set(included) - refused) if included else where), unknown


def rank(served: Served, body: bodies.Rank) -> replies.Answer:
    """Given items in the order that suits somebody; those that no model knows are not in it."""
    words(body.language)
    reader = Reader(served)
    who = asker(body.profile, body.wishes, reader)
    rows, missing = reader.known(body.items)
    unknown = replies.Unknown(candidates=missing)
    if not rows:
        return reply(served, told.Answer((), served.recommender.note, who), reader, body.language, unknown)
    where = _nothing_but(served, set(rows), Where(again=True, planned="show", parts=True))
    found = served.recommender.recommend(who, len(rows), where, dials_of(body.dials), why=body.why)
    return reply(served, found, reader, body.language, unknown)


def similar(served: Served, body: bodies.Similar) -> replies.Answer:
    """Titles like these."""
    reader = Reader(served)
    ids = reader.catalogue.ids
    rows = [reader.row(item, f"items.{n}") for n, item in enumerate(body.items)]
    excluded, missing = reader.known(body.exclude)
    where = where_of(body.where, without=tuple(ids[row] for row in excluded))
    found = served.recommender.similar([ids[row] for row in rows], body.k, where, dials_of(body.dials), body.by)
    return reply(served, found, reader, "en", replies.Unknown(exclude=missing))


def predict(served: Served, body: bodies.Predict) -> replies.Predictions:
    """How somebody would rate items; RequestError where no model of the bundle predicts ratings."""
    reader, recommender = Reader(served), served.recommender
    person = asker(body.profile, {}, reader)
    rows = [served.rows.get(str(item)) for item in body.items]
    asked = [(person, recommender.catalogue.ids[row]) for row in rows if row is not None]
    ratings = iter(recommender.predict(asked).tolist())
    intervals, n = recommender.explainer.intervals, int(person.profile.scored().counts[0])
    found = []
    for item, row in zip(body.items, rows, strict=True):
        rating = float("nan") if row is None else next(ratings)
        span = None
        if intervals is not None and rating == rating:
            low, high = intervals.around(np.array([rating], np.float32), n, LEVEL, recommender.bundle.scale)
            span = (round(float(low[0]), 2), round(float(high[0]), 2))
        found.append(
            replies.Predicted(
                item,
                None if row is None else recommender.catalogue.ids[row],
                None if row is None else recommender.catalogue.names[row],
                round(rating, 4) if rating == rating else None,
                span,
            )
        )
    return replies.Predictions(served.id, tuple(found), recommender.note, tuple(reader.understood))


def ask(served: Served, body: bodies.Ask) -> replies.Question:
    """What to ask about next, after these answers; RequestError where an item was answered for twice."""
    reader, state, scale = Reader(served), start(served.questions), served.recommender.bundle.scale
    for n, said in enumerate(body.answers):
        place = f"answers.{n}"
        row = reader.row(said.item, place)
        if any(row == before for before, _ in state.answers):
            raise RequestError(f"{said.item}: {reader.catalogue.names[row]} was answered for before.", "Say it once.", place)
        state = answered(served.questions, state, row, said.rating)
    row = next_question(state)
    asked = None if row < 0 else item_of(served, row)
    return replies.Question(served.id, asked, len(state.answers), scale.low, scale.high, scale.step)


def item_of(served: Served, row: int) -> replies.Item:
    """What the catalogue knows of an item."""
    catalogue = served.recommender.catalogue
    found = served.recommender.item(catalogue.ids[row])
    facts = found.facts
    year, kind, genres = catalogue.about[row]
    return replies.Item(
        found.item_id,
        found.title,
        tuple(facts["titles"] or ()),
        year,
        kind,
        genres,
        facts.get("episodes"),
        facts.get("score"),
        facts["ratings"],
        facts["sensitive"],
        found.known,
        found.franchise,
        tuple(facts.get("studios") or ()),
        facts.get("source"),
        facts.get("age"),
        facts["image"],
        tuple(facts.get("related") or ()),
        facts.get("withdrawn", False),
    )


def title(row: told.Row, answer: told.Answer, language: str) -> replies.Title:
    """A title of an answer of the library, with its reasons in words."""
    return replies.Title(**{name: getattr(row, name) for name in ROW}, why=replies.Why(*answer.why(row, language)))


def reply(served: Served, answer: told.Answer, reader: Reader, language: str, unknown: replies.Unknown) -> replies.Answer:
    """An answer of the library with its reasons in words."""
    return replies.Answer(
        id=secrets.token_hex(8),
        model=served.id,
        titles=tuple(title(row, answer, language) for row in answer.rows),
        common=answer.common,
        remarks=tuple(answer.remarks(language)),
        note=answer.note,
        doubtful=answer.doubtful,
        parts=answer.parts,
        understood=tuple(reader.understood),
        unknown=unknown,
    )


def _with(served: Served, where: Where, rows: set[int]) -> Where:
    """Filters that these items pass, too."""
    passing = set(np.flatnonzero(served.recommender.allowed(where)).tolist())
    return _nothing_but(served, passing | rows, where)


def _nothing_but(served: Served, rows: set[int], where: Where) -> Where:
    """Filters that these items pass and no others; what they say of a person's list and of franchises stays."""
    ids = served.recommender.catalogue.ids
    only = tuple(ids[row] for row in sorted(rows))
    return Where(only=only, sensitive=True, planned=where.planned, again=where.again, parts=where.parts, sequels=where.sequels)
