"""A research assistant with two vendors: Anthropic first, with its prompt cache; OpenAI when Anthropic is down.

Shows: what a prompt cache saves, and a run whose first vendor failed and whose second answered.
"""

from __future__ import annotations

import vendors

from botanu import botanu_use_case, disable, emit_outcome, init_botanu
from botanu.tracking.llm import track_llm_call

HANDBOOK = "You are a careful research assistant. Quote the source of every claim, and say when you do not know. " * 60
QUESTIONS = (
    "What changed in the tax law for small firms?",
    "Summarise the three largest recalls of last year.",
    "[broken] Which suppliers had late deliveries?",
    "How did freight prices develop since spring?",
    "Which of our competitors opened new plants?",
)


def ask_anthropic(vendor: str, question: str) -> None:
    """Ask the first choice; its long instructions are cached."""
    with track_llm_call("anthropic", "claude-sonnet-4-5") as call:
        body = {
            "model": "claude-sonnet-4-5",
            "max_tokens": 800,
            "system": HANDBOOK,
            "messages": [{"role": "user", "content": question}],
        }
        call.record_response(vendors.post(f"{vendor}/v1/messages", body))


def ask_openai(vendor: str, question: str) -> None:
    """Ask the second choice."""
    with track_llm_call("openai", "gpt-4o") as call:
        messages = [{"role": "system", "content": HANDBOOK}, {"role": "user", "content": question}]
        call.record_response(vendors.post(f"{vendor}/v1/chat/completions", {"model": "gpt-4o", "messages": messages}))


@botanu_use_case("Research", workflow="answer_question", tenant_id="strategy")
def research(vendor: str, question: str) -> None:
    """Answer with the first vendor that can."""
    try:
        ask_anthropic(vendor, question)
    except vendors.VendorError:
        ask_openai(vendor, question.replace("[broken] ", ""))
    emit_outcome("success", value_type="questions_answered", value_amount=1)


def main() -> None:
    """Answer every question."""
    init_botanu(service_name="research-assistant", auto_instrument=False)
    with vendors.serving() as vendor:
        for question in QUESTIONS:
            research(vendor, question)
    disable()


if __name__ == "__main__":
    main()
