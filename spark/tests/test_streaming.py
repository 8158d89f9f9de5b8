"""Records of streams, as Spark sees them. It runs on this machine, and reads nothing from outside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from random import Random

import pytest
from pyspark.sql import Row, SparkSession

from ingot_spark.readers import CORRUPT, FILE_INDEX, read_records
from ingot_spark.streaming import kafka, kinesis, numbered


@pytest.fixture(scope="module")
def spark(here: dict[str, str]) -> Iterator[SparkSession]:
    session = SparkSession.builder.config(map=here).getOrCreate()
    yield session
    session.stop()


KEYS: dict[str, str] = json.loads(Path(__file__).with_name("keys.json").read_text(encoding="utf-8"))
"""Bytes in hexadecimal digits, and the text that the consumer, which is Node's, makes of them, as its test says."""

ARRIVED = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)


def test_a_record_of_kinesis_says_its_shard_by_its_sequence_number(spark: SparkSession) -> None:
    # The second is the example of Lambda's documentation, whose shard is shardId-000000000006.
    sequences = [
        "49545115243490985018280067714973144582180062593244200961",
        "49590338271490256608559692538361571095921575989136588898",
    ]
    kind = "data binary, partitionKey string, sequenceNumber string, approximateArrivalTimestamp timestamp"
    rows = [(bytearray(b"{}"), "k", sequence, ARRIVED) for sequence in sequences]
    records = kinesis(spark.createDataFrame(rows, kind)).collect()
    assert [row.shard for row in records] == ["shardId-000000000000", "shardId-000000000006"]
    assert [row.sequence for row in records] == sequences
    assert records[0].arrived == 1_767_268_800_000
    with pytest.raises(Exception, match="the sequence number 17 does not say its shard"):
        kinesis(spark.createDataFrame([(bytearray(), "k", "17", ARRIVED)], kind)).collect()


def test_a_key_of_kafka_is_the_same_text_in_spark_and_where_it_is_collected(spark: SparkSession) -> None:
    kind = "key binary, value binary, topic string, partition int, offset long, timestamp timestamp"
    keys = {bytes.fromhex(given): text for given, text in KEYS.items()}
    random = Random(1)
    parts = sorted({byte for key in keys for byte in key})
    for _ in range(2_000):
        key = bytes(random.choices(parts, k=random.randint(1, 8)))
        keys[key] = key.decode(errors="replace")
    given = [None, *(bytearray(key) for key in keys)]
    rows = [(key, bytearray(b"{}"), "t", 0, i, ARRIVED) for i, key in enumerate(given)]
    records = kafka(spark.createDataFrame(rows, kind))
    collected = records.selectExpr("CAST(sequence AS INT) AS place", "key", "octet_length(key) AS n").collect()
    found = sorted((row.place, row.key, row.n) for row in collected)
    assert found == [(i, text, len(text.encode())) for i, text in enumerate(["", *keys.values()])]


def test_records_are_counted_shard_by_shard_each_once_and_bytes_that_are_no_text_have_none(
    spark: SparkSession, tmp_path: Path
) -> None:
    given = [
        ("b", "9", b"nine"),
        ("a", "10", b"ten"),
        ("a", "9", "é😀".encode()),
        ("b", "9", b"nine"),
        ("a", "11", b"\xff"),
        ("a", "12", b"\xef\xbb\xbfmarked"),
        ("a", "13", b"nul\x00"),
        ("a", "14", b"\xf3\x89\x9a\xc2packed"),
        ("a", "15", b""),
    ]
    rows = [(shard, sequence, "k", 0, bytearray(data)) for shard, sequence, data in given]
    frame = spark.createDataFrame(rows, "shard string, sequence string, key string, arrived long, data binary")
    found = numbered(spark, frame, str(tmp_path / "records")).orderBy("ordinal").collect()
    assert [(row.ordinal, row.shard, row.sequence, row.text, row.packed) for row in found] == [
        (0, "a", "9", "é😀", False),
        (1, "a", "10", "ten", False),
        (2, "a", "11", None, False),
        (3, "a", "12", "marked", False),
        (4, "a", "13", None, False),
        (5, "a", "14", None, True),
        (6, "a", "15", "", False),
        (7, "b", "9", "nine", False),
    ]
    assert found[0].bytes == 6


def test_a_text_is_one_json_object_or_it_is_broken(spark: SparkSession) -> None:
    good = {' {"a": "x", "b": {"c": [1, 2]}}\n': ("x", '{"c":[1,2]}'), "{}": (None, None)}
    bad = ["", "null", "1", "[{}]", '{"a":', "{} x", "{},{}", "{}]", "{}],[{},{}", "{'a': 1}", "{a: 1}", '{"a": NaN}']
    bad += ['{"a": "x"},{}] whatever', '{"a": "x"},{"b": 0}] {"a": "y"}', '{"a": "x"},{"b": [', '{"a": "x"},']
    texts = spark.createDataFrame([(i, text) for i, text in enumerate([*good, *bad])], "ordinal int, text string")
    rows: list[Row] = read_records(texts, ["a", "b"]).orderBy(FILE_INDEX).collect()
    assert [(row.a, row.b) for row in rows[: len(good)]] == list(good.values())
    assert [row[CORRUPT] for row in rows] == [*(None for _ in good), *bad]
    rows = read_records(texts, ["a", "b"], ["b"]).orderBy(FILE_INDEX).collect()
    assert [row[CORRUPT] for row in rows] == [*(None for _ in good), *bad]
