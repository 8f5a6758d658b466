"""One name per vendor, whatever a dialect calls it."""

from __future__ import annotations

_NAMES: dict[str, tuple[str, ...]] = {
    "openai": ("open_ai", "custom_openai", "text-completion-openai", "openai_responses"),
    "azure.openai": (
        "az.ai.openai",
        "azure.ai.openai",
        "azure_openai",
        "azure-openai",
        "azureopenai",
        "azure",
        "azure_ai_openai",
    ),
    "azure.ai.inference": (
        "az.ai.inference",
        "azure_ai",
        "azure-ai-inference",
        "azure.ai.foundry",
        "microsoft.foundry",
    ),
    "anthropic": ("claude",),
    "aws.bedrock": (
        "aws_bedrock",
        "bedrock",
        "amazon_bedrock",
        "amazon-bedrock",
        "bedrock_converse",
        "aws",
        "amazon",
        "awsbedrock",
    ),
    "gcp.vertex_ai": (
        "vertex",
        "vertexai",
        "vertex_ai",
        "gcp_vertex",
        "google",
        "google_vertexai",
        "google-vertex",
        "google-cloud",
        "vertex_ai_beta",
    ),
    "gcp.gemini": (
        "gemini",
        "gcp.gen_ai",
        "google_genai",
        "google-genai",
        "google_ai_studio",
        "google_generativeai",
        "googleai",
        "google-gla",
    ),
    "mistral": ("mistralai", "mistral_ai"),
    "cohere": ("cohere_chat", "cohereai"),
    "groq": (),
    "together": ("togetherai", "together_ai", "together-ai"),
    "huggingface": ("hf", "hugging_face", "hugging-face"),
    "fireworks": ("fireworks_ai", "fireworksai", "fireworks-ai"),
    "perplexity": ("perplexityai",),
    "x.ai": ("x_ai", "xai", "x-ai", "grok"),
    "deepseek": ("deepseek-ai",),
    "ollama": ("ollama_chat",),
    "replicate": (),
    "openrouter": ("open_router",),
    "ibm.watsonx.ai": ("watsonx", "ibm_watsonx"),
}
"""Vendors and their other names: https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/#gen-ai-provider-name,
LiteLLM's, LangChain's and the AI SDK's spellings."""

_CANONICAL: dict[str, str] = {other: name for name, others in _NAMES.items() for other in (name, *others)}

NO_VENDORS = frozenset(
    ("", "none", "_other", "strands-agents", "microsoft.agent_framework", "gcp.vertex.agent", "langchain", "langgraph", "litellm",
     "semantic_kernel", "azure.ai.agents", "az.ai.agents", "llamaindex", "llama_index", "crewai", "agno", "autogen",
     "ag2", "dspy", "haystack", "smolagents", "pydantic-ai", "pydantic_ai", "openai-agents", "openai_agents", "openai-agent",
     "gateway", "unknown")
)  # fmt: skip
"""Frameworks that put their own name where the vendor's belongs, and words for not knowing."""

_FAMILIES: tuple[tuple[str, str], ...] = (
    ("claude", "anthropic"),
    ("gpt-oss", ""),  # open weights, which many sell
    ("gpt-", "openai"),
    ("chatgpt-", "openai"),
    ("text-embedding-3", "openai"),
    ("text-embedding-ada", "openai"),
    ("gemini", "gcp.gemini"),
    ("amazon.", "aws.bedrock"),
    ("anthropic.claude", "aws.bedrock"),
)
"""Beginnings of model names that only one vendor's models have, the first that fits."""

_BEDROCK_REGIONS = ("us.", "eu.", "apac.", "jp.", "au.", "global.")
"""What Bedrock puts before a model's id: https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html."""


COUNT_CACHE_APART = ("anthropic", "aws.bedrock")
"""Vendors whose own input counts leave out the cached tokens; what passes these on does so too."""


GEMINI = "gcp.gemini"
"""Who makes the models that think beside their output: frameworks leave that out, not out of the total."""


def vendor(name: str | None, model: str = "") -> str:
    """Return the vendor's one name; where only a framework is named, the model's maker if its name leaves no doubt, else nothing."""
    known = (name or "").lower().removesuffix("_llm")  # LlamaIndex names the class: OpenAI_LLM.
    found = _CANONICAL.get(known)
    if found is not None:
        return found
    if known in NO_VENDORS:
        return maker(model)
    # The AI SDK names the endpoint too: openai.chat, anthropic.messages, google.generative-ai, google.vertex.chat.
    head, dot, rest = known.partition(".")
    if dot and head == "google":
        return "gcp.gemini" if rest.startswith("generative") else "gcp.vertex_ai"
    return (_CANONICAL.get(head) or (maker(model) if head in NO_VENDORS else known)) if dot else known


def maker(model: str) -> str:
    """Return the vendor whose own models are named like this one, nothing where several sell it."""
    name = model.lower().rpartition("/")[2]
    if name.startswith(_BEDROCK_REGIONS):
        name = name.partition(".")[2]
    if len(name) > 1 and name[0] == "o" and name[1] in "134" and name[2:3] in ("", "-"):
        return "openai"
    return next((owner for family, owner in _FAMILIES if name.startswith(family)), "")


def by_litellm(model: str) -> str:
    """Return the vendor before the slash in LiteLLM's name of a model, nothing where none that is known stands there."""
    prefix, slash, _ = model.lower().partition("/")
    return _CANONICAL.get(prefix, "") if slash else ""


PRODUCTS: dict[str, str] = {
    # databases
    "postgres": "postgresql", "pg": "postgresql", "sqlserver": "mssql", "microsoft.sql_server": "mssql", "mongo": "mongodb",
    "aws.dynamodb": "dynamodb", "aws.redshift": "redshift", "azure.cosmosdb": "cosmosdb", "gcp.spanner": "spanner",
    "oracle.db": "oracle", "ibm.db2": "db2", "aws_athena": "athena",
    # object stores
    "aws_s3": "s3", "aws.s3": "s3", "google_cloud_storage": "gcs", "blob": "azure_blob",
    # brokers
    "aws_sqs": "sqs", "aws.sqs": "sqs", "aws.sns": "sns", "aws_sns": "sns", "google_pubsub": "pubsub", "gcp_pubsub": "pubsub",
    "azure_servicebus": "servicebus", "servicebus": "servicebus", "eventhubs": "eventhub",
}  # fmt: skip
"""Databases, stores and brokers by their other names: the SDK's, and
https://opentelemetry.io/docs/specs/semconv/registry/attributes/db/ and /messaging/."""


def product(name: str) -> str:
    """Return the one name of a database, store or broker."""
    known = name.lower()
    return PRODUCTS.get(known, known)
