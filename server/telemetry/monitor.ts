/**
 * What a relay shows over HTTP, on an address of its own: `/metrics` for
 * Prometheus, `/healthz` and `/readyz` for orchestrators.
 *
 * @module
 */

import { formatAddress } from "../../shared/folder/info_server.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { type ListenOptions, openPort } from "../relay/listen.ts";
import { EventLoopDelay } from "./event_loop_delay.ts";
import { CONTENT_TYPE, expose } from "./exposition.ts";
import { type Measured, metrics } from "./metrics.ts";
import { type Page, PageServer, sentencePage } from "./page_server.ts";
import { cached, Readiness } from "./readiness.ts";
import { RequestCounters } from "./request_counters.ts";

const STARTING = "The relay is starting";

/** What a {@linkcode Monitor} shows, but for what it counts itself. */
export type Monitored = Omit<Measured, "requests" | "readiness" | "delay">;

/** Serves metrics and health. */
export class Monitor {
  /** Counts the relay's requests. */
  readonly requests: RequestCounters = new RequestCounters();
  readonly #server: PageServer;
  readonly #report: (error: unknown) => void;
  readonly #delay = new EventLoopDelay();
  #readiness: Readiness | undefined;
  #metrics: (() => Promise<string>) | undefined;

  private constructor(
    listener: Deno.TcpListener,
    report: (error: unknown) => void,
  ) {
    this.#server = new PageServer(listener, (path) => this.#page(path));
    this.#report = report;
  }

  /**
   * Serves on an address; a relay is to be shown later.
   *
   * @param address port 0 takes any free one
   * @param report is told of failures
   * @throws {Error} where the address can't be used
   */
  static start(
    address: ListenOptions,
    report: (error: unknown) => void,
  ): Monitor {
    try {
      return new Monitor(openPort(address), report);
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
    return `${this.#server.origin}/metrics`;
  }

  /** Shows a relay from now on. */
  show(monitored: Monitored): void {
    const readiness = new Readiness(monitored.relay, monitored.store);
    const { requests } = this;
    const measured = { ...monitored, requests, readiness, delay: this.#delay };
    this.#readiness = readiness;
    this.#metrics = cached(() => expose(metrics, measured));
  }

  /** Stops at once, in the middle of responses too. */
  async close(): Promise<void> {
    this.#delay.stop();
    await this.#server.close();
  }

  async #page(path: string): Promise<Page | undefined> {
    try {
      switch (path) {
        case "/metrics":
          return await this.#showMetrics();
        case "/healthz":
          return sentencePage(200, "ok");
        case "/readyz":
          return await this.#showReadiness();
        default:
          return undefined;
      }
    } catch (error) {
      this.#report(error);
      return sentencePage(500, "This failed; the relay's log says why");
    }
  }

  async #showMetrics(): Promise<Page> {
    if (this.#metrics === undefined) return sentencePage(503, STARTING);
    return { status: 200, type: CONTENT_TYPE, text: await this.#metrics() };
  }

  async #showReadiness(): Promise<Page> {
    const obstacle = this.#readiness === undefined
      ? STARTING
      : await this.#readiness.obstacle();
    return obstacle === undefined
      ? sentencePage(200, "ok")
      : sentencePage(503, obstacle);
  }
}
