import { decodeHex, encodeHex } from "@std/encoding";
import { MessageType } from "../../shared/wire/protocol.ts";
import {
  type Response,
  responseCode,
  type WaitingMessage,
} from "../../shared/wire/requests.ts";
import { decrypt } from "./ciphertexts/legacy_cipher.ts";
import type { Person } from "./people.ts";
import type { Knowledge, Received } from "./vector.ts";
import { PULL } from "../../kit/requests.ts";

/** What a user learns from the responses. */
export class Memory {
  readonly #person: Person;
  readonly #nameOf: (id: Uint8Array) => string;
  readonly #open: (content: string) => string | undefined;
  #clientId: string | undefined;
  #listed: readonly string[] = [];
  readonly #publicKeys: string[] = [];
  readonly #received: Received[] = [];
  /** By contact, all keys that were sent or received; the last one is used. */
  readonly #keys = new Map<string, readonly string[]>();

  /**
   * Nothing yet.
   *
   * @param isRegistered whether their id is known
   * @param nameOf who has an id
   * @param open the symmetric key in a content that is for them; undefined
   * where there is none
   */
  constructor(
    person: Person,
    isRegistered: boolean,
    nameOf: (id: Uint8Array) => string,
    open: (content: string) => string | undefined,
  ) {
    this.#person = person;
    this.#nameOf = nameOf;
    this.#open = open;
    if (isRegistered) this.#clientId = encodeHex(person.clientId);
  }

  /** The key for messages to a contact. */
  keyFor(contact: string): string | undefined {
    return this.#keys.get(contact)?.at(-1);
  }

  /** Notes a key that was sent or received. */
  share(contact: string, key: string): void {
    this.#keys.set(contact, [...this.#keys.get(contact) ?? [], key]);
  }

  /** Takes an answer. */
  hear(response: Response): void {
    switch (response.code) {
      case responseCode.register:
        this.#clientId = encodeHex(response.payload.clientId);
        break;
      case responseCode.clientsList:
        this.#listed = response.payload.map(({ name }) => name);
        break;
      case responseCode.publicKey:
        this.#publicKeys.push(this.#nameOf(response.payload.clientId));
        break;
      case responseCode[PULL]:
        this.#received.push(
          ...response.payload.map((message) => this.#read(message)),
        );
    }
  }

  /** All of it. */
  get knowledge(): Knowledge {
    return {
      name: this.#person.name,
      ...this.#clientId === undefined ? {} : { clientId: this.#clientId },
      listed: this.#listed,
      publicKeys: this.#publicKeys,
      symmetricKeys: [...this.#keys].map(([contact, keys]) => ({
        contact,
        key: keys.at(-1) ?? "",
      })),
      received: this.#received,
    };
  }

  #read({ sender, messageId, type, content }: WaitingMessage): Received {
    const from = this.#nameOf(sender);
    const plaintext = this.#decrypt(from, type, content);
    return {
      from,
      messageId,
      type,
      ...plaintext === undefined ? {} : { plaintext: encodeHex(plaintext) },
      ...type === MessageType.Text && plaintext !== undefined
        ? { text: new TextDecoder().decode(plaintext) }
        : {},
    };
  }

  #decrypt(
    from: string,
    type: number,
    content: Uint8Array,
  ): Uint8Array | undefined {
    if (type === MessageType.KeyRequest) return undefined;
    if (type === MessageType.Key) {
      const key = this.#open(encodeHex(content));
      if (key === undefined) return undefined;
      this.share(from, key);
      return decodeHex(key);
    }
    // MSG-6: what is still under way may be under an older one.
    const keys = this.#keys.get(from)?.toReversed() ?? [];
    return keys.map((key) => decrypt(decodeHex(key), content))
      .find((plaintext) => plaintext !== undefined);
  }
}
