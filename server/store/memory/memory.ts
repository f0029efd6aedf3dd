import type { ClientId } from "../../../shared/wire/protocol.ts";
import type { CommitFigures } from "../commit_figures.ts";
import { isInRuns } from "../id_runs.ts";
import { PART_SIZE } from "../store_rows.ts";
import {
  type Budget,
  type HandedOut,
  type ListedClient,
  type NewClient,
  type NewMessage,
  type Quota,
  type Requester,
  type ResponseMemory,
  restOf,
  type SendResult,
  type Store,
  type StoredMessage,
} from "../store.ts";
import { MemorySecureStore } from "./secure_memory.ts";
import { MemoryTables } from "./tables.ts";

/**
 * The store in the relay's own memory: the whole contract without a disk. It
 * keeps everything until it is closed.
 */
export class MemoryStore implements Store {
  readonly secure: MemorySecureStore;
  readonly #tables = new MemoryTables();
  #usersVersion = 0;

  constructor() {
    this.secure = new MemorySecureStore(this.#tables);
  }

  get commits(): CommitFigures {
    return this.#tables.commits;
  }

  get usersVersion(): number {
    return this.#usersVersion;
  }

  register(client: NewClient, now: Date): Promise<boolean> {
    return this.#tables.commit(() => {
      if (this.#tables.names.has(client.name)) return false;
      this.#tables.add(client, now);
      return true;
    });
  }

  registeredId(
    { name, publicKey }: Pick<NewClient, "name" | "publicKey">,
  ): Promise<ClientId | undefined> {
    const user = this.#tables.names.get(name);
    const isSame = user?.publicKey.toHex() === publicKey.toHex();
    return Promise.resolve(isSame ? user?.id : undefined);
  }

  requester(id: ClientId): Promise<Requester | undefined> {
    const user = this.#tables.find(id);
    return Promise.resolve(
      user &&
        { position: user.position, isSecured: user.record !== undefined },
    );
  }

  publicKey(id: ClientId): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#tables.find(id)?.publicKey);
  }

  seen(id: ClientId, _position: number, now: Date): void {
    const user = this.#tables.find(id);
    if (user !== undefined) user.lastSeen = now;
  }

  /** When a user was last seen, in ISO 8601; empty where there is no such user. */
  lastSeen(name: string): string {
    return this.#tables.names.get(name)?.lastSeen.toISOString() ?? "";
  }

  clients(position: number, most: number): Promise<ListedClient[]> {
    let low = 0;
    for (let high = this.#tables.ordered.length; low < high;) {
      const middle = (low + high) >> 1;
      if ((this.#tables.ordered[middle]?.position ?? 0) > position) {
        high = middle;
      } else low = middle + 1;
    }
    return Promise.resolve(
      this.#tables.ordered.slice(low, low + most)
        .map(({ position, id, name }) => ({
          position,
          id,
          name,
          settled: true,
        })),
    );
  }

  deleteUser(id: ClientId): Promise<number | undefined> {
    return this.#tables.commit(() => {
      const user = this.#tables.find(id);
      if (user === undefined) return undefined;
      let messages = user.inbox.size;
      for (const message of user.inbox.values()) {
        this.#tables.drop(user, message);
      }
      for (const { id } of user.record?.devices ?? []) {
        messages += this.#tables.removeDevice(id);
      }
      this.#tables.remove(user);
      this.#usersVersion++;
      return messages;
    });
  }

  send(message: NewMessage, quota: Quota): Promise<SendResult> {
    return this.#tables.commit((): SendResult => {
      const user = this.#tables.find(message.recipient);
      if (user === undefined) return { refused: "unknown_target" };
      return user.record === undefined
        ? this.#tables.keep(user, message, quota)
        : this.secure.keepLegacy(user, message, quota);
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
    for (const message of this.#tables.find(recipient)?.inbox.values() ?? []) {
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
      return this.#tables.find(recipient)?.inbox.get(message.id)?.content
        .subarray(at, at + PART_SIZE);
    });
  }

  delete(recipient: ClientId, { runs }: HandedOut): Promise<void> {
    return this.#tables.commit(() => {
      const user = this.#tables.find(recipient);
      const last = runs.at(-1)?.[1] ?? 0;
      for (const message of user?.inbox.values() ?? []) {
        if (message.id > last) break;
        if (user !== undefined && isInRuns(runs, message.id)) {
          this.#tables.drop(user, message);
        }
      }
    });
  }

  purge(age: number, most: number): Promise<number> {
    return this.#tables.commit(() => {
      const before = performance.now() - age;
      let deleted = 0;
      for (const message of this.#tables.messages) {
        if (deleted === most || message.arrived >= before) break;
        const user = this.#tables.find(message.recipient);
        if (user === undefined) continue;
        this.#tables.drop(user, message);
        deleted++;
      }
      return deleted;
    });
  }

  countWaiting(): Promise<number> {
    return Promise.resolve(this.#tables.messages.size);
  }

  ping(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
