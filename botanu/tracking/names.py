"""The names that model calls go by: providers, operations, attribute keys."""

from __future__ import annotations

from botanu import attributes

LLM_PROVIDERS = {
    "openai": "openai",
    "azure_openai": "azure.openai",
    "azure-openai": "azure.openai",
    "azureopenai": "azure.openai",
    "anthropic": "anthropic",
    "claude": "anthropic",
    "bedrock": "aws.bedrock",
    "aws_bedrock": "aws.bedrock",
    "amazon_bedrock": "aws.bedrock",
    "vertex": "gcp.vertex_ai",
    "vertexai": "gcp.vertex_ai",
    "vertex_ai": "gcp.vertex_ai",
    "gcp_vertex": "gcp.vertex_ai",
    "gemini": "gcp.vertex_ai",
    "google": "gcp.vertex_ai",
    "cohere": "cohere",
    "mistral": "mistral",
    "mistralai": "mistral",
    "together": "together",
    "togetherai": "together",
    "groq": "groq",
    "replicate": "replicate",
    "ollama": "ollama",
    "huggingface": "huggingface",
    "hf": "huggingface",
    "fireworks": "fireworks",
    "perplexity": "perplexity",
}
"""Provider names by the names they go by."""


class ModelOperation:
    """What can be asked of a model."""

    CHAT = "chat"
    TEXT_COMPLETION = COMPLETION = "text_completion"
    EMBEDDINGS = EMBEDDING = "embeddings"
    GENERATE_CONTENT = "generate_content"
    EXECUTE_TOOL = FUNCTION_CALL = TOOL_USE = "execute_tool"
    CREATE_AGENT = "create_agent"
    INVOKE_AGENT = "invoke_agent"
    RERANK = "rerank"
    IMAGE_GENERATION = "image_generation"
    IMAGE_EDIT = "image_edit"
    SPEECH_TO_TEXT = "speech_to_text"
    TEXT_TO_SPEECH = "text_to_speech"
    MODERATION = "moderation"


class GenAIAttributes:
    """Keys of OpenTelemetry's convention for generative AI; `botanu.attributes` says what each means."""

    OPERATION_NAME = attributes.GEN_AI_OPERATION_NAME
    PROVIDER_NAME = attributes.GEN_AI_PROVIDER_NAME
    REQUEST_MODEL = attributes.GEN_AI_REQUEST_MODEL
    RESPONSE_MODEL = attributes.GEN_AI_RESPONSE_MODEL
    USAGE_INPUT_TOKENS = attributes.GEN_AI_USAGE_INPUT_TOKENS
    USAGE_OUTPUT_TOKENS = attributes.GEN_AI_USAGE_OUTPUT_TOKENS
    USAGE_CACHE_READ_INPUT_TOKENS = attributes.GEN_AI_USAGE_CACHE_READ
    USAGE_CACHE_CREATION_INPUT_TOKENS = attributes.GEN_AI_USAGE_CACHE_CREATION
    USAGE_REASONING_OUTPUT_TOKENS = attributes.GEN_AI_USAGE_REASONING
    REQUEST_TEMPERATURE = attributes.GEN_AI_REQUEST_TEMPERATURE
    REQUEST_TOP_P = attributes.GEN_AI_REQUEST_TOP_P
    REQUEST_MAX_TOKENS = attributes.GEN_AI_REQUEST_MAX_TOKENS
    REQUEST_STOP_SEQUENCES = attributes.GEN_AI_REQUEST_STOP_SEQUENCES
    REQUEST_FREQUENCY_PENALTY = attributes.GEN_AI_REQUEST_FREQUENCY_PENALTY
    REQUEST_PRESENCE_PENALTY = attributes.GEN_AI_REQUEST_PRESENCE_PENALTY
    RESPONSE_ID = attributes.GEN_AI_RESPONSE_ID
    RESPONSE_FINISH_REASONS = attributes.GEN_AI_RESPONSE_FINISH_REASONS
    TOOL_NAME = attributes.GEN_AI_TOOL_NAME
    TOOL_CALL_ID = attributes.GEN_AI_TOOL_CALL_ID
    ERROR_TYPE = attributes.ERROR_TYPE


class BotanuAttributes:
    """Keys of our own on model and tool calls; `botanu.attributes` says what each means."""

    PROVIDER_REQUEST_ID = attributes.PROVIDER_REQUEST_ID
    CLIENT_REQUEST_ID = attributes.PROVIDER_CLIENT_REQUEST_ID
    TOKENS_CACHED = attributes.USAGE_CACHED_TOKENS
    TOKENS_CACHED_READ = attributes.USAGE_CACHE_READ_TOKENS
    TOKENS_CACHED_WRITE = attributes.USAGE_CACHE_WRITE_TOKENS
    STREAMING = attributes.REQUEST_STREAMING
    CACHE_HIT = attributes.REQUEST_CACHE_HIT
    ATTEMPT_NUMBER = attributes.REQUEST_ATTEMPT
    TOOL_SUCCESS = attributes.TOOL_SUCCESS
    TOOL_ITEMS_RETURNED = attributes.TOOL_ITEMS_RETURNED
    TOOL_BYTES_PROCESSED = attributes.TOOL_BYTES_PROCESSED
    TOOL_DURATION_MS = attributes.TOOL_DURATION_MS
    VENDOR = attributes.VENDOR
