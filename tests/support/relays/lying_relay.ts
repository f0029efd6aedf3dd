/** A relay that says of users what a test wants it to say, and a client that relies on it. */

import { assertEquals } from "@std/assert";
import { RelayLink, Session } from "../../../client/mod.ts";
import {
  decryptKey,
  exportPublicKey,
  generateKeyPair,
  legacyDecrypt,
} from "../../../shared/crypto/crypto.ts";
import { encodeResponse } from "../../../shared/wire/frames.ts";
import { PULL } from "../../../kit/requests.ts";
import { asClientId } from "../../../shared/wire/field_types.ts";
import type { MessageId } from "../../../shared/wire/protocol.ts";
import {
  FAILURE,
  type ListedClient,
  type RequestKind,
  type Response,
  type WaitingMessage,
} from "../../../shared/wire/requests.ts";
import { BEN } from "../clients/ben.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import type { Asked } from "../../../lab/wrong_relay/altered_line.ts";
import { startWrongRelay } from "../../../lab/wrong_relay/wrong_relay.ts";

/** The relay, which says of users what a test wants it to say. */
export class LyingRelay implements AsyncDisposable {
  /** What 601 responds with. */
  listed: ListedClient[] = [{ clientId: BEN, name: "ben" }];
  /** What 602 responds with, by id in hex; refused where there is none. */
  readonly keys = new Map<string, Uint8Array>();
  /** What 604 hands out next. */
  readonly waiting: WaitingMessage[] = [];
  /** Messages that were sent, in order: recipient, type, content. */
  readonly sent: { target: string; type: number; content: Uint8Array }[] = [];
  readonly #relay = startWrongRelay([], {
    frames: () => ({ answer: (_, asked) => this.#lie(asked) }),
  });

  get address() {
    return this.#relay.address;
  }

  /** What goes out in place of the relay's own response; registrations are its own. */
  #lie({ kind, payload }: Asked): Uint8Array | undefined {
    const response = kind && this.#responses[kind]?.(payload);
    return response && encodeResponse(response);
  }

  readonly #responses: Partial<
    Record<RequestKind, (payload: Uint8Array) => Response>
  > = {
    clientsList: () => ({ code: 2101, payload: this.listed }),
    publicKey: (payload) => {
      const clientId = asClientId(payload.slice(0, 16));
      const publicKey = this.keys.get(clientId.toHex());
      return publicKey === undefined
        ? FAILURE
        : { code: 2102, payload: { clientId, publicKey } };
    },
    sendMessage: (payload) => {
      const target = asClientId(payload.slice(0, 16));
      if (!this.keys.has(target.toHex())) return FAILURE;
      const [type = 0] = payload.subarray(16);
      const content = payload.slice(21);
      const sent = { target: target.toHex(), type, content };
      const messageId = this.sent.push(sent) as MessageId;
      return { code: 2103, payload: { target, messageId } };
    },
    [PULL]: () => ({ code: 2104, payload: this.waiting.splice(0) }),
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#relay.close();
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
