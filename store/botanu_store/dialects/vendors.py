"""Vendors by one name each, whatever an instrumentation calls them."""

from __future__ import annotations

from functools import lru_cache

NAMES: dict[str, str] = {
    "azure_openai": "azure.openai",
    "azureopenai": "azure.openai",
    "azure": "azure.openai",
    "az.ai.openai": "azure.openai",
    "azure.ai.openai": "azure.openai",
    "az.ai.inference": "azure.ai.inference",
    "az.ai.agents": "azure.ai.agents",
    "openai.responses": "openai",
    "chatopenai": "openai",
    "claude": "anthropic",
    "bedrock": "aws.bedrock",
    "aws": "aws.bedrock",
    "aws_bedrock": "aws.bedrock",
    "amazon_bedrock": "aws.bedrock",
    "bedrock_converse": "aws.bedrock",
    "amazon": "aws.bedrock",
    "vertex": "gcp.vertex_ai",
    "vertexai": "gcp.vertex_ai",
    "vertex_ai": "gcp.vertex_ai",
    "gcp_vertex": "gcp.vertex_ai",
    "google": "gcp.vertex_ai",
    "google_vertexai": "gcp.vertex_ai",
    "gemini": "gcp.gemini",
    "google_genai": "gcp.gemini",
    "google.generative_ai": "gcp.gemini",
    "google_generativeai": "gcp.gemini",
    "gcp.gen_ai": "gcp.gemini",
    "mistralai": "mistral",
    "mistral_ai": "mistral",
    "togetherai": "together",
    "together_ai": "together",
    "hf": "huggingface",
    "xai": "x.ai",
    "x_ai": "x.ai",
    "x-ai": "x.ai",
    "fireworks_ai": "fireworks",
}
"""Other spellings, in lower case with `_` for `-`. Names as in OpenTelemetry's `gen_ai.provider.name` where it has one."""

# The AI SDK names a provider with its kind of model: "openai.chat", "anthropic.messages".
_KINDS = (".chat", ".messages", ".responses", ".completion", ".embedding", ".embeddings", ".generative_ai")

FRAMEWORKS = frozenset(
    ("strands_agents", "microsoft.agent_framework", "gcp.vertex.agent", "langchain", "litellm", "litellm_proxy", "langgraph", "semantic_kernel", "none", "_other")
)
"""What instrumentations give as a provider although it bills nobody."""

_FAMILIES: tuple[tuple[str, str], ...] = (
    ("claude", "anthropic"),
    ("gpt-", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("chatgpt", "openai"),
    ("text-embedding-3", "openai"),
    ("text-embedding-ada", "openai"),
    ("gemini", "gcp.gemini"),
)


@lru_cache(maxsize=4096)
def vendor(name: str, model: str = "") -> str:
    """Return a vendor's one name; where a framework stands in its place, the vendor that the model's name leaves no doubt of, or nothing."""
    key = name.strip().lower().replace("-", "_")
    for kind in _KINDS:
        if key.endswith(kind):
            key = key.removesuffix(kind)
            break
    if key and key not in FRAMEWORKS:
        return NAMES.get(key, name.strip().lower() if "." in key else key)[:256]
    return family(model)


def family(model: str) -> str:
    """Return the vendor of a model whose name is unmistakable, else nothing."""
    bare = model.lower().rpartition("/")[2]
    if bare.startswith(("us.", "eu.", "apac.", "anthropic.", "amazon.")):
        return "aws.bedrock"
    for beginning, owner in _FAMILIES:
        if bare.startswith(beginning):
            return owner
    return ""
