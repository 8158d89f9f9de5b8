"""A job of EMR Serverless: starts the handlers, which are Node's, and runs with Spark what they ask for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO, cast

from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

from .engine import Engine, remove
from .failures import SparkGoneError
from .server import serve
from .session import Settings, open_session


def main(package: Path, platform: Path, arguments: Sequence[str]) -> int:
    """
    Runs one handler and gives its exit code: 0 where it has answered.

    `arguments` are SETTINGS, HANDLER, EVENT and ANSWER. SETTINGS is JSON: the handlers' `environment`, the folder
    `scratch`, and, for where the application has not said them, `catalog` and `spark` (see `Settings`).
    """
    given, *call = arguments
    said = json.loads(given)
    manifest = platform / "ingot" / "manifest.json"
    settings = Settings(
        catalog=said.get("catalog", {}),
        scratch=f"{said['scratch']}/{uuid.uuid4().hex}",
        zones=databases(json.loads(manifest.read_text(encoding="utf-8"))),
        spark=said.get("spark", {}),
    )
    environment = {**os.environ, **said["environment"], "INGOT_MANIFEST": str(manifest)}
    spark = open_session(settings)
    try:
        return _with_handlers(
            [_executable(package / "node"), str(package / "job.js"), *call], environment, spark, settings
        )
    except SparkGoneError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        # What a Spark that is gone has put aside passes away by itself.
        with suppress(Py4JError, ConnectionError):
            remove(spark, settings.scratch)
            spark.stop()


def databases(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Databases by the names that SQL models use."""
    zones = {zone["name"]: zone["database"] for zone in manifest["zones"]}
    return {**zones, "ops": manifest["ops"]["database"]}


def _with_handlers(
    command: Sequence[str], environment: Mapping[str, str], spark: SparkSession, settings: Settings
) -> int:
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as handlers:
        try:
            engine = Engine(spark, settings, is_heard=lambda: handlers.poll() is None)
            serve(engine, cast(TextIO, handlers.stdout), cast(TextIO, handlers.stdin))
        except BrokenPipeError:
            # They have ended in the middle; their exit code says so. What is left of the answer is for nobody.
            with suppress(BrokenPipeError):
                cast(TextIO, handlers.stdin).close()
        except BaseException:
            handlers.kill()
            raise
        return handlers.wait()


def _executable(file: Path) -> str:
    """The file itself, or a copy where what unpacked it has left its mode behind."""
    if os.access(file, os.X_OK):
        return str(file)
    copy = Path(tempfile.mkdtemp(prefix="ingot-"), file.name)
    shutil.copyfile(file, copy)
    copy.chmod(0o700)
    return str(copy)
