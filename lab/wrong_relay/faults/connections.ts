/** Mistakes with connections: how they are accepted, kept and ended. */

import {
  BLOCK_SIZE,
  dialectOf,
  paddingBehind,
  responseCodeIn,
} from "../../../shared/wire/dialects.ts";
import {
  CLIENT_ID_SIZE,
  NAME_SIZE,
  SEND_OVERHEAD,
} from "../../../shared/wire/protocol.ts";
import { responseCode } from "../../../shared/wire/requests.ts";
import { concat } from "@std/bytes";
import { encodeAnswer } from "../altered_line.ts";
import { failed, refused } from "../hooks.ts";
import type { Faults } from "../fault.ts";
import { type Line, LineAround, type Listener } from "../line.ts";

/** Milliseconds of silence that a relay with an idle time-out puts up with: fewer than the checks keep, and more than a busy machine takes. */
const IDLE_TIMEOUT = 1200;
/** Connections that a relay for a few takes. */
const MOST_CONNECTIONS = 80;
/** Milliseconds in which those that have been closed are seen to be. */
const ENDS_ARE_SEEN = 20;
/** Milliseconds that two writes are apart. */
const APART = 20;
/** Milliseconds in which an end that was sent together with a request is seen. */
const END_IS_SEEN = 25;

const delay = (ms: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Tells when it is closed. */
class WatchedLine extends LineAround {
  readonly closed: Promise<void>;
  #close = () => {};

  constructor(inner: Line) {
    super(inner);
    this.closed = new Promise((resolve) => this.#close = resolve);
  }

  override close(): void {
    super.close();
    this.#close();
  }
}

/** Accepts the next connection once the last one is over. */
function oneAtATime(listener: Listener): Listener {
  let last: Promise<void> = Promise.resolve();
  return {
    addr: listener.addr,
    async accept() {
      await last;
      const line = new WatchedLine(await listener.accept());
      last = line.closed;
      return line;
    },
    close: () => listener.close(),
  };
}

/** Closes a connection where there is one too many: that one, or the oldest. */
function few(listener: Listener, closed: "newest" | "oldest"): Listener {
  const open = new Set<Line>();
  return {
    addr: listener.addr,
    async accept() {
      for (;;) {
        const line = new WatchedLine(await listener.accept());
        if (open.size >= MOST_CONNECTIONS) await delay(ENDS_ARE_SEEN);
        const [oldest] = open;
        const isFull = open.size >= MOST_CONNECTIONS;
        const tooMany = closed === "newest" ? line : oldest;
        if (isFull) tooMany?.close();
        if (isFull && tooMany === line) continue;
        open.add(line);
        line.closed.then(() => open.delete(line));
        return line;
      }
    },
    close: () => listener.close(),
  };
}

/** Drops what is to be answered where the client has sent its end. */
class NoHalfClose extends LineAround {
  #ended = false;
  #ahead: Promise<Uint8Array | null> | undefined;
  #left = new Uint8Array(0);

  override async read(into: Uint8Array): Promise<number | null> {
    if (this.#left.length === 0) {
      const received = await (this.#ahead ?? this.#receive());
      this.#ahead = undefined;
      if (received === null) return null;
      this.#left = received as Uint8Array<ArrayBuffer>;
      // The end may come while the request is being answered.
      this.#ahead = this.#receive();
      this.#ahead.catch(() => {});
    }
    const size = Math.min(into.length, this.#left.length);
    into.set(this.#left.subarray(0, size));
    this.#left = this.#left.slice(size);
    return size;
  }

  override async write(bytes: Uint8Array): Promise<number> {
    // A write of no bytes asks whether the connection was reset.
    if (bytes.length === 0) return await super.write(bytes);
    await delay(END_IS_SEEN);
    return this.#ended ? bytes.length : await super.write(bytes);
  }

  async #receive(): Promise<Uint8Array | null> {
    const buffer = new Uint8Array(64 * 1024);
    const size = await super.read(buffer);
    if (size === null) this.#ended = true;
    return size === null ? null : buffer.subarray(0, size);
  }
}

/** Lets one request be read at a time, on whatever connection. */
class Turns {
  #last: Promise<void> = Promise.resolve();

  /** @returns what ends the turn */
  async take(): Promise<() => void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = before.then(() => promise);
    await before;
    return resolve;
  }
}

export const connections = {
  "closes-after-answer": {
    about: "The connection is closed after each answer",
    clauses: ["CON-1"],
    fails: [
      "connection-of-two-requests",
      "connection-of-many-requests",
      "connection-of-a-whole-talk",
    ],
    inject: () => ({ frames: () => ({ closes: () => true }) }),
  },
  "answers-in-blocks": {
    about:
      "All answers are filled to blocks of 1024, and the connection closed",
    clauses: ["FRM-2", "CON-1"],
    fails: [
      "response-size-counts-payload",
      "connection-of-two-requests",
      "connection-of-many-requests",
      "connection-of-a-whole-talk",
    ],
    frames: {
      answer: (answer) => {
        const bytes = encodeAnswer(answer);
        const padding = paddingBehind(bytes.length, {
          blockSize: BLOCK_SIZE,
        });
        return concat([bytes, new Uint8Array(padding)]);
      },
      closes: () => true,
    },
  },
  "closes-after-failure": {
    about: "The connection is closed after a 9000",
    clauses: ["CON-2"],
    fails: [
      "open-after-unknown-client",
      "open-after-unknown-code",
      "open-after-unknown-target",
    ],
    frames: { closes: failed },
  },
  "idle-time-out": {
    about: "A connection that is silent between requests is closed",
    clauses: ["CON-3"],
    fails: ["open-after-silence", "open-before-first-request"],
    inject: () => ({ frames: () => ({ idleTimeout: IDLE_TIMEOUT }) }),
  },
  "one-client-at-a-time": {
    about: "The next client is served once the last one has gone",
    clauses: ["CON-4", "CON-5"],
    isSilent: true,
    fails: [
      "others-silent",
      "others-stalled-in-header",
      "others-stalled-in-payload",
      "others-claim-4-gib",
      "others-not-reading",
      "many-clients",
    ],
    inject: () => ({ connections: oneAtATime }),
  },
  "stalled-client-blocks": {
    about: "No other connection is read from until a request is whole",
    clauses: ["CON-4"],
    isSilent: true,
    fails: [
      "others-stalled-in-header",
      "others-stalled-in-payload",
      "others-claim-4-gib",
    ],
    inject: () => {
      const turns = new Turns();
      return {
        frames: () => {
          let end = () => {};
          return {
            begun: async () => {
              end = await turns.take();
            },
            over: () => end(),
          };
        },
      };
    },
  },
  "few-connections": {
    about: "More than 80 connections at once are closed",
    clauses: ["CON-5"],
    fails: ["many-clients"],
    inject: () => ({ connections: (inner) => few(inner, "newest") }),
  },
  "newest-connections": {
    about: "More than 80 connections at once end the oldest",
    clauses: ["CON-5"],
    fails: ["many-clients"],
    inject: () => ({ connections: (inner) => few(inner, "oldest") }),
  },
  "reset-ends-all": {
    about: "A connection that is reset takes its client's others with it",
    clauses: ["CON-6"],
    fails: ["others-broken-off"],
    inject: () => {
      const open = new Map<string, Set<() => void>>();
      return {
        frames: (end) => {
          let ends: Set<() => void> | undefined;
          return {
            request: ({ header }) => {
              const client = header.clientId.toHex();
              ends = open.get(client) ?? new Set();
              open.set(client, ends.add(end));
            },
            broken: () => ends?.forEach((end) => end()),
          };
        },
      };
    },
  },
  "cut-off-request-kept": {
    about: "What is missing of a request that was cut off is filled up",
    clauses: ["CON-7"],
    fails: ["cut-off-registration", "cut-off-message"],
    frames: {
      cutOff: ({ kind, head, payload }, missing) => {
        const least = kind === "sendMessage" ? SEND_OVERHEAD : NAME_SIZE;
        return payload.length >= least
          ? concat([head, payload, new Uint8Array(missing)])
          : concat([head, payload]);
      },
    },
  },
  "half-close-unanswered": {
    about: "A request with the end of the stream behind it isn't answered",
    clauses: ["CON-8"],
    fails: ["half-closed"],
    inject: () => ({ bytes: (line) => new NoHalfClose(line) }),
  },
  "orderly-end-shows-nothing": {
    about: "Only another request shows that an answer was taken",
    clauses: ["DLV-3"],
    fails: ["pull-then-end"],
    bytes: (line) =>
      new class extends LineAround {
        override async read(into: Uint8Array): Promise<number | null> {
          const size = await super.read(into);
          if (size === null) throw new Error("The end counts as a reset");
          return size;
        }
      }(line),
  },
  "answers-in-two-writes": {
    about: "An answer's header goes out by itself",
    clauses: ["FRM-5"],
    fails: ["response-in-one-write"],
    bytes: (line) =>
      new class extends LineAround {
        override async write(bytes: Uint8Array): Promise<number> {
          if (bytes.length < 2) return await super.write(bytes);
          await super.write(bytes.subarray(0, 1));
          await delay(APART);
          return 1 + await super.write(bytes.subarray(1));
        }
      }(line),
  },
  "one-dialect": {
    about: "Codes of dialects behind 600 are unknown",
    clauses: ["DIA-1"],
    fails: ["dialect-700", "dialect-1100"],
    frames: {
      request: (asked) => {
        const { kind, header: { code } } = asked;
        return kind !== undefined && code >= 700 ? refused(asked) : undefined;
      },
    },
  },
  "dialects-apart": {
    about: "A message for who registered in another dialect gets lost",
    clauses: ["DIA-4"],
    fails: [
      "dialect-700-shares",
      "dialect-1100-shares",
      "dialect-1000-shares",
      "dialect-100-shares",
    ],
    inject: () => {
      const dialects = new Map<string, number>();
      const dialect = (code: number) => Math.floor(code / 100);
      return {
        frames: () => ({
          request: (asked) => {
            const { kind, header: { code }, payload } = asked;
            if (kind !== "sendMessage") return undefined;
            const target = payload.subarray(0, CLIENT_ID_SIZE).toHex();
            const its = dialects.get(target);
            asked.marked = its !== undefined && its !== dialect(code);
            return asked.marked ? refused(asked) : undefined;
          },
          answer: (answer, { kind, header: { code }, payload, marked }) => {
            if (kind === "register" && !failed(answer)) {
              dialects.set(answer.payload.toHex(), dialect(code));
            }
            if (!marked) return;
            const sent = responseCode.sendMessage;
            answer.code = responseCodeIn(dialectOf(code), sent);
            const target = payload.subarray(0, CLIENT_ID_SIZE);
            answer.payload = concat([target, new Uint8Array([1, 0, 0, 0])]);
          },
        }),
      };
    },
  },
} as const satisfies Faults;
