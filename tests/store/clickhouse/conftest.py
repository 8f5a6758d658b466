"""A real ClickHouse in this process (chdb), with an empty database for each test."""

from __future__ import annotations

from collections.abc import Iterator

import clickhouse_connect
import pytest
from botanu_store.engines.clickhouse import SESSION, Server
from clickhouse_connect.driver.client import Client


@pytest.fixture(scope="session")
def engine() -> Iterator[Client]:
    """One engine for all tests: a process can hold no second."""
    client = clickhouse_connect.get_client(dsn="chdb://memory", settings=SESSION)
    yield client
    client.close()


@pytest.fixture
def server(engine: Client) -> Iterator[Server]:
    """A session with the engine, in an empty database."""
    engine.command("create database test")
    engine.command("use test")
    yield Server(engine, "clickhouse://test/test")
    engine.command("use default")
    engine.command("drop database test")
