"""A support agent: it looks up the customer, asks a model, retries when the vendor is busy, and says whether the ticket was resolved.

Shows: cost per outcome, a retry inside a run, a run that fails, and a run that was handed over to a person.
"""

from __future__ import annotations

import vendors

from botanu import botanu_use_case, disable, emit_outcome, init_botanu, set_business_context
from botanu.tracking.data import track_db_operation
from botanu.tracking.llm import track_llm_call, track_tool_call

POLICY = "You answer customers of a shop. Be brief, be kind, never promise a refund above 50 USD. " * 60
TICKETS = (
    ("acme", "Where is my order 1001? It was due on Monday."),
    ("acme", "The lamp arrived broken, I would like a new one."),
    ("acme", "[busy] Can I change the delivery address of order 1003?"),
    ("globex", "How long is the warranty of the blue kettle?"),
    ("globex", "I was charged twice for order 1005, please look into it."),
    ("globex", "[broken] My account is locked and I cannot log in."),
    ("initech", "Please cancel order 1007 before it ships."),
    ("initech", "I want to speak to your manager about order 1008!"),
)


def ask(vendor: str, model: str, question: str, attempt: int) -> None:
    """One attempt at one model call."""
    with track_llm_call("openai", model) as call:
        call.set_attempt(attempt)
        messages = [{"role": "system", "content": POLICY}, {"role": "user", "content": question}]
        call.record_response(vendors.post(f"{vendor}/v1/chat/completions", {"model": model, "messages": messages}))


def ask_patiently(vendor: str, model: str, question: str) -> None:
    """Ask again, twice at most, when the vendor is busy."""
    for attempt in (1, 2, 3):
        try:
            return ask(vendor, model, question, attempt)
        except vendors.VendorError:
            if attempt == 3:
                raise
    return None


@botanu_use_case("Customer Support", workflow="answer_ticket")
def answer_ticket(vendor: str, customer: str, text: str) -> None:
    """Resolve one ticket, or say why it could not be."""
    set_business_context(customer_id=customer, team="support", cost_center="CC-100")
    with track_db_operation("postgresql", "SELECT", database="shop") as query:
        query.set_table("customers").set_result(rows_returned=1, bytes_read=2_048)
    ask_patiently(vendor, "gpt-4o-mini", f"Classify: {text}")
    with track_tool_call("search_orders") as tool:
        tool.set_result(success=True, items_returned=3, bytes_processed=4_096)
    ask_patiently(vendor, "gpt-4o", f"Answer: {text}")
    if "manager" in text:
        emit_outcome("partial", value_type="tickets_resolved", value_amount=0, reason="handed_over")
    else:
        emit_outcome("success", value_type="tickets_resolved", value_amount=1, confidence=0.9)


def main() -> None:
    """Answer every ticket; a failed one does not stop the others."""
    init_botanu(service_name="support-agent", auto_instrument=False)
    with vendors.serving() as vendor:
        for customer, text in TICKETS:
            try:
                answer_ticket(vendor, customer, text)
            except vendors.VendorError as error:
                print(f"{text[:40]!r}: {error}")
    disable()


if __name__ == "__main__":
    main()
