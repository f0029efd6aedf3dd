import {
  type AccountId,
  NONCE_SIZE,
} from "../../shared/secure/secure_protocol.ts";
import type { ChannelBinding } from "../../shared/secure/signed_bytes.ts";

/** A challenge that went out. */
export interface Challenge {
  /** The account that is to be lifted. */
  account: AccountId;
  /** The 32 bytes that it holds. */
  secret: Uint8Array;
}

/** What a 4000 told: a nonce, and what may still be done with it (STA-6). */
export class Greeting implements ChannelBinding {
  /** The relay's key, 32 bytes. */
  readonly relayKey: Uint8Array;
  /** 32 random bytes. */
  readonly nonce: Uint8Array = crypto.getRandomValues(
    new Uint8Array(NONCE_SIZE),
  );
  /** The challenge on this nonce. */
  challenge: Challenge | undefined;
  #isUsed = false;
  #isChallenged = false;

  constructor(relayKey: Uint8Array) {
    this.relayKey = relayKey;
  }

  /** Uses the nonce for a 3001 or 3003; false where it was used before. */
  use(): boolean {
    const isFirst = !this.#isUsed;
    this.#isUsed = true;
    return isFirst;
  }

  /** Uses the nonce for a 3002; false where it was used before. */
  useForChallenge(): boolean {
    const isFirst = !this.#isChallenged;
    this.#isChallenged = true;
    return isFirst;
  }
}
