"""The mail of a reconciliation, through a real mail server: counts, and nothing of anybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from hub.errors import ConfigError, HubError, SourceUnavailableError
from hub.errors import PermanentSourceError as Refused
from hub.pipeline.reconcile import Request, reconcile
from hub.pipeline.report_mail import mail_reports
from hub.pipeline.workplace import Workplace, open_workplace
from hub.store.database import Engine
from tests.servers.process import free_port
from tests.unit.pipeline.control_breaks import plant
from tests.unit.pipeline.control_world import Books


class Mailbox:
    """Takes what is sent; ``answer`` is what it says to a mail."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer = "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content, policy=default))
        return self.answer


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


def workplace(store: Engine, folder: Path, port: int, more: str = "") -> Workplace:
    url = store.url.render_as_string(hide_password=False)
    text = f'[hub]\ncompany = "Müller & Söhne"\nstore = "{url}"\n[mail]\nserver = "127.0.0.1"\n'
    text += f'port = {port}\nto = ["c@x.example", "d@x.example"]\nsender = "hub@x.example"\n'
    (folder / "hub.toml").write_text(text + (more or 'tls = "off"\n'))
    return open_workplace(folder / "hub.toml")


def test_counts_are_mailed_and_nothing_of_any_customer(
    store: Engine, tmp_path: Path, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    books = Books()
    plant(books, each=1, good=2)
    books.store(store)
    now = datetime.now(UTC)
    pack = reconcile(store, Request(company="T", cut_off=now))
    assert mail_reports(workplace(store, tmp_path, port)) == 2
    (mail,) = box.mails
    text = mail.get_content()
    total = sum(result.break_count for result in pack.results)
    assert mail["Subject"] == f"Müller & Söhne: {total} breaks"
    for result in pack.results:
        assert f"{result.definition.id:6}{result.break_count:8,}" in text
    assert "Firma" not in text
    assert mail_reports(workplace(store, tmp_path, port)) == 2
    assert box.mails[1]["Message-ID"] == mail["Message-ID"]


@pytest.mark.parametrize(
    ("answer", "error"), [("451 later", SourceUnavailableError), ("554 no", Refused)]
)
def test_what_the_server_says_decides_whether_it_is_tried_again(
    store: Engine,
    tmp_path: Path,
    mailbox: tuple[Mailbox, int],
    *,
    answer: str,
    error: type[HubError],
) -> None:
    box, port = mailbox
    box.answer = answer
    with pytest.raises(error, match=answer[:3]):
        mail_reports(workplace(store, tmp_path, port))


def test_a_server_without_starttls_gets_no_mail(
    store: Engine, tmp_path: Path, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    with pytest.raises(ConfigError, match="STARTTLS"):
        mail_reports(workplace(store, tmp_path, port, 'tls = "starttls"\n'))
    assert not box.mails


def test_a_server_that_is_away_may_be_tried_again(store: Engine, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError):
        mail_reports(workplace(store, tmp_path, 9))


def test_credentials_never_go_over_an_open_line(store: Engine, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="tls must not be off"):
        workplace(store, tmp_path, 25, 'tls = "off"\ncredentials = "env:X"\n')


def test_nobody_named_means_no_mail(store: Engine, tmp_path: Path) -> None:
    url = store.url.render_as_string(hide_password=False)
    (tmp_path / "hub.toml").write_text(f'[hub]\nstore = "{url}"\n')
    assert mail_reports(open_workplace(tmp_path / "hub.toml")) == 0
