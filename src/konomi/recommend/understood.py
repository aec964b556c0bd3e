"""How typed ratings and a list were understood: in sentences for people, in a dict for machines."""

from collections.abc import Sequence
from typing import Any

from konomi.lists.matching import Matched
from konomi.recommend.catalogue import Catalogue
from konomi.recommend.person import Person

SHOWN = 10  # titles that were not matched, and matches that are not certain, at most
UNRATED = "in the catalogue, but nobody has rated it, or hardly anybody"
OTHERS = 3  # other titles that a typed one may mean, at most


def sentences(person: Person) -> list[str]:
    """A line for each typed rating, then lines on the list; the last one names titles that are not in the catalogue, if any."""
    lines = []
    for one in person.given:
        unknown = "" if person.catalogue.knows(one.match.row) else f" ({UNRATED})"
        lines.append(f"{one.text} → {one.title}: {one.rating:g}{unknown}" + also(one.also))
    return lines if person.matched is None else lines + _of_list(person.matched, person.catalogue)


def also(titles: Sequence[str]) -> str:
    """What else a typed title may mean, as the end of a sentence."""
    return f"; also {', '.join(titles[:OTHERS])}" if titles else ""


def _of_list(matched: Matched, catalogue: Catalogue) -> list[str]:
    total = len(matched.personal.entries)
    lines = [f"{matched.personal.site}: {len(matched.matched):,} of {total:,} entries matched.", *matched.notes]
    unsure = sorted((found for found in matched.matched if found.confidence < 1), key=lambda found: found.confidence)
    for found in unsure[:SHOWN]:
        name = catalogue.titles.name(found.row)
        lines.append(f"  {found.entry.name} → {name}, by {found.how} ({found.confidence:.0%} sure)")
    if len(unsure) > SHOWN:
        lines.append(f"  and {len(unsure) - SHOWN:,} more that are not certain, {unsure[SHOWN].confidence:.0%} sure and more")
    unrated = [catalogue.titles.name(found.row) for found in matched.matched if not catalogue.knows(found.row)]
    if unrated:
        more = len(unrated) - SHOWN
        lines.append(f"  {'; '.join(unrated[:SHOWN])}{f'; and {more:,} more' if more > 0 else ''}: {UNRATED}")
    for double in matched.doubles:
        lines.append(f"  {double.entry.name}: the same title as {double.kept.name}, which is used")
    if matched.unmatched:
        missed = "; ".join(miss.entry.name for miss in matched.unmatched[:SHOWN])
        more = len(matched.unmatched) - SHOWN
        lines.append(f"Not in this catalogue: {missed}{f'; and {more:,} more' if more > 0 else ''}.")
    return lines


def facts(person: Person) -> dict[str, Any]:
    """given: each typed rating; list, where there is one: how each of its entries was matched. Ready for JSON."""
    given = [
        {
            "text": one.text,
            "title": one.title,
            "item_id": one.item_id,
            "rating": one.rating,
            "also": list(one.also),
            "known": person.catalogue.knows(one.match.row),
        }
        for one in person.given
    ]
    return {"given": given} if person.matched is None else {"given": given, "list": _list(person.matched, person.catalogue)}


def _list(matched: Matched, catalogue: Catalogue) -> dict[str, Any]:
    return {
        "kind": matched.personal.kind,
        "matched": [
            {
                "text": found.entry.name,
                "title": catalogue.titles.name(found.row),
                "item_id": catalogue.ids[found.row],
                "rating": found.entry.rating,
                "confidence": round(found.confidence, 3),
                "how": found.how,
            }
            for found in matched.matched
        ],
        "unmatched": [{"text": miss.entry.name, "suggestions": list(miss.suggestions)} for miss in matched.unmatched],
        "doubles": [{"text": double.entry.name, "kept": double.kept.name} for double in matched.doubles],
        "notes": list(matched.notes),
    }
