"""Trackers for databases and warehouses, object stores and message brokers."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from opentelemetry.trace import Span, SpanKind

from botanu import attributes
from botanu.tracking.base import Said, Tracker, counts, normalised, whole, writable


def _known(names: str, **aliases: str) -> dict[str, str]:
    return {name: name for name in names.split()} | aliases


DB_SYSTEMS = _known(
    "postgresql mysql mariadb mssql oracle sqlite mongodb dynamodb cassandra couchdb firestore cosmosdb redis memcached "
    "elasticache elasticsearch opensearch snowflake bigquery redshift databricks athena synapse influxdb timescaledb "
    "neo4j neptune",
    postgres="postgresql",
    pg="postgresql",
    sqlserver="mssql",
    mongo="mongodb",
)
"""Database names by the names they go by."""

STORAGE_SYSTEMS = _known(
    "s3 gcs azure_blob minio ceph nfs efs", aws_s3="s3", google_cloud_storage="gcs", blob="azure_blob"
)
"""Object store names by the names they go by."""

MESSAGING_SYSTEMS = _known(
    "sqs sns kinesis eventbridge pubsub servicebus eventhub kafka rabbitmq nats redis_pubsub celery",
    aws_sqs="sqs",
    google_pubsub="pubsub",
    azure_servicebus="servicebus",
)
"""Broker names by the names they go by."""


class DBOperation:
    """What can be asked of a database."""

    SELECT = "SELECT"
    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    UPSERT = "UPSERT"
    MERGE = "MERGE"
    CREATE = "CREATE"
    DROP = "DROP"
    ALTER = "ALTER"
    INDEX = "INDEX"
    TRANSACTION = "TRANSACTION"
    BATCH = "BATCH"


class StorageOperation:
    """What can be asked of an object store."""

    GET = "GET"
    PUT = "PUT"
    DELETE = "DELETE"
    LIST = "LIST"
    HEAD = "HEAD"
    COPY = "COPY"
    MULTIPART_UPLOAD = "MULTIPART_UPLOAD"


class MessagingOperation:
    """What can be asked of a broker."""

    PUBLISH = "publish"
    CONSUME = "consume"
    RECEIVE = "receive"
    SEND = "send"
    SUBSCRIBE = "subscribe"


class DBTracker(Tracker):
    """One database or warehouse operation."""

    _prefix = "botanu.data."
    _error_key: ClassVar[str] = attributes.DATA_ERROR

    def __init__(self, system: str, operation: str, span: Span | None = None, said: Said | None = None) -> None:
        super().__init__(f"db.{system}.{operation.lower()}", SpanKind.CLIENT, said or {}, span)
        self.system = system
        self.operation = operation
        self.rows_returned = self.rows_affected = self.bytes_read = self.bytes_written = 0

    def set_result(
        self, rows_returned: int = 0, rows_affected: int = 0, bytes_read: int = 0, bytes_written: int = 0
    ) -> Self:
        """Say what the operation did."""
        self.rows_returned, self.rows_affected = whole(rows_returned), whole(rows_affected)
        self.bytes_read, self.bytes_written = whole(bytes_read), whole(bytes_written)
        return self._write(_data_metrics(rows_returned, rows_affected, bytes_read, bytes_written))

    def set_table(self, name: str, schema: str | None = None) -> Self:
        """Say which table it worked on."""
        return self._write({attributes.DB_COLLECTION_NAME: name} | ({attributes.DB_SCHEMA: schema} if schema else {}))

    def set_query_id(self, query_id: str) -> Self:
        """Say by which id the warehouse knows the query."""
        return self._write({attributes.WAREHOUSE_QUERY_ID: query_id})

    def set_bytes_scanned(self, bytes_scanned: int) -> Self:
        """Say how many bytes the warehouse scanned, which is what it bills."""
        self.bytes_read = bytes_scanned
        return self._write({attributes.WAREHOUSE_BYTES_SCANNED: bytes_scanned})

    def _end(self, seconds: float) -> None:
        self._write({attributes.DATA_DURATION_MS: seconds * 1000})


class StorageTracker(Tracker):
    """One operation on an object store."""

    _prefix = "botanu.storage."
    _error_key: ClassVar[str] = attributes.STORAGE_ERROR

    def __init__(self, system: str, operation: str, span: Span | None = None, said: Said | None = None) -> None:
        super().__init__(f"storage.{system}.{operation.lower()}", SpanKind.CLIENT, said or {}, span)
        self.system = system
        self.operation = operation
        self.objects_count = self.bytes_read = self.bytes_written = 0

    def set_result(self, objects_count: int = 0, bytes_read: int = 0, bytes_written: int = 0) -> Self:
        """Say what the operation did."""
        self.objects_count = whole(objects_count)
        self.bytes_read, self.bytes_written = whole(bytes_read), whole(bytes_written)
        return self._write(_data_metrics(0, 0, bytes_read, bytes_written, objects_count))

    def set_bucket(self, bucket: str) -> Self:
        """Say which bucket it worked on."""
        return self._write({attributes.STORAGE_BUCKET: bucket})

    def _end(self, seconds: float) -> None:
        self._write({attributes.STORAGE_DURATION_MS: seconds * 1000})


class MessagingTracker(Tracker):
    """One operation on a message broker."""

    _prefix = "botanu.messaging."
    _error_key: ClassVar[str] = attributes.MESSAGING_ERROR

    def __init__(
        self, system: str, operation: str, destination: str, span: Span | None = None, said: Said | None = None
    ) -> None:
        kind = SpanKind.PRODUCER if operation.lower() in ("publish", "send") else SpanKind.CONSUMER
        super().__init__(f"messaging.{system}.{operation.lower()}", kind, said or {}, span)
        self.system = system
        self.operation = operation
        self.destination = destination
        self.message_count = self.bytes_transferred = 0

    def set_result(self, message_count: int = 0, bytes_transferred: int = 0) -> Self:
        """Say what was handed over."""
        self.message_count, self.bytes_transferred = whole(message_count), whole(bytes_transferred)
        return self._write(
            counts(
                {
                    attributes.MESSAGING_MESSAGE_COUNT: message_count,
                    attributes.MESSAGING_BYTES_TRANSFERRED: bytes_transferred,
                }
            )
        )

    def _end(self, seconds: float) -> None:
        self._write({attributes.MESSAGING_DURATION_MS: seconds * 1000})


def track_db_operation(system: str, operation: str, database: str | None = None, **attributes_: Any) -> DBTracker:
    """Track one database or warehouse operation; use as a context manager."""
    known = normalised(system, DB_SYSTEMS)
    said: Said = {
        attributes.DB_SYSTEM: known,
        attributes.DB_OPERATION: operation.upper(),
        attributes.VENDOR: known,
        **DBTracker.prefixed(attributes_),
    }
    if database:
        said[attributes.DB_NAME] = database
    return DBTracker(known, operation, said=said)


def track_storage_operation(system: str, operation: str, **attributes_: Any) -> StorageTracker:
    """Track one operation on an object store; use as a context manager."""
    known = normalised(system, STORAGE_SYSTEMS)
    said: Said = {
        attributes.STORAGE_SYSTEM: known,
        attributes.STORAGE_OPERATION: operation.upper(),
        attributes.VENDOR: known,
        **StorageTracker.prefixed(attributes_),
    }
    return StorageTracker(known, operation, said=said)


def track_messaging_operation(system: str, operation: str, destination: str, **attributes_: Any) -> MessagingTracker:
    """Track one operation on a message broker; use as a context manager."""
    known = normalised(system, MESSAGING_SYSTEMS)
    said: Said = {
        attributes.MESSAGING_SYSTEM: known,
        attributes.MESSAGING_OPERATION: operation.lower(),
        attributes.MESSAGING_DESTINATION_NAME: destination,
        attributes.VENDOR: known,
        **MessagingTracker.prefixed(attributes_),
    }
    return MessagingTracker(known, operation, destination, said=said)


def set_data_metrics(
    rows_returned: int = 0,
    rows_affected: int = 0,
    bytes_read: int = 0,
    bytes_written: int = 0,
    objects_count: int = 0,
    span: Span | None = None,
) -> None:
    """Write counts on the current span, or on `span`."""
    writable(span).set_attributes(_data_metrics(rows_returned, rows_affected, bytes_read, bytes_written, objects_count))


def set_warehouse_metrics(
    query_id: str, bytes_scanned: int, rows_returned: int = 0, partitions_scanned: int = 0, span: Span | None = None
) -> None:
    """Write what a warehouse bills by on the current span, or on `span`."""
    said: Said = {attributes.WAREHOUSE_QUERY_ID: query_id, attributes.WAREHOUSE_BYTES_SCANNED: bytes_scanned}
    optional = {
        attributes.DATA_ROWS_RETURNED: rows_returned,
        attributes.WAREHOUSE_PARTITIONS_SCANNED: partitions_scanned,
    }
    writable(span).set_attributes(said | counts(optional))


def _data_metrics(
    rows_returned: int = 0, rows_affected: int = 0, bytes_read: int = 0, bytes_written: int = 0, objects_count: int = 0
) -> Said:
    return counts(
        {
            attributes.DATA_ROWS_RETURNED: rows_returned,
            attributes.DATA_ROWS_AFFECTED: rows_affected,
            attributes.DATA_BYTES_READ: bytes_read,
            attributes.DATA_BYTES_WRITTEN: bytes_written,
            attributes.DATA_OBJECTS_COUNT: objects_count,
        }
    )
