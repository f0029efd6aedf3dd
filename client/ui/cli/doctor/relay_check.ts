import {
  type Address,
  formatAddress,
} from "../../../../shared/folder/info_server.ts";
import { type ClientId, ZERO_ID } from "../../../../shared/wire/protocol.ts";
import {
  ConnectionError,
  ServerRefusedError,
  VersionRefusedError,
} from "../../../errors.ts";
import type { RelayLink } from "../../../link/relay_link.ts";
import { bad, type Finding, ok } from "../../../../shared/cli/finding.ts";
import { found } from "./finding.ts";

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
