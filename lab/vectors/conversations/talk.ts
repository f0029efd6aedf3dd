/**
 * Writes a conversation down while it is held: what people ask, what a relay
 * answers, and what each of them knows by then.
 *
 * @module
 */

import { equals } from "@std/bytes";
import { decodeHex, encodeHex } from "@std/encoding";
import {
  type DialectName,
  dialectNamed,
} from "../../../shared/wire/dialects.ts";
import { MessageType, ZERO_ID } from "../../../shared/wire/protocol.ts";
import {
  type RequestKind,
  type RequestPayloads,
  type Response,
  responseCode,
} from "../../../shared/wire/requests.ts";
import { encodeRequest, encodeResponse } from "../../../shared/wire/frames.ts";
import type { Direction } from "../../../kit/dissect/dissector.ts";
import { frameMeaning } from "../frames/frame_meaning.ts";
import { encrypt } from "../ciphertexts/legacy_cipher.ts";
import { Memory } from "../memory.ts";
import type { Person } from "../people.ts";
import { SmallRelay } from "./small_relay.ts";
import type { ConversationVector, Ending, Step, Verdict } from "../vector.ts";
import { PULL } from "../../../kit/requests.ts";

/** How something is asked and answered. */
export interface AskOptions {
  /** The number of the connection. Default: a new one. */
  on?: number;
  /** Default: 600. */
  in?: DialectName;
  /** What is answered in place of what is right. */
  lie?: (right: Response) => Response;
  /** The dialect of the answer. Default: the request's. */
  answerIn?: DialectName;
  /** Whether the relay keeps nothing of it. */
  forgets?: boolean;
  /** Whether the answer waits for {@linkcode Talk.catchUp}. */
  later?: boolean;
}

/** How something is encrypted and sent. */
export interface SendOptions extends AskOptions {
  /** In hex. Default: the last one that the two share. */
  key?: string;
}

/** A symmetric key and RSA of it, in hex. */
export interface SealedKey {
  /** The name of the person whose public key it is under. */
  readonly for: string;
  readonly key: string;
  readonly content: string;
}

/** A conversation that is being held. */
export class Talk {
  readonly #people: readonly Person[];
  readonly #registered: readonly Person[];
  readonly #relay: SmallRelay;
  readonly #memories: ReadonlyMap<Person, Memory>;
  readonly #steps: Step[] = [];
  readonly #due: (() => void)[] = [];
  /** By their contents. */
  readonly #sealed = new Map<string, SealedKey>();
  #waiting: Ending["waiting"] = [];

  /**
   * Nothing has been said yet.
   *
   * @param people who takes part
   * @param registered those whom the relay knows. Default: all
   */
  constructor(people: readonly Person[], registered = people) {
    this.#people = people;
    this.#registered = registered;
    this.#relay = new SmallRelay(registered);
    this.#memories = new Map(people.map((person) => [
      person,
      new Memory(
        person,
        registered.includes(person),
        (id) => this.#nameOf(id),
        (content) => {
          const sealed = this.#sealed.get(content);
          return sealed?.for === person.name ? sealed.key : undefined;
        },
      ),
    ]));
  }

  /** 600, under the person's name where no other is said. */
  registers(who: Person, options: AskOptions & { as?: string } = {}): void {
    const { publicKey } = who;
    const payload = { name: options.as ?? who.name, publicKey };
    this.#ask(who, "register", payload, options);
  }

  /** 601 */
  lists(who: Person, options: AskOptions = {}): void {
    this.#ask(who, "clientsList", {}, options);
  }

  /** 602 */
  asksKeyOf(who: Person, whose: Person, options: AskOptions = {}): void {
    this.#ask(who, "publicKey", { target: whose.clientId }, options);
  }

  /** 603 of type 1 */
  wantsKey(who: Person, from: Person, options: AskOptions = {}): void {
    this.#send(who, from, MessageType.KeyRequest, new Uint8Array(0), options);
  }

  /** 603 of type 2 */
  sendsKey(
    who: Person,
    to: Person,
    sealed: SealedKey,
    options: AskOptions = {},
  ): void {
    const { key, content } = sealed;
    this.#sealed.set(content, sealed);
    this.#send(who, to, MessageType.Key, decodeHex(content), options);
    this.#memories.get(who)?.share(to.name, key);
  }

  /** 603 of type 3 */
  sendsText(
    who: Person,
    to: Person,
    text: string,
    options: SendOptions = {},
  ): void {
    const content = this.#encrypt(
      who,
      to,
      new TextEncoder().encode(text),
      options,
    );
    this.#send(who, to, MessageType.Text, content, options);
  }

  /** 603 of type 4 */
  sendsFile(
    who: Person,
    to: Person,
    file: Uint8Array,
    options: SendOptions = {},
  ): void {
    const content = this.#encrypt(who, to, file, options);
    this.#send(who, to, MessageType.File, content, options);
  }

  /** 604 */
  pulls(who: Person, options: AskOptions = {}): void {
    this.#ask(who, PULL, {}, options);
  }

  /** The answers that wait go out. */
  catchUp(): void {
    for (const answer of this.#due.splice(0)) answer();
  }

  /** The last answer goes out again. */
  answersAgain(): void {
    this.#steps.push(this.#steps.at(-1) as Step);
  }

  /** What was said, as a case. */
  written(name: string, verdict: Verdict, about: string): ConversationVector {
    return {
      name: `conversation-${name}`,
      about,
      verdict,
      people: this.#people.map((person) => ({
        name: person.name,
        clientId: encodeHex(person.clientId),
        publicKey: encodeHex(person.publicKey),
        privateKey: encodeHex(person.privateKey),
        registered: this.#registered.includes(person),
      })),
      steps: this.#steps,
      bytes: this.#steps.map(({ bytes }) => bytes).join(""),
      meaning: {
        people: [...this.#memories.values()].map(({ knowledge }) => knowledge),
        waiting: this.#waiting,
      },
    };
  }

  #encrypt(
    who: Person,
    to: Person,
    plaintext: Uint8Array,
    { key = this.#memories.get(who)?.keyFor(to.name) }: SendOptions,
  ): Uint8Array {
    if (key === undefined) throw new RangeError(`No key for ${to.name}`);
    return encrypt(decodeHex(key), plaintext);
  }

  #send(
    who: Person,
    to: Person,
    type: MessageType,
    content: Uint8Array,
    options: AskOptions,
  ): void {
    const payload = { target: to.clientId, type, content };
    this.#ask(who, "sendMessage", payload, options);
  }

  #ask<K extends RequestKind>(
    who: Person,
    kind: K,
    payload: RequestPayloads[K],
    options: AskOptions,
  ): void {
    const connection = options.on ?? this.#nextConnection;
    const dialect = options.in ?? "600";
    const clientId = kind === "register" ? ZERO_ID : who.clientId;
    const request = encodeRequest(kind, payload, {
      clientId,
      dialect: dialectNamed(dialect),
    });
    this.#step(connection, "request", dialect, request);
    const right = this.#relay.answer(
      { kind, payload, asker: who },
      options.forgets,
    );
    const answer = options.lie?.(right) ?? right;
    const answerIn = options.answerIn ?? dialect;
    this.#due.push(() => {
      const bytes = encodeResponse(answer, { dialect: dialectNamed(answerIn) });
      this.#step(connection, "answer", answerIn, bytes);
      this.#take(who, answer);
    });
    if (options.later !== true) this.catchUp();
  }

  #take(who: Person, answer: Response): void {
    this.#memories.get(who)?.hear(answer);
    if (answer.code === responseCode.sendMessage) {
      const { target, messageId } = answer.payload;
      this.#relay.renumber(target, messageId);
      this.#waiting = [
        ...this.#waiting,
        { for: this.#nameOf(target), messageId },
      ];
    }
    if (answer.code === responseCode[PULL]) {
      const taken = answer.payload.map(({ messageId }) => messageId);
      this.#waiting = this.#waiting.filter((message) =>
        message.for !== who.name ||
        !(taken as number[]).includes(message.messageId)
      );
    }
  }

  #step(
    connection: number,
    direction: Direction,
    dialect: DialectName,
    bytes: Uint8Array,
  ): void {
    this.#steps.push({
      connection,
      direction,
      dialect,
      bytes: encodeHex(bytes),
      meaning: frameMeaning(bytes, direction, dialect),
    });
  }

  get #nextConnection(): number {
    return 1 + Math.max(0, ...this.#steps.map(({ connection }) => connection));
  }

  #nameOf(id: Uint8Array): string {
    return this.#people.find(({ clientId }) => equals(clientId, id))?.name ??
      encodeHex(id);
  }
}
