"""delta-rs: the same changes into the same table, by its merge."""

import json
import resource
import shutil
import sys
import tempfile
import time

import duckdb
from deltalake import DeltaTable, write_deltalake

size, changes = int(sys.argv[1]), int(sys.argv[2])
values = """i AS id, i % 50021 AS customer, ['new', 'paid', 'sent', 'done'][(i % 4 + 1)::INTEGER] AS status,
  (((i * 7919) % 1000000) / 100.0)::DECIMAL(12, 2) AS amount, 'city-' || (i % 997) AS city,
  TIMESTAMPTZ '2026-01-01' + to_seconds(i % 86400) AS updated_at"""
sql = duckdb.connect()
sql.execute("SET TimeZone = 'UTC'")
folder = tempfile.mkdtemp()
table = lambda query: sql.execute(query).to_arrow_table()
write_deltalake(folder, table(f"SELECT {values}, 'note ' || hash(i) AS note, 1::BIGINT AS lsn FROM range({size}) AS r(i)"))
source = table(
    f"""SELECT {values}, 'changed ' || n || ' ' || hash(i) AS note, lsn, op FROM (
      SELECT n, CASE n % 4 WHEN 0 THEN 'insert' WHEN 1 THEN 'delete' ELSE 'update' END AS op, (1000 + n)::BIGINT AS lsn,
        CASE n % 4 WHEN 0 THEN {size} + n ELSE (n * 7919) % {size} END AS i FROM range({changes}) AS r(n))
      QUALIFY row_number() OVER (PARTITION BY id ORDER BY lsn DESC) = 1"""
)
columns = {name: f"s.{name}" for name in source.column_names if name != "op"}
before, started = time.process_time(), time.perf_counter()
(
    DeltaTable(folder)
    .merge(source, "t.id = s.id", source_alias="s", target_alias="t")
    .when_matched_delete("s.op = 'delete' AND s.lsn > t.lsn")
    .when_matched_update(columns, "s.op <> 'delete' AND s.lsn > t.lsn")
    .when_not_matched_insert(columns, "s.op <> 'delete'")
    .execute()
)
print(
    json.dumps(
        {
            "wall": time.perf_counter() - started,
            "cpu": time.process_time() - before,
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)
shutil.rmtree(folder)
