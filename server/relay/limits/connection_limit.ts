import type { ConnectionRefusal } from "../refusal.ts";
import type { Limits } from "./limits.ts";

/** What the connections from one address have together. */
export class Account {
  /** The address, as limits count it. */
  readonly address: string;
  /** Connections that are open. */
  connections = 0;
  /** Bytes of shared memory that they hold. */
  held = 0;

  constructor(address: string) {
    this.address = address;
  }
}

/** Limits connections, in all and from each address. */
export class ConnectionLimit {
  readonly #limits: Pick<Limits, "maxConnections" | "maxConnectionsPerAddress">;
  readonly #accounts = new Map<string, Account>();
  #all = 0;

  constructor(
    limits: Pick<Limits, "maxConnections" | "maxConnectionsPerAddress">,
  ) {
    this.#limits = limits;
  }

  /** Whether there are as many connections as there may be. */
  get isReached(): boolean {
    const { maxConnections } = this.#limits;
    return maxConnections > 0 && this.#all >= maxConnections;
  }

  /** The account of an address. */
  account(address: string): Account {
    return this.#accounts.get(address) ?? new Account(address);
  }

  /** Counts a connection, or returns why it is one too many. */
  admit(account: Account): ConnectionRefusal | undefined {
    const { maxConnectionsPerAddress } = this.#limits;
    if (
      maxConnectionsPerAddress > 0 &&
      account.connections >= maxConnectionsPerAddress
    ) return "connections_per_address";
    if (this.isReached) return "connections";
    this.#all++;
    account.connections++;
    this.#accounts.set(account.address, account);
    return undefined;
  }

  /** Counts a connection no more. */
  leave(account: Account): void {
    this.#all--;
    account.connections--;
    if (account.connections === 0) this.#accounts.delete(account.address);
  }
}
