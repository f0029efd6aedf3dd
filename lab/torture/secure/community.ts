/**
 * What the load knows over all relays that are killed: its members, their
 * messages, and the single-use packages that were handed out.
 *
 * @module
 */

import { packageCodec } from "../../../shared/secure/key_package.ts";
import type { Random } from "../../harness/random.ts";
import { Contents } from "../contents.ts";
import { must } from "../violation.ts";
import { Member } from "./member.ts";

/** All members. */
export class Community {
  /** The contents of all messages. */
  readonly contents: Contents;
  readonly #members: Member[] = [];
  readonly #claimed = new Set<string>();
  #names = 0;
  #now = 0;

  constructor(random: Random) {
    this.contents = new Contents(random);
  }

  /** Who writes and reads. */
  get members(): readonly Member[] {
    return this.#members;
  }

  /** Those of them who are registered for certain: at least the one who asks. */
  get registered(): readonly Member[] {
    return this.#members.filter(({ isRegistered }) => isRegistered);
  }

  /** Single-use packages that were handed out. */
  get claimed(): number {
    return this.#claimed.size;
  }

  /** The next moment: every request and every response has one of its own. */
  tick(): number {
    return ++this.#now;
  }

  /** One more member that writes and reads. */
  async join(): Promise<void> {
    this.#members.push(await this.newcomer());
  }

  /** A member that only asks. */
  newcomer(): Promise<Member> {
    return Member.draw(`member-${++this.#names}`);
  }

  /** A single-use package was handed out, which may happen once. */
  claim(bytes: Uint8Array): void {
    const { device, number } = packageCodec.decode(bytes);
    const name = `${device.toHex()} ${number}`;
    must(
      !this.#claimed.has(name),
      () => `Package ${name} was handed out twice`,
    );
    this.#claimed.add(name);
  }
}
