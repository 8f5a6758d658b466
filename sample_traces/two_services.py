"""A web shop hands an order to a fulfilment service over HTTP: two processes, two traces' worth of spans, one run.

Shows: a run that crosses services by W3C Baggage, and an outcome that the second service says.
"""

from __future__ import annotations

import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

import vendors
from opentelemetry import context, propagate

from botanu import botanu_use_case, disable, emit_outcome, init_botanu
from botanu.tracking.data import track_db_operation
from botanu.tracking.llm import track_llm_call

ORDERS = ("3 lamps to Berlin", "1 kettle to Lyon", "12 mugs to Oslo")


def draft(vendor: str, model: str, prompt: str) -> None:
    """One model call."""
    with track_llm_call("openai", model) as call:
        body = {"model": model, "messages": [{"role": "user", "content": prompt}]}
        call.record_response(vendors.post(f"{vendor}/v1/chat/completions", body))


@botanu_use_case("Order Fulfilment", workflow="place_order")
def place_order(vendor: str, worker: str, order: str) -> None:
    """Confirm the order, then let the other service ship it; that one says how it went."""
    draft(vendor, "gpt-4o-mini", f"Confirm this order in one sentence: {order}")
    headers: dict[str, str] = {}
    propagate.inject(headers)
    vendors.post(worker, {"order": order, "vendor": vendor}, headers)


class Worker(BaseHTTPRequestHandler):
    """The fulfilment service: joins the run that the request's headers carry."""

    def do_POST(self) -> None:
        """Ship one order."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        token = context.attach(propagate.extract({name.lower(): value for name, value in self.headers.items()}))
        try:
            with track_db_operation("postgresql", "UPDATE", database="stock") as query:
                query.set_table("shelves").set_result(rows_affected=1)
                emit_outcome("success", value_type="orders_shipped", value_amount=1)
            draft(body["vendor"], "gpt-4o", f"Write the packing slip for: {body['order']}")
        finally:
            context.detach(token)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serve() -> None:
    """Run the fulfilment service until standard input closes."""
    init_botanu(service_name="fulfilment", auto_instrument=False)
    server = HTTPServer(("127.0.0.1", 0), Worker)
    print(server.server_port, flush=True)
    for _ in ORDERS:
        server.handle_request()
    disable()


def main() -> None:
    """Run the shop, and the fulfilment service beside it in a process of its own."""
    init_botanu(service_name="web-shop", auto_instrument=False)
    with (
        subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True) as worker,
        vendors.serving() as vendor,
    ):
        assert worker.stdout is not None
        address = f"http://127.0.0.1:{worker.stdout.readline().strip()}"
        for order in ORDERS:
            place_order(vendor, address, order)
    disable()


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["serve"] else main()
