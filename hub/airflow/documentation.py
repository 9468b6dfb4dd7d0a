"""What the DAGs say about themselves in the Airflow UI."""

from __future__ import annotations

from typing import Final

SYNC: Final = """\
Reads connection **{name}** ({connector}) into the hub: every stream is extracted, landed and
translated; each page is committed with its cursor, so this DAG may be retried, cleared or killed
at any time. One stream that fails leaves the run red; the others go on to `hub_resolve`.

**When it is red,** the error in the failed task's log says what to do:

* *AuthenticationError*: mend the credentials, then clear the run, *only failed tasks*.
* *SourceSchemaError*: the system answers in a form the connector does not know; it needs a newer
  connector, or the system's own API switched back.
* *SourceUnavailableError*, *RateLimitedError*: the system was away for longer than four tries;
  clear the task, or wait for the next run, which goes on where this one stopped.
* *PermanentSourceError* that speaks of deletions: a full read would have deleted too many records.
  Look at the system first; nothing was deleted in the hub. If it is right, trigger this DAG with
  **Allow deletes** switched on (after a full read: with **Full read** as well).

`announce` lets `hub_resolve` follow. It is red where no stream could be read, and is cleared with
what failed; where some could, clear the failed stream itself, **Downstream** included (or what it
reads is resolved after the next run).

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
something. Where more existing customers would be merged than `resolve.max_merges` allows, nothing
is changed and `hub_approve_merges` asks a person; `announce` is skipped then, else `ask` is.

**When it is red:** *StoreError*: another run was at work on the same records; clear the task. To
let one run merge without being asked, trigger this DAG with **Allow merges** switched on.
"""
PUBLISH: Final = """\
Writes golden values to the systems that subscribe to them, intent first: a task for each of them,
in its pool. Without publish rules in hub.toml it only puts events in order. Clearing it never
writes twice.

Where more would be changed, made or deleted than the brakes allow, nothing of it is sent and
`hub_approve` asks a person; else `ask` is skipped.

**When it is red:** `hub delivery list` shows what waits for a person. *AuthenticationError*: mend
the credentials, then clear the task.
"""
APPROVE: Final = """\
Runs when the brakes of publishing hold deliveries back (many writes, creations or deletions): it
plans, waits for a person's answer under **Required Actions**, and on *Approve* sends exactly what
the plan showed. *Reject* leaves all as it is: mend the rules or the values, or trigger this DAG
again. If other changes have come before the answer, nothing is sent and the question comes anew.
Airflow sees counts alone; the values are shown by `hub publish --plan`.

**When it is red:** *AuthenticationError*: mend the credentials, then clear the task.
"""
APPROVE_MERGES: Final = """\
Runs when resolving would merge more existing customers than `resolve.max_merges` allows: it plans,
waits for a person's answer under **Required Actions**, and on *Approve* does exactly what the plan
showed. *Reject* leaves all as it is: look at the records that cause it (`hub resolve --plan`), set
a never-link or mend the source. If other records have come before the answer, nothing is done and
the question comes anew. Airflow sees counts alone.

**When it is red:** *StoreError*: another run was at work on the same records; clear the task.
"""
RECONCILE: Final = """\
Compares front and back office and writes the reports into the folder `reports` beside hub.toml.
Where `[mail]` names receivers, `mail` sends them the counts, and nothing of any customer.

**When it is red:** the store could not be read, or the folder could not be written; mend that, then
clear the task. `mail`: *AuthenticationError* or *ConfigError* mean `[mail]` in hub.toml.
"""
MAINTAIN: Final = """\
Once a day: copies the store into the folder `maintain.backups` beside hub.toml, drops what is kept
no longer (`maintain.raw_days`, `push.keep_days`), and lets the database learn its tables anew.

Triggered with **Vacuum** it rewrites the store, to give space back; with **Train** it trains the
matching model anew on all records, and with **Adopt** as well puts it in force: the next
`hub_resolve` then judges every record anew. Otherwise `train` is skipped.

**When it is red:** *ConfigError* of `back_up`: PostgreSQL's `pg_dump` is missing on the worker;
install it, or set `backups = "none"` where the database is backed up by other means. *StoreError*
of `tidy` with **Vacuum**: others were at work on the store; clear the task at a quiet time.
"""
