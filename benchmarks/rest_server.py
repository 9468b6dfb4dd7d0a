"""A loopback server with invented customers, 1,000 a page; runs as a process of its own.

    python -m benchmarks.rest_server --records 100000 [--latency 0.02]

It prints its base URL on one line, then serves ``GET /customers?after=N`` as JSON, and the same
customers at ``POST /soap`` (benchmarks/customers.wsdl), until it is killed. Each answer comes
after the latency.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

PAGE_SIZE = 1_000
_GIVEN = ("Anna", "Bruno", "Clara", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas")
_FAMILY = ("Abel", "Brandt", "Costa", "Dvorak", "Ekholm", "Fischer", "Garcia", "Horvat", "Ito")
_PLACES = (("10115", "Berlin"), ("20095", "Hamburg"), ("80331", "München"), ("50667", "Köln"))


def customer(number: int) -> dict[str, Any]:
    """Twelve fields, nested a little."""
    given, family = _GIVEN[number % 10], _FAMILY[number % 9]
    postcode, city = _PLACES[number % 4]
    return {
        "id": f"C{number:08d}",
        "name": {"given": given, "family": family},
        "email": f"{given}.{family}.{number}@example.com".lower(),
        "phone": f"+49 30 {number:08d}",
        "company": {"id": f"A{number % 5000:05d}", "title": "Buyer" if number % 3 else None},
        "address": {
            "street": f"Beispielweg {number % 200}",
            "postcode": postcode,
            "city": city,
            "country": "DE",
        },
        "status": ("active", "lead", "former")[number % 3],
        "language": "de",
        "newsletter": number % 2 == 0,
        "revenue": f"{number % 100000}.{number % 100:02d}",
        "created_at": f"2024-{number % 12 + 1:02d}-{number % 28 + 1:02d}T08:00:00Z",
        "updated_at": f"2025-{number % 12 + 1:02d}-{number % 28 + 1:02d}T12:{number % 60:02d}:00Z",
    }


def _page(after: int, records: int) -> bytes:
    end = min(after + PAGE_SIZE, records)
    rows = [customer(number) for number in range(after, end)]
    return orjson.dumps({"data": rows, "next": end if end < records else None})


_ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Body>'
    '<ListCustomersResponse xmlns="urn:customers"><customers>{rows}</customers>{next}'
    "</ListCustomersResponse></s:Body></s:Envelope>"
)
_AFTER = re.compile(rb"<(?:\w+:)?after>(\d+)<")


def _soap_page(after: int, records: int) -> bytes:
    end = min(after + PAGE_SIZE, records)
    rows = "".join(f"<customer>{_xml(customer(number))}</customer>" for number in range(after, end))
    following = f"<next>{end}</next>" if end < records else ""
    return _ENVELOPE.format(rows=rows, next=following).encode()


def _xml(fields: dict[str, Any]) -> str:
    return "".join(_element(name, value) for name, value in fields.items())


def _element(name: str, value: Any) -> str:
    if value is None:
        return f'<{name} xsi:nil="true"/>'
    if isinstance(value, dict):
        return f"<{name}>{_xml(value)}</{name}>"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name}>{text}</{name}>"


def _handler(
    page: Callable[[int], bytes], soap_page: Callable[[int], bytes], latency: float
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 1 << 20

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

        def do_GET(self) -> None:
            _, _, after = self.path.partition("after=")
            self._answer(page(int(after.partition("&")[0] or 0)), "application/json")

        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["content-length"]))
            found = _AFTER.search(asked)
            self._answer(soap_page(int(found[1]) if found else 0), "text/xml; charset=utf-8")

        def _answer(self, body: bytes, kind: str) -> None:
            time.sleep(latency)
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    chosen = parser.parse_args()
    page = lru_cache(maxsize=128)(lambda after: _page(after, chosen.records))
    soap_page = lru_cache(maxsize=128)(lambda after: _soap_page(after, chosen.records))
    handler = _handler(page, soap_page, chosen.latency)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
