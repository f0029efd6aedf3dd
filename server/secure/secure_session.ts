import { equals } from "@std/bytes";
import {
  type AccountId,
  type DeviceId,
  MAX_EARLY_PAYLOAD,
} from "../../shared/secure/secure_protocol.ts";
import {
  type SecureRequestKind,
  secureRequests,
} from "../../shared/secure/secure_requests.ts";
import type { Handle, Owner, Session } from "../relay/protocol.ts";
import type { RequestMemory } from "../relay/limits/connection_memory.ts";
import type { SecureStore, StoredDevice } from "../store/secure_store.ts";
import type { Greeting } from "./greeting.ts";
import type { SecureDispatcher } from "./secure_dispatcher.ts";
import type { SecureRequest } from "./secure_requests.ts";

/** The device that authenticated a connection. */
export interface SessionDevice {
  /** Its id. */
  readonly id: DeviceId;
  /** Its id as a string, under which limits count it. */
  readonly key: string;
  /** Its account. */
  readonly account: AccountId;
  /** S, 32 bytes. */
  readonly signingKey: Uint8Array;
}

/** Counts the requests of all connections that are held. */
export interface Held {
  count: number;
}

/** What a connection of the secure protocol has shown (section 4.4 of docs/secure.md). */
export class SecureSession implements Session<SecureRequest> {
  /** What the last 4000 told; undefined before the first. */
  greeting: Greeting | undefined;
  readonly #connection: Pick<Owner, "interrupted">;
  readonly #dispatcher: SecureDispatcher;
  readonly #maxMessage: number;
  readonly #all: Held;
  #device: SessionDevice | undefined;
  /** What the store told of it when it was last compared. */
  #current: StoredDevice | undefined;
  /** Ends the wait of a request that is held. */
  #held: AbortController | undefined;
  #isDraining = false;

  /**
   * @param maxMessage bytes of the largest payload once it is authenticated
   * @param all counts what all sessions hold
   */
  constructor(
    connection: Pick<Owner, "interrupted">,
    dispatcher: SecureDispatcher,
    maxMessage: number,
    all: Held,
  ) {
    this.#connection = connection;
    this.#dispatcher = dispatcher;
    this.#maxMessage = maxMessage;
    this.#all = all;
  }

  /** Whether a device has authenticated the connection. */
  get isAuthenticated(): boolean {
    return this.#device !== undefined;
  }

  /** The device that authenticated the connection. @throws {TypeError} if none has */
  get device(): SessionDevice {
    if (this.#device !== undefined) return this.#device;
    throw new TypeError("Expected an authenticated connection");
  }

  /** Bytes of the largest payload that is accepted (STA-3). */
  get largest(): number {
    return this.isAuthenticated
      ? this.#maxMessage
      : Math.min(MAX_EARLY_PAYLOAD, this.#maxMessage);
  }

  /** Notes that a device has authenticated the connection. */
  authenticate(
    { id, account, signingKey }: Omit<SessionDevice, "key">,
  ): void {
    this.#device = {
      id: id.slice() as Uint8Array as DeviceId,
      key: id.toHex(),
      account: account.slice() as Uint8Array as AccountId,
      signingKey: signingKey.slice(),
    };
  }

  /** Whether the connection's state serves a request with this id in its header (STA-1, STA-4). */
  serves(kind: SecureRequestKind, id: Uint8Array): boolean {
    if (this.#device !== undefined) return equals(id, this.#device.id);
    if (kind === "hello") return true;
    return this.greeting !== undefined && !secureRequests[kind].authenticated;
  }

  /**
   * Whether the device is one of its account still, under the key that
   * authenticated it (STA-5): its id may be another account's by now.
   */
  isCurrent(secure: Pick<SecureStore, "device">): boolean | Promise<boolean> {
    const stored = secure.device(this.device.id);
    return stored instanceof Promise
      ? stored.then((stored) => this.#isStill(stored))
      : this.#isStill(stored);
  }

  #isStill(stored: StoredDevice | undefined): boolean {
    const { account, signingKey } = this.device;
    if (stored === undefined) return false;
    // A store that caches it gives the same object while nothing has changed.
    if (stored === this.#current) return true;
    if (!equals(stored.account, account)) return false;
    if (!equals(stored.signingKey, signingKey)) return false;
    this.#current = stored;
    return true;
  }

  /** Begins a request. */
  begin(
    request: SecureRequest,
    address: string,
    memory: RequestMemory,
  ): Promise<Handle> {
    return this.#dispatcher.begin(request, this, address, memory);
  }

  /**
   * Holds a request: until something comes, the time is over, another request
   * begins to arrive, or the connection or the relay ends.
   *
   * @param arrival resolves once something has come, or the signal is aborted
   * @param ms milliseconds
   */
  async hold(
    arrival: (signal: AbortSignal) => Promise<void>,
    ms: number,
  ): Promise<void> {
    if (this.#isDraining) return;
    const held = this.#held = new AbortController();
    const timer = setTimeout(() => held.abort(), ms);
    const interruption = this.#connection.interrupted(held.signal)
      .finally(() => held.abort());
    this.#all.count++;
    try {
      await arrival(held.signal);
    } finally {
      this.#all.count--;
      clearTimeout(timer);
      held.abort();
      this.#held = undefined;
      await interruption;
    }
  }

  /** Lets a request that is held respond at once. */
  drain(): void {
    this.#isDraining = true;
    this.#held?.abort();
  }
}
