/**
 * What a relay shows over HTTP, on an address of its own: `/metrics` for
 * Prometheus, `/healthz` and `/readyz` for whoever starts and stops relays.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { type Address, formatAddress } from "../../shared/info_server.ts";
import { reasonOf } from "../../shared/reason.ts";
import { EventLoopDelay } from "./event_loop_delay.ts";
import { Exposition } from "./exposition.ts";
import { addProcessMetrics } from "./process_metrics.ts";
import { Readiness } from "./readiness.ts";
import { addRelayMetrics, type Measured } from "./relay_metrics.ts";
import { RequestFigures } from "./request_figures.ts";
import { Seldom } from "./seldom.ts";

const STARTING = "The relay is starting";

/** What a {@linkcode Monitor} shows, but for what it counts itself. */
export type Monitored = Omit<Measured, "requests" | "readiness">;

/** Serves metrics and health. */
export class Monitor {
  /** Counts the relay's requests. */
  readonly requests: RequestFigures = new RequestFigures();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #stop = new AbortController();
  readonly #delay: EventLoopDelay;
  #readiness: Readiness | undefined;
  #metrics: Seldom<string> | undefined;
  #contentType = "";

  private constructor(
    { hostname, port }: Address,
    report: (error: unknown) => void,
  ) {
    this.#server = Deno.serve({
      hostname,
      port,
      signal: this.#stop.signal,
      onListen: () => {},
      onError(error) {
        report(error);
        return text(500, "This failed; the relay's log says why");
      },
    }, (request) => this.#answer(request));
    this.#delay = new EventLoopDelay();
  }

  /**
   * Serves on an address; a relay is to be shown later.
   *
   * @param address port 0 takes any free one
   * @param report is told of failures
   * @throws {Error} where the address can't be used
   */
  static start(address: Address, report: (error: unknown) => void): Monitor {
    try {
      return new Monitor(address, report);
    } catch (error) {
      const where = formatAddress(address);
      const reason = error instanceof Deno.errors.AddrInUse
        ? "it is in use"
        : reasonOf(error);
      throw new Error(
        `Can't serve metrics on ${where}: ${reason}. Take another address with --metrics`,
      );
    }
  }

  /** Where the metrics are. */
  get url(): string {
    return `http://${formatAddress(this.#server.addr)}/metrics`;
  }

  /** Shows a relay from now on. */
  show(monitored: Monitored): void {
    const readiness = new Readiness(monitored.relay, monitored.store);
    const shown = new Exposition();
    shown.info("messageu_build_info", "What runs; its value is 1", {
      version: config.version,
      deno: Deno.version.deno,
    });
    const { requests } = this;
    addRelayMetrics(shown, { ...monitored, requests, readiness });
    addProcessMetrics(shown, this.#delay);
    this.#readiness = readiness;
    this.#contentType = shown.contentType;
    this.#metrics = new Seldom(() => shown.text());
  }

  /** Stops at once, whoever is still being answered. */
  async close(): Promise<void> {
    this.#delay.stop();
    this.#stop.abort();
    await this.#server.finished;
  }

  async #answer({ method, url }: Request): Promise<Response> {
    const pages: Readonly<Record<string, () => Promise<Response> | Response>> =
      {
        "/metrics": () => this.#showMetrics(),
        "/healthz": () => text(200, "ok"),
        "/readyz": () => this.#showReadiness(),
      };
    const { pathname } = new URL(url);
    const page = Object.hasOwn(pages, pathname) ? pages[pathname] : undefined;
    if (page === undefined) {
      const known = Object.keys(pages).join(", ");
      return text(404, `There is nothing here: see ${known}`);
    }
    // Of an answer to HEAD the server sends the head alone.
    if (method === "GET" || method === "HEAD") return await page();
    return text(405, "Only GET and HEAD are answered", { Allow: "GET, HEAD" });
  }

  async #showMetrics(): Promise<Response> {
    if (this.#metrics === undefined) return text(503, STARTING);
    return new Response(await this.#metrics.result(), {
      headers: { "Content-Type": this.#contentType },
    });
  }

  async #showReadiness(): Promise<Response> {
    const obstacle = this.#readiness === undefined
      ? STARTING
      : await this.#readiness.obstacle();
    return obstacle === undefined ? text(200, "ok") : text(503, obstacle);
  }
}

function text(
  status: number,
  sentence: string,
  headers: Record<string, string> = {},
): Response {
  return new Response(`${sentence}\n`, {
    status,
    headers: {
      "Content-Type": "text/plain; charset=utf-8",
      "Cache-Control": "no-store",
      ...headers,
    },
  });
}
