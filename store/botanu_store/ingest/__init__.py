"""Decoded spans into the tables, exactly once, and what they change: calls, and the runs they belong to.

What one step of a batch leaves to the next are temporary relations of the connection, in this order:

| relation | one row is | made by |
| --- | --- | --- |
| `fresh` | a span of the batch that is not stored yet | `ingester.py`, `rebuild.py`, `clickhouse/conclude.py` |
| `touched` | a trace with such spans, or one that shares a session with it | `sessions.py` |
| `late_traces` | a touched trace of which earlier spans are stored | `sql/work.sql` |
| `work` | a span of a touched trace, fresh or stored | `sql/work.sql`, `linked.py` |
| `maybe_touched_runs` | a run that these spans may belong to | `sql/work.sql` |
| `earlier` | a stored span of these runs | `sql/earlier.sql` |
| `resolved` | a call of a touched trace | `touched.py`, by what `resolve/` finds |
| `moved` | a log record whose call belongs to a run of another trace | `conclude.py` |
| `touched_runs` | a run that changes | `conclude.py` |
| `run_spans` to `run_extents`, `left_behind` | what the spans of these runs say | `sql/runs.sql` |
"""
