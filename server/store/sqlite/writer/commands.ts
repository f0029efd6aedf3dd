/**
 * What the store asks of its writer, and what comes back, as bytes in a
 * `SharedPipe`. Both ends are in this process: nothing here is checked, and
 * nothing is kept anywhere.
 *
 * @module
 */

import {
  CLIENT_ID_SIZE,
  type ClientId,
  PUBLIC_KEY_SIZE,
} from "../../../../shared/wire/protocol.ts";
import type { IdRun } from "../../id_runs.ts";
import type { PipeReader } from "./pipe_reader.ts";
import type { Deletion } from "../deletions.ts";
import {
  type NewClient,
  type NewMessage,
  type Quota,
  StoreBrokenError,
  StoreError,
} from "../../store.ts";

const Kind = {
  Register: 1,
  Send: 2,
  Remove: 3,
  Seen: 4,
  Close: 5,
  Purge: 6,
  Ping: 7,
  Count: 8,
} as const;
const Status = { Done: 0, Failed: 1, Broken: 2, Refused: 3 } as const;

const UTF8 = new TextEncoder();
const TEXT = new TextDecoder();

/** A client's last visit. */
export interface Visit {
  /** Where the client stands among all. */
  position: number;
  /** When, in milliseconds since 1970. */
  at: number;
}

/** One thing to write. Arrays are views: see {@linkcode readCommand}. */
export type Command =
  | { kind: "register"; client: NewClient; at: number }
  | {
    kind: "send";
    message: Omit<NewMessage, "content">;
    /** Bytes of content, which follow the command. */
    size: number;
    quota: Quota;
  }
  | ({ kind: "remove"; recipient: ClientId } & Deletion)
  | { kind: "seen"; visits: Visit[] }
  | {
    kind: "purge";
    /** Milliseconds that they have waited for at least. */
    age: number;
    /** Messages at most. */
    most: number;
  }
  /** Writes nothing, and shows that something could be written. */
  | { kind: "ping" }
  /** Counts the messages that wait, unless that is known. */
  | { kind: "count" }
  | { kind: "close" };

/** How a command ended: with a number, below 0 where it was refused, or with what went wrong. */
export type Outcome = { value: number } | { error: StoreError };

/** Stands for a number of bytes that isn't known. */
const UNKNOWN = -1;

/** Bytes of the longest command: a deletion of all that an answer holds. */
const COMMAND_SIZE = 512 * 1024;
/** Bytes of the usual outcome; one that failed has its text in addition. */
const OUTCOME_SIZE = 5;

/**
 * Writes commands into bytes of its own, one at a time: so often is this done
 * that allocating them would cost more than all the rest.
 */
export class CommandEncoder {
  readonly #bytes = new Uint8Array(COMMAND_SIZE);
  readonly #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /**
   * A command's bytes, which hold until the next call; those of a message's
   * content go behind them.
   */
  encode(command: Command): Uint8Array {
    return this.#bytes.subarray(0, this.#write(command));
  }

  #write(command: Command): number {
    this.#at = 0;
    switch (command.kind) {
      case "register": {
        const { id, name, publicKey } = command.client;
        this.#u8(Kind.Register);
        this.#raw(id);
        this.#raw(publicKey);
        const text = UTF8.encode(name);
        this.#u32(text.length);
        this.#raw(text);
        this.#f64(command.at);
        break;
      }
      case "send": {
        const { message, size, quota } = command;
        this.#u8(Kind.Send);
        this.#raw(message.recipient);
        this.#raw(message.sender);
        this.#u8(message.type);
        this.#f64(quota.messages);
        this.#f64(quota.bytes);
        this.#u32(size);
        break;
      }
      case "remove":
        this.#u8(Kind.Remove);
        this.#raw(command.recipient);
        this.#f64(command.bytes ?? UNKNOWN);
        this.#u32(command.runs.length);
        for (const [first, last] of command.runs) {
          this.#u32(first);
          this.#u32(last);
        }
        break;
      case "seen":
        this.#u8(Kind.Seen);
        this.#u32(command.visits.length);
        for (const { position, at } of command.visits) {
          this.#f64(position);
          this.#f64(at);
        }
        break;
      case "purge":
        this.#u8(Kind.Purge);
        this.#f64(command.age);
        this.#u32(command.most);
        break;
      case "ping":
        this.#u8(Kind.Ping);
        break;
      case "count":
        this.#u8(Kind.Count);
        break;
      case "close":
        this.#u8(Kind.Close);
    }
    return this.#at;
  }

  #u8(value: number): void {
    this.#bytes[this.#at++] = value;
  }

  #u32(value: number): void {
    this.#view.setUint32(this.#at, value);
    this.#at += 4;
  }

  #f64(value: number): void {
    this.#view.setFloat64(this.#at, value);
    this.#at += 8;
  }

  #raw(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }
}

/** Reads a command; what it holds are views of what was read. */
export function readCommand(reader: PipeReader): Command {
  const id = () => reader.bytes(CLIENT_ID_SIZE) as Uint8Array as ClientId;
  const kind = reader.u8();
  switch (kind) {
    case Kind.Register: {
      const client = {
        id: id(),
        publicKey: reader.bytes(PUBLIC_KEY_SIZE),
        name: TEXT.decode(reader.bytes(reader.u32())),
      };
      return { kind: "register", client, at: reader.f64() };
    }
    case Kind.Send: {
      const message = {
        recipient: id(),
        sender: id(),
        type: reader.u8() as NewMessage["type"],
      };
      const quota = { messages: reader.f64(), bytes: reader.f64() };
      return { kind: "send", message, quota, size: reader.u32() };
    }
    case Kind.Remove: {
      const recipient = id();
      const bytes = reader.f64();
      const runs = Array.from(
        { length: reader.u32() },
        (): IdRun => [reader.u32(), reader.u32()],
      );
      return {
        kind: "remove",
        recipient,
        runs,
        bytes: bytes === UNKNOWN ? undefined : bytes,
      };
    }
    case Kind.Seen: {
      const visits = Array.from(
        { length: reader.u32() },
        () => ({ position: reader.f64(), at: reader.f64() }),
      );
      return { kind: "seen", visits };
    }
    case Kind.Purge:
      return { kind: "purge", age: reader.f64(), most: reader.u32() };
    case Kind.Ping:
      return { kind: "ping" };
    case Kind.Count:
      return { kind: "count" };
    case Kind.Close:
      return { kind: "close" };
    default:
      throw new RangeError(`Expected a command, got kind ${kind}`);
  }
}

/** The bytes of outcomes. */
export function encodeOutcomes(outcomes: readonly Outcome[]): Uint8Array {
  const texts = outcomes.map((outcome) =>
    "error" in outcome ? UTF8.encode(outcome.error.message) : undefined
  );
  const size = texts.reduce(
    (size, text) => size + OUTCOME_SIZE + (text?.length ?? 0),
    0,
  );
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  outcomes.forEach((outcome, i) => {
    const text = texts[i];
    bytes[at] = "value" in outcome
      ? outcome.value < 0 ? Status.Refused : Status.Done
      : outcome.error instanceof StoreBrokenError
      ? Status.Broken
      : Status.Failed;
    const number = "value" in outcome ? Math.abs(outcome.value) : text?.length;
    view.setUint32(at + 1, number ?? 0);
    if (text !== undefined) bytes.set(text, at + OUTCOME_SIZE);
    at += OUTCOME_SIZE + (text?.length ?? 0);
  });
  return bytes;
}

/**
 * Reads the outcomes that are there whole.
 *
 * @returns how many bytes they took
 */
export function readOutcomes(
  bytes: Uint8Array,
  each: (outcome: Outcome) => void,
): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  while (at + OUTCOME_SIZE <= bytes.length) {
    const number = view.getUint32(at + 1);
    if (bytes[at] === Status.Done || bytes[at] === Status.Refused) {
      const value = bytes[at] === Status.Done ? number : -number;
      at += 5;
      each({ value });
    } else {
      if (at + 5 + number > bytes.length) break;
      const text = TEXT.decode(bytes.slice(at + 5, at + 5 + number));
      const error = bytes[at] === Status.Broken
        ? new StoreBrokenError(text)
        : new StoreError(text);
      each({ error });
      at += 5 + number;
    }
  }
  return at;
}
