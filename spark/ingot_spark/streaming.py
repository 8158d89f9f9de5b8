"""Records of a stream, a micro-batch at a time, for handlers that ask for them one after another."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from time import monotonic
from typing import Any, Literal, cast

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as f
from pyspark.sql.streaming.query import StreamingQuery

POLL_SECONDS = 0.5
"""How often it is looked whether a query that gives nothing is still at work."""

IDLE_SECONDS = 60
"""After how long without records whoever asks is told that there are none yet."""


@dataclass(frozen=True)
class Source:
    """Where records come from, in words of Spark's readers."""

    format: str
    options: Mapping[str, str]
    checkpoint: str
    """Folder in which Spark keeps how far it has read."""
    seconds: int
    """How often a micro-batch begins, where there is something to read; 0: what is there now is read, and no more."""

    @staticmethod
    def of(given: Mapping[str, Any]) -> Source:
        return Source(given["format"], given["options"], given["checkpoint"], given["seconds"])


class Following:
    """
    A streaming query whose micro-batches are taken by `next`. One that was taken is done with when the next one is
    asked for: only then does Spark note that it has been read. So whatever ends before that is read again.
    """

    def __init__(self, spark: SparkSession, source: Source, is_heard: Callable[[], bool] = lambda: True) -> None:
        rows = spark.readStream.format(source.format).options(**source.options).load()
        writer = rows.writeStream.foreachBatch(self._offer).option("checkpointLocation", source.checkpoint)
        trigger = {"processingTime": f"{source.seconds} seconds"} if source.seconds > 0 else {"availableNow": True}
        self._format = source.format
        self._goes_on = source.seconds > 0
        self._offered: queue.Queue[DataFrame] = queue.Queue(1)
        self._done = threading.Event()
        self._waits = False
        self._stops = False
        self._is_heard = is_heard
        self._query: StreamingQuery = writer.trigger(**cast(Any, trigger)).start()

    def next(self) -> DataFrame | Literal[False] | None:
        """
        The records of the next micro-batch that has any; none where the query has ended, or nobody asks. False where a
        stream that goes on has brought none for a minute: then the next one is yet to be asked for.
        """
        if self._waits:
            self._waits = False
            self._done.set()
        until = monotonic() + IDLE_SECONDS
        found_nothing = False
        while True:
            try:
                batch = self._offered.get(timeout=POLL_SECONDS)
            except queue.Empty:
                if not self._is_heard():
                    return None
                if self._query.isActive or not self._offered.empty():
                    found_nothing = found_nothing or self._found_nothing()
                    if found_nothing and monotonic() >= until:
                        return False
                    continue
                failure = self._query.exception()
                if failure is not None:
                    raise failure from None
                return None
            self._waits = True
            return RECORDS[self._format](batch)

    def _found_nothing(self) -> bool:
        """Whether it waits for its next turn: while it takes one it says nothing of the stream, as it may hang."""
        if not self._goes_on:
            return False
        status = self._query.status
        return not status["isTriggerActive"] and not str(status["message"]).startswith("Initializing")

    def stop(self) -> None:
        """Ends the query; the batch that was taken last is not done with."""
        self._stops = True
        self._done.set()
        # Where Spark itself is gone, so is the query; whoever asked is told of that and not of this.
        with suppress(Exception):
            self._query.stop()

    def _offer(self, batch: DataFrame, _number: int) -> None:
        self._done.clear()
        # It may have been stopped before, and what says so has just been cleared.
        if not self._stops:
            self._offered.put(batch)
            self._done.wait()
        if self._stops:
            raise RuntimeError("nobody has said that this batch is done with")


def numbered(spark: SparkSession, records: DataFrame, folder: str) -> DataFrame:
    """
    The records with what judging them needs, each once, written to a folder: `ordinal` counts from 0, those of a shard
    in their order. No shuffle brings them to one place: each shard is counted by itself.
    """
    by_sequence = Window.partitionBy("shard").orderBy(f.length("sequence"), "sequence")
    again = f.col("sequence").eqNullSafe(f.lag("sequence").over(by_sequence))
    text = f.col("text")
    # Each step of a text by itself: Spark would do what a later one names twice as often.
    (
        records.withColumn("place", f.dense_rank().over(by_sequence))
        .withColumn("again", again)
        .where("NOT again")
        .drop("again")
        .withColumn("bytes", f.octet_length("data").cast("long"))
        .withColumn("packed", f.substring("data", 1, 4).eqNullSafe(f.lit(bytearray(b"\xf3\x89\x9a\xc2"))))
        .withColumn("text", f.expr("try_validate_utf8(CAST(data AS STRING))"))
        # A byte-order mark is none of the text; NUL is in no JSON.
        .withColumn("text", f.when(text.startswith("\ufeff"), f.substr(text, f.lit(2))).otherwise(text))
        .withColumn("text", f.when(~f.contains(text, f.lit("\0")), text))
        .write.parquet(folder)
    )
    rows = spark.read.schema(_WRITTEN).parquet(folder)
    counts = sorted((str(shard), int(count)) for shard, count in rows.groupBy("shard").count().collect())
    starts = [0, *accumulate(count for _, count in counts)]
    # A map, which is part of each statement's plan: to join these costs every one of them a job.
    before = {shard: start - 1 for (shard, _), start in zip(counts, starts, strict=False)}
    shard_starts = f.from_json(f.lit(json.dumps(before)), "map<string, int>")
    ordinal = (f.col("place") + shard_starts[f.col("shard")]).cast("int").alias("ordinal")
    return rows.select(ordinal, "shard", "sequence", "key", "arrived", "bytes", "packed", "text", "data")


_WRITTEN = """shard string, sequence string, key string, arrived long, data binary, place int, bytes long,
packed boolean, text string"""


def few_rows(spark: SparkSession, rows: Sequence[Sequence[object]], columns: Mapping[str, str]) -> DataFrame:
    """Rows that are known here, as a frame that no worker of Python has to make."""
    held = json.dumps([dict(zip(columns, row, strict=True)) for row in rows])
    kind = ", ".join(f"{name}: {kind}" for name, kind in columns.items())
    return spark.range(0, 1, 1, 1).select(f.inline(f.from_json(f.lit(held), f"array<struct<{kind}>>")))


def _milliseconds(time: str) -> Column:
    return f.unix_millis(f.col(time).cast("timestamp"))


def kafka(rows: DataFrame) -> DataFrame:
    """As Lambda names them: `topic-partition`, and the offset as a text."""
    # A key whose bytes are no text would be another one in Spark than where it has been collected.
    return rows.select(
        f.concat_ws("-", "topic", "partition").alias("shard"),
        f.col("offset").cast("string").alias("sequence"),
        f.coalesce(f.make_valid_utf8(f.col("key").cast("string")), f.lit("")).alias("key"),
        _milliseconds("timestamp").alias("arrived"),
        f.coalesce("value", f.lit(bytearray())).alias("data"),
    )


_SHARD = f"""CASE WHEN length(sequenceNumber) = 56
  AND sequenceNumber >= '{2 << 184}' AND sequenceNumber < '{3 << 184}' THEN
  format_string('shardId-%012d', aggregate(split(sequenceNumber, ''), 0L, (sum, digit) ->
    (sum * 10 + CAST(digit AS BIGINT)) % {1 << 36}) div 16)
  ELSE raise_error(concat('the sequence number ', sequenceNumber, ' does not say its shard')) END"""
"""
The connector does not say of which shard a record is; its sequence number does: in the 32 bits from the fifth on,
where its version, in the bits from the 185th on, is 2. So Amazon's Kinesis Client Library reads it; there is no other.
"""


def kinesis(rows: DataFrame) -> DataFrame:
    """As Lambda names them: the shard's id, and the sequence number."""
    return rows.select(
        f.expr(_SHARD).alias("shard"),
        f.col("sequenceNumber").alias("sequence"),
        f.coalesce("partitionKey", f.lit("")).alias("key"),
        _milliseconds("approximateArrivalTimestamp").alias("arrived"),
        f.coalesce("data", f.lit(bytearray())).alias("data"),
    )


RECORDS = {"kafka": kafka, "aws-kinesis": kinesis}
"""By the name of Spark's reader: its rows as records."""
