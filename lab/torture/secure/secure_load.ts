/**
 * Members at work on relays, each role on a connection of its own, until the
 * relays are killed.
 *
 * @module
 */

import { hasCode, isTlsBreak } from "../../../shared/platform/system_error.ts";
import type { Random } from "../../harness/random.ts";
import { Ended } from "../../harness/secure/peer.ts";
import type { Community } from "./community.ts";
import type { Member } from "./member.ts";
import { claim, type Part, publish, read, type Role, send } from "./roles.ts";
import type { SecureTally } from "./secure_tally.ts";
import type { SecureVictim } from "./sites.ts";

/** What the load does: all of it, or only claims. */
export type Work = "all" | "claims";

/**
 * Keeps all roles at work until the relays are killed.
 *
 * @throws {Violation} where a relay broke a promise; all are killed then
 */
export async function runSecureLoad(
  victims: readonly SecureVictim[],
  community: Community,
  tally: SecureTally,
  random: Random,
  { connections, work }: { connections: number; work: Work },
): Promise<void> {
  let first: { error: unknown } | undefined;
  const keepAt = async (role: Role, member?: Member) => {
    const part = { community, tally, random: random.fork() };
    while (first === undefined && !victims.every(({ killed }) => killed)) {
      await once(victims, role, member ?? await community.newcomer(), part);
    }
  };
  const jobs: [Role, Member?][] = community.members.flatMap((member) =>
    work === "all"
      ? [[send, member], [read, member], [publish, member]]
      : [[publish, member]]
  );
  const claimers = work === "all" ? community.members.length : connections;
  for (let index = 0; index < claimers; index++) jobs.push([claim]);
  await Promise.all(
    jobs.map(([role, member]) =>
      keepAt(role, member).catch((error) => {
        first ??= { error };
        victims.forEach((victim) => victim.kill());
      })
    ),
  );
  if (first !== undefined) throw first.error;
}

/** Does a role's work on a connection to one of the relays. */
async function once(
  victims: readonly SecureVictim[],
  role: Role,
  member: Member,
  part: Part,
): Promise<void> {
  const victim = part.random.pick(victims);
  if (victim.killed) return;
  let isIn = false;
  try {
    const isNew = !member.isRegistered;
    using peer = await member.connect(victim.line);
    isIn = true;
    if (isNew) part.tally.registrations++;
    await role(peer, member, part);
  } catch (error) {
    // A relay may end a connection that isn't authenticated in its time.
    const isBreak = isBroken(error) && (victim.killed || !isIn);
    if (!isBreak) throw error;
    part.tally.breaks++;
  }
}

/** Whether an error says that a connection broke. */
function isBroken(error: unknown): boolean {
  return error instanceof Ended || isTlsBreak(error) ||
    hasCode(error, "ECONNREFUSED", "ECONNRESET", "ECONNABORTED") ||
    hasCode(error, "ENOTCONN", "EPIPE");
}
