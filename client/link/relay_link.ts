/**
 * The requests of a client. Accepts the deviations of known servers (sections 5
 * and 7 of docs/protocol.md).
 *
 * @module
 */

import { equals } from "@std/bytes";
import { defaultDialect, type Dialect } from "../../shared/wire/dialects.ts";
import {
  CLIENT_ID_SIZE,
  type ClientId,
  LISTED_CLIENT_SIZE,
  type MessageId,
  PROTOCOL_VERSION,
  PUBLIC_KEY_SIZE,
  ZERO_ID,
} from "../../shared/wire/protocol.ts";
import {
  type ListedClient,
  type RequestKind,
  type RequestPayloads,
  requestRecord,
  responseCode,
  responseCodecs,
} from "../../shared/wire/requests.ts";
import type { RequestOptions } from "../../shared/wire/frames.ts";
import { FormatError } from "../../shared/wire/format_error.ts";
import { gather, type Pieces, recut } from "../../shared/wire/buffers.ts";
import {
  type Arriving,
  ask,
  type Progress,
  type Question,
} from "./connection.ts";
import { type Locate, Relays } from "./relays.ts";
import { withReason } from "./refusal.ts";
import {
  ServerRefusedError,
  UserError,
  VersionRefusedError,
} from "../errors.ts";
import {
  type OutgoingMessage,
  sendUpload,
  type Upload,
  wholeUpload,
} from "./upload.ts";

/** The version of servers that refuse ours. */
const OLDER_VERSION = 1;

/** Largest list of clients that is read, in bytes: 990,000 clients. */
const MAX_LIST_SIZE = 256 * 1024 * 1024;
/** Clients of a list that are decoded at once. */
const LISTED_AT_ONCE = 1000;
/** Largest 2104 that is read, 1088 MiB: more than our relay keeps for one recipient by default. */
const MAX_WAITING_SIZE = (1024 + 64) * 1024 * 1024;
/** Largest other response that is read, in bytes. */
const MAX_RESPONSE_SIZE = 64 * 1024;

/** How to read a response. */
type ResponseUse<T> = Omit<Question<T>, "request" | "dialect" | "expected">;

/**
 * Sends requests to relays. A request goes to the first relay that can be
 * reached; only a repeatable request is sent again after a broken connection.
 */
export class RelayLink {
  readonly #locate: Locate;
  readonly #relays: Relays;
  readonly #dialect: Dialect;
  #version: number;
  /** Whether the server accepts our version; undefined until it has responded. */
  #isTaken: Promise<boolean> | undefined;

  /**
   * @param locate returns the addresses of the relays, before each request
   * @param version version of the client in requests, 0 to 255
   * @param dialect dialect of requests and responses
   */
  constructor(
    locate: Locate,
    version: number = PROTOCOL_VERSION,
    dialect: Dialect = defaultDialect,
  ) {
    this.#locate = locate;
    this.#relays = new Relays(locate);
    this.#version = version;
    this.#dialect = dialect;
  }

  /** Number of relays. */
  async relayCount(): Promise<number> {
    return await this.#relays.count();
  }

  /**
   * 600: registers a name. Repeats a refused request with version 1, which is
   * safe: a refused registration has no effect.
   *
   * @throws {ServerRefusedError} where the name is taken or refused
   */
  async register(name: string, publicKey: Uint8Array): Promise<ClientId> {
    const register = () =>
      this.#fetch(
        "register",
        { name, publicKey },
        ZERO_ID,
        // Bytes after the id are ignored: the name is registered, so the id must be kept.
        (payload) =>
          responseCodecs.register.decode(payload.subarray(0, CLIENT_ID_SIZE)),
      );
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

  /** 601: the other clients. Some servers list the requester too, which is left out. */
  async clients(me: ClientId): Promise<ListedClient[]> {
    return await this.readClients(me, async (parts) => {
      const all: ListedClient[] = [];
      for await (const part of parts) all.push(...part);
      return all;
    });
  }

  /**
   * 601: the other clients, in parts while the list arrives.
   *
   * @param read reads the parts; called again after a broken connection, with
   * the response of the next relay
   */
  async readClients<T>(
    me: ClientId,
    read: (parts: AsyncIterable<ListedClient[]>) => Promise<T>,
  ): Promise<T> {
    return await this.#read("clientsList", {}, me, {
      most: MAX_LIST_SIZE,
      read: ({ pieces }) => read(listParts(pieces, me)),
    });
  }

  /** 602: a public key. Some servers respond with the key alone. */
  async publicKey(me: ClientId, target: ClientId): Promise<Uint8Array> {
    return await this.#fetch("publicKey", { target }, me, (payload) => {
      if (payload.length === PUBLIC_KEY_SIZE) return payload;
      const { clientId, publicKey } = responseCodecs.publicKey.decode(payload);
      if (equals(clientId, target)) return publicKey;
      throw new FormatError(
        "publicKey.clientId: another than was asked for",
      );
    });
  }

  /**
   * 603: sends a message. The response's code alone is success (SND-16).
   *
   * @returns the message's id, where the response has it
   * @throws {UserError} where the content is larger than the protocol allows, or
   * its pieces don't have the stated size
   */
  async send(
    me: ClientId,
    message: OutgoingMessage,
    progress?: Progress,
  ): Promise<MessageId | undefined> {
    const request = sendUpload(message, this.#from(me));
    return await this.#ask("sendMessage", me, () => request, {
      most: MAX_RESPONSE_SIZE,
      read: async ({ pieces, size }) => {
        const payload = await gather(pieces, size);
        if (payload.length !== responseCodecs.sendMessage.fixedSize) {
          return undefined;
        }
        const { target, messageId } = responseCodecs.sendMessage.decode(
          payload,
        );
        return equals(target, message.target) ? messageId : undefined;
      },
      sending: progress,
    });
  }

  /**
   * 604: fetches the next waiting messages. After a broken connection, the
   * caller may call it again, which asks the next relay.
   *
   * @param keep stores the payload as it arrives; closing the connection
   * afterwards lets the relay delete the messages
   */
  async pull(
    me: ClientId,
    keep: (response: Arriving) => Promise<void>,
    progress?: Progress,
  ): Promise<void> {
    await this.#read("waitingMessages", {}, me, {
      most: MAX_WAITING_SIZE,
      read: keep,
      receiving: progress,
    });
  }

  /** The header fields of the user's requests. */
  #from(me: ClientId): RequestOptions {
    const [version, dialect] = [this.#version, this.#dialect];
    return { clientId: me, version, dialect };
  }

  async #ask<T>(
    kind: RequestKind,
    me: ClientId,
    request: () => Upload,
    response: ResponseUse<T>,
  ): Promise<T> {
    const { repeatable = false } = requestRecord(kind);
    const asking = this.#relays.reach(repeatable, (relay) =>
      ask(relay, {
        request: request(),
        dialect: this.#dialect,
        expected: responseCode[kind],
        ...response,
      }));
    return await this.#explained(kind, me, asking);
  }

  /** Sends a request and decodes its complete response. */
  async #fetch<K extends RequestKind, T>(
    kind: K,
    payload: RequestPayloads[K],
    me: ClientId,
    decode: (payload: Uint8Array<ArrayBuffer>) => T,
  ): Promise<T> {
    return await this.#read(kind, payload, me, {
      most: MAX_RESPONSE_SIZE,
      read: async ({ pieces, size }) => decode(await gather(pieces, size)),
    });
  }

  async #read<K extends RequestKind, T>(
    kind: K,
    payload: RequestPayloads[K],
    me: ClientId,
    response: ResponseUse<T>,
  ): Promise<T> {
    const request = () => wholeUpload(kind, payload, this.#from(me));
    return await this.#ask(kind, me, request, response);
  }

  /**
   * Awaits a response. On the first refusal, tests whether the server refuses our
   * version.
   *
   * @throws {VersionRefusedError} where it does
   * @throws {ServerRefusedError} with what a refusal may mean
   */
  async #explained<T>(
    kind: RequestKind,
    me: ClientId,
    asking: Promise<T>,
  ): Promise<T> {
    try {
      const result = await asking;
      this.#isTaken ??= Promise.resolve(true);
      return result;
    } catch (error) {
      if (!(error instanceof ServerRefusedError)) throw error;
      if (this.#version !== OLDER_VERSION && me !== ZERO_ID) {
        this.#isTaken ??= this.#takesOurs(me);
        if (!await this.#isTaken) throw new VersionRefusedError(OLDER_VERSION);
      }
      throw withReason(error, kind);
    }
  }

  /** Whether the server accepts our version, by a request for the user's own public key. */
  async #takesOurs(me: ClientId): Promise<boolean> {
    const [ours, older] = [this.#version, OLDER_VERSION];
    return await this.#tryVersion(me, ours) !== "refused" ||
      await this.#tryVersion(me, older) !== "taken";
  }

  async #tryVersion(
    me: ClientId,
    version: number,
  ): Promise<"taken" | "refused" | "unknown"> {
    const link = new RelayLink(this.#locate, version, this.#dialect);
    // Prevents another test of the version.
    link.#isTaken = Promise.resolve(true);
    try {
      await link.publicKey(me, me);
      return "taken";
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return error instanceof ServerRefusedError ? "refused" : "unknown";
    }
  }
}

/** Decodes a list in parts as it arrives. */
async function* listParts(
  pieces: Pieces,
  me: ClientId,
): AsyncGenerator<ListedClient[], void, void> {
  for await (const part of recut(pieces, LISTED_AT_ONCE * LISTED_CLIENT_SIZE)) {
    yield responseCodecs.clientsList.decode(part)
      .filter(({ clientId }) => !equals(clientId, me));
  }
}
