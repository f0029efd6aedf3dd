/**
 * Puts relays under load over their sockets. As a program: `open PLAN`,
 * `run PLAN`, `close`.
 *
 * @module
 */

import { ResponseCounter } from "./responses.ts";
import { serveCommands, usage } from "./child.ts";
import { expectedResponses, Frames, type FramesPlan } from "./frames.ts";
import { writeAll } from "../../../shared/folder/durable_files.ts";
import { Run, type RunPlan, type RunResult } from "./run.ts";

/** Connections that are made at a time: fewer than a listener's backlog takes. */
const CONNECTS_AT_ONCE = 128;
/** Bytes that one read asks for: at least and at most. */
const LEAST_READ = 4096;
const MOST_READ = 256 * 1024;

/** What a load consists of. */
export interface LoadPlan {
  /** Where relays listen on 127.0.0.1; connections go to them in turn. */
  ports: readonly number[];
  /** Connections that stay open, or with `fresh` how many are at work at once. */
  connections: number;
  /** Requests under way on each connection. Default: 1. */
  inFlight?: number;
  /** A new connection for each request. Default: false. */
  fresh?: boolean;
  /** The requests. */
  frames: FramesPlan;
}

/** A load on relays. */
class Load {
  readonly #plan: LoadPlan;
  readonly #frames: Frames;
  readonly #expected: Map<number, number | undefined>;
  readonly #readSize: number;
  #conns: Deno.TcpConn[] = [];

  /** Makes the requests. */
  constructor(plan: LoadPlan) {
    this.#plan = plan;
    this.#frames = new Frames(plan.frames);
    this.#expected = expectedResponses(plan.frames);
    const sizes = [...this.#expected.values()].map((size) => size ?? MOST_READ);
    this.#readSize = Math.min(MOST_READ, Math.max(LEAST_READ, ...sizes));
  }

  /** Opens the connections. */
  async open(): Promise<void> {
    const total = this.#plan.fresh ? 0 : this.#plan.connections;
    while (this.#conns.length < total) {
      const step = Math.min(CONNECTS_AT_ONCE, total - this.#conns.length);
      const opened = Array.from(
        { length: step },
        (_, i) => this.#connect(this.#conns.length + i),
      );
      this.#conns.push(...await Promise.all(opened));
    }
  }

  /**
   * Sends requests and waits for all of their responses.
   *
   * @throws {Error} where a response isn't the one that is expected
   */
  async run(plan: RunPlan): Promise<RunResult> {
    const { connections, fresh } = this.#plan;
    const before = usage().cpu;
    const run = new Run(this.#frames, plan);
    const conns = this.#conns.values();
    const workers = Array.from(
      { length: plan.sweep ?? plan.active ?? connections },
      (_, i) =>
        fresh
          ? this.#driveFresh(run, i)
          : plan.sweep === undefined
          ? this.#drive(run, i)
          : this.#sweep(run, conns),
    );
    await Promise.all(workers);
    return run.result(usage().cpu - before);
  }

  /** Closes the connections. */
  close(): void {
    for (const conn of this.#conns) conn.close();
    this.#conns = [];
  }

  async #connect(index: number): Promise<Deno.TcpConn> {
    const { ports } = this.#plan;
    const port = ports[index % ports.length] ?? 0;
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    conn.setNoDelay(true);
    return conn;
  }

  /** Keeps as many requests in flight as the plan says, until the run is over. */
  async #drive(run: Run, index: number): Promise<void> {
    const conn = this.#conns[index];
    if (conn === undefined) {
      throw new RangeError(`Expected a connection ${index}, got none`);
    }
    const { inFlight = 1 } = this.#plan;
    const counter = new ResponseCounter(this.#expected);
    const buffer = new Uint8Array(this.#readSize);
    let open = 0;
    let sent: number | undefined;
    for (;;) {
      const { count, bytes } = run.take(inFlight - open);
      if (count > 0) {
        if (inFlight === 1) sent = performance.now();
        await writeAll(conn, bytes);
        open += count;
      }
      if (open === 0) return run.check(counter);
      const responses = await readSome(conn, buffer, counter);
      run.responded(responses, sent);
      open -= responses;
    }
  }

  async #driveFresh(run: Run, index: number): Promise<void> {
    await this.#askEach(
      run,
      () => this.#connect(index),
      (conn) => conn.close(),
    );
  }

  /** Sends one request on each connection that no other worker took. */
  async #sweep(
    run: Run,
    conns: IterableIterator<Deno.TcpConn>,
  ): Promise<void> {
    await this.#askEach(run, () => conns.next().value, () => {});
  }

  /** One request on each connection that is given, one after the other. */
  async #askEach(
    run: Run,
    next: () => Promise<Deno.TcpConn> | Deno.TcpConn | undefined,
    done: (conn: Deno.TcpConn) => void,
  ): Promise<void> {
    const counter = new ResponseCounter(this.#expected);
    const buffer = new Uint8Array(this.#readSize);
    for (;;) {
      const { count, bytes } = run.take(1);
      const sent = performance.now();
      const conn = count === 0 ? undefined : await next();
      if (conn === undefined) return run.check(counter);
      try {
        await writeAll(conn, bytes);
        while (await readSome(conn, buffer, counter) === 0);
      } finally {
        done(conn);
      }
      run.responded(1, sent);
    }
  }
}

/** Reads once; returns how many responses that completed. */
async function readSome(
  conn: Deno.TcpConn,
  buffer: Uint8Array,
  counter: ResponseCounter,
): Promise<number> {
  const size = await conn.read(buffer);
  if (size === null) throw new Error("Expected a response, got the end");
  return counter.feed(buffer.subarray(0, size));
}

let load: Load | undefined;
await serveCommands({
  async open(plan) {
    load = new Load(plan as LoadPlan);
    await load.open();
  },
  run(plan) {
    if (load === undefined) throw new Error("Expected open before run");
    return load.run(plan as RunPlan);
  },
  close() {
    load?.close();
    load = undefined;
  },
});
