/**
 * The five requests as a client asks them, and what the servers in the wild
 * answer brought to what the protocol says (section 4 of docs/protocol.md).
 *
 * @module
 */

import { equals } from "@std/bytes";
import { FormatError } from "../shared/format_error.ts";
import type { Address } from "../shared/info_server.ts";
import {
  answerCode,
  CLIENT_ID_SIZE,
  type ClientId,
  type MessageId,
  PROTOCOL_VERSION,
  PUBLIC_KEY_SIZE,
  type RequestKind,
} from "../shared/protocol.ts";
import {
  encodeRequest,
  NOBODY,
  type RequestPayloads,
  type SendMessage,
} from "../shared/requests.ts";
import {
  type ListedClient,
  listedClients,
  messageSent,
  publicKeyAnswer,
  registered,
} from "../shared/responses.ts";
import { ask, type Progress, type Question } from "./connection.ts";
import { ConnectionError, ServerRefusedError } from "./errors.ts";

/** The version that servers know which refuse ours. */
const OLDER_VERSION = 1;

/** Asks a relay on behalf of a client. */
export class RelayLink {
  readonly #locate: () => Promise<Address>;
  #version: number;

  /**
   * @param locate says where the relay is, before each request
   * @param version what requests say of us, 0 to 255
   */
  constructor(
    locate: () => Promise<Address>,
    version: number = PROTOCOL_VERSION,
  ) {
    this.#locate = locate;
    this.#version = version;
  }

  /**
   * 600: registers a name. Where the server refuses our version it is asked
   * once more with 1, which is safe: a refused registration left nothing.
   *
   * @throws {ServerRefusedError} where the name is taken or refused
   */
  async register(name: string, publicKey: Uint8Array): Promise<ClientId> {
    const register = () =>
      this.#ask("register", { name, publicKey }, NOBODY, {
        // Whatever follows the id: the name is taken, so the id must be kept.
        read: (payload) =>
          registered.decode(payload.subarray(0, CLIENT_ID_SIZE)),
      });
    try {
      return (await register()).clientId;
    } catch (error) {
      const refused = error instanceof ServerRefusedError;
      if (!refused || this.#version === OLDER_VERSION) throw error;
      const version = this.#version;
      this.#version = OLDER_VERSION;
      try {
        return (await register()).clientId;
      } catch (second) {
        this.#version = version;
        throw second;
      }
    }
  }

  /** 601: everybody else. Some servers list the asker too, who is left out. */
  async clients(me: ClientId): Promise<ListedClient[]> {
    const all = await this.#ask("clientsList", {}, me, {
      read: listedClients.decode,
    });
    return all.filter(({ clientId }) => !equals(clientId, me));
  }

  /** 602: a public key. Some servers answer the key alone. */
  async publicKey(me: ClientId, target: ClientId): Promise<Uint8Array> {
    return await this.#ask("publicKey", { target }, me, {
      read: (payload): Uint8Array => {
        if (payload.length === PUBLIC_KEY_SIZE) return payload;
        const { clientId, publicKey } = publicKeyAnswer.decode(payload);
        if (equals(clientId, target)) return publicKey;
        throw new FormatError(
          "publicKeyAnswer.clientId: another than was asked for",
        );
      },
    });
  }

  /** 603: sends a message. The answer's code alone is success (section 4, point 4). */
  async send(
    me: ClientId,
    message: SendMessage,
    progress?: Progress,
  ): Promise<MessageId | undefined> {
    return await this.#ask("sendMessage", message, me, {
      read: (payload) =>
        payload.length === messageSent.fixedSize
          ? messageSent.decode(payload).messageId
          : undefined,
      sending: progress,
    });
  }

  /**
   * 604: takes the next waiting messages.
   *
   * @param keep gets the payload before the connection is closed, which is
   * what tells the relay that it can delete the messages; of an answer that
   * breaks off it gets what has arrived
   */
  async pull(
    me: ClientId,
    keep: (payload: Uint8Array<ArrayBuffer>) => Promise<void>,
    progress?: Progress,
  ): Promise<void> {
    await this.#ask("waitingMessages", {}, me, {
      read: keep,
      readPartial: keep,
      receiving: progress,
    });
  }

  async #ask<K extends RequestKind, T>(
    kind: K,
    payload: RequestPayloads[K],
    me: ClientId,
    answer: Omit<Question<T>, "frame" | "expected">,
  ): Promise<T> {
    const address = await this.#locate();
    const frame = encodeRequest(kind, payload, {
      clientId: me,
      version: this.#version,
    });
    try {
      return await ask(address, {
        frame,
        expected: answerCode[kind],
        ...answer,
      });
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new ConnectionError(
        `The server's answer can't be read: ${error.message}`,
        "Is it a MessageU server?",
        { cause: error },
      );
    }
  }
}
