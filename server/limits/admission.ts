import type { ConnectionRefusal } from "../refusal.ts";
import type { Limits } from "./limits.ts";

/** Counts connections, in all and from each address. */
export class Admission {
  readonly #limits: Pick<Limits, "maxConnections" | "maxConnectionsPerAddress">;
  readonly #byAddress = new Map<string, number>();
  #all = 0;

  /** Nobody is there yet. */
  constructor(
    limits: Pick<Limits, "maxConnections" | "maxConnectionsPerAddress">,
  ) {
    this.#limits = limits;
  }

  /** Counts a connection, or returns why it is one too many. */
  admit(address: string): ConnectionRefusal | undefined {
    const { maxConnections, maxConnectionsPerAddress } = this.#limits;
    const there = this.#byAddress.get(address) ?? 0;
    if (maxConnections > 0 && this.#all >= maxConnections) {
      return "connections";
    }
    if (maxConnectionsPerAddress > 0 && there >= maxConnectionsPerAddress) {
      return "connections_per_address";
    }
    this.#all++;
    this.#byAddress.set(address, there + 1);
    return undefined;
  }

  /** A connection from there has ended. */
  leave(address: string): void {
    this.#all--;
    const left = (this.#byAddress.get(address) ?? 0) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
  }
}
