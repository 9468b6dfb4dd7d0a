"""What the DAGs say about themselves in the Airflow UI."""

from __future__ import annotations

from typing import Final

SYNC: Final = """\
Reads connection **{name}** ({connector}) into the hub: every stream is extracted, landed and
translated; each page is committed with its cursor, so this DAG may be retried, cleared or killed
at any time. One stream that fails leaves the run red; the others go on to `hub_resolve`.

**When it is red,** the error in the failed task's log says what to do:

* *AuthenticationError*: mend the credentials, then clear the task.
* *SourceSchemaError*: the system answers in a form the connector does not know; it needs a newer
  connector, or the system's own API switched back.
* *SourceUnavailableError*, *RateLimitedError*: the system was away for longer than four tries;
  clear the task, or wait for the next run, which goes on where this one stopped.
* *PermanentSourceError* that speaks of deletions: a full read would have deleted too many records.
  Look at the system first; nothing was deleted in the hub. If it is right, trigger this DAG with
  **Allow deletes** switched on (after a full read: with **Full read** as well).

To read everything again, trigger it with **Full read** switched on.
"""
KEYS: Final = """\
Reads the keys of connection **{name}** ({connector}), without the records, to find what was deleted
there: for the streams that can't tell so themselves and have a key scan. It changes no cursor and
may be retried, cleared or killed at any time.

**When it is red,** because too many records would be deleted (*PermanentSourceError*): look at the
system first; nothing was deleted in the hub. If it is right, trigger this DAG with **Allow
deletes** switched on. *StoreError*: the stream was being read; clear the task, or wait for the next
run.
"""
RESOLVE: Final = """\
Finds which records are the same customer and computes golden records. Runs when a sync has landed
something.

**When it is red** because too many existing customers would be merged: look at
`hub resolve --plan`, then trigger this DAG with **Allow merges** switched on.
*StoreError*: another run was at work on the same records; clear the task.
"""
PUBLISH: Final = """\
Writes golden values to the systems that subscribe to them, intent first; without publish rules in
hub.toml it only puts events in order. Clearing it never writes twice.

Where more would change than the brakes allow, nothing of it is sent and `hub_approve` asks a
person.

**When it is red:** `hub delivery list` shows what waits for a person. *AuthenticationError*: mend
the credentials, then clear the task.
"""
APPROVE: Final = """\
Runs when the brakes of publishing hold deliveries back: it plans, waits for a person's answer under
**Required Actions**, and on *Approve* sends exactly what the plan showed. *Reject* leaves all as it
is: mend the rules or the values, or trigger this DAG again. Airflow sees counts alone; the values
are shown by `hub publish --plan`.

**When it is red:** *StoreError* says that what would be written has changed since it was planned;
trigger the DAG again. *AuthenticationError*: mend the credentials, then clear the task.
"""
RECONCILE: Final = """\
Compares front and back office and writes the reports into the folder `reports` beside hub.toml.

**When it is red:** the store could not be read, or the folder could not be written; mend that, then
clear the task.
"""
