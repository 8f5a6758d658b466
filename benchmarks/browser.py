"""Chromium without a window, driven over its own debugging protocol."""

from __future__ import annotations

import asyncio
import base64
import itertools
import subprocess
import time
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientSession


class Browser:
    """A browser with one page."""

    def __init__(self, program: str, profile: str, width: int = 1300, height: int = 800) -> None:
        words = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
        ]
        size = f"--window-size={width},{height}"
        self._process = subprocess.Popen([program, *words, size, "about:blank"], stderr=subprocess.PIPE, text=True)
        self._port = self._listening()
        self._numbers = itertools.count(1)
        self._page = ""

    def _listening(self) -> str:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if "DevTools listening on" in line:
                return line.split(":")[2].split("/")[0]
        raise RuntimeError("The browser did not start.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)

    def open(self, url: str) -> None:
        """Open a page."""
        self._page = asyncio.run(self._new(url))["webSocketDebuggerUrl"]

    def press(self, key: str) -> None:
        """Click into the terminal and press a key."""
        for kind in ("mousePressed", "mouseReleased"):
            self._say("Input.dispatchMouseEvent", type=kind, x=600, y=500, button="left", clickCount=1)
        self._say("Input.dispatchKeyEvent", type="keyDown", key=key, text=key, unmodifiedText=key)
        self._say("Input.dispatchKeyEvent", type="keyUp", key=key)

    def value(self, expression: str) -> Any:
        """Return what a piece of JavaScript comes to."""
        return self._say("Runtime.evaluate", expression=expression)["result"].get("value")

    def wait(self, expression: str, seconds: float = 30) -> bool:
        """Whether a piece of JavaScript comes to be true before long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.value(expression):
                return True
            time.sleep(0.1)
        return False

    def picture(self) -> bytes:
        """Return the page as PNG."""
        return base64.b64decode(self._say("Page.captureScreenshot")["data"])

    async def _new(self, url: str) -> Any:
        address = f"http://127.0.0.1:{self._port}/json/new?{url}"
        async with ClientSession() as session, session.put(address) as response:
            return await response.json()

    def _say(self, method: str, **parameters: Any) -> Any:
        return asyncio.run(self._exchange(method, parameters))

    async def _exchange(self, method: str, parameters: dict[str, Any]) -> Any:
        number = next(self._numbers)
        async with ClientSession() as session, session.ws_connect(self._page, max_msg_size=0) as socket:
            await socket.send_json({"id": number, "method": method, "params": parameters})
            while True:
                said = await socket.receive_json()
                if said.get("id") == number:
                    return said["result"]
