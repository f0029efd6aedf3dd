/** A client of the relay in a few words, for tests. */

import { encodeHex } from "@std/encoding";
import {
  type Address,
  RawConnection,
  type Responded,
} from "../../kit/raw_connection.ts";
import type { ClientId } from "../../shared/wire/protocol.ts";
import type {
  RequestPayloads,
  ResponseCode,
} from "../../shared/wire/requests.ts";
import { PULL } from "../../kit/requests.ts";

export { writeAll } from "../../shared/folder/durable_files.ts";

/** A connection to a relay. */
export class Peer extends RawConnection {
  static override async connect(address: Address): Promise<Peer> {
    return new Peer(await Deno.connect(address));
  }

  /** The bytes of the next response, or null at the end of the stream. */
  async responseBytes(): Promise<Uint8Array | null> {
    return (await this.take())?.bytes ?? null;
  }

  /** Registers a user and returns the id. */
  async register(
    name: string,
    publicKey: Uint8Array = new Uint8Array(160).fill(7),
  ): Promise<ClientId> {
    const response = await this.ask("register", { name, publicKey });
    return expectCode(response, 2100).payload.clientId;
  }

  /** The contents that a pull hands out, in hex. */
  async pull(clientId: ClientId): Promise<string[]> {
    const response = await this.ask(PULL, {}, clientId);
    return expectCode(response, 2104).payload.map(({ content }) =>
      encodeHex(content)
    );
  }

  /** Sends a text's content and returns the message's id. */
  async send(
    from: ClientId,
    target: ClientId,
    content: Uint8Array,
    type: RequestPayloads["sendMessage"]["type"] = 3,
  ): Promise<number> {
    const message = { target, type, content };
    const response = await this.ask("sendMessage", message, from);
    return expectCode(response, 2103).payload.messageId;
  }
}

/** @throws {Error} if a response has another code */
function expectCode<C extends ResponseCode>(
  response: Responded,
  code: C,
): Extract<Responded, { code: C }> {
  if (response.code !== code) {
    throw new Error(`Expected ${code}: ${response.code}`);
  }
  return response as Extract<Responded, { code: C }>;
}
