import { assert, assertEquals } from "@std/assert";
import { Peer } from "../../../lab/harness/peer.ts";
import { Program } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { PROGRAMS, testWith } from "../../support/test_with.ts";
import { until } from "../../../lab/harness/until.ts";

/** The part of a span that is looked at, as OTLP writes it in JSON. */
interface Span {
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  attributes: {
    key: string;
    value: { stringValue?: string; doubleValue?: number };
  }[];
}

/** Takes spans, as a collector of OpenTelemetry does. */
class Collector implements AsyncDisposable {
  readonly #bodies: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly spans: Span[] = [];

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#take(request),
    );
  }

  /** All that was received, as text. */
  get received(): string {
    return this.#bodies.join("\n");
  }

  get environment(): Record<string, string> {
    const { hostname, port } = this.#server.addr;
    return {
      OTEL_DENO: "true",
      OTEL_SERVICE_NAME: "relay",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${hostname}:${port}`,
      OTEL_BSP_SCHEDULE_DELAY: "50",
    };
  }

  async #take(request: Request): Promise<Response> {
    const text = await request.text();
    this.#bodies.push(text);
    if (new URL(request.url).pathname === "/v1/traces") {
      const { resourceSpans } = JSON.parse(text);
      for (const { scopeSpans } of resourceSpans) {
        for (const { scope, spans } of scopeSpans) {
          if (scope.name === "messageu") this.spans.push(...spans);
        }
      }
    }
    return Response.json({});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

const launched = (dir: string, env: Record<string, string>) =>
  Program.launcher(
    ["--dir", dir, "--host", "127.0.0.1", "--port", "0"],
    env,
  );

const plain = ({ attributes }: Span) =>
  Object.fromEntries(attributes.map(({ key, value }) => [
    key.replace("messageu.", ""),
    value.stringValue ?? value.doubleValue,
  ]));

testWith(
  PROGRAMS,
  "the spans of requests reach a collector, from a relay that the launcher started",
  async () => {
    await using folder = await temporaryFolder();
    await using collector = new Collector();
    await using program = launched(folder.path, collector.environment);
    using peer = await Peer.connect(await program.address());
    const anna = await peer.register("anna-the-first");
    const content = new TextEncoder().encode("what only anna may read");
    await peer.send(anna, anna, content);
    await peer.ask("publicKey", { target: anna });
    await until("6 spans", () => collector.spans.length === 6);
    await program.stop();
    assertEquals((await program.end()).code, 0);

    const requests = collector.spans.filter(({ name }) => name !== "store");
    assertEquals(
      requests.map((span) => [span.name, span.kind, plain(span)]),
      [
        ["register", 2, {
          code: 600,
          size: 255 + 160,
          connection: 1,
          outcome: "answered",
        }],
        ["sendMessage", 2, {
          code: 603,
          size: 21 + content.length,
          connection: 1,
          outcome: "answered",
        }],
        ["publicKey", 2, {
          code: 602,
          size: 16,
          connection: 1,
          outcome: "unknown_client",
        }],
      ],
    );
    for (const { spanId, traceId, parentSpanId } of requests) {
      assertEquals(parentSpanId, "");
      const works = collector.spans.filter((span) =>
        span.parentSpanId === spanId
      );
      assertEquals(works.map(({ name }) => name), ["store"]);
      assertEquals(works[0]?.traceId, traceId);
    }
    const { received } = collector;
    assert(received.includes("sendMessage"));
    for (const secret of [anna, content, new TextEncoder().encode("anna")]) {
      assertEquals(received.includes(new TextDecoder().decode(secret)), false);
      assertEquals(received.toLowerCase().includes(secret.toHex()), false);
      assertEquals(received.includes(secret.toBase64()), false);
    }
  },
);
