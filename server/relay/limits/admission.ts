import type { ConnectionRefusal } from "../refusal.ts";
import { Account } from "./account.ts";
import type { Limits } from "./limits.ts";

/** Counts connections, in all and from each address. */
export class Admission {
  readonly #limits: Pick<Limits, "maxConnections" | "maxConnectionsPerAddress">;
  readonly #accounts = new Map<string, Account>();
  #all = 0;

  /** There are none yet. */
  constructor(
    limits: Pick<Limits, "maxConnections" | "maxConnectionsPerAddress">,
  ) {
    this.#limits = limits;
  }

  /** What an address has. */
  account(address: string): Account {
    return this.#accounts.get(address) ?? new Account(address);
  }

  /** Counts a connection, or returns why it is one too many. */
  admit(account: Account): ConnectionRefusal | undefined {
    const { maxConnections, maxConnectionsPerAddress } = this.#limits;
    if (
      maxConnectionsPerAddress > 0 &&
      account.connections >= maxConnectionsPerAddress
    ) return "connections_per_address";
    if (maxConnections > 0 && this.#all >= maxConnections) {
      return "connections";
    }
    this.#all++;
    account.connections++;
    this.#accounts.set(account.address, account);
    return undefined;
  }

  /** A connection from there has ended. */
  leave(account: Account): void {
    this.#all--;
    account.connections--;
    if (account.connections === 0) this.#accounts.delete(account.address);
  }
}
