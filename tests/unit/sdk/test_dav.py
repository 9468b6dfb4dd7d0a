"""WebDAV against a server that answers as it likes: hostile documents, addresses and lists."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.errors import ConflictError, CursorExpiredError, SourceSchemaError
from hub.sdk.dav import (
    DavClient,
    TooManyMatchesError,
    changes_since,
    find_address_books,
    list_members,
    read_members,
)
from hub.sdk.dav.multistatus import Multistatus, is_within, read_multistatus, resolve
from hub.sdk.limits import RestPolicy
from hub.sdk.standin import HttpStandIn, Request, Response, StandInState

BOOK = "/dav/ann/book/"
STATUS = '<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav">%s</d:multistatus>'
OK = "<d:status>HTTP/1.1 200 OK</d:status>"
BOMB = (
    '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<d:multistatus xmlns:d="DAV:"><d:sync-token>&b;</d:sync-token></d:multistatus>'
)
EXTERNAL = (
    '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    '<d:multistatus xmlns:d="DAV:"><d:sync-token>&a;</d:sync-token></d:multistatus>'
)


def member(href: str, *, status: int = 0, properties: str = "<d:getetag>1</d:getetag>") -> str:
    says = f"<d:status>HTTP/1.1 {status} X</d:status>" if status else ""
    found = f"<d:propstat><d:prop>{properties}</d:prop>{OK}</d:propstat>"
    return f"<d:response><d:href>{href}</d:href>{says or found}</d:response>"


class Server(HttpStandIn):
    """Gives scripted answers in their order, the last one for ever."""

    def __init__(self) -> None:
        self.script: list[Response] = []
        self.seen: list[Request] = []
        super().__init__(StandInState({}), self._next)

    def _next(self, request: Request) -> Response:
        self.seen.append(request)
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def says(self, *contents: str, token: str = "") -> None:
        end = f"<d:sync-token>{token}</d:sync-token>" if token else ""
        self.script = [Response(207, STATUS % (content + end)) for content in contents]

    def refuses(self, status: int, condition: str) -> None:
        body = f'<d:error xmlns:d="DAV:"><d:{condition}/></d:error>'
        self.script.append(Response(status, body))

    def client(self, path: str = "/dav/") -> DavClient:
        policy = RestPolicy(sleep=lambda _: None, attempts=2)
        return DavClient(self.url + path, system="book", policy=policy)

    @property
    def book(self) -> str:
        return self.url + BOOK


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


def read(content: str) -> Multistatus:
    return read_multistatus(content.encode(), url="https://dav.example/dav/", system="book")


@pytest.mark.parametrize("document", [BOMB, EXTERNAL], ids=["entities", "external"])
def test_a_dtd_is_refused_unread(document: str) -> None:
    with pytest.raises(SourceSchemaError, match="contains a DTD"):
        read(document)


@pytest.mark.parametrize(
    "document",
    ["", "<html/>", "no xml", "<d:multistatus xmlns:d='DAV:'>", STATUS % "<d:response>" * 3],
)
def test_what_is_no_multistatus_is_refused(document: str) -> None:
    with pytest.raises(SourceSchemaError, match="was refused"):
        read(document)


@pytest.mark.parametrize("response", ["<d:response/>", member(" "), member("<d:was>x</d:was>")])
def test_a_resource_without_an_address_is_refused_and_not_passed_over(response: str) -> None:
    with pytest.raises(SourceSchemaError, match="without an address"):
        read_multistatus((STATUS % response).encode(), url="http://127.0.0.1/", system="dav")


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(SourceSchemaError, match="not well-formed"):
        read(STATUS % ("<d:prop>" * 10_000 + "</d:prop>" * 10_000))


@pytest.mark.parametrize(
    "href",
    [
        *("/dav/../etc/passwd", "../x", "/dav/%2e%2e/x", "/dav/a%2Fb", "/dav/a%5Cb", "/dav/./a"),
        *("/dav/a%00b", "/dav/a%0d%0ab", "/dav/a?x=1", "/dav/a#b", "http://[x/"),
    ],
)
def test_an_address_that_leads_astray_is_refused(href: str) -> None:
    with pytest.raises(SourceSchemaError, match="holds an address"):
        read(STATUS % member(href))


@pytest.mark.parametrize("href", ["https://evil.example/dav/a", "//evil.example/a", "ftp:/a"])
def test_another_server_is_refused(href: str) -> None:
    with pytest.raises(SourceSchemaError, match="another server"):
        read(STATUS % member(href))


@pytest.mark.parametrize("href", ["/b/A%20%c3%a9@x.vcf", "/b/A%20é%40x.vcf", "A é@x.vcf"])
def test_one_resource_has_one_spelling(href: str) -> None:
    assert resolve(href, "https://d.example/b/") == "https://d.example/b/A%20%C3%A9@x.vcf"


def test_bytes_that_are_no_utf8_stay_what_they_are() -> None:
    assert resolve("/b/%e9.vcf", "https://d.example/b/") == "https://d.example/b/%E9.vcf"


@pytest.mark.parametrize(
    ("path", "inside"),
    [("/b/1.vcf", True), ("/b/", False), ("/b/c/1", False), ("/bb/1", False), ("/", False)],
)
def test_a_member_lies_right_below(path: str, inside: bool) -> None:
    assert is_within(path, "/b/") is inside


@pytest.mark.parametrize("href", ["/dav/ann/other/1.vcf", "/dav/ann/book/sub/1.vcf", "/1.vcf"])
def test_a_resource_outside_of_the_collection_is_refused(server: Server, href: str) -> None:
    server.says(member(href), token="t")
    with pytest.raises(SourceSchemaError, match="outside of the collection"):
        changes_since(server.client(), server.book, "")
    with pytest.raises(SourceSchemaError, match="outside of the collection"):
        list_members(server.client(), server.book)
    with pytest.raises(SourceSchemaError, match="outside of the collection"):
        read_members(server.client(), server.book, [href])


def test_reads_changes_and_what_is_gone(server: Server) -> None:
    folder = member(f"{BOOK}sub/", properties="<d:resourcetype><d:collection/></d:resourcetype>")
    server.says(member(f"{BOOK}2.vcf") + member(f"{BOOK}1.vcf", status=404) + folder, token="t2")
    found = changes_since(server.client(), server.book, "t1")
    assert (found.changed, found.gone) == ((f"{BOOK}2.vcf",), (f"{BOOK}1.vcf",))
    assert (found.token, found.truncated) == ("t2", False)
    assert b"<D:sync-token>t1</D:sync-token>" in server.seen[0].body
    assert server.seen[0].headers["depth"] == "0"


def test_a_cut_list_without_progress_is_refused(server: Server) -> None:
    server.says(member(BOOK, status=507), token="t1")
    with pytest.raises(SourceSchemaError, match="no token to go on from"):
        changes_since(server.client(), server.book, "t1")


def test_asks_for_fewer_where_the_server_wants_it(server: Server) -> None:
    server.refuses(507, "number-of-matches-within-limits")
    with pytest.raises(TooManyMatchesError, match="so many members"):
        changes_since(server.client(), server.book, "t1")
    server.says("", token="t2")
    assert changes_since(server.client(), server.book, "t1", limit=7).token == "t2"
    assert b"<D:nresults>7</D:nresults>" in server.seen[-1].body


def test_a_token_can_not_break_out_of_the_request(server: Server) -> None:
    server.says("", token="t")
    changes_since(server.client(), server.book, "</D:sync-token><x/>")
    assert b"&lt;/D:sync-token&gt;" in server.seen[0].body


@pytest.mark.parametrize("status", [403, 409, 410, 412])
def test_an_expired_token_opens_a_new_epoch(server: Server, status: int) -> None:
    server.refuses(status, "valid-sync-token")
    with pytest.raises(CursorExpiredError, match="read in full"):
        changes_since(server.client(), server.book, "old")


def test_no_sync_token_is_no_answer(server: Server) -> None:
    server.says(member(f"{BOOK}1.vcf"))
    with pytest.raises(SourceSchemaError, match="no sync token"):
        changes_since(server.client(), server.book, "")


def test_writes_under_a_lock(server: Server) -> None:
    server.script = [Response(201, "", {"etag": '"2"'}), Response(412, "")]
    client = server.client()
    etag = client.put(f"{server.book}1", b"x", etag=None, content_type="text/vcard")
    assert (etag, server.seen[0].headers["if-none-match"]) == ('"2"', "*")
    with pytest.raises(ConflictError):
        client.put(f"{server.book}1", b"x", etag='"1"', content_type="text/vcard")
    with pytest.raises(ConflictError):
        client.delete(f"{server.book}1", etag='"1"')
    assert [one.headers.get("if-match") for one in server.seen[1:]] == ['"1"', '"1"']


def test_the_address_of_one_book_is_enough(server: Server) -> None:
    kind = "<d:resourcetype><d:collection/><c:addressbook/></d:resourcetype>"
    server.says(member(BOOK, properties=f"{kind}<d:displayname>Ann &amp; Co</d:displayname>"))
    (book,) = find_address_books(server.client(BOOK))
    assert (book.path, book.name, book.title) == (BOOK, "book", "Ann & Co")
    assert len(server.seen) == 1


def test_a_principal_of_another_server_is_not_asked(server: Server) -> None:
    away = "<d:current-user-principal><d:href>https://evil.example/p/</d:href>"
    server.says(member("/", properties=f"{away}</d:current-user-principal>"))
    with pytest.raises(SourceSchemaError, match="does not allow"):
        find_address_books(server.client("/"))


def test_an_unsafe_principal_is_refused(server: Server) -> None:
    away = "<d:current-user-principal><d:href>/a/../b</d:href></d:current-user-principal>"
    server.says(member("/", properties=away))
    with pytest.raises(SourceSchemaError, match="leads out of its place"):
        find_address_books(server.client("/"))


def test_a_server_without_address_books_says_so(server: Server) -> None:
    server.says(member("/"))
    with pytest.raises(SourceSchemaError, match="neither a user nor address books"):
        find_address_books(server.client("/"))
