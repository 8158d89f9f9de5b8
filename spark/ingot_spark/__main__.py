"""`python -m ingot_spark SETTINGS`: answers requests from standard input until it ends. SETTINGS is JSON."""

from __future__ import annotations

import json
import os
import sys

from .engine import Engine
from .server import serve
from .session import Settings, open_session


def main() -> None:
    # Whatever Spark or a library prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    given = json.loads(sys.argv[1])
    settings = Settings(**given)
    spark = open_session(settings)
    answers.write(json.dumps({"value": "ready", "spark": spark.version}) + "\n")
    answers.flush()
    try:
        serve(Engine(spark, settings), sys.stdin, answers)
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
