/** A relay that says of people what a test wants it to say, and somebody who relies on it. */

import { assertEquals } from "@std/assert";
import { RelayLink, Session } from "../../../client/mod.ts";
import {
  decryptKey,
  exportPublicKey,
  generateKeyPair,
  legacyDecrypt,
} from "../../../shared/crypto/crypto.ts";
import { encodeResponse } from "../../../shared/wire/frames.ts";
import type { ClientId, MessageId } from "../../../shared/wire/protocol.ts";
import type {
  ListedClient,
  Response,
  WaitingMessage,
} from "../../../shared/wire/requests.ts";
import { BEN } from "../clients/ben.ts";
import { idOf } from "./misbehaviour.ts";
import { writeAll } from "../../../lab/harness/peer.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { ScriptedServer } from "../../../lab/harness/scripted_server.ts";

/** A relay that says of people what a test wants it to say. */
export class LyingRelay implements AsyncDisposable {
  /** What 601 answers. */
  listed: ListedClient[] = [{ clientId: BEN, name: "ben" }];
  /** What 602 answers, by id in hex; refused where there is none. */
  readonly keys = new Map<string, Uint8Array>();
  /** What 604 hands out next. */
  readonly waiting: WaitingMessage[] = [];
  /** Messages that were sent, in order: for whom, type, content. */
  readonly sent: { target: string; type: number; content: Uint8Array }[] = [];
  readonly #server = new ScriptedServer();
  #registered = 0;

  constructor() {
    this.#server.script = ({ header: { code }, payload }, conn) =>
      writeAll(conn, encodeResponse(this.#answer(code, payload)));
  }

  get address() {
    return this.#server.address;
  }

  #answer(code: number, payload: Uint8Array): Response {
    const target = payload.slice(0, 16) as Uint8Array as ClientId;
    const publicKey = this.keys.get(target.toHex());
    if (code === 600) {
      const clientId = idOf(0xa0 + this.#registered++);
      return { code: 2100, payload: { clientId } };
    }
    if (code === 601) return { code: 2101, payload: this.listed };
    if (code === 602 && publicKey !== undefined) {
      return { code: 2102, payload: { clientId: target, publicKey } };
    }
    if (code === 603 && publicKey !== undefined) {
      const [type = 0] = payload.subarray(16);
      const content = payload.slice(21);
      const messageId = this.sent.push({
        target: target.toHex(),
        type,
        content,
      }) as MessageId;
      return { code: 2103, payload: { target, messageId } };
    }
    if (code === 604) return { code: 2104, payload: this.waiting.splice(0) };
    return { code: 9000, payload: {} };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

/** Anna, with ben as she first met him, and everything she sends counted. */
export async function scene() {
  const relay = new LyingRelay();
  const folder = await temporaryFolder();
  const dir = `${folder.path}/anna`;
  // A new one each time, as if the client had been started anew.
  const session = () =>
    new Session(dir, new RelayLink(() => Promise.resolve(relay.address)));
  const bens = await generateKeyPair();
  relay.keys.set(BEN.toHex(), await exportPublicKey(bens.publicKey));
  using anna = session();
  await anna.register("anna");
  await anna.outbox.sendText("ben", "hello");
  assertEquals(relay.sent.map(({ type }) => type), [2, 3]);
  return {
    relay,
    dir,
    session,
    bens,
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** What the last two messages say to the owner of a key pair. */
export async function lastText(relay: LyingRelay, pair: CryptoKeyPair) {
  const [key, text] = relay.sent.slice(-2);
  assertEquals([key?.type, text?.type], [2, 3]);
  const symmetric = await decryptKey(
    pair.privateKey,
    key?.content ?? new Uint8Array(),
  );
  return new TextDecoder().decode(
    await legacyDecrypt(symmetric, text?.content ?? new Uint8Array()),
  );
}
