"""Models over HTTP: which there are, which answers, trainings that are asked for and cancelled."""

import asyncio

import pytest

from konomi.serve.current import model_id
from konomi.serve.store.jobs import claim_job, end_job, renew_job
from konomi.serve.store.people_store import PeopleStore
from served import Client, problem
from stores import KINDS, new_place


@pytest.fixture(params=KINDS)
def client(request, place, tmp_path):
    store = PeopleStore.open(new_place(request.param, tmp_path), tmp_path / "erased")
    client = Client(place / "bundle", store=store, shelf=tmp_path / "models")
    client.other = client.service.models.shelf.adopt(place / "bias")
    yield client
    store.close()


def do(client, call, *words):
    return client.service.store.writer.call(lambda connection: call(connection, *words)).result()


def test_which_answers(client, place):
    first = model_id(place / "bundle")
    (only,) = client.get("/v1/models").json()
    assert only["id"] == first and only["serving"] and only["activated"] and only["training"] is None
    problem(client.request("POST", "/v1/models/rollback"), 404)
    problem(client.request("POST", f"/v1/models/{client.other}/activate"), 404)  # its file is there, but nothing notes it
    client.service.models._note(client.other)
    assert client.request("POST", f"/v1/models/{client.other}/activate").json() == {"id": client.other}
    assert client.answer("/v1/recommend", {})["model"] == client.other
    assert [each["serving"] for each in client.get("/v1/models").json()] == [True, False]
    assert client.request("POST", "/v1/models/rollback").json() == {"id": first}
    assert client.answer("/v1/recommend", {})["model"] == first
    assert client.request("POST", f"/v1/models/{first}/activate").status_code == 200  # it does already


def test_no_request_fails_while_models_change(client, place):
    first = model_id(place / "bundle")
    client.service.models._note(client.other)

    async def changes():
        for id in (client.other, first) * 2:
            assert (await client.asked("POST", f"/v1/models/{id}/activate")).status_code == 200

    async def ask(changing):
        found = []
        while not changing.done():
            answer = await client.asked("POST", "/v1/recommend", json={"profile": {"15": 9}})
            found.append((answer.status_code, answer.json()["model"] == answer.headers["konomi-model"]))
        return found

    async def both():
        changing = asyncio.create_task(changes())
        asked = await asyncio.gather(*(ask(changing) for _ in range(3)))
        await changing
        return {one for each in asked for one in each}

    assert asyncio.run(both()) == {(200, True)}


def test_trainings(client):
    response = client.post("/v1/train", {})
    assert response.status_code == 202
    job = response.json()
    assert (job["how"], job["state"], job["began"], job["step"], job["model"]) == ("warm", "waiting", None, None, None)
    assert client.post("/v1/train", {"how": "whole"}).json()["id"] == job["id"]
    do(client, claim_job)
    do(client, renew_job, job["id"], {"what": "train mf", "done": 2, "total": 20, "unit": "epochs", "error": ""})
    told = client.get(f"/v1/jobs/{job['id']}").json()
    assert told["state"] == "running" and told["step"] == {"what": "train mf", "done": 2, "total": 20, "unit": "epochs"}
    waiting = client.post("/v1/train", {}).json()["id"]
    assert [each["id"] for each in client.get("/v1/jobs").json()] == [waiting, job["id"]]
    assert client.request("DELETE", f"/v1/jobs/{waiting}").json() == {"id": waiting, "cancelled": True}
    assert client.request("DELETE", f"/v1/jobs/{waiting}").json() == {"id": waiting, "cancelled": False}
    do(client, end_job, job["id"], "failed", "no disk")
    assert client.get(f"/v1/jobs/{job['id']}").json()["error"] == "no disk"


def test_refusals(client):
    for method in ("GET", "DELETE"):
        assert "no training 7" in problem(client.request(method, "/v1/jobs/7"), 404)["detail"]
        problem(client.request(method, "/v1/jobs/x"), 422)
        problem(client.request(method, f"/v1/jobs/{2**63}"), 422)
    assert "warm" in client.problem("/v1/train", {"how": "hot"})["hint"] + client.problem("/v1/train", {"how": "hot"})["detail"]
    client.problem("/v1/train", {"models": "mf"})
    problem(client.request("POST", "/v1/models/..%2F..%2Fetc/activate"), 404)
    problem(client.request("POST", "/v1/models/nowhere/activate"), 404)


def test_a_model_whose_file_is_damaged_does_not_answer(client, place):
    client.service.models._note(client.other)
    file = client.service.models.shelf.bundle(client.other)
    for damage in (lambda: file.write_bytes(file.read_bytes()[:-9]), file.unlink):
        damage()
        told = problem(client.request("POST", f"/v1/models/{client.other}/activate"), 409)
        assert told["code"] == "model" and str(file.parent) not in str(told)
    assert client.answer("/v1/recommend", {})["model"] == model_id(place / "bundle")


def test_who_is_erased_is_told_from_which_model_on_nobody_knows_them(client):
    client.request("PUT", "/v1/people/ann/entries/15", json={"rating": 9})
    told = client.request("DELETE", "/v1/people/ann").json()
    assert told["entries"] == 1 and told["at"] > client.get("/v1/models").json()[0]["made"]
