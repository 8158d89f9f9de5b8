"""How micro-batches are taken from a streaming query, which is a stand-in for Spark's."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from ingot_spark import engine as engine_module
from ingot_spark import job, streaming
from ingot_spark.engine import Engine
from ingot_spark.session import Settings
from ingot_spark.streaming import Following, Source


class Query:
    """Offers batches from where the checkpoint is, which it moves on after each that is done with."""

    def __init__(self, spark: Spark, offer: Any) -> None:  # noqa: ANN401 - as PySpark takes it
        self._spark = spark
        self._offer = offer
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while self._spark.read < len(self._spark.batches) or self._spark.goes_on:
                if self._spark.read == len(self._spark.batches):
                    time.sleep(0.01)
                    continue
                self._offer(self._spark.batches[self._spark.read], self._spark.read)
                self._spark.read += 1
        except RuntimeError as error:
            self._spark.ended.append(str(error))

    @property
    def isActive(self) -> bool:
        return self._thread.is_alive() or self._spark.goes_on

    @property
    def status(self) -> dict[str, object]:
        return self._spark.status

    def exception(self) -> None:
        return None

    def stop(self) -> None:
        self._spark.goes_on = False
        self._thread.join(60)
        assert not self._thread.is_alive()


class Spark:
    """A session with one stream."""

    def __init__(self, batches: list[str], goes_on: bool = False) -> None:
        self.batches = batches
        self.goes_on = goes_on
        self.read = 0
        self.ended: list[str] = []
        self.status: dict[str, object] = WAITING
        self.catalog = SimpleNamespace(listTables=list, dropTempView=lambda name: None)
        self.readStream = self.writeStream = self

    def format(self, _name: str) -> Spark:
        return self

    def options(self, **_given: str) -> Spark:
        return self

    def load(self) -> Spark:
        return self

    def foreachBatch(self, offer: Any) -> Spark:  # noqa: ANN401 - as PySpark takes it
        self._offer = offer
        return self

    def option(self, _name: str, _value: str) -> Spark:
        return self

    def trigger(self, **_when: object) -> Spark:
        return self

    def start(self) -> Query:
        return Query(self, self._offer)


GIVEN = {"format": "text", "options": {}, "checkpoint": "", "seconds": 0}

WAITING = {"isTriggerActive": False, "message": "Waiting for next trigger"}


@pytest.fixture(autouse=True)
def records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(streaming.RECORDS, "text", lambda batch: batch)
    monkeypatch.setattr(streaming, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(engine_module, "remove", lambda spark, folder: None)


def test_a_batch_that_could_not_be_put_aside_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    spark = Spark(["one", "two"])
    taken: list[str] = []
    fails = [True, False]

    def numbered(_spark: Spark, batch: str, _folder: str) -> Any:  # noqa: ANN401 - a frame's stand-in
        taken.append(batch)
        if fails.pop(0):
            raise OSError("the store is not there")
        raise StopIteration

    monkeypatch.setattr(engine_module, "numbered", numbered)
    engine = Engine(spark, Settings(catalog={}, scratch=""))  # type: ignore[arg-type]
    with pytest.raises(OSError, match="the store is not there"):
        engine.next_batch(GIVEN)
    assert spark.ended == ["nobody has said that this batch is done with"]
    assert spark.read == 0
    with pytest.raises(StopIteration):
        engine.next_batch(GIVEN)
    assert taken == ["one", "one"]


def test_a_batch_is_done_with_where_the_next_one_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    spark = Spark(["one", "two"])
    following = Following(spark, Source.of(GIVEN))  # type: ignore[arg-type]
    assert [following.next(), spark.read] == ["one", 0]
    assert [following.next(), spark.read] == ["two", 1]
    assert [following.next(), spark.read] == [None, 2]


def test_a_batch_that_comes_after_the_end_is_refused_and_nobody_waits_for_it() -> None:
    spark = Spark([])
    following = Following(spark, Source.of(GIVEN))  # type: ignore[arg-type]
    following.stop()
    with pytest.raises(RuntimeError, match="nobody has said that this batch is done with"):
        following._offer("late", 1)  # type: ignore[arg-type]


def test_a_stream_that_brings_nothing_ends_where_nobody_asks_any_more() -> None:
    heard = [True, True, False]
    spark = Spark([], goes_on=True)
    assert Following(spark, Source.of(GIVEN), lambda: heard.pop(0)).next() is None  # type: ignore[arg-type]
    assert heard == []


def test_a_stream_that_goes_on_says_that_nothing_has_come_yet_and_then_loses_no_batch_and_is_done_with_none_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streaming, "IDLE_SECONDS", 0)
    spark = Spark([], goes_on=True)
    following = Following(spark, Source.of({**GIVEN, "seconds": 30}))  # type: ignore[arg-type]

    def batch_of_it() -> Any:  # noqa: ANN401 - a frame's stand-in
        while True:
            if (batch := following.next()) is not False:
                return batch

    assert [following.next(), following.next()] == [False, False]
    spark.batches += ["one", "two"]
    assert [batch_of_it(), spark.read] == ["one", 0]
    assert [batch_of_it(), spark.read] == ["two", 1]
    while spark.read < 2:
        assert following.next() is False
    assert following.next() is False
    spark.batches.append("three")
    assert batch_of_it() == "three"
    following.stop()
    assert [spark.read, spark.ended] == [2, ["nobody has said that this batch is done with"]]


def test_whoever_asks_is_told_that_nothing_has_come_yet_in_another_word_than_that_nothing_will(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streaming, "IDLE_SECONDS", 0)
    spark = Spark([], goes_on=True)
    engine = Engine(spark, Settings(catalog={}, scratch=""))  # type: ignore[arg-type]
    given = {**GIVEN, "seconds": 30}
    assert engine.next_batch(given) is False
    spark.goes_on = False
    assert next(answer for answer in iter(lambda: engine.next_batch(given), "a batch") if answer is not False) is None
    engine.close()


@pytest.mark.parametrize(
    ("status", "seconds"),
    [
        ({"isTriggerActive": True, "message": "Processing new data"}, 30),
        ({"isTriggerActive": False, "message": "Initializing sources"}, 30),
        (WAITING, 0),
    ],
)
def test_a_query_that_may_hang_says_nothing_nor_does_one_that_comes_to_an_end(
    monkeypatch: pytest.MonkeyPatch, status: dict[str, object], seconds: int
) -> None:
    monkeypatch.setattr(streaming, "IDLE_SECONDS", 0)
    heard = [True, True, False]
    spark = Spark([], goes_on=True)
    spark.status = status
    source = Source.of({**GIVEN, "seconds": seconds})
    assert Following(spark, source, lambda: heard.pop(0)).next() is None  # type: ignore[arg-type]
    spark.goes_on = False


def test_a_job_ends_with_its_handlers_also_while_they_wait_for_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    spark = Spark([], goes_on=True)
    monkeypatch.setattr(Query, "stop", lambda self: None)
    request = json.dumps({"do": "nextBatch", "source": GIVEN})
    command = [sys.executable, "-c", f"import sys; print({request!r}, flush=True); sys.exit(3)"]
    settings = Settings(catalog={}, scratch="")
    assert job._with_handlers(command, dict(os.environ), spark, settings) == 3  # type: ignore[arg-type]
