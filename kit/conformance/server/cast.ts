/**
 * The users that checks work with. Servers limit registrations, so a user of
 * a check that didn't fail serves another one, once its inbox is seen to be
 * empty.
 *
 * @module
 */

import type { ClientId } from "../../../shared/wire/protocol.ts";

/** A user whom this run registered. */
export interface User {
  /** The id that the server gave. */
  readonly id: ClientId;
  /** The name, of letters and digits. */
  readonly name: string;
  /** The public key, 160 bytes. */
  readonly key: Uint8Array;
}

/** All users of a run. */
export class Cast {
  /** Those whom no check has. */
  readonly #free: User[] = [];
  readonly #all: User[] = [];

  /** All users that were registered for checks so far, in that order. */
  get all(): readonly User[] {
    return this.#all;
  }

  /** Takes in somebody new. */
  add(user: User): User {
    this.#all.push(user);
    return user;
  }

  /** Somebody with an empty inbox, or undefined where a new one is needed. */
  take(): User | undefined {
    return this.#free.pop();
  }

  /** Gives somebody back whose inbox is empty. */
  giveBack(user: User): void {
    this.#free.push(user);
  }
}
