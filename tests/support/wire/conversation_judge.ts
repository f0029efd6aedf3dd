/**
 * Judges whole conversations by what clients and relay said in them: which
 * clauses one of them broke. It knows nothing of how our relay works.
 *
 * @module
 */

import { decodeHex } from "@std/encoding";
import type { AnyClauseId } from "../../../kit/any_clause.ts";
import {
  DecryptError,
  decryptKey,
  exportSymmetricKey,
  importPrivateKey,
  importSymmetricKey,
  legacyDecrypt,
} from "../../../shared/crypto/crypto.ts";
import { MessageType } from "../../../shared/wire/protocol.ts";
import { Conversation } from "../../../kit/dissect/conversation.ts";
import type {
  ConversationVector,
  Fields,
  FrameMeaning,
  PersonOfVector,
  Step,
} from "../../../lab/vectors/vector.ts";
import { PULL } from "../../../kit/requests.ts";

/** A request, and who asks. */
interface Asked extends FrameMeaning {
  readonly dialect: Step["dialect"];
}

/** A message that was acknowledged, or refused. */
interface Kept {
  readonly sender: string;
  readonly target: string;
  readonly id: number;
  readonly type: number;
  readonly content: string;
  isTaken: boolean;
}

/** Which clauses a conversation breaks, each once. */
export async function judgeConversation(
  { people, steps }: Pick<ConversationVector, "people" | "steps">,
): Promise<AnyClauseId[]> {
  const judge = new Judge(people);
  const connections = new Map<number, Conversation>();
  for (const step of steps) {
    const connection = connections.get(step.connection) ?? new Conversation();
    connections.set(step.connection, connection);
    const findings = connection.push(step.direction, decodeHex(step.bytes));
    for (const { problems } of findings) {
      problems.forEach(({ clause }) => judge.broken.add(clause));
    }
    await judge.take(step);
  }
  return [...judge.broken];
}

class Judge {
  readonly broken = new Set<AnyClauseId>();
  readonly #people: readonly PersonOfVector[];
  /** By id, in the order of their registrations. */
  readonly #clients = new Map<
    string,
    Pick<PersonOfVector, "name" | "publicKey">
  >();
  readonly #refusedNames = new Set<string>();
  readonly #kept: Kept[] = [];
  readonly #refused: Kept[] = [];
  /** Who got a part of an inbox, by ids. */
  readonly #sliced = new Set<string>();
  readonly #asked = new Map<number, Asked[]>();
  /** By two ids, the keys that the first one had sent to the second or got from it. */
  readonly #keys = new Map<string, Uint8Array[]>();

  constructor(people: readonly PersonOfVector[]) {
    this.#people = people;
    for (const person of people) {
      if (person.registered) this.#clients.set(person.clientId, person);
    }
  }

  async take({ connection, direction, dialect, meaning }: Step): Promise<void> {
    const asked = this.#asked.get(connection) ?? [];
    this.#asked.set(connection, asked);
    if (direction === "request") {
      asked.push({ ...meaning, dialect });
      await this.#judgeContent(meaning);
      return;
    }
    const request = asked.shift();
    if (request !== undefined) await this.#judgeAnswer(request, meaning);
  }

  async #judgeAnswer(asked: Asked, answer: FrameMeaning): Promise<void> {
    const isRefused = answer.kind === "failure";
    if (!isRefused && answer.kind !== asked.kind) return;
    const asker = `${asked.header?.["clientId"]}`;
    if (asked.kind !== "register" && !this.#clients.has(asker)) {
      return this.#unless(isRefused, "REQ-4");
    }
    if (isRefused && ["700", "1100"].includes(asked.dialect)) {
      this.broken.add("DIA-1");
    }
    switch (asked.kind) {
      case "register":
        return this.#judgeRegistration(asked, answer, isRefused);
      case "clientsList":
        return this.#judgeList(asker, answer);
      case "publicKey":
        return this.#judgeKey(asker, asked, answer, isRefused);
      case "sendMessage":
        return this.#judgeMessage(asker, asked, answer, isRefused);
      case PULL:
        return await this.#judgeInbox(asker, answer, isRefused);
    }
  }

  #judgeRegistration(
    asked: Asked,
    answer: FrameMeaning,
    isRefused: boolean,
  ): void {
    const record = recordOf(asked);
    const [name, publicKey] = [`${record["name"]}`, `${record["publicKey"]}`];
    const names = [...this.#clients.values()].map(({ name }) => name);
    const isTaken = names.includes(name);
    if (isRefused) {
      const lower = (text: string) => text.toLowerCase();
      const isAlike = names.map(lower).includes(lower(name));
      if (!isTaken && isAlike) this.broken.add("NAM-6");
      if (!isTaken) this.#refusedNames.add(name);
      return;
    }
    const clientId = `${recordOf(answer)["clientId"]}`;
    const known = this.#clients.get(clientId);
    const isAgain = known?.name === name && known.publicKey === publicKey;
    if (isAgain) return;
    this.#unless(!isTaken, "NAM-5");
    this.#unless(!this.#clients.has(clientId), "CID-1");
    this.#clients.set(clientId, { name, publicKey });
  }

  #judgeList(asker: string, { kind, payload = [] }: FrameMeaning): void {
    if (kind === "failure") return;
    const entries = payload.map(({ clientId, name }) =>
      [`${clientId}`, `${name}`] as const
    );
    const listed = new Map(entries);
    this.#unless(!listed.has(asker), "LST-3");
    for (const [id, name] of listed) {
      const known = this.#clients.get(id);
      if (known !== undefined) this.#unless(known.name === name, "LST-4");
      else if (this.#refusedNames.has(name)) this.broken.add("REG-2");
    }
    const others = [...this.#clients.keys()].filter((id) => id !== asker);
    this.#unless(others.every((id) => listed.has(id)), "LST-2");
  }

  #judgeKey(
    asker: string,
    asked: Asked,
    answer: FrameMeaning,
    isRefused: boolean,
  ): void {
    const target = `${recordOf(asked)["target"]}`;
    const owner = this.#clients.get(target);
    if (isRefused) return this.#unless(target !== asker, "KEY-3");
    const { clientId, publicKey } = recordOf(answer);
    if (owner === undefined) this.broken.add("KEY-2");
    else if (clientId === target) {
      this.#unless(owner.publicKey === publicKey, "PUB-2");
    }
  }

  #judgeMessage(
    sender: string,
    asked: Asked,
    answer: FrameMeaning,
    isRefused: boolean,
  ): void {
    const { target, type, content } = recordOf(asked);
    const { messageId } = recordOf(answer);
    const message = {
      sender,
      target: `${target}`,
      id: Number(messageId),
      type: Number(type),
      content: `${content}`,
      isTaken: false,
    };
    if (isRefused) {
      this.#unless(target !== sender, "SND-10");
      this.#refused.push(message);
      return;
    }
    this.#unless(this.#clients.has(message.target), "SND-3");
    const inbox = this.#kept.filter(({ target }) => target === message.target);
    const isUsed = inbox.some(({ id }) => id === message.id);
    const isLower = inbox.some(({ id }) => id > message.id);
    if (isUsed) this.broken.add("SND-13");
    else if (isLower) this.broken.add("SND-14");
    this.#kept.push(message);
  }

  async #judgeInbox(
    asker: string,
    { payload = [] }: FrameMeaning,
    isRefused: boolean,
  ): Promise<void> {
    const waiting = this.#kept.filter(({ target, isTaken }) =>
      target === asker && !isTaken
    );
    if (isRefused) return this.#unless(waiting.length > 0, "PUL-2");
    const found = payload.map((message) => this.#find(message, asker));
    const places = found.flatMap((kept) => {
      const place = kept === undefined ? -1 : waiting.indexOf(kept);
      return place < 0 ? [] : [place];
    });
    const isFront = places.toSorted((a, b) => a - b)
      .every((place, index) => place === index);
    const rises = places.every((place, index) =>
      index === 0 || place > (places[index - 1] ?? 0)
    );
    this.#unless(isFront && rises, "PUL-3");
    if (payload.length === 0 && waiting.length > 0) {
      this.broken.add(this.#sliced.has(asker) ? "PUL-7" : "DLV-1");
    }
    if (places.length > 0) this.#sliced.add(asker);
    for (const kept of found) {
      if (kept === undefined) continue;
      kept.isTaken = true;
      if (kept.type === MessageType.Key) await this.#share(asker, kept);
    }
  }

  /** What was acknowledged of a message that is handed out. */
  #find(message: Fields, asker: string): Kept | undefined {
    const { sender, messageId, type, content } = message;
    const isSame = (kept: Kept) =>
      kept.content === content && kept.sender === sender;
    const own = this.#kept.filter(({ target }) => target === asker);
    const kept = own.find(({ id }) => id === messageId);
    if (kept === undefined) {
      if (own.some(isSame)) this.broken.add("SND-15");
      else if (this.#kept.some(isSame)) this.broken.add("PUL-5");
      else if (this.#refused.some(isSame)) this.broken.add("SND-11");
      return own.find(isSame);
    }
    this.#unless(!kept.isTaken, "PUL-4");
    this.#unless(kept.sender === sender, "SND-9");
    this.#unless(kept.type === type, "SND-15");
    this.#unless(kept.content === content, "SND-4");
    return kept;
  }

  /** Whether a content is what the two clients have agreed on. */
  async #judgeContent(asked: FrameMeaning): Promise<void> {
    const { kind, header = {} } = asked;
    if (kind !== "sendMessage") return;
    const sender = `${header["clientId"]}`;
    const { target, type, content } = recordOf(asked);
    const message = { sender, target: `${target}`, content: `${content}` };
    if (type === MessageType.Key) {
      const key = await this.#opened(message);
      if (key === undefined) this.broken.add("RSA-1");
      else this.#add(sender, message.target, key);
      return;
    }
    if (type !== MessageType.Text && type !== MessageType.File) return;
    const keys = this.#keys.get(`${sender} ${target}`) ?? [];
    const opens = await Promise.all(
      keys.map((key) => isUnder(key, decodeHex(message.content))),
    );
    if (opens.at(-1) === false && opens.includes(true)) {
      this.broken.add("MSG-5");
    }
  }

  /** The receiver has a key. */
  async #share(receiver: string, message: Kept): Promise<void> {
    const key = await this.#opened(message);
    if (key !== undefined) this.#add(receiver, message.sender, key);
  }

  #add(own: string, other: string, key: Uint8Array): void {
    const pair = `${own} ${other}`;
    this.#keys.set(pair, [...this.#keys.get(pair) ?? [], key]);
  }

  async #opened(
    { target, content }: Pick<Kept, "target" | "content">,
  ): Promise<Uint8Array | undefined> {
    const person = this.#people.find(({ clientId }) => clientId === target);
    const key = await importPrivateKey(decodeHex(person?.privateKey ?? ""));
    try {
      const opened = await decryptKey(key, decodeHex(content));
      return await exportSymmetricKey(opened);
    } catch (error) {
      if (error instanceof DecryptError) return undefined;
      throw error;
    }
  }

  #unless(holds: boolean, clause: AnyClauseId): void {
    if (!holds) this.broken.add(clause);
  }
}

/** The one record of a payload. */
const recordOf = ({ payload: [record = {}] = [] }: FrameMeaning): Fields =>
  record;

async function isUnder(key: Uint8Array, content: Uint8Array): Promise<boolean> {
  try {
    await legacyDecrypt(await importSymmetricKey(key), content);
    return true;
  } catch (error) {
    if (error instanceof DecryptError) return false;
    throw error;
  }
}
