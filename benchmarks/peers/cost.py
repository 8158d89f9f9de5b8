"""What a piece of work cost this process, as JSON on the last line, in the words of measure.ts."""

import json
import resource
import sys
import time


def measured(work):
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    failed = work(sys.argv[1])
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    print(json.dumps({"wall": time.perf_counter() - started, "cpu": cpu, "peak": after.ru_maxrss / 1024, "failed": failed}))
