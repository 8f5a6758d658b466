"""Names: what vendors, databases, stores and brokers go by, and the constants of the contract."""

from __future__ import annotations

import pytest

from botanu.testing import RecordedRuns
from botanu.tracking.data import (
    DBOperation,
    MessagingOperation,
    StorageOperation,
    track_db_operation,
    track_messaging_operation,
    track_storage_operation,
)
from botanu.tracking.llm import LLM_PROVIDERS, BotanuAttributes, GenAIAttributes, ModelOperation, track_llm_call

PROVIDERS = {
    "azure.openai": "azure_openai azure-openai azureopenai AZURE_OpenAI",
    "anthropic": "claude anthropic Anthropic",
    "aws.bedrock": "bedrock aws_bedrock amazon_bedrock",
    "gcp.vertex_ai": "vertex vertexai vertex_ai gcp_vertex gemini google Google",
    "mistral": "mistralai mistral",
    "together": "togetherai together",
    "huggingface": "hf huggingface",
    "openai": "openai OPENAI",
    "cohere": "cohere",
    "groq": "groq",
    "replicate": "replicate",
    "ollama": "ollama",
    "fireworks": "fireworks",
    "perplexity": "perplexity",
    "my-own": "My-Own",
}


@pytest.mark.parametrize(("name", "known"), [(n, k) for k, names in PROVIDERS.items() for n in names.split()])
def test_provider_names(name: str, known: str, recorded: RecordedRuns) -> None:
    """Providers are normalised case-insensitively; an unknown one passes through in lower case."""
    with track_llm_call(name, "m"):
        pass

    assert recorded.spans[0].attributes["gen_ai.provider.name"] == known
    assert recorded.spans[0].attributes["botanu.vendor"] == known


def _systems(known: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, system) for system, names in known.items() for name in names.split()]


DATABASES = {
    "postgresql": "postgres pg PostgreSQL",
    "mssql": "sqlserver MSSQL",
    "mongodb": "mongo mongodb",
    **{
        name: name
        for name in [
            "mysql",
            "mariadb",
            "oracle",
            "sqlite",
            "dynamodb",
            "cassandra",
            "couchdb",
            "firestore",
            "cosmosdb",
            "redis",
            "memcached",
            "elasticache",
            "elasticsearch",
            "opensearch",
            "snowflake",
            "bigquery",
            "redshift",
            "databricks",
            "athena",
            "synapse",
            "influxdb",
            "timescaledb",
            "neo4j",
            "neptune",
        ]
    },
    "mydb": "MyDB",
}


@pytest.mark.parametrize(("name", "system"), _systems(DATABASES))
def test_database_names(name: str, system: str, recorded: RecordedRuns) -> None:
    """Databases are normalised; an unknown one passes through in lower case."""
    with track_db_operation(name, "SELECT"):
        pass

    assert recorded.spans[0].name == f"db.{system}.select"
    assert recorded.spans[0].attributes["db.system"] == recorded.spans[0].attributes["botanu.vendor"] == system


STORES = {
    "s3": "aws_s3 S3",
    "gcs": "google_cloud_storage",
    "azure_blob": "blob azure_blob",
    "minio": "minio",
    "efs": "efs",
}


@pytest.mark.parametrize(("name", "system"), _systems(STORES))
def test_store_names(name: str, system: str, recorded: RecordedRuns) -> None:
    """Object stores are normalised."""
    with track_storage_operation(name, StorageOperation.GET):
        pass

    assert recorded.spans[0].name == f"storage.{system}.get"
    assert (
        recorded.spans[0].attributes["botanu.storage.system"] == recorded.spans[0].attributes["botanu.vendor"] == system
    )


BROKERS = {
    "sqs": "aws_sqs sqs",
    "pubsub": "google_pubsub",
    "servicebus": "azure_servicebus",
    "kafka": "Kafka",
    "nats": "nats",
}


@pytest.mark.parametrize(("name", "system"), _systems(BROKERS))
def test_broker_names(name: str, system: str, recorded: RecordedRuns) -> None:
    """Brokers are normalised."""
    with track_messaging_operation(name, MessagingOperation.RECEIVE, "jobs"):
        pass

    assert recorded.spans[0].name == f"messaging.{system}.receive"
    assert recorded.spans[0].attributes["messaging.system"] == recorded.spans[0].attributes["botanu.vendor"] == system


def test_constants() -> None:
    """The constants are those of the contract, aliases included."""
    operations = {name: value for name, value in vars(ModelOperation).items() if name.isupper()}
    assert operations == {
        "CHAT": "chat",
        "TEXT_COMPLETION": "text_completion",
        "COMPLETION": "text_completion",
        "EMBEDDINGS": "embeddings",
        "EMBEDDING": "embeddings",
        "GENERATE_CONTENT": "generate_content",
        "EXECUTE_TOOL": "execute_tool",
        "FUNCTION_CALL": "execute_tool",
        "TOOL_USE": "execute_tool",
        "CREATE_AGENT": "create_agent",
        "INVOKE_AGENT": "invoke_agent",
        "RERANK": "rerank",
        "IMAGE_GENERATION": "image_generation",
        "IMAGE_EDIT": "image_edit",
        "SPEECH_TO_TEXT": "speech_to_text",
        "TEXT_TO_SPEECH": "text_to_speech",
        "MODERATION": "moderation",
    }
    for constants, words in (
        (DBOperation, "SELECT INSERT UPDATE DELETE UPSERT MERGE CREATE DROP ALTER INDEX TRANSACTION BATCH"),
        (StorageOperation, "GET PUT DELETE LIST HEAD COPY MULTIPART_UPLOAD"),
        (MessagingOperation, "publish consume receive send subscribe"),
    ):
        values = {value for name, value in vars(constants).items() if name.isupper()}
        assert values == set(words.split())
    assert LLM_PROVIDERS["claude"] == "anthropic"
    assert GenAIAttributes.USAGE_INPUT_TOKENS == "gen_ai.usage.input_tokens"
    assert BotanuAttributes.TOKENS_CACHED_READ == "botanu.usage.cache_read_tokens"
