/**
 * What senders and recipients of many relays were told, and what must follow
 * from it.
 *
 * @module
 */

import { assert } from "@std/assert";
import { equals } from "@std/bytes";
import type { WaitingMessage } from "../../../shared/wire/requests.ts";

/** A message, by the number in its content. */
interface Sent {
  inbox: string;
  size: number;
  /** `asked`: no answer came, so it may have been kept or not. */
  fate: "asked" | "kept" | "refused";
  id: number | undefined;
  /** Each time that it was handed out. */
  handedOut: HandedOut[];
}

/** A message in an answer. */
interface HandedOut {
  /** `open`: nothing has shown yet whether the answer was taken. */
  end: "open" | "taken" | "broken";
}

/** Answers of one connection, until it is known that they were taken. */
export type OpenAnswers = { sent: Sent; handed: HandedOut }[];

/** All that was sent. */
export class Ledger {
  readonly #messages: Sent[] = [];
  /** The highest id of each inbox that was taken. */
  readonly #taken = new Map<string, number>();
  /** Sends that were acknowledged. */
  kept = 0;
  /** Sends that got a 9000. */
  refused = 0;

  /** A message goes out; returns its content, of the size that is asked for. */
  send(inbox: string, size: number): { serial: number; content: Uint8Array } {
    const serial = this.#messages.length;
    this.#messages.push({
      inbox,
      size,
      fate: "asked",
      id: undefined,
      handedOut: [],
    });
    return { serial, content: contentOf(serial, size) };
  }

  /** It was acknowledged. */
  keep(serial: number, id: number): void {
    const message = this.#message(serial);
    message.fate = "kept";
    this.#setId(message, id);
    this.kept++;
  }

  /** It got a 9000. */
  refuse(serial: number): void {
    const message = this.#message(serial);
    assert(
      message.handedOut.length === 0,
      `message ${serial} was handed out, and is refused`,
    );
    message.fate = "refused";
    this.refused++;
  }

  /** A pull handed these out. */
  handOut(
    inbox: string,
    messages: readonly WaitingMessage[],
  ): OpenAnswers {
    let last = this.#taken.get(inbox) ?? 0;
    return messages.map(({ messageId, content }) => {
      const serial = new DataView(content.buffer, content.byteOffset)
        .getUint32(0);
      const sent = this.#message(serial);
      const what = `message ${serial}, id ${messageId} of ${inbox}`;
      assert(
        equals(content, contentOf(serial, sent.size)),
        `${what} has another content`,
      );
      assert(sent.inbox === inbox, `${what} was sent to ${sent.inbox}`);
      assert(sent.fate !== "refused", `${what} was refused, and is there`);
      assert(
        sent.handedOut.every(({ end }) => end === "broken"),
        `${what} came twice`,
      );
      assert(messageId > last, `${what} came behind id ${last}`);
      last = messageId;
      this.#setId(sent, messageId);
      const handed: HandedOut = { end: "open" };
      sent.handedOut.push(handed);
      return { sent, handed };
    });
  }

  /** The connection showed that it had these answers, and was answered again. */
  take(answers: OpenAnswers): void {
    for (const { sent, handed } of answers) {
      handed.end = "taken";
      const last = this.#taken.get(sent.inbox) ?? 0;
      this.#taken.set(sent.inbox, Math.max(last, sent.id ?? 0));
    }
  }

  /** The connection broke: they may come again. */
  break(answers: OpenAnswers): void {
    for (const { handed } of answers) handed.end = "broken";
  }

  /** All inboxes are empty: whatever was acknowledged was handed out. */
  settle(): void {
    for (const [serial, { fate, handedOut }] of this.#messages.entries()) {
      assert(
        fate !== "kept" || handedOut.length > 0,
        `message ${serial} is lost`,
      );
    }
  }

  #message(serial: number): Sent {
    const message = this.#messages[serial];
    assert(message !== undefined, `message ${serial} was never sent`);
    return message;
  }

  #setId(message: Sent, id: number): void {
    assert(
      (message.id ?? id) === id,
      `a message has id ${message.id}, and id ${id}`,
    );
    message.id = id;
  }
}

/** A content that no other message has, in any of its parts. */
function contentOf(serial: number, size: number): Uint8Array {
  const content = new Uint8Array(Math.max(4, size));
  for (let at = 4; at < content.length; at++) content[at] = serial + (at >> 8);
  new DataView(content.buffer).setUint32(0, serial);
  return content;
}
