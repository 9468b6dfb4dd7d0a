"""Every error of the hub, grouped by what the caller should do.

::

    HubError
      ConfigError              stop at start-up: the configuration is wrong
        MappingError           a mapping file is wrong; has file and line
      ContractError            the plugin is wrong; refuse it
      SourceError              has system, stream
        TransientSourceError     retry later
          RateLimitedError         after retry_after seconds
          SourceUnavailableError
            CircuitOpenError         not asked, since it failed again and again
        PermanentSourceError     stop: a person has to mend something
          AuthenticationError
          SourceSchemaError
      CursorExpiredError       open a new epoch: full read, key sets compared
      RecordError              quarantine the record, continue
        UnmappableRecordError
        InvalidRecordError
      DeliveryError            has connection, delivery
        ConflictError            the target changed; a person decides
          DuplicateRecordError     what was to be created is there; has its key
        RejectedError            the target said no; do not repeat unchanged
        OutcomeUnknownError      nobody knows whether the write happened
      PushRefusedError         answer no: nothing shows that it came from the system
      StoreError               roll back
        WatermarkRegressionError
        CrosswalkConflictError

A message says what failed, where, and what to do. It never holds payload, secrets or
personal data (law 10): a source key may be an e-mail address, so messages name row ids.
"""

from __future__ import annotations


class HubError(Exception):
    """Root of the tree; ``exit_code`` is what the command line returns for it."""

    exit_code = 1


class ConfigError(HubError):
    """The configuration is wrong; nothing was started."""

    exit_code = 2


class MappingError(ConfigError):
    """A mapping file is wrong; names the file and the line."""

    def __init__(self, message: str, *, file: str = "", line: int | None = None) -> None:
        where = f"{file}:{line}: " if line is not None else (f"{file}: " if file else "")
        super().__init__(f"{where}{message}")
        self.file = file
        self.line = line


class ContractError(HubError):
    """A plugin breaks the connector contract and is refused."""

    exit_code = 2


class SourceError(HubError):
    """A source system failed; names the system and, where known, the stream."""

    exit_code = 3

    def __init__(self, message: str, *, system: str = "", stream: str = "") -> None:
        where = "/".join(part for part in (system, stream) if part)
        super().__init__(f"{where}: {message}" if where else message)
        self.message = message
        self.system = system
        self.stream = stream


class TransientSourceError(SourceError):
    """Retrying later can help."""


class RateLimitedError(TransientSourceError):
    """The system asks to wait; ``retry_after`` is in seconds."""

    def __init__(
        self, message: str, *, system: str = "", stream: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message, system=system, stream=stream)
        self.retry_after = retry_after


class SourceUnavailableError(TransientSourceError):
    """The system can't be reached, or broke off in the middle of an answer."""


class CircuitOpenError(SourceUnavailableError):
    """The system failed so often that it was not asked; it will be after a pause."""


class PermanentSourceError(SourceError):
    """Retrying can't help; a person has to mend something."""

    exit_code = 4


class AuthenticationError(PermanentSourceError):
    """The system refuses the credentials."""


class SourceSchemaError(PermanentSourceError):
    """The system answers in a form that the connector does not know."""


class CursorExpiredError(HubError):
    """The system no longer honours the cursor; a new epoch must be opened."""

    exit_code = 3


class RecordError(HubError):
    """One record is bad; it goes to quarantine and the run continues."""


class UnmappableRecordError(RecordError):
    """The mapping can't translate the record; names the mapping line."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class InvalidRecordError(RecordError):
    """The mapped record is no valid canonical record."""


class DeliveryError(HubError):
    """A write to a target system failed; names the connection and the delivery."""

    exit_code = 5

    def __init__(self, message: str, *, connection: str = "", delivery: str = "") -> None:
        where = " ".join(part for part in (connection, delivery) if part)
        super().__init__(f"{where}: {message}" if where else message)
        self.connection = connection
        self.delivery = delivery


class ConflictError(DeliveryError):
    """The target record changed since we read it; nothing was overwritten."""


class DuplicateRecordError(ConflictError):
    """What was to be created is there already; ``key`` is the existing record's source key."""

    def __init__(
        self, message: str, *, connection: str = "", delivery: str = "", key: str = ""
    ) -> None:
        super().__init__(message, connection=connection, delivery=delivery)
        self.key = key


class RejectedError(DeliveryError):
    """The target refused the write; repeating it unchanged can't help."""


class OutcomeUnknownError(DeliveryError):
    """Nobody knows whether the write happened; a person has to look."""


class PushRefusedError(HubError):
    """A delivery that can't be shown to come from the system; it is not stored."""


class StoreError(HubError):
    """The store refused a change; the transaction was rolled back."""

    exit_code = 6


class WatermarkRegressionError(StoreError):
    """Another worker moved the cursor on; this worker's page is refused."""


class CrosswalkConflictError(StoreError):
    """A source record would have had two active links."""
