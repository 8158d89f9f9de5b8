"""Makes a topic, or puts records into one: what is to be done stands in a file of JSON."""

import base64
import json
import sys

from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic

with open(sys.argv[1], encoding="utf-8") as file:
    given = json.load(file)

if "topic" in given:
    admin = KafkaAdminClient(bootstrap_servers=given["address"])
    admin.create_topics([NewTopic(given["topic"], given["partitions"], 1)])
    admin.close()

if "records" in given:
    producer = KafkaProducer(bootstrap_servers=given["address"], acks="all", max_in_flight_requests_per_connection=1)
    for record in given["records"]:
        producer.send(
            record["topic"],
            partition=record["partition"],
            key=record["key"].encode(),
            value=base64.b64decode(record["data"]),
            timestamp_ms=record["arrived"],
        )
    producer.flush()
    producer.close()
