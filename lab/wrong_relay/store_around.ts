import type {
  Budget,
  ClientId,
  CommitFigures,
  HandedOut,
  ListedClient,
  NewClient,
  NewMessage,
  Quota,
  SendResult,
  Store,
  StoredMessage,
} from "../../server/mod.ts";

/** Passes everything on to a store; a fault overrides what it does wrong. */
export class StoreAround implements Store {
  protected readonly inner: Store;

  constructor(inner: Store) {
    this.inner = inner;
  }

  get usersVersion(): number {
    return this.inner.usersVersion;
  }

  get commits(): CommitFigures {
    return this.inner.commits;
  }

  register(client: NewClient, now: Date): Promise<boolean> {
    return this.inner.register(client, now);
  }

  registeredId(
    client: Pick<NewClient, "name" | "publicKey">,
  ): Promise<ClientId | undefined> {
    return this.inner.registeredId(client);
  }

  position(id: ClientId): Promise<number | undefined> {
    return this.inner.position(id);
  }

  deleteUser(id: ClientId): Promise<number | undefined> {
    return this.inner.deleteUser(id);
  }

  publicKey(id: ClientId): Promise<Uint8Array | undefined> {
    return this.inner.publicKey(id);
  }

  seen(id: ClientId, position: number, now: Date): void {
    this.inner.seen(id, position, now);
  }

  clients(position: number, most: number): Promise<ListedClient[]> {
    return this.inner.clients(position, most);
  }

  send(message: NewMessage, quota: Quota): Promise<SendResult> {
    return this.inner.send(message, quota);
  }

  waiting(recipient: ClientId, budget: Budget): Promise<StoredMessage[]> {
    return this.inner.waiting(recipient, budget);
  }

  rest(recipient: ClientId, message: StoredMessage): AsyncIterable<Uint8Array> {
    return this.inner.rest(recipient, message);
  }

  delete(recipient: ClientId, taken: HandedOut): Promise<void> {
    return this.inner.delete(recipient, taken);
  }

  purge(age: number, most: number): Promise<number> {
    return this.inner.purge(age, most);
  }

  countWaiting(): Promise<number> {
    return this.inner.countWaiting();
  }

  ping(): Promise<void> {
    return this.inner.ping();
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

/**
 * Does something else where a message is to be kept.
 *
 * @param send gets the message, and what keeps one as it should be
 */
export function sendingBy(
  send: (
    message: NewMessage,
    keep: (message: NewMessage) => Promise<SendResult>,
  ) => Promise<SendResult>,
): (inner: Store) => Store {
  return (inner) =>
    new class extends StoreAround {
      override send(message: NewMessage, quota: Quota): Promise<SendResult> {
        return send(message, (kept) => super.send(kept, quota));
      }
    }(inner);
}
