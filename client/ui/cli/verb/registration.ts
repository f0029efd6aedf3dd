import type { Identity } from "../../../keys/identity.ts";
import {
  DEFAULT_ADDRESS,
  type RelayAddresses,
} from "../../../link/relay_addresses.ts";
import type { Session } from "../../../session/session.ts";
import type { Work } from "./verb.ts";

/**
 * Registers the user, and keeps the relay's address for later verbs.
 *
 * @param say gets a sentence about the address
 * @throws {UserError} as {@linkcode Session.register}
 */
export async function register(
  session: Session,
  addresses: RelayAddresses,
  name: string,
  say: (text: string) => void,
): Promise<Identity> {
  const missing = await addresses.missing();
  // Before a key is made: nothing could be sent.
  await addresses.find();
  if (missing !== undefined) say(missing);
  const me = await session.register(name);
  const kept = await addresses.keep([DEFAULT_ADDRESS]);
  if (kept !== undefined) say(kept);
  return me;
}

/** Keeps the addresses of `--server` for an identity that was imported. */
export async function keepAddresses(work: Work): Promise<void> {
  const kept = await (await work.addresses()).keep();
  if (kept !== undefined) work.output.say(kept);
}
