/**
 * Users of checks. Servers limit registrations, so users are reused once their
 * inbox is empty, unless their check failed.
 *
 * @module
 */

import type { ClientId } from "../../../shared/wire/protocol.ts";

/** A user registered by this run. */
export interface User {
  /** The id from the server. */
  readonly id: ClientId;
  /** The name, of letters and digits. */
  readonly name: string;
  /** The public key, 160 bytes. */
  readonly key: Uint8Array;
}

/** The users of a run. */
export class UserPool {
  /** Users that no check has. */
  readonly #free: User[] = [];
  readonly #all: User[] = [];

  /** All users registered for checks, in order. */
  get all(): readonly User[] {
    return this.#all;
  }

  /** Adds a new user. */
  add(user: User): User {
    this.#all.push(user);
    return user;
  }

  /** Takes a user with an empty inbox; undefined if there is none. */
  take(): User | undefined {
    return this.#free.pop();
  }

  /** Returns a user whose inbox is empty. */
  giveBack(user: User): void {
    this.#free.push(user);
  }
}
