/** Talks to a relay in raw bytes, as a client that nobody here wrote would. */

import { encodeHex } from "@std/encoding";
import { ByteSource } from "../../shared/wire/byte_source.ts";
import { decodeResponse } from "./responses.ts";
import {
  defaultDialect,
  type Dialect,
  responseMeant,
} from "../../shared/wire/dialects.ts";
import { type ClientId, ZERO_ID } from "../../shared/wire/protocol.ts";
import type {
  RequestKind,
  RequestPayloads,
  Response,
} from "../../shared/wire/requests.ts";
import { encodeRequest, responseHeader } from "../../shared/wire/frames.ts";
import { PULL } from "../../kit/requests.ts";

export type Answered = Response & { version: number };

/** A connection to a relay. */
export class Peer implements Disposable {
  readonly conn: Deno.TcpConn;
  readonly source: ByteSource;

  constructor(conn: Deno.TcpConn) {
    this.conn = conn;
    this.source = new ByteSource((into) => conn.read(into));
  }

  static async connect(
    address: { hostname: string; port: number },
  ): Promise<Peer> {
    return new Peer(await Deno.connect(address));
  }

  write(bytes: Uint8Array): Promise<void> {
    return writeAll(this.conn, bytes);
  }

  /** The next answer's bytes, or null at the end of the stream. */
  async answerBytes(): Promise<Uint8Array | null> {
    if (!(await this.source.has(7))) return null;
    const { payloadSize } = responseHeader.decode(this.source.peek(7));
    return await this.source.take(7 + payloadSize);
  }

  /** The next answer, in that dialect. */
  async answer(dialect: Dialect = defaultDialect): Promise<Answered> {
    const bytes = await this.answerBytes();
    if (bytes === null) throw new Error("Expected an answer, got the end");
    const { version, code } = responseHeader.decode(bytes.subarray(0, 7));
    const meant = responseMeant(dialect, code);
    if (meant === undefined) throw new Error(`Expected an answer: ${code}`);
    return { ...decodeResponse(meant, bytes.subarray(7)), version };
  }

  async ask<K extends RequestKind>(
    kind: K,
    payload: RequestPayloads[K],
    clientId: ClientId = ZERO_ID,
    dialect: Dialect = defaultDialect,
  ): Promise<Answered> {
    await this.write(encodeRequest(kind, payload, { clientId, dialect }));
    return await this.answer(dialect);
  }

  /** Registers somebody and returns the id. */
  async register(
    name: string,
    publicKey: Uint8Array = new Uint8Array(160).fill(7),
  ): Promise<ClientId> {
    const answer = await this.ask("register", { name, publicKey });
    if (answer.code !== 2100) throw new Error(`Expected 2100: ${answer.code}`);
    return answer.payload.clientId;
  }

  /** The contents that a pull hands out, in hex. */
  async pull(clientId: ClientId): Promise<string[]> {
    const answer = await this.ask(PULL, {}, clientId);
    if (answer.code !== 2104) throw new Error(`Expected 2104: ${answer.code}`);
    return answer.payload.map(({ content }) => encodeHex(content));
  }

  /** Sends a text's content and returns the message's id. */
  async send(
    from: ClientId,
    target: ClientId,
    content: Uint8Array,
    type: RequestPayloads["sendMessage"]["type"] = 3,
  ): Promise<number> {
    const answer = await this.ask(
      "sendMessage",
      { target, type, content },
      from,
    );
    if (answer.code !== 2103) throw new Error(`Expected 2103: ${answer.code}`);
    return answer.payload.messageId;
  }

  [Symbol.dispose](): void {
    this.conn.close();
  }
}

/** Writes all of the bytes, however many a call takes. */
export async function writeAll(
  conn: Deno.TcpConn,
  bytes: Uint8Array,
): Promise<void> {
  for (let sent = 0; sent < bytes.length;) {
    sent += await conn.write(bytes.subarray(sent));
  }
}
