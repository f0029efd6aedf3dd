/**
 * What the sides of a conversation know in the end, by its bytes alone: they
 * are read with the codec, and contents opened as our client opens them.
 *
 * @module
 */

import { decodeHex, encodeHex } from "@std/encoding";
import { ContactKeys } from "../../../client/session/opening.ts";
import {
  DecryptError,
  decryptKey,
  exportSymmetricKey,
  importPrivateKey,
} from "../../../shared/crypto/crypto.ts";
import { MessageType } from "../../../shared/wire/protocol.ts";
import type {
  ConversationVector,
  Ending,
  Fields,
  Knowledge,
  PersonOfVector,
  Received,
} from "../../../lab/vectors/vector.ts";
import { throughCodec } from "./frame_codec.ts";
import { PULL } from "../../../kit/requests.ts";

/** What is asked: fields of header and payload together. */
type Asked = Fields & { readonly kind: string };

/** Reads a conversation to its end. */
export async function endingOf(
  { people, steps }: Pick<ConversationVector, "people" | "steps">,
): Promise<Ending> {
  const sides = people.map((person) => new Side(person, people));
  const asked = new Map<number, Asked[]>();
  let waiting: Ending["waiting"] = [];
  for (const { connection, direction, dialect, bytes } of steps) {
    const { meaning } = throughCodec(decodeHex(bytes), direction, dialect);
    const { kind = "", header, payload = [] } = meaning;
    const [record = {}] = payload;
    const open = asked.get(connection) ?? [];
    asked.set(connection, open);
    if (direction === "request") {
      const request = { kind, ...header, ...record } as Asked;
      open.push(request);
      await sideOf(sides, request)?.sends(request, sides);
      continue;
    }
    const request = open.shift();
    const side = request && sideOf(sides, request);
    if (side === undefined) continue;
    await side.hears(kind, payload);
    const { name } = side.knowledge;
    if (kind === "sendMessage") {
      const { target, messageId } = record;
      const to = people.find(({ clientId }) => clientId === target)?.name ?? "";
      waiting = [...waiting, { for: to, messageId: Number(messageId) }];
    } else if (kind === PULL) {
      const ids = payload.map(({ messageId }) => messageId);
      waiting = waiting.filter((message) =>
        message.for !== name || !ids.includes(message.messageId)
      );
    }
  }
  return { people: sides.map(({ knowledge }) => knowledge), waiting };
}

/** Who asks: by the id, and in a registration by the key. */
function sideOf(sides: readonly Side[], request: Asked): Side | undefined {
  return sides.find(({ person }) =>
    request.kind === "register"
      ? person.publicKey === request["publicKey"]
      : person.clientId === request["clientId"]
  );
}

/** One of the people. */
class Side {
  readonly person: PersonOfVector;
  readonly #people: readonly PersonOfVector[];
  #clientId: string | undefined;
  #listed: string[] = [];
  readonly #publicKeys: string[] = [];
  readonly #received: Received[] = [];
  /** By contact, the newest first. */
  readonly #keys = new Map<string, CryptoKey[]>();
  readonly #newest = new Map<string, string>();

  constructor(person: PersonOfVector, people: readonly PersonOfVector[]) {
    this.person = person;
    this.#people = people;
    if (person.registered) this.#clientId = person.clientId;
  }

  get knowledge(): Knowledge {
    return {
      name: this.person.name,
      ...this.#clientId === undefined ? {} : { clientId: this.#clientId },
      listed: this.#listed,
      publicKeys: this.#publicKeys,
      symmetricKeys: [...this.#newest].map(([contact, key]) => ({
        contact,
        key,
      })),
      received: this.#received,
    };
  }

  /** A key that is sent is known by who sends it: here who can open it tells. */
  async sends(request: Asked, sides: readonly Side[]): Promise<void> {
    const { kind, type, target, content } = request;
    if (kind !== "sendMessage" || type !== MessageType.Key) return;
    for (const side of sides) {
      const key = await side.#keyIn(`${content}`);
      if (key !== undefined) await this.#share(this.#nameOf(target), key);
    }
  }

  async hears(kind: string, payload: readonly Fields[]): Promise<void> {
    const [fields = {}] = payload;
    if (kind === "register") this.#clientId = `${fields["clientId"]}`;
    if (kind === "clientsList") {
      this.#listed = payload.map(({ name }) => `${name}`);
    }
    if (kind === "publicKey") {
      this.#publicKeys.push(this.#nameOf(fields["clientId"]));
    }
    if (kind !== PULL) return;
    for (const message of payload) {
      const { sender, messageId, type, content } = message;
      const from = this.#nameOf(sender);
      const plaintext = await this.#open(from, Number(type), `${content}`);
      this.#received.push({
        from,
        messageId: Number(messageId),
        type: Number(type),
        ...plaintext === undefined ? {} : { plaintext: encodeHex(plaintext) },
        ...plaintext !== undefined && type === MessageType.Text
          ? { text: new TextDecoder().decode(plaintext) }
          : {},
      });
    }
  }

  async #open(
    from: string,
    type: number,
    content: string,
  ): Promise<Uint8Array | undefined> {
    if (type === MessageType.KeyRequest) return undefined;
    if (type === MessageType.Key) {
      const key = await this.#keyIn(content);
      if (key === undefined) return undefined;
      await this.#share(from, key);
      return await exportSymmetricKey(key);
    }
    const known = this.#keys.get(from) ?? [];
    const keys = new ContactKeys(known, known[0]);
    return await orUndefined(async () =>
      (await keys.openText(decodeHex(content))).plaintext
    );
  }

  async #share(contact: string, key: CryptoKey): Promise<void> {
    this.#keys.set(contact, [key, ...this.#keys.get(contact) ?? []]);
    this.#newest.set(contact, encodeHex(await exportSymmetricKey(key)));
  }

  async #keyIn(content: string): Promise<CryptoKey | undefined> {
    const privateKey = await importPrivateKey(
      decodeHex(this.person.privateKey),
    );
    return await orUndefined(() => decryptKey(privateKey, decodeHex(content)));
  }

  #nameOf(id: unknown): string {
    return this.#people.find(({ clientId }) => clientId === id)?.name ?? "";
  }
}

async function orUndefined<T>(
  decrypt: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await decrypt();
  } catch (error) {
    if (error instanceof DecryptError) return undefined;
    throw error;
  }
}
