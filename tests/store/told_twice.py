"""Calls that are told of in two traces, as programs with two instrumentations send them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from tests.store.builders import START, Document, chat, document, run, span, trace_id
from tests.store.test_logs import TRACING, llm_request

APP, ALONE = "a" * 32, "b" * 32
SECOND = 1_000_000_000


def client(name: str = "r1", **said: Any) -> Document:
    """What a client's instrumentation says of a call, in the application's trace."""
    return chat(APP, "a" * 16, **{"gen_ai__response__id": name, "span_id": "1" * 16, "millis": 900, **said})


def gateway(name: str = "r1", **said: Any) -> Document:
    """What LiteLLM says of it, in a trace of its own."""
    own = {"litellm__call_id": "c", "gen_ai__response__id": name, "span_id": "2" * 16, "millis": 1000}
    return chat(ALONE, **{"name": "litellm_request", **own, **said})


def other_gateway(name: str = "r1") -> Document:
    """The same answer, told by the same instrumentation in yet another trace."""
    return gateway(name) | {"traceId": "c" * 32, "spanId": "3" * 16}


def app(**said: Any) -> Document:
    """The application's trace, with a span around its calls."""
    return document([span(APP, span_id="a" * 16, name="POST /chat", kind=2, millis=2000, **said)], "shop", "app")


def by_client(*spans: Document) -> Document:
    """These spans as the client's instrumentation sends them."""
    return document(spans, "shop", "opentelemetry.instrumentation.openai_v2")


def by_gateway(*spans: Document) -> Document:
    """These spans as LiteLLM sends them."""
    return document(spans, "shop", "litellm")


def by_third(*spans: Document) -> Document:
    """These spans as a third instrumentation sends them."""
    return document(spans, "shop", "openinference.instrumentation.openai")


def told(trace: str, span_id: str, parent: str = "", *, millis: int) -> Document:
    """What an OpenInference instrumentation says of a call."""
    own: dict[str, Any] = {
        "llm__token_count__prompt": 1000,
        "llm__token_count__completion": 100,
        "llm__model_name": "gpt-4o",
    }
    return span(trace, parent, span_id=span_id, name="call", millis=millis, openinference__span__kind="LLM", **own)


def placed_by_its_run() -> list[Document]:
    """The gateway's trace has a run, and the client's tells the usage apart more finely."""
    named = document([run(ALONE, "run-1", span_id="b" * 16, millis=2000)], "shop", "botanu")
    inside = gateway() | {"parentSpanId": "b" * 16}
    return [named, by_gateway(inside), app(), by_client(client(gen_ai__usage__cache_read__input_tokens=400))]


def told_three_times() -> list[Document]:
    """By one in a named run, by a client, and by the gateway, which counts."""
    named = document([run("c" * 32, "run-1", span_id="c" * 16, millis=2000)], "shop", "botanu")
    inside = chat("c" * 32, "c" * 16, span_id="3" * 16, millis=990, gen_ai__response__id="r1", llm__model_name="gpt-4o")
    rich = gateway(gen_ai__usage__cache_read__input_tokens=400)
    return [named, by_third(inside), app(), by_client(client()), by_gateway(rich)]


def without_names() -> list[Document]:
    """Two calls, of one of which the client knows no tokens."""
    later = START + 10 * SECOND
    blind = client("", start=later, tokens=(0, 0)) | {"spanId": "5" * 16}
    seen = gateway("", start=later, tokens=(50, 7)) | {"spanId": "6" * 16, "traceId": "d" * 32}
    return [app(), by_client(client(""), blind), by_gateway(gateway("")), by_gateway(seen)]


def without_service() -> list[Document]:
    """MLflow's own provider names no service."""
    usage = json.dumps({"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100})
    own = {
        "mlflow__spanType": '"CHAT_MODEL"',
        "mlflow__chat__tokenUsage": usage,
        "mlflow__llm__model": '"gpt-4o"',
        "mlflow__message__format": '"openai"',
    }
    said = span(ALONE, name="Completions", millis=1000, **own)
    return [app(), by_client(client("")), document([said], "", "mlflow.tracing.provider")]


def waiting_first() -> list[Document]:
    """A gateway's first call waits while the client's library loads; of what another program asks meanwhile it tells nothing."""
    asked = client("", start=START + 8 * SECOND)
    elsewhere = document(
        [asked | {"spanId": "6" * 16, "traceId": "d" * 32}], "other", "opentelemetry.instrumentation.openai_v2"
    )
    return [app(), by_client(asked), by_gateway(gateway("", millis=9000)), elsewhere]


def linked_by_another_call() -> list[Document]:
    """Of two calls in both traces, one has its answer's name in the gateway's only."""
    later = START + 10 * SECOND
    stream = client("", start=later, tokens=(50, 7)) | {"spanId": "5" * 16}
    seen = gateway("r2", start=later, tokens=(50, 7)) | {"spanId": "6" * 16}
    return [app(), by_client(client(), stream), by_gateway(gateway(), seen)]


def linked_by_a_gateway() -> list[Document]:
    """Two clients' traces, which share nothing but the gateway's trace between them."""
    other, later = "e" * 32, START + 10 * SECOND
    one = client("", start=later, tokens=(50, 7)) | {"spanId": "5" * 16}
    two = chat(other, "e" * 16, start=later, tokens=(50, 7), millis=900, span_id="6" * 16)
    linking = chat(other, "e" * 16, gen_ai__response__id="r9", tokens=(70, 3), millis=900, span_id="7" * 16)
    again = gateway("r9", tokens=(70, 3)) | {"spanId": "8" * 16}
    return [app(), by_client(client(), one), by_third(two, linking), by_gateway(gateway(), again)]


def sharing_one_name() -> list[Document]:
    """As many calls as a test server answers, all by one name."""
    seen = [client("one", tokens=(n, 1)) | {"traceId": f"{n:032x}", "spanId": f"{n:016x}"} for n in range(1, 500)]
    again = [
        gateway("one", tokens=(n, 2)) | {"traceId": f"{n + 500:032x}", "spanId": f"{n + 500:016x}"}
        for n in range(1, 500)
    ]
    return [by_client(*seen), by_gateway(*again)]


def each_beginning_a_trace() -> list[Document]:
    """A framework and a client, twice at once, in a program without a span around its calls."""
    parts = list[Document]()
    for number in (1, 2):
        chain = f"{number:032x}"
        framework = [
            span(chain, span_id="a" * 16, name="chain", millis=2000, openinference__span__kind="CHAIN"),
            told(chain, "b" * 16, "a" * 16, millis=1000),
        ]
        parts.append(document(framework, "shop", "openinference.instrumentation.langchain"))
        inside = told(f"{number + 2:032x}", f"{number:016x}", millis=900)
        parts.append(by_third(inside))
    return parts


def sharing_a_scope() -> list[Document]:
    """Langfuse's handler for LangChain and its client, each with a trace of its own."""
    own: dict[str, Any] = {"langfuse__observation__type": "generation", "langfuse__observation__model__name": "gpt-4o"}
    handler: dict[str, Any] = own | {
        "langfuse__observation__usage_details": '{"input": 600, "input_cache_read": 400, "output": 100}',
        "langfuse__observation__metadata__ls_model_type": "chat",
    }
    wrapper: dict[str, Any] = own | {
        "langfuse__observation__usage_details": '{"prompt_tokens": 1000, "completion_tokens": 100}'
    }
    around = span(APP, name="ChatOpenAI", millis=1000, **handler)
    inside = span(ALONE, name="OpenAI-generation", millis=900, **wrapper)
    return [document([around], "shop", "langfuse-sdk"), document([inside], "shop", "langfuse-sdk")]


def of_two_autologs() -> list[Document]:
    """MLflow's spans of an asynchronous call, LangChain's and the client's, which share a scope and began a trace each."""
    own: dict[str, Any] = {"mlflow__spanType": '"CHAT_MODEL"'}
    usage = '{"input_tokens": 1000, "output_tokens": 100}'
    around = own | {"mlflow__chat__tokenUsage": usage, "invocation_params": '{"model": "claude-sonnet-4-5"}'}
    inside = own | {"mlflow__chat__tokenUsage": usage, "mlflow__spanInputs": '{"model": "claude-sonnet-4-5"}'}
    spans = span(APP, name="ChatAnthropic", millis=1000, **around), span(ALONE, name="Messages", millis=900, **inside)
    return [document([each], "shop", "mlflow.tracing.provider") for each in spans]


def losing_its_place(scope: str) -> list[Document]:
    """A client's span in the application's trace, and a vendor SDK's beside it in one of its own."""
    seen = client("", gen_ai__usage__cache_read__input_tokens=400, gen_ai__usage__output_tokens="100")
    return [app(), by_client(seen), document([chat(ALONE, span_id="2" * 16, millis=1000)], "shop", scope)]


def many() -> list[Document]:
    """A trace of twelve calls, each told again in a trace of its own, some of those by a third instrumentation."""
    parts = [app()]
    for number in range(12):
        name, start = f"r{number}", START + number * SECOND // 3
        own = {"start": start, "tokens": (1000 + number, 100)}
        parts.append(by_client(client(name, **own) | {"spanId": f"{number + 1:016x}"}))
        parts.append(
            by_gateway(gateway(name, **own) | {"traceId": f"{number + 1:032x}", "spanId": f"{number + 50:016x}"})
        )
        if number % 3 == 0:
            third = chat(trace_id(), gen_ai__response__id=name, span_id=f"{number + 90:016x}", **own)
            parts.append(document([third], "shop", "openinference.instrumentation.openai"))
    return parts


def endless() -> list[Document]:
    """One of the two says that it ends in 2262."""
    return [app(), by_client(client() | {"endTimeUnixNano": str(2**63 - 1)}), by_gateway(gateway())]


def in_an_agent() -> list[Document]:
    """A client's span and a gateway's of a call, the client's in the trace of a coding agent."""
    turn = span(APP, name="claude_code.interaction", span_id="a" * 16, millis=2000, session__id="s-1")
    return [
        by_client(client()),
        by_gateway(gateway()),
        document([turn, llm_request(APP, "a" * 16, "d" * 16)], "claude-code", TRACING),
    ]


def apart(name: str) -> list[Document]:
    """Calls that may be two, though much of them is alike."""
    alike = {
        "another answer": by_gateway(gateway("r2", tokens=(7, 9))),
        "of another service": document([gateway("")], "till", "litellm"),
        "seconds apart": by_gateway(gateway(start=START + 4 * SECOND)),
        "of other size": by_gateway(gateway(tokens=(77, 9))),
        "by one instrumentation": by_client(client() | {"traceId": ALONE, "spanId": "2" * 16}),
    }
    return [app(), by_client(client()), alike[name]]


WORLDS: dict[str, list[Document]] = {
    "two traces": [app(), by_client(client()), by_gateway(gateway())],
    **{world.__name__: world() for world in (
        placed_by_its_run, told_three_times, without_names, without_service, linked_by_another_call, linked_by_a_gateway, sharing_one_name,
        each_beginning_a_trace, sharing_a_scope, many, endless, in_an_agent,
    )},
    **{scope: losing_its_place(scope) for scope in ("com.anthropic.sdk.python", "strands.telemetry.tracer")},
    **{name: apart(name) for name in ("another answer", "of another service", "seconds apart", "of other size", "by one instrumentation")},
}  # fmt: skip
"""What programs send of calls in several traces, in parts that may arrive apart."""

_INSTRUMENTATIONS: dict[str, Document] = {
    "opentelemetry.instrumentation.openai_v2": {},
    "litellm": {"litellm__call_id": "c"},
    "openinference.instrumentation.openai": {"openinference__span__kind": "LLM"},
    "com.anthropic.sdk.python": {},
    "strands.telemetry.tracer": {},
    "opentelemetry.instrumentation.openai": {"llm__request__type": "chat"},
}


def any_world(chance: random.Random) -> list[Document]:
    """Return what some programs send: each call told of by one to three instrumentations, in the program's trace or in others, each span by itself."""
    numbers = iter(range(1, 10**6))
    parts, at = list[Document](), START
    for program in range(chance.randint(1, 3)):
        service, trace, root = chance.choice(["shop", "till"]), f"{next(numbers):032x}", f"{next(numbers):016x}"
        around = chance.choice(["run", "span", "span", "nothing", "nothing"])
        if around == "run":
            parts.append(
                document([run(trace, f"run-{program}", span_id=root, start=at, millis=8000)], service, "botanu")
            )
        elif around == "span":
            parts.append(document([span(trace, span_id=root, name="POST /x", kind=2, start=at, millis=8000)], service))
        for _ in range(chance.randint(1, 4)):
            at += chance.choice([0, 100, 700, 3000]) * 1_000_000
            for number, (scope, said) in enumerate(_telling(chance)):
                apart = (number or around == "nothing") and chance.random() < 0.85
                own = (f"{next(numbers):032x}", "") if apart else (trace, "" if around == "nothing" else root)
                start = at + chance.randint(0, 20) * 1_000_000
                said |= {"span_id": f"{next(numbers):016x}", "start": start, "millis": chance.randint(900, 1000)}
                parts.append(document([chat(*own, **said)], service, scope))
        at += chance.choice([0, 200, 2000, 4_000_000]) * 1_000_000
    return parts


def _telling(chance: random.Random) -> Iterator[tuple[str, Document]]:
    """What one to three instrumentations say of a call: not all know its tokens or the answer's name."""
    tokens = chance.choice([(1000, 100), (1000, 100), (50, 7), (chance.randint(1, 2000), chance.randint(1, 200))])
    name = f"chatcmpl-{chance.randint(1, 10**6)}" if chance.random() < 0.6 else ""
    model = chance.choice(["gpt-4o", "gpt-4o", "gpt-4o-2024-08-06"])
    for scope in chance.sample(list(_INSTRUMENTATIONS), chance.choice([1, 2, 2, 2, 3])):
        known = chance.choice([name, name, name, name, "", f"gen-{chance.randint(1, 99999)}"])
        used = tokens if chance.random() < 0.85 else (0, 0)
        yield scope, {"model": model, "tokens": used, "gen_ai__response__id": known, **_INSTRUMENTATIONS[scope]}
