import {
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import config from "../../deno.json" with { type: "json" };
import { secureRequestKind } from "../../shared/secure/secure_requests.ts";
import { requestKind } from "../../shared/wire/dialects.ts";
import type { RequestWatch, SeenRequest, Watcher } from "../relay/watcher.ts";

/**
 * Traces requests through OpenTelemetry, which is part of Deno: a relay that is
 * started with `OTEL_DENO=true` makes a span of each request, and within it one
 * of the store's work.
 */
export class RequestSpans implements Watcher {
  readonly #tracer: Tracer = trace.getTracer("messageu", config.version);

  /** Begins a request's span. */
  requested({ code, size, connection }: SeenRequest): RequestWatch {
    const kind = requestKind(code) ?? secureRequestKind(code) ?? "unknown";
    const span = this.#tracer.startSpan(kind, {
      kind: SpanKind.SERVER,
      root: true,
      attributes: {
        "messageu.code": code,
        "messageu.size": size,
        "messageu.connection": connection,
      },
    });
    let work: Span | undefined;
    return {
      working: () => {
        const within = trace.setSpan(context.active(), span);
        work = this.#tracer.startSpan("store", {}, within);
      },
      ended(outcome) {
        work?.end();
        span.setAttribute("messageu.outcome", outcome);
        if (outcome === "failed" || outcome === "unknown") {
          span.setStatus({ code: SpanStatusCode.ERROR });
        }
        span.end();
      },
    };
  }
}
