"""A document pipeline: read from object storage, query the warehouse, embed, summarise, store, and tell the next service.

Shows: a run total over every kind of operation, not models alone, and cost by step.
"""

from __future__ import annotations

import vendors

from botanu import botanu_use_case, disable, emit_outcome, init_botanu, step
from botanu.tracking.data import track_db_operation, track_messaging_operation, track_storage_operation
from botanu.tracking.llm import track_llm_call

GIB = 2**30
DOCUMENTS = (("contract", 120, 3), ("invoice", 40, 1), ("report", 400, 8))


@botanu_use_case("Document Processing", workflow="process_document", tenant_id="legal")
def process_document(vendor: str, name: str, paragraphs: int, scanned_gib: int) -> None:
    """Take one document from the bucket to the index."""
    with step("fetch"), track_storage_operation("s3", "GET") as storage:
        storage.set_bucket("incoming").set_result(objects_count=1, bytes_read=paragraphs * 900)
    with step("enrich"), track_db_operation("bigquery", "SELECT", database="analytics") as query:
        query.set_query_id(f"job-{name}").set_bytes_scanned(scanned_gib * GIB).set_result(rows_returned=paragraphs)
    with step("embed"), track_llm_call("openai", "text-embedding-3-small", operation="embeddings") as call:
        texts = [f"{name} paragraph {n}: " + "the parties agree as follows. " * 20 for n in range(paragraphs)]
        call.record_response(
            vendors.post(f"{vendor}/v1/embeddings", {"model": "text-embedding-3-small", "input": texts})
        )
    with step("summarise"), track_llm_call("anthropic", "claude-sonnet-4-5") as call:
        body = {
            "model": "claude-sonnet-4-5",
            "max_tokens": 500,
            "messages": [{"role": "user", "content": "".join(texts)}],
        }
        call.record_response(vendors.post(f"{vendor}/v1/messages", body))
    with step("store"):
        with track_storage_operation("s3", "PUT") as storage:
            storage.set_bucket("processed").set_result(objects_count=1, bytes_written=paragraphs * 300)
        with track_messaging_operation("sqs", "send", "documents-ready") as message:
            message.set_result(message_count=1, bytes_transferred=512)
    emit_outcome("success", value_type="documents_processed", value_amount=1)


def main() -> None:
    """Process every document."""
    init_botanu(service_name="document-pipeline", auto_instrument=False)
    with vendors.serving() as vendor:
        for document in DOCUMENTS:
            process_document(vendor, *document)
    disable()


if __name__ == "__main__":
    main()
