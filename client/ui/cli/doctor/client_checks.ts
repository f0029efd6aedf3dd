/**
 * Checks of the client beside its folder: relays, terminal and versions.
 *
 * @module
 */

import {
  bad,
  type Finding,
  type FindingStyle,
  ok,
  warning,
} from "../../../../shared/cli/finding.ts";
import { VERSION } from "../../../../shared/cli/program.ts";
import { reasonOf } from "../../../../shared/cli/reason.ts";
import {
  type Address,
  formatAddress,
} from "../../../../shared/folder/info_server.ts";
import {
  type ClientId,
  PROTOCOL_VERSION,
  ZERO_ID,
} from "../../../../shared/wire/protocol.ts";
import {
  ConnectionError,
  ServerRefusedError,
  UserError,
  VersionRefusedError,
} from "../../../errors.ts";
import type { RelayLink } from "../../../link/relay_link.ts";
import type { Io } from "../verb/output.ts";

/** Minimum size of the terminal for the chat. */
const LEAST = { columns: 40, rows: 15 };

/** Style of the client's findings. */
export const STYLE: FindingStyle = {
  words: { ok: "ok", warning: "warning", error: "error", unknown: "unknown" },
  verdictWidth: 9,
  subjectWidth: 10,
};

/** Runs a check; a failure becomes a finding too. */
export async function found(check: () => Promise<Finding>): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    const hint = error instanceof UserError ? error.hint : undefined;
    return bad(reasonOf(error), hint ?? "See that the folder can be read");
  }
}

/**
 * Checks each relay. An unreachable relay is only a warning if another one is
 * reachable.
 */
export async function checkRelays(
  addresses: readonly Address[],
  linkTo: (address: Address) => Promise<RelayLink>,
  me: ClientId | undefined,
): Promise<Finding[]> {
  const gone = new Set<Finding>();
  const findings = await Promise.all(addresses.map(async (address) => {
    let isGone = false;
    const finding = await found(async () => {
      try {
        const { what, ...rest } = await checkRelay(await linkTo(address), me);
        const where = addresses.length === 1
          ? ""
          : `${formatAddress(address)}: `;
        return { what: where + what, ...rest };
      } catch (error) {
        isGone = error instanceof ConnectionError;
        throw error;
      }
    });
    if (isGone) gone.add(finding);
    return finding;
  }));
  if (gone.size === findings.length) return findings;
  return findings.map((finding) =>
    gone.has(finding) ? { ...finding, verdict: "warning" } : finding
  );
}

/** Checks that a relay is reachable, speaks the protocol and knows the user. */
async function checkRelay(
  link: RelayLink,
  me: ClientId | undefined,
): Promise<Finding> {
  const start = performance.now();
  try {
    const others = await link.clients(me ?? ZERO_ID);
    const ms = Math.round(performance.now() - start);
    return ok(`It responds in ${ms} ms and lists ${others.length} other users`);
  } catch (error) {
    if (!(error instanceof ServerRefusedError)) throw error;
    if (error instanceof VersionRefusedError) {
      return bad("It responds, but refuses our version", error.hint ?? "");
    }
    // A relay refuses an unknown client, so this is one.
    if (me === undefined) return ok("It responds, and doesn't know you yet");
    return bad(
      "It responds, but refuses you",
      "Is it the relay that you registered with? See info.server",
    );
  }
}

/** Checks the terminal's size and colours. */
export function checkTerminal(io: Io): Finding {
  if (!io.stdout.isTerminal()) return ok("Not a terminal: no colours");
  const { columns, rows } = Deno.consoleSize();
  const what = `${columns} columns, ${rows} rows, ${
    Deno.noColor ? "no colours (NO_COLOR)" : "colours"
  }, ${encoding(io)}`;
  if (io.env("TERM") === "dumb") {
    return warning(
      what,
      "chat needs a terminal that moves its cursor: TERM is dumb",
    );
  }
  if (columns >= LEAST.columns && rows >= LEAST.rows) return ok(what);
  return warning(
    what,
    `chat needs ${LEAST.columns} columns and ${LEAST.rows} rows`,
  );
}

/** Lists the versions. */
export function checkVersions(): Finding {
  return ok(
    `client ${VERSION}, protocol ${PROTOCOL_VERSION}, Deno ${Deno.version.deno}, ${Deno.build.target}`,
  );
}

/** The terminal's encoding, from the environment. */
function encoding(io: Io): string {
  for (const name of ["LC_ALL", "LC_CTYPE", "LANG"]) {
    const value = io.env(name);
    if (value) {
      return /utf-?8/i.test(value) ? "UTF-8" : `${value}: not UTF-8`;
    }
  }
  return "UTF-8 assumed";
}
