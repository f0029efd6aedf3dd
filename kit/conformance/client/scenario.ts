/**
 * The state of the mock server: the checked client, the users in its list, and
 * the messages that wait for it.
 *
 * @module
 */

import { equals } from "@std/bytes";
import { importPublicKey } from "../../../shared/crypto/crypto.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";
import {
  type ClientId,
  drawClientId,
  type MessageId,
  MessageType,
  NAME_SIZE,
} from "../../../shared/wire/protocol.ts";
import {
  FAILURE,
  type Response,
  responseCode,
} from "../../../shared/wire/requests.ts";
import { decodeListedName } from "../../../shared/wire/field_types.ts";
import { type Arrival, messageOf, payloadOf, targetOf } from "./arrival.ts";
import { type Letter, Person } from "./person.ts";
import { PULL } from "../../requests.ts";

/** The checked client. */
export interface Subject {
  /** The registered name. */
  readonly name: string;
  /** The id from its registration. */
  readonly clientId: ClientId;
  /** The bytes behind the name in its registration. */
  readonly publicKey: Uint8Array;
  /** The imported public key; undefined if it is none. */
  readonly key: CryptoKey | undefined;
}

/** The client's public key can't be used to send it a key. */
export class NoKeyError extends Error {
  override name = "NoKeyError";
  override message = "the client can't be sent a key: see public-key";
}

/** Users and waiting messages of the mock server. */
export class Scenario {
  /** A user who writes to the client first. */
  readonly ben: Person;
  /** A user to whom the client writes first. */
  readonly dana: Person;
  /** All users in the list. */
  readonly people: Person[];
  /** The client, once it is registered. */
  me: Subject | undefined;
  /** Waiting messages, in groups of a response each. */
  readonly waiting: Letter[][] = [];
  readonly #nextId: () => MessageId;

  private constructor(ben: Person, dana: Person, nextId: () => MessageId) {
    this.ben = ben;
    this.dana = dana;
    this.people = [ben, dana];
    this.#nextId = nextId;
  }

  /** Creates ben and dana, in about 0.2 s. */
  static async create(): Promise<Scenario> {
    let last = 0;
    const nextId = () => ++last as MessageId;
    const [ben, dana] = await Promise.all([
      Person.create("ben", nextId),
      Person.create("dana", nextId),
    ]);
    return new Scenario(ben, dana, nextId);
  }

  /** @throws {NoKeyError} if the client has no usable key */
  get clientKey(): CryptoKey {
    if (this.me?.key === undefined) throw new NoKeyError();
    return this.me.key;
  }

  /** Adds a user to the list, with dana's key pair: generating one takes 100 ms. */
  invite(name: string): void {
    this.people.push(Person.like(this.dana, name, this.#nextId));
  }

  /** Finds a user by id. */
  withId(id: Uint8Array | undefined): Person | undefined {
    return this.people.find((person) =>
      id !== undefined && equals(person.clientId, id)
    );
  }

  /** Responds like a sound server; another check judges the id in the header. */
  async response(arrival: Arrival): Promise<Response> {
    switch (arrival.kind) {
      case "register":
        return await this.#register(payloadOf(arrival));
      case "clientsList":
        return {
          code: responseCode.clientsList,
          payload: this.people.map(({ clientId, name }) => ({
            clientId,
            name,
          })),
        };
      case "publicKey":
        return this.#publicKey(arrival);
      case "sendMessage":
        return await this.#send(arrival);
      case PULL:
        return this.#handOut();
      default:
        return FAILURE;
    }
  }

  /** Refuses a second registration (REG-3). */
  async #register(payload: Uint8Array): Promise<Response> {
    if (this.me !== undefined || payload.length <= NAME_SIZE) return FAILURE;
    const publicKey = payload.slice(NAME_SIZE);
    this.me = {
      name: decodeListedName(payload.subarray(0, NAME_SIZE)),
      clientId: drawClientId(),
      publicKey,
      key: await importPublicKey(publicKey).catch((error) => {
        if (!(error instanceof FormatError)) throw error;
        return undefined;
      }),
    };
    const { clientId } = this.me;
    return { code: responseCode.register, payload: { clientId } };
  }

  #publicKey(arrival: Arrival): Response {
    const person = this.withId(targetOf(arrival));
    if (person === undefined) return FAILURE;
    const { clientId, publicKey } = person;
    return { code: responseCode.publicKey, payload: { clientId, publicKey } };
  }

  async #send(arrival: Arrival): Promise<Response> {
    const person = this.withId(targetOf(arrival));
    const message = messageOf(arrival);
    if (person === undefined || message === undefined) return FAILURE;
    if (message.type === MessageType.Key) await person.takeKey(message.content);
    const payload = { target: person.clientId, messageId: this.#nextId() };
    return { code: responseCode.sendMessage, payload };
  }

  #handOut(): Response {
    const letters = this.waiting.shift() ?? [];
    for (const { brings } of letters) brings?.from.keys.push(brings.key);
    return {
      code: responseCode[PULL],
      payload: letters.map(({ message }) => message),
    };
  }
}
