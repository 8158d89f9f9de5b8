"""What tests that run a Spark of their own share."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def here() -> dict[str, str]:
    """Settings of a Spark that is on this machine alone, and small."""
    return {
        "spark.master": "local[1]",
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.session.timeZone": "UTC",
    }
