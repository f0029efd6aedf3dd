import type { ClientId, MessageId } from "../../../shared/wire/protocol.ts";
import { CommitFigures } from "../commit_figures.ts";
import { isInRuns } from "../id_runs.ts";
import { PART_SIZE } from "../store_rows.ts";
import type { SecureStore } from "../secure_store.ts";
import {
  type Budget,
  type HandedOut,
  type ListedClient,
  type NewClient,
  type NewMessage,
  type Quota,
  refusalOf,
  type Requester,
  type ResponseMemory,
  restOf,
  type SendResult,
  type Store,
  type StoredMessage,
} from "../store.ts";

/** A registered user with its inbox. */
interface User extends NewClient {
  position: number;
  lastSeen: Date;
  /** The last id that was given out. */
  lastId: number;
  /** Bytes of all contents that wait. */
  bytes: number;
  /** What waits, in the order of its ids. */
  inbox: Map<number, Message>;
}

interface Message extends NewMessage {
  id: MessageId;
  /** On the clock of `performance.now()`. */
  arrived: number;
}

/**
 * The store in the relay's own memory: the whole contract without a disk. It
 * keeps everything until it is closed.
 */
export class MemoryStore implements Store {
  readonly commits: CommitFigures = new CommitFigures();
  readonly #users = new Map<string, User>();
  readonly #names = new Map<string, User>();
  /** By position. */
  #ordered: User[] = [];
  /** Of all inboxes, in the order of arrival. */
  readonly #messages = new Set<Message>();
  #lastPosition = 0;
  #usersVersion = 0;

  get usersVersion(): number {
    return this.#usersVersion;
  }

  register(client: NewClient, now: Date): Promise<boolean> {
    return this.#commit(() => {
      if (this.#names.has(client.name)) return false;
      const user: User = {
        id: client.id.slice() as Uint8Array as ClientId,
        name: client.name,
        publicKey: client.publicKey.slice(),
        position: ++this.#lastPosition,
        lastSeen: now,
        lastId: 0,
        bytes: 0,
        inbox: new Map(),
      };
      this.#users.set(user.id.toHex(), user);
      this.#names.set(user.name, user);
      this.#ordered.push(user);
      return true;
    });
  }

  registeredId(
    { name, publicKey }: Pick<NewClient, "name" | "publicKey">,
  ): Promise<ClientId | undefined> {
    const user = this.#names.get(name);
    const isSame = user?.publicKey.toHex() === publicKey.toHex();
    return Promise.resolve(isSame ? user?.id : undefined);
  }

  requester(id: ClientId): Promise<Requester | undefined> {
    const user = this.#find(id);
    return Promise.resolve(
      user && { position: user.position, isSecured: false },
    );
  }

  get secure(): SecureStore {
    throw new TypeError("Not built yet");
  }

  publicKey(id: ClientId): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#find(id)?.publicKey);
  }

  seen(id: ClientId, _position: number, now: Date): void {
    const user = this.#find(id);
    if (user !== undefined) user.lastSeen = now;
  }

  /** When a user was last seen, in ISO 8601; empty where there is no such user. */
  lastSeen(name: string): string {
    return this.#names.get(name)?.lastSeen.toISOString() ?? "";
  }

  clients(position: number, most: number): Promise<ListedClient[]> {
    let low = 0;
    for (let high = this.#ordered.length; low < high;) {
      const middle = (low + high) >> 1;
      if ((this.#ordered[middle]?.position ?? 0) > position) high = middle;
      else low = middle + 1;
    }
    return Promise.resolve(
      this.#ordered.slice(low, low + most)
        .map(({ position, id, name }) => ({
          position,
          id,
          name,
          settled: true,
        })),
    );
  }

  deleteUser(id: ClientId): Promise<number | undefined> {
    return this.#commit(() => {
      const user = this.#find(id);
      if (user === undefined) return undefined;
      const messages = user.inbox.size;
      for (const message of user.inbox.values()) this.#drop(user, message);
      this.#users.delete(id.toHex());
      this.#names.delete(user.name);
      this.#ordered = this.#ordered.filter((other) => other !== user);
      this.#usersVersion++;
      return messages;
    });
  }

  send(message: NewMessage, quota: Quota): Promise<SendResult> {
    return this.#commit((): SendResult => {
      const user = this.#find(message.recipient);
      if (user === undefined) return { refused: "unknown_target" };
      const { lastId, bytes, inbox: { size: messages } } = user;
      const { length } = message.content;
      const refused = refusalOf({ lastId, messages, bytes }, length, quota);
      if (refused !== undefined) return { refused };
      const kept: Message = {
        id: ++user.lastId as MessageId,
        recipient: user.id,
        sender: message.sender.slice() as Uint8Array as ClientId,
        type: message.type,
        content: message.content.slice(),
        arrived: performance.now(),
      };
      user.bytes += length;
      user.inbox.set(kept.id, kept);
      this.#messages.add(kept);
      return { id: kept.id };
    });
  }

  async waiting(
    recipient: ClientId,
    budget: Budget,
    memory?: ResponseMemory,
  ): Promise<StoredMessage[]> {
    const found = this.#oldest(recipient, budget);
    if (memory?.tryReserve(found.bytes) ?? true) return found.messages;
    await memory?.reserve(found.bytes);
    // Whatever has changed meanwhile, there is room for so much.
    return this.#oldest(recipient, { ...budget, bytes: found.bytes }).messages;
  }

  #oldest(
    recipient: ClientId,
    budget: Budget,
  ): { messages: StoredMessage[]; bytes: number } {
    const messages: StoredMessage[] = [];
    let bytes = 0;
    for (const message of this.#find(recipient)?.inbox.values() ?? []) {
      const { id, sender, type, content: { length: size } } = message;
      const isTooMuch = bytes + size + budget.perMessage > budget.bytes;
      if (messages.length > 0 && isTooMuch) break;
      const content = message.content.subarray(0, PART_SIZE);
      bytes += content.length + budget.perMessage;
      messages.push({ id, sender, type, size, content });
      if (isTooMuch) break;
    }
    return { messages, bytes };
  }

  rest(
    recipient: ClientId,
    message: StoredMessage,
  ): AsyncIterable<Uint8Array> {
    return restOf(message, (part) => {
      const at = part * PART_SIZE;
      return this.#find(recipient)?.inbox.get(message.id)?.content
        .subarray(at, at + PART_SIZE);
    });
  }

  delete(recipient: ClientId, { runs }: HandedOut): Promise<void> {
    return this.#commit(() => {
      const user = this.#find(recipient);
      const last = runs.at(-1)?.[1] ?? 0;
      for (const message of user?.inbox.values() ?? []) {
        if (message.id > last) break;
        if (user !== undefined && isInRuns(runs, message.id)) {
          this.#drop(user, message);
        }
      }
    });
  }

  purge(age: number, most: number): Promise<number> {
    return this.#commit(() => {
      const before = performance.now() - age;
      let deleted = 0;
      for (const message of this.#messages) {
        if (deleted === most || message.arrived >= before) break;
        const user = this.#find(message.recipient);
        if (user === undefined) continue;
        this.#drop(user, message);
        deleted++;
      }
      return deleted;
    });
  }

  countWaiting(): Promise<number> {
    return Promise.resolve(this.#messages.size);
  }

  ping(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #find(id: ClientId): User | undefined {
    return this.#users.get(id.toHex());
  }

  #drop(user: User, message: Message): void {
    user.inbox.delete(message.id);
    user.bytes -= message.content.length;
    this.#messages.delete(message);
  }

  /** Nothing can fail, and nothing is waited for. */
  #commit<T>(write: () => T): Promise<T> {
    const begin = performance.now();
    const result = write();
    this.commits.record(1, performance.now() - begin);
    return Promise.resolve(result);
  }
}
