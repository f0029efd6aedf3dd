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

/** Gives the next bytes of a stream, which stay as they are. */
export type Take = (size: number) => Uint8Array;

/** Bytes of the longest command. */
export const COMMAND_SIZE: number = 512 * 1024;
/** Bytes of the usual outcome; one that failed has its text in addition. */
export const OUTCOME_SIZE = 5;

const SEND_SIZE = 1 + 2 * CLIENT_ID_SIZE + 1 + 8 + 8 + 4;
const TAKEN_SIZE = 4 + 4;
const VISIT_SIZE = CLIENT_ID_SIZE + 8;

/**
 * Writes commands into bytes of its own, one at a time: so often is this done
 * that allocating them would cost more than all the rest.
 */
export class CommandEncoder {
  readonly #bytes = new Uint8Array(COMMAND_SIZE);
  readonly #view = new DataView(this.#bytes.buffer);

  /**
   * A command's bytes, which hold until the next call; those of a message's
   * content go behind them.
   */
  encode(command: Command): Uint8Array {
    return this.#bytes.subarray(0, this.#write(command));
  }

  #write(command: Command): number {
    const bytes = this.#bytes;
    const view = this.#view;
    switch (command.kind) {
      case "register": {
        const { id, name, publicKey } = command.client;
        bytes[0] = Kind.Register;
        bytes.set(id, 1);
        bytes.set(publicKey, 17);
        view.setFloat64(177, command.at);
        const { written } = UTF8.encodeInto(name, bytes.subarray(187));
        view.setUint16(185, written);
        return 187 + written;
      }
      case "send": {
        const { message, size, quota } = command;
        bytes[0] = Kind.Send;
        bytes.set(message.recipient, 1);
        bytes.set(message.sender, 17);
        bytes[33] = message.type;
        view.setFloat64(34, quota.messages);
        view.setFloat64(42, quota.bytes);
        view.setUint32(50, size);
        return SEND_SIZE;
      }
      case "remove": {
        const { recipient, messages } = command;
        bytes[0] = Kind.Remove;
        bytes.set(recipient, 1);
        view.setUint32(17, messages.length);
        messages.forEach(({ id, size }, i) => {
          view.setUint32(21 + TAKEN_SIZE * i, id);
          view.setUint32(25 + TAKEN_SIZE * i, size);
        });
        return 21 + TAKEN_SIZE * messages.length;
      }
      case "seen": {
        const { visits } = command;
        bytes[0] = Kind.Seen;
        view.setUint32(1, visits.length);
        visits.forEach(({ id, at }, i) => {
          bytes.set(id, 5 + VISIT_SIZE * i);
          view.setFloat64(21 + VISIT_SIZE * i, at);
        });
        return 5 + VISIT_SIZE * visits.length;
      }
      case "close":
        bytes[0] = Kind.Close;
        return 1;
    }
  }
}

/** Reads a command; what it holds are views of what was taken. */
export function readCommand(take: Take): Command {
  const kind = take(1)[0];
  switch (kind) {
    case Kind.Register: {
      const bytes = take(186);
      const view = viewOf(bytes);
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
      const bytes = take(SEND_SIZE - 1);
      const view = viewOf(bytes);
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
      const head = take(CLIENT_ID_SIZE + 4);
      const count = viewOf(head).getUint32(16);
      const view = viewOf(take(TAKEN_SIZE * count));
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
      const bytes = take(VISIT_SIZE * count);
      const view = viewOf(bytes);
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

/** An outcome's bytes, in the scratch bytes where they fit. */
export function encodeOutcome(
  outcome: Outcome,
  scratch: Uint8Array,
): Uint8Array {
  if ("value" in outcome) {
    scratch[0] = Status.Done;
    setUint32(scratch, 1, outcome.value);
    return scratch.subarray(0, OUTCOME_SIZE);
  }
  const { error } = outcome;
  const text = UTF8.encode(error.message);
  const bytes = new Uint8Array(OUTCOME_SIZE + text.length);
  bytes[0] = error instanceof StoreDamagedError
    ? Status.Damaged
    : Status.Failed;
  setUint32(bytes, 1, text.length);
  bytes.set(text, OUTCOME_SIZE);
  return bytes;
}

function setUint32(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = value >>> (24 - 8 * i);
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
  while (at + OUTCOME_SIZE <= bytes.length) {
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
