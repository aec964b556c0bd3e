"""The least that a service could do with a PUT: reads the body and answers ten bytes, by the same framework and server.

    python bench/empty.py

FastAPI and uvicorn with the settings and the protocol of `konomi serve`; no guards, no checks, no store. Prints its URL.
"""

import uvicorn
from fastapi import FastAPI, Request, Response

from konomi.serve.protocol import Connection
from konomi.serve.running import bound

app = FastAPI(openapi_url=None)


@app.put("/v1/people/{id}/entries/{item}")
async def put(request: Request, id: str, item: str) -> Response:
    await request.body()
    return Response(b'{"ok":true}', media_type="application/json")


if __name__ == "__main__":
    listening = bound("127.0.0.1", 0)
    settings = {"ws": "none", "lifespan": "off", "log_config": None, "access_log": False, "server_header": False}
    print(f"answers at http://127.0.0.1:{listening.getsockname()[1]};", flush=True)
    uvicorn.Server(uvicorn.Config(app, http=Connection, proxy_headers=False, **settings)).run(sockets=[listening])
