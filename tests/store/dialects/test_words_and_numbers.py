"""Names of vendors, makers and products, counts, amounts and documents, in hostile text too."""

from __future__ import annotations

import pytest
from botanu_store.dialects.common.numbers import count, document, python_document, usd
from botanu_store.dialects.common.vendors import maker, product, vendor


@pytest.mark.parametrize(
    ("said", "model", "wanted"),
    [
        ("OpenAI", "", "openai"),
        ("openai.chat", "", "openai"),
        ("anthropic.messages", "", "anthropic"),
        ("az.ai.openai", "", "azure.openai"),
        ("azure_openai", "", "azure.openai"),
        ("Anthropic_LLM", "", "anthropic"),
        ("AWS", "", "aws.bedrock"),
        ("amazon-bedrock", "", "aws.bedrock"),
        ("google.generative-ai", "", "gcp.gemini"),
        ("google.vertex.chat", "", "gcp.vertex_ai"),
        ("vertex_ai", "", "gcp.vertex_ai"),
        ("gemini", "", "gcp.gemini"),
        ("x_ai", "", "x.ai"),
        ("mistral_ai", "", "mistral"),
        ("strands-agents", "claude-sonnet-4-5", "anthropic"),
        ("gcp.vertex.agent", "gemini-2.5-flash", "gcp.gemini"),
        ("microsoft.agent_framework", "o3-mini", "openai"),
        ("langchain", "openai/gpt-4o", "openai"),
        ("agno", "claude-sonnet-4-5", "anthropic"),
        ("strands-agents", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws.bedrock"),
        ("strands-agents", "llama-3.3-70b", ""),
        ("somebody.new", "", "somebody.new"),
        (None, "", ""),
    ],
)
def test_vendors_have_one_name(said: str | None, model: str, wanted: str) -> None:
    """Every spelling comes to one; a framework's name gives way to the model's maker where the model leaves no doubt."""
    assert vendor(said, model) == wanted


@pytest.mark.parametrize(
    ("model", "wanted"), [("o1", "openai"), ("o", ""), ("olmo-2", ""), ("gpt-oss-120b", ""), ("", "")]
)
def test_only_unmistakable_names_tell_the_maker(model: str, wanted: str) -> None:
    """A name that merely begins alike tells nothing."""
    assert maker(model) == wanted


def test_products_have_one_name() -> None:
    """Databases, stores and brokers too."""
    names = ("AWS.DynamoDB", "google_cloud_storage", "aws.sqs", "Cassandra")

    assert [product(name) for name in names] == ["dynamodb", "gcs", "sqs", "cassandra"]


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("7", 7),
        ("7.0", 7),
        (7.0, 7),
        (2**53, 2**53),
        ("-7", 0),
        (-7, 0),
        ("7.5", 0),
        ("nan", 0),
        ("inf", 0),
        (float("inf"), 0),
        (2**53 + 1, 0),
        ("9" * 5000, 0),
        ("²", 0),
        (True, 0),
        (None, 0),
        ([], 0),
    ],
)
def test_a_count_is_a_whole_number_of_things_or_none(value: object, wanted: int) -> None:
    """Anything else is as if nothing had been said."""
    assert count(value) == wanted


@pytest.mark.parametrize("value", ["0", "-1", "4e-13", "nan", "inf", "1e13", "x", "", None, "9" * 100, []])
def test_an_amount_is_a_positive_number_of_dollars_or_none(value: object) -> None:
    """Anything else is no cost."""
    assert usd(value) is None


@pytest.mark.parametrize(
    "said",
    [{"prompt_tokens": 3, "audio": None}, {"tier": "it's", "prompt_tokens": 3}, {"a": "both \"'", "b": [True, {}]}],
)
def test_a_dict_as_python_shows_it_is_read_back(said: dict[str, object]) -> None:
    """With whatever quotes are in its texts."""
    assert python_document(repr(said)) == said


@pytest.mark.parametrize("text", ["", None, "[]", "{", "{'a'", "\x00", "[" * 100_000, '"x"'])
def test_a_broken_document_is_an_empty_one(text: str | None) -> None:
    """Nesting without end and notation of neither kind say nothing."""
    assert document(text) == {}
    assert python_document(text) == {}
