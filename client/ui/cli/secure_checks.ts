/**
 * The doctor's checks of secure ports and of a secure account.
 *
 * @module
 */

import { bad, type Finding, ok, warning } from "../../../shared/cli/finding.ts";
import { formatThings } from "../../../shared/cli/figures.ts";
import { day, localTime } from "../../../shared/cli/time.ts";
import { formatAddress } from "../../../shared/folder/info_files.ts";
import type { RelayLine } from "../../../shared/secure/relay_line.ts";
import {
  Registration,
  SINGLE_USE,
} from "../../../shared/secure/secure_protocol.ts";
import { Command } from "../../advice.ts";
import {
  pinnedRelays,
  refuseOtherKeys,
  refuseOtherRelays,
} from "../../secure/relay_pins.ts";
import {
  type PinnedRelay,
  SecureConnection,
} from "../../secure/secure_connection.ts";
import { SecureRelays } from "../../secure/secure_link.ts";
import { SecureSession } from "../../secure/secure_session.ts";
import { isSecureFolder } from "../../store/folder.ts";
import { readIdentityKey } from "../../secure/identity_key.ts";
import type { Work } from "./verb/verb.ts";

/** Milliseconds by which clocks may differ. */
const CLOCK_DIFFERENCE = 5 * 60_000;
const DAY = 86_400_000;
/** Milliseconds after which a weekly package is too old (PKG-6). */
const OLD_PACKAGE = 45 * DAY;

/** A subject and its check. */
type Check = readonly [subject: string, check: () => Promise<Finding>];

/**
 * The checks of secure ports, and of the folder's secure account if it has one.
 *
 * @param lines the relay's
 * @param kept those of `info.server`
 */
export function* checkSecure(
  work: Work,
  lines: readonly RelayLine[],
  kept: readonly RelayLine[],
): Generator<Check, void, void> {
  const { dir, io } = work;
  if (lines.length === 0) {
    yield ["line", () =>
      Promise.resolve(bad(
        "This folder has a secure account, and info.server no mu:// line",
        `Ask the relay's operator for its line, and enter it: ${
          work.output.spell(new Command("server", "LINE"))
        }`,
      ))];
    return;
  }
  let relays: PinnedRelay[];
  try {
    refuseOtherKeys(kept, lines);
    if (isSecureFolder(dir)) refuseOtherRelays(kept, lines);
    relays = pinnedRelays(lines);
  } catch (error) {
    yield ["line", () => Promise.reject(error)];
    return;
  }
  yield ["line", () => Promise.resolve(checkLines(relays))];
  for (const relay of relays) {
    yield ["pin", () => checkPin(relay, work)];
  }
  if (!isSecureFolder(dir)) return;
  let opened: SecureSession;
  try {
    opened = new SecureSession(dir, new SecureRelays(() => relays, io.env));
  } catch (error) {
    yield ["account", () => Promise.reject(error)];
    return;
  }
  using session = opened;
  yield ["account", () => checkAccount(session, work)];
  yield ["packages", () => checkPackages(session)];
  yield ["mailbox", () => checkMailbox(session)];
}

function checkLines(relays: readonly PinnedRelay[]): Finding {
  const names = relays.map((relay) =>
    relay.keys.length === 1
      ? formatAddress(relay)
      : `${formatAddress(relay)} with ${relay.keys.length} keys`
  );
  return ok(`${names.join(", ")}: the mu:// line is right in form`);
}

/** Checks that a secure port shows the pinned key, and that the clocks agree. */
async function checkPin(relay: PinnedRelay, { io }: Work): Promise<Finding> {
  const start = performance.now();
  using connection = await SecureConnection.open(relay, {
    environment: io.env,
  });
  const ms = Math.round(performance.now() - start);
  const { time, registration } = connection.hello;
  const what = `${formatAddress(relay)} shows the key of its line, in ${ms} ms${
    registration === Registration.Closed ? "; it takes no registrations" : ""
  }`;
  const difference = Math.abs(time - Date.now());
  if (difference < CLOCK_DIFFERENCE) return ok(what);
  return warning(
    `${what}; its clock says ${localTime(time)}`,
    "Set this machine's clock, or tell the relay's operator",
  );
}

/** Checks that the device is known, and that the record is the newest. */
async function checkAccount(
  session: SecureSession,
  { dir, output }: Work,
): Promise<Finding> {
  const row = session.own.find();
  if (row === undefined) {
    return bad(
      `${dir}/identity.key is there, and its account isn't in the store`,
      "Keep the file, and put your copy of info.store back",
    );
  }
  if (row.registered === undefined) {
    const lift = row.isLift === 1 ? ["--lift"] : [];
    const command = new Command("register", row.name, ...lift);
    return warning(
      "The registration of the secure account isn't finished",
      `Go on with it: ${output.spell(command)}`,
    );
  }
  const { publicKey } = await readIdentityKey(dir);
  const record = await session.own.record();
  if (record.identity.toHex() !== publicKey.toHex()) {
    return bad(
      `${dir}/identity.key isn't the account's`,
      "Put your copy of it back",
    );
  }
  await session.link.connected();
  const { version } = await session.own.record();
  return ok(
    `${row.name} is a secure account, and the relay knows this device; its record has version ${version}. Texts come with a later version`,
  );
}

/** Checks the key packages, and publishes those that are due. */
async function checkPackages(session: SecureSession): Promise<Finding> {
  const made = session.packages.state().weeklyMade;
  const left = await session.packages.refill();
  const { weeklyMade = Date.now() } = session.packages.state();
  const what =
    `At the relay: ${left} of ${SINGLE_USE.most} single-use key packages, and a weekly one of ${
      day(weeklyMade)
    }`;
  if (made !== undefined && Date.now() - made > OLD_PACKAGE) {
    return warning(
      `${what}; the one before was of ${day(made)}`,
      "Start the client once a week at least",
    );
  }
  return ok(what);
}

/** Checks the mailbox. */
async function checkMailbox(session: SecureSession): Promise<Finding> {
  const { waiting } = await session.link.state();
  const { fetched } = session.own.row();
  const last = fetched === undefined
    ? "nothing was fetched yet"
    : `fetched last on ${localTime(fetched)}`;
  return ok(`At the relay: ${formatThings(waiting, "message")}; ${last}`);
}
