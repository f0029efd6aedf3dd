import { formatAddress } from "../../shared/folder/info_files.ts";
import { inTime } from "../../shared/cli/time.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import type { Relay } from "../relay.ts";
import { type ListenOptions, openPort } from "../relay/listen.ts";
import { EventLoopDelay } from "./event_loop_delay.ts";
import { CONTENT_TYPE, expose } from "./exposition.ts";
import { type Measured, metrics } from "./metrics.ts";
import { type Page, PageServer, sentencePage } from "./page_server.ts";
import { RequestCounters } from "./request_counters.ts";
import { hasCode } from "../../shared/platform/system_error.ts";

/** Milliseconds in which the store must respond. */
const STORE_TIMEOUT = 2000;
/** Milliseconds for which a result is cached. */
const CACHED_FOR = 250;
const STARTING = "The relay is starting";

/** What a {@linkcode Monitor} shows, but for what it counts itself. */
export type Monitored = Omit<
  Measured,
  "counters" | "requests" | "obstacle" | "delay"
>;

/**
 * Serves what a relay shows over HTTP, on an address of its own: `/metrics` for
 * Prometheus, `/healthz` and `/readyz` for orchestrators.
 */
export class Monitor {
  /** Counts the relay's requests. */
  readonly requests: RequestCounters = new RequestCounters();
  readonly #server: PageServer;
  readonly #report: (error: unknown) => void;
  readonly #delay = new EventLoopDelay();
  #obstacle: Measured["obstacle"] = () => Promise.resolve(STARTING);
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
      const reason = hasCode(error, "EADDRINUSE")
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
    const { requests } = this;
    const { relay, store } = monitored;
    const ping = cached(() => store.ping());
    const obstacle = () => obstacleOf(relay, ping);
    const measured = { ...monitored, requests, obstacle, delay: this.#delay };
    this.#obstacle = obstacle;
    // Counting takes a look at every connection.
    this.#metrics = cached(() =>
      expose(metrics, { ...measured, counters: relay.counters })
    );
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
    const obstacle = await this.#obstacle();
    return obstacle === undefined
      ? sentencePage(200, "ok")
      : sentencePage(503, obstacle);
  }
}

/** Why a relay can't serve, in a sentence; undefined if it can. */
async function obstacleOf(
  { state }: Pick<Relay, "state">,
  ping: () => Promise<void>,
): Promise<string | undefined> {
  if (state === "closing") return "The relay is stopping";
  if (state === "full") return "The relay is full: see --max-connections";
  if (state === "not accepting") return "The relay can't accept connections";
  const cannot = "The store can't be used";
  const late = `${cannot}: no answer within ${STORE_TIMEOUT / 1000} seconds`;
  try {
    return await inTime(ping(), STORE_TIMEOUT, late) ?? undefined;
  } catch (error) {
    return `${cannot}: ${reasonOf(error)}`;
  }
}

/**
 * Caches what `work` resolves to, or rejects with, for a quarter of a second.
 * Calls while it is under way share its result.
 */
function cached<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  let expires = 0;
  return () => {
    if (result !== undefined && performance.now() <= expires) return result;
    expires = Infinity;
    result = work();
    const settled = () => expires = performance.now() + CACHED_FOR;
    result.then(settled, settled);
    return result;
  };
}
