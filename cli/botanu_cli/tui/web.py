"""`--web`: the same app in a browser on this machine, and for nobody else.

A browser lets any page that it shows send requests here. So only pages that came from here are answered: a foreign Origin is refused
(no page elsewhere can drive the terminal), and so is a Host other than this address (no name elsewhere can be made to point here). And
the page may fetch nothing from elsewhere.
"""

from __future__ import annotations

import os
import shlex
import socket
import sys

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from textual_serve.server import Server

from botanu_cli.settings import Settings, as_words
from botanu_cli.tui.view import View

_HOST = "127.0.0.1"
_PORT = 8000


def serve(settings: Settings, view: View, refresh: str) -> None:
    """Serve the dashboard to browsers on this machine until interrupted."""
    port = free_port(_PORT)
    # Of a command line every user of the machine can read a server's password.
    os.environ["BOTANU_STORE"] = settings.store
    settings.say(f"The dashboard is at http://{_HOST}:{port} until you press Ctrl+C.")
    LocalServer(shlex.join(command(settings, view, refresh)), host=_HOST, port=port, title="botanu").serve()


def command(settings: Settings, view: View, refresh: str) -> list[str]:
    """Return the command that runs the same dashboard in a terminal; a server it finds in the environment."""
    file = None if "://" in settings.store else settings.store_given
    given = {"--store": file, "--config": settings.config, "--tz": settings.tz, "--refresh": refresh}
    return [sys.executable, "-m", "botanu_cli", "dashboard", *as_words(given), *view.flags()]


def free_port(wanted: int) -> int:
    """Return this port, or any other where it is taken."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((_HOST, wanted))
        except OSError:
            trial.bind((_HOST, 0))
        return int(trial.getsockname()[1])


class LocalServer(Server):
    """A server that answers only its own pages."""

    async def on_startup(self, app: web.Application) -> None:
        """Say nothing: where it is has been said."""

    def initialize_logging(self) -> None:
        """Log nothing: what the app has to say is on its screen."""

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._only_from_here())
        return app

    def _only_from_here(self) -> Middleware:
        hosts = {f"{name}:{self.port}" for name in (_HOST, "localhost")}
        origins = {f"http://{host}" for host in hosts}
        policy = (
            "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
            f"img-src 'self' data:; connect-src 'self' ws://{_HOST}:{self.port}"
        )

        @web.middleware
        async def only_from_here(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.host not in hosts or request.headers.get("Origin", f"http://{request.host}") not in origins:
                raise web.HTTPForbidden(text="This dashboard answers only its own page.")
            response = await handler(request)
            if not response.prepared:
                response.headers["Content-Security-Policy"] = policy
            return response

        return only_from_here
