"""Records per CPU second out of SOAP answers of 100,000: ``python -m benchmarks.soap_rows``.

Two forms: records of twelve elements (rpc/encoded, as NuSOAP writes them), and records that are
lists of twelve names and values, as SuiteCRM gives them. Answers are in memory; no network.
"""

from __future__ import annotations

import time

from hub.sdk.soap.rows import RowReading, RowShape

RECORDS = 100_000
FIELDS = (
    *("id", "ref", "name", "address", "zip", "town", "country", "phone", "fax", "email", "url"),
    "modified",
)
SPACES = (
    'xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:tns="urn:t"'
)


def value(field: str, number: int, element: str) -> str:
    if field == "fax":
        return f'<{element} xsi:nil="true"/>'
    return f'<{element} xsi:type="xsd:string">{field} {number}</{element}>'


def plain(number: int) -> str:
    fields = "".join(value(field, number, field) for field in FIELDS)
    return f'<item xsi:type="tns:x">{fields}</item>'


def paired(number: int) -> str:
    pairs = "".join(
        f'<item xsi:type="tns:name_value"><name xsi:type="xsd:string">{field}</name>'
        f"{value(field, number, 'value')}</item>"
        for field in FIELDS
    )
    kind = 'xsi:type="enc:Array" enc:arrayType="tns:name_value[12]"'
    return f"<item><nv {kind}>{pairs}</nv></item>"


def answer(items: list[str]) -> bytes:
    content = f'<items enc:arrayType="tns:x[{len(items)}]">{"".join(items)}</items>'
    return f"<e:Envelope {SPACES}><e:Body><r>{content}</r></e:Body></e:Envelope>".encode()


def measure(name: str, body: bytes, shape: RowShape) -> None:
    best = 0.0
    for _ in range(3):
        started = time.process_time()
        count = sum(len(row) == len(FIELDS) for row in RowReading(body, shape, "bench"))  # type: ignore[arg-type]  # no faults here
        best = max(best, count / (time.process_time() - started))
        assert count == RECORDS
    print(f"{name:<24} {len(body) / 1e6:6.1f} MB  {best:9,.0f} records per CPU second")


def main() -> None:
    numbers = range(RECORDS)
    measure("12 elements", answer([plain(n) for n in numbers]), RowShape(within="items"))
    pairs = RowShape(within="items", pairs="nv")
    measure("12 names and values", answer([paired(n) for n in numbers]), pairs)


if __name__ == "__main__":
    main()
