/**
 * The keys that a client trusts, by the lines that its user has entered (section
 * 2.2 of docs/secure.md).
 *
 * @module
 */

import { equals } from "@std/bytes";
import { formatAddress } from "../../shared/folder/info_files.ts";
import { formatKey, type RelayLine } from "../../shared/secure/relay_line.ts";
import { Advice, Command } from "../advice.ts";
import { UserError } from "../errors.ts";
import type { PinnedRelay } from "./secure_connection.ts";

/** Keys of one relay: two while it changes its key (PIN-5). */
const MOST_KEYS = 2;

/**
 * The relays of lines, each with its keys.
 *
 * @throws {UserError} if one has more than two
 */
export function pinnedRelays(lines: readonly RelayLine[]): PinnedRelay[] {
  const relays = new Map<string, PinnedRelay>();
  for (const { key, ...address } of lines) {
    const name = formatAddress(address).toLowerCase();
    const keys = [...relays.get(name)?.keys ?? [], key];
    if (keys.length > MOST_KEYS) {
      throw new UserError(
        `info.server has ${keys.length} keys for ${name}`,
        "Two at most are used: remove the lines of old keys",
      );
    }
    relays.set(name, { ...address, keys });
  }
  return [...relays.values()];
}

/** The keys that the lines have for a line's host. */
export function keysOfHost(
  lines: readonly RelayLine[],
  { hostname }: Pick<RelayLine, "hostname">,
): Uint8Array[] {
  return lines.filter((line) => isSameHost(line, { hostname }))
    .map(({ key }) => key);
}

/** Whether two lines are of one host; names of hosts have no capitals. */
function isSameHost(
  one: Pick<RelayLine, "hostname">,
  other: Pick<RelayLine, "hostname">,
): boolean {
  return one.hostname.toLowerCase() === other.hostname.toLowerCase();
}

/**
 * Refuses lines with another key than is known for their host (PIN-4).
 *
 * @param known the lines that the user has entered before
 * @throws {UserError} if there is one
 */
export function refuseOtherKeys(
  known: readonly RelayLine[],
  lines: readonly RelayLine[],
): void {
  for (const line of lines) {
    const keys = keysOfHost(known, line);
    const isKnown = keys.length === 0 ||
      keys.some((key) => equals(key, line.key));
    if (isKnown) continue;
    throw new UserError(
      `WARNING: THE LINE HAS ANOTHER KEY FOR ${line.hostname} THAN info.server: ${
        formatKey(line.key)
      }, not ${keys.map(formatKey).join(" or ")}`,
      new Advice(
        "Nothing was sent. Ask the relay's operator in another way whether the key has changed, and then take it with ",
        new Command("server", "LINE", "--yes"),
      ),
    );
  }
}

/**
 * Refuses lines of other relays than those that may have the folder's account.
 *
 * @param known the lines that the user has entered before
 * @throws {UserError} if no line has a known key
 */
export function refuseOtherRelays(
  known: readonly RelayLine[],
  lines: readonly RelayLine[],
): void {
  const isKnown = known.length === 0 ||
    lines.some(({ key }) => known.some((line) => equals(line.key, key)));
  if (isKnown) return;
  throw new UserError(
    "An earlier registration may have reached the relay of info.server, and this is another one",
    "Go on at that relay, without --server; or register in another folder, by --dir",
  );
}

/**
 * Puts a line before the others. The key that its host had last stays beside it,
 * since the relay shows its old key for a while.
 *
 * @param only whether no other key of the host stays
 */
export function withLine(
  lines: readonly RelayLine[],
  line: RelayLine,
  only: boolean,
): RelayLine[] {
  const before = lines.filter((other) =>
    isSameHost(other, line) && !equals(other.key, line.key)
  );
  const kept = only ? [] : before.slice(0, MOST_KEYS - 1);
  return [
    line,
    ...kept,
    ...lines.filter((other) => !isSameHost(other, line)),
  ];
}
