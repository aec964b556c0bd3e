"""A bundle is changed while it answers: no request fails, and every answer is of one bundle."""

import asyncio
import shutil

import pytest

from konomi.errors import BundleError
from konomi.serve import current
from konomi.serve.current import Current, load
from served import Client


def test_swaps_under_requests(place):
    client = Client(place / "bundle")
    first = client.service.current.served.id
    titles = {}

    async def ask(until):
        found = []
        while not until.done() or len(found) < 20:
            answer = await client.asked("POST", "/v1/recommend", json={"profile": {"15": 9}})
            found.append((answer.status_code, answer.headers["konomi-model"], answer.json()))
        return found

    async def swaps():
        for path in ("bias", "bundle", "bias"):
            await asyncio.to_thread(client.service.current.swap, place / path)

    async def both():
        swapping = asyncio.create_task(swaps())
        asked = await asyncio.gather(*(ask(swapping) for _ in range(4)))
        await swapping
        return [one for each in asked for one in each]

    found = asyncio.run(both())
    assert {status for status, _, _ in found} == {200}
    for _, model, answer in found:
        assert answer["model"] == model
        assert titles.setdefault(model, answer["titles"]) == answer["titles"]
    second = client.service.current.served.id
    assert first != second and titles.keys() == {first, second}
    assert client.answer("/v1/recommend", {})["model"] == second


def test_what_cannot_be_served_changes_nothing(place, bundle, monkeypatch):
    now = Current(load(place / "bundle"))
    before = now.served
    bundle.write_bytes(bundle.read_bytes()[:-100])
    with pytest.raises(BundleError):
        now.swap(bundle)
    with pytest.raises(BundleError, match="no such file"):
        now.swap(place / "nowhere")

    def broken(served):
        raise ValueError

    monkeypatch.setattr(current, "try_out", broken)
    with pytest.raises(ValueError):
        now.swap(place / "bias")
    assert now.served is before


def test_ids_of_models(place, tmp_path):
    shutil.copyfile(place / "bundle", tmp_path / "copy")
    assert load(tmp_path / "copy").id == load(place / "bundle").id != load(place / "bias").id
    with pytest.raises(BundleError, match="no such file"):
        load(tmp_path / "nowhere")
