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
  type MessageId,
  PUBLIC_KEY_SIZE,
} from "../../shared/protocol.ts";
import {
  type NewClient,
  type NewMessage,
  type Quota,
  StoreDamagedError,
  StoreError,
  type TakenMessage,
} from "./store.ts";

const Kind = { Register: 1, Send: 2, Remove: 3, Seen: 4, Close: 5 } as const;
const Status = { Done: 0, Failed: 1, Damaged: 2 } as const;

const UTF8 = new TextEncoder();
const TEXT = new TextDecoder();

/** A client's last visit. */
export interface Visit {
  /** Whose. */
  id: ClientId;
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
  | { kind: "remove"; recipient: ClientId; messages: TakenMessage[] }
  | { kind: "seen"; visits: Visit[] }
  | { kind: "close" };

/** How a command ended: with a number, or with what went wrong. */
export type Outcome = { value: number } | { error: StoreError };

/** Gives the next bytes of a stream; they hold until the next call. */
export type Take = (size: number) => Uint8Array;

const SEND_SIZE = 1 + 2 * CLIENT_ID_SIZE + 1 + 8 + 8 + 4;
const TAKEN_SIZE = 4 + 4;
const VISIT_SIZE = CLIENT_ID_SIZE + 8;

/** A command's bytes; those of a message's content go behind them. */
export function encodeCommand(command: Command): Uint8Array {
  switch (command.kind) {
    case "register": {
      const { id, name, publicKey } = command.client;
      const text = UTF8.encode(name);
      const bytes = new Uint8Array(
        1 + CLIENT_ID_SIZE + PUBLIC_KEY_SIZE + 8 + 2 + text.length,
      );
      const view = new DataView(bytes.buffer);
      bytes[0] = Kind.Register;
      bytes.set(id, 1);
      bytes.set(publicKey, 17);
      view.setFloat64(177, command.at);
      view.setUint16(185, text.length);
      bytes.set(text, 187);
      return bytes;
    }
    case "send": {
      const { message, size, quota } = command;
      const bytes = new Uint8Array(SEND_SIZE);
      const view = new DataView(bytes.buffer);
      bytes[0] = Kind.Send;
      bytes.set(message.recipient, 1);
      bytes.set(message.sender, 17);
      bytes[33] = message.type;
      view.setFloat64(34, quota.messages);
      view.setFloat64(42, quota.bytes);
      view.setUint32(50, size);
      return bytes;
    }
    case "remove": {
      const { recipient, messages } = command;
      const bytes = new Uint8Array(
        1 + CLIENT_ID_SIZE + 4 + TAKEN_SIZE * messages.length,
      );
      const view = new DataView(bytes.buffer);
      bytes[0] = Kind.Remove;
      bytes.set(recipient, 1);
      view.setUint32(17, messages.length);
      messages.forEach(({ id, size }, i) => {
        view.setUint32(21 + TAKEN_SIZE * i, id);
        view.setUint32(25 + TAKEN_SIZE * i, size);
      });
      return bytes;
    }
    case "seen": {
      const { visits } = command;
      const bytes = new Uint8Array(1 + 4 + VISIT_SIZE * visits.length);
      const view = new DataView(bytes.buffer);
      bytes[0] = Kind.Seen;
      view.setUint32(1, visits.length);
      visits.forEach(({ id, at }, i) => {
        bytes.set(id, 5 + VISIT_SIZE * i);
        view.setFloat64(21 + VISIT_SIZE * i, at);
      });
      return bytes;
    }
    case "close":
      return new Uint8Array([Kind.Close]);
  }
}

/** Reads a command; what it holds is its own, and stays. */
export function readCommand(take: Take): Command {
  const kind = take(1)[0];
  switch (kind) {
    case Kind.Register: {
      const bytes = take(186).slice();
      const view = new DataView(bytes.buffer);
      return {
        kind: "register",
        client: {
          id: bytes.subarray(0, 16) as ClientId,
          publicKey: bytes.subarray(16, 176),
          name: TEXT.decode(take(view.getUint16(184))),
        },
        at: view.getFloat64(176),
      };
    }
    case Kind.Send: {
      const bytes = take(SEND_SIZE - 1).slice();
      const view = new DataView(bytes.buffer);
      return {
        kind: "send",
        message: {
          recipient: bytes.subarray(0, 16) as ClientId,
          sender: bytes.subarray(16, 32) as ClientId,
          type: bytes[32] as NewMessage["type"],
        },
        quota: { messages: view.getFloat64(33), bytes: view.getFloat64(41) },
        size: view.getUint32(49),
      };
    }
    case Kind.Remove: {
      const head = take(CLIENT_ID_SIZE + 4).slice();
      const count = new DataView(head.buffer).getUint32(16);
      const bytes = take(TAKEN_SIZE * count);
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      return {
        kind: "remove",
        recipient: head.subarray(0, 16) as ClientId,
        messages: Array.from({ length: count }, (_, i) => ({
          id: view.getUint32(TAKEN_SIZE * i) as MessageId,
          size: view.getUint32(TAKEN_SIZE * i + 4),
        })),
      };
    }
    case Kind.Seen: {
      const count = viewOf(take(4)).getUint32(0);
      const bytes = take(VISIT_SIZE * count).slice();
      const view = new DataView(bytes.buffer);
      return {
        kind: "seen",
        visits: Array.from({ length: count }, (_, i) => ({
          id: bytes.subarray(VISIT_SIZE * i, VISIT_SIZE * i + 16) as ClientId,
          at: view.getFloat64(VISIT_SIZE * i + 16),
        })),
      };
    }
    case Kind.Close:
      return { kind: "close" };
    default:
      throw new RangeError(`Expected a command, got kind ${kind}`);
  }
}

/** An outcome's bytes. */
export function encodeOutcome(outcome: Outcome): Uint8Array {
  if ("value" in outcome) {
    const bytes = new Uint8Array(5);
    bytes[0] = Status.Done;
    new DataView(bytes.buffer).setUint32(1, outcome.value);
    return bytes;
  }
  const { error } = outcome;
  const text = UTF8.encode(error.message);
  const bytes = new Uint8Array(5 + text.length);
  bytes[0] = error instanceof StoreDamagedError
    ? Status.Damaged
    : Status.Failed;
  new DataView(bytes.buffer).setUint32(1, text.length);
  bytes.set(text, 5);
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
  const view = viewOf(bytes);
  let at = 0;
  while (at + 5 <= bytes.length) {
    const number = view.getUint32(at + 1);
    if (bytes[at] === Status.Done) {
      at += 5;
      each({ value: number });
    } else {
      if (at + 5 + number > bytes.length) break;
      const text = TEXT.decode(bytes.slice(at + 5, at + 5 + number));
      const error = bytes[at] === Status.Damaged
        ? new StoreDamagedError(text)
        : new StoreError(text);
      each({ error });
      at += 5 + number;
    }
  }
  return at;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
