"""Mails what reconciling found: how many breaks each report has, and nothing of any customer.

A mail lies in places that nobody controls, so it has counts alone and leads to the pages.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import blake2b
from typing import Final

from hub.config import read_credentials
from hub.errors import (
    AuthenticationError,
    ConfigError,
    PermanentSourceError,
    SourceUnavailableError,
)
from hub.mailing import MailSection
from hub.pipeline.report_desk import ReportLine, read_desk
from hub.pipeline.workplace import Workplace
from hub.store.database import reading
from hub.store.figures import break_history

_SYSTEM: Final = "mail"
_SECONDS: Final = 30
_FIRST_DAY: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WEEK: Final = 7


def mail_reports(work: Workplace) -> int:
    """Send what the last reconciliation left to those whom ``[mail]`` names; how many they are.

    A repeat has the same message id on the same day with the same counts, so that mailboxes can
    tell it. Raises AuthenticationError, SourceUnavailableError where a later try may do better, and
    PermanentSourceError where the server refuses the mail.
    """
    settings = work.config.mail
    if not settings.to:
        return 0
    message = _message(work, settings)
    with _server(work, settings) as server:
        refused = server.send_message(message)
    if refused:
        problem = f"the server refuses {len(refused)} of {len(settings.to)} receivers"
        raise PermanentSourceError(problem, system=_SYSTEM)
    return len(settings.to)


def _message(work: Workplace, settings: MailSection) -> EmailMessage:
    now = datetime.now(UTC)
    today = (now - _FIRST_DAY).days
    lines = read_desk(work).reports
    with reading(work.engine) as db:
        history = break_history(db, today - _WEEK)
    before = {report: days[0][1] for report, days in history.items() if days[0][0] < today}
    text = "\n".join(_text(work, lines, before))
    made = EmailMessage()
    made["Subject"] = f"{work.config.hub.company}: {_sum(lines)} breaks"
    made["From"], made["To"] = str(settings.sender), ", ".join(settings.to)
    made["Date"] = format_datetime(now)
    digest = blake2b(f"{now.date()} {text}".encode(), digest_size=16).hexdigest()
    made["Message-ID"] = f"<{digest}@{str(settings.sender).partition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text)
    return made


def _text(work: Workplace, lines: Sequence[ReportLine], before: Mapping[str, int]) -> Iterator[str]:
    yield f"Reconciliation of {work.config.hub.company}: {_sum(lines)} breaks stand."
    yield ""
    for line in lines:
        was = f"  (a week ago {before[line.id]})" if line.id in before else ""
        yield f"{line.id:6}{line.standing:8,}  {line.title}{was}"
    yield ""
    if work.config.web.url:
        yield f"The breaks: {work.config.web.url.rstrip('/')}/reports"
    else:
        yield "The breaks: `hub serve`, or the folder reports beside hub.toml."


def _sum(lines: Sequence[ReportLine]) -> int:
    return sum(line.standing for line in lines)


@contextmanager
def _server(work: Workplace, settings: MailSection) -> Iterator[smtplib.SMTP]:
    """The mail server, logged in to where there are credentials."""
    try:
        with _connected(settings) as server:
            _log_in(work, settings, server)
            yield server
    except smtplib.SMTPAuthenticationError as error:
        raise AuthenticationError("the mail server refuses the login", system=_SYSTEM) from error
    except smtplib.SMTPRecipientsRefused as error:
        raise PermanentSourceError("the server refuses every receiver", system=_SYSTEM) from error
    except smtplib.SMTPNotSupportedError as error:
        message = "the mail server has no STARTTLS or no login; see tls in [mail]"
        raise ConfigError(message) from error
    except smtplib.SMTPResponseException as error:
        known = SourceUnavailableError if 400 <= error.smtp_code < 500 else PermanentSourceError
        raise known(f"the mail server answers {error.smtp_code}", system=_SYSTEM) from error
    except ssl.SSLCertVerificationError as error:
        message = f"the certificate of the mail server {settings.server} is not trusted "
        message += f"({error.verify_message}); add its authority to the system's, or SSL_CERT_FILE"
        raise PermanentSourceError(message, system=_SYSTEM) from error
    except (smtplib.SMTPException, OSError) as error:
        raise SourceUnavailableError(
            f"the mail server is away ({type(error).__name__})", system=_SYSTEM
        ) from error


def _connected(settings: MailSection) -> smtplib.SMTP:
    if settings.tls == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(settings.server, settings.port, timeout=_SECONDS, context=context)
    server = smtplib.SMTP(settings.server, settings.port, timeout=_SECONDS)
    if settings.tls == "starttls":
        server.starttls(context=ssl.create_default_context())
    return server


def _log_in(work: Workplace, settings: MailSection, server: smtplib.SMTP) -> None:
    if settings.credentials is None:
        return
    found = read_credentials(
        settings.credentials, root=work.config.root, resolvers=work.site.resolvers
    )
    name = found.get("username", found.get("login"))
    if not isinstance(name, str) or not isinstance(found.get("password"), str):
        raise ConfigError("mail.credentials: give username and password")
    server.login(name, str(found["password"]))
