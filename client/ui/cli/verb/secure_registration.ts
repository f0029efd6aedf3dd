import {
  formatKey,
  type RelayLine,
} from "../../../../shared/secure/relay_line.ts";
import { formatAddress } from "../../../../shared/folder/info_files.ts";
import { describeFailure, UserError } from "../../../errors.ts";
import {
  pinnedRelays,
  refuseOtherKeys,
  refuseOtherRelays,
} from "../../../secure/relay_pins.ts";
import { SecureRelays } from "../../../secure/secure_link.ts";
import {
  LIFT_MEANING,
  liftAccount,
  registerAccount,
} from "../../../secure/secure_registration.ts";
import { SecureSession } from "../../../secure/secure_session.ts";
import { isSecureFolder } from "../../../store/folder.ts";
import { writeIdentity } from "./identity.ts";
import type { Work } from "./verb.ts";

/** What isn't there yet. */
const NO_TEXTS =
  "with this version it can be registered, looked up and checked, but neither send nor receive texts";

/** What the user asked for. */
export interface SecureRegistration {
  /** The name. */
  readonly name: string;
  /** Whether the folder's legacy account becomes a secure one. */
  readonly lift: boolean;
  /** Whether the user has agreed. */
  readonly yes: boolean;
}

/**
 * Makes a secure account, and publishes its key packages. Says what that means
 * before, and does it only if the user has agreed.
 *
 * @param lines the relay's
 * @throws {UserError} if the user hasn't agreed, or the relay can't be trusted
 */
export async function registerSecure(
  work: Work,
  lines: readonly RelayLine[],
  { name, lift, yes }: SecureRegistration,
): Promise<void> {
  const { dir, output } = work;
  const addresses = await work.addresses();
  const kept = await addresses.keptLines();
  refuseOtherKeys(kept, lines);
  // An earlier registration may have reached a relay.
  if (isSecureFolder(dir)) refuseOtherRelays(kept, lines);
  const session = await work.session();
  const before = lift ? await session.me() : undefined;
  if (before !== undefined && before.name !== name) {
    throw new UserError(
      `This folder's account is "${before.name}", not "${name}"`,
      "A lift keeps the name",
    );
  }
  // The user has agreed to a registration that goes on.
  if (!yes && !isSecureFolder(dir)) throw unconfirmed(lines, name, lift);
  const relays = new SecureRelays(() => pinnedRelays(lines), work.io.env);
  const keepLine = async () => {
    const said = await addresses.keep();
    if (said !== undefined) output.say(said);
  };
  let me = before;
  if (me === undefined) me = await registerAccount(dir, name, relays, keepLine);
  else await liftAccount(dir, me, relays, keepLine);
  await publish(work, relays);
  output.say(
    `${dir}/identity.key is your account: keep a copy of it in a safe place`,
  );
  output.say(`This account is a secure one: ${NO_TEXTS} yet`);
  await writeIdentity(output, me);
}

function unconfirmed(
  lines: readonly RelayLine[],
  name: string,
  lift: boolean,
): UserError {
  const [line] = lines;
  const where = line === undefined
    ? ""
    : ` at ${formatAddress(line)}, whose key is ${formatKey(line.key)}`;
  const meaning = lift ? `. ${LIFT_MEANING}` : "";
  return new UserError(
    `Nothing is done yet: "${name}" would be a secure account${where}; ${NO_TEXTS} yet${meaning}`,
    lift
      ? "The same with --yes does it"
      : "The same with --yes registers it; with --legacy it registers an account that writes and reads texts",
  );
}

/** Publishes key packages; the next doctor makes up for what fails. */
async function publish(work: Work, relays: SecureRelays): Promise<void> {
  using secure = new SecureSession(work.dir, relays);
  try {
    await secure.packages.refill();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    work.output.say(describeFailure(error, work.output.spell));
  }
}
