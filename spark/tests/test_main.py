"""How a job begins."""

from __future__ import annotations

import base64

import pytest

from main import plain


@pytest.mark.parametrize("argument", ['{"range":{"from":"2001-01-01"}}', "ingest", "s3://b/é.json", ""])
def test_an_argument_is_the_same_in_base64_as_yarn_needs_it(argument: str) -> None:
    assert plain(argument) == argument
    assert plain("base64:" + base64.b64encode(argument.encode()).decode()) == argument
