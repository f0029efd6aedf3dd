/**
 * Checks of the secure port: its key, who may read it, and the line for users.
 *
 * @module
 */

import { bad, type Finding, ok, warning } from "../../shared/cli/finding.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import type { ServerOptions } from "../options.ts";
import { lineToPassOn } from "../secure/port/printed_line.ts";
import { readRelayKey, relayKeyFiles } from "../secure/port/relay_key.ts";
import { checkPort } from "./machine_checks.ts";

/** Checks that the relay's key can be used by its owner alone, and tells the line for users. */
export async function checkKey(
  { dir, hostname, secure }: Pick<ServerOptions, "dir" | "hostname" | "secure">,
): Promise<Finding> {
  const { current, next } = relayKeyFiles(dir);
  try {
    const key = await readRelayKey(current);
    if (secure === undefined) return ok("not used without a secure port");
    if (key === undefined) {
      return ok(`none in ${dir} yet: the relay makes it at its first start`);
    }
    const { line, advice } = lineToPassOn(
      { hostname, port: secure.port, key: key.publicKey },
      secure.name,
    );
    if (await readRelayKey(next) !== undefined) {
      return warning(
        `users enter ${line}, and the line of ${next}`,
        "messageu-admin key prints both, and with --switch goes on with the second",
      );
    }
    return advice === undefined
      ? ok(`users enter ${line}`)
      : warning(`users enter ${line}`, advice);
  } catch (error) {
    return bad(reasonOf(error));
  }
}

/**
 * Checks that the relay can listen on its secure port.
 *
 * @param running whether a relay runs on this store
 */
export function checkSecurePort(
  { hostname, secure }: Pick<ServerOptions, "hostname" | "secure">,
  running: boolean,
): Finding {
  if (secure === undefined) {
    return ok("none: the relay serves the legacy port alone");
  }
  const { port, isDefault } = secure;
  const finding = checkPort({ hostname, port }, running, "--secure-port");
  // The relay goes without a default port.
  return isDefault && finding.verdict === "error"
    ? { ...finding, verdict: "warning" }
    : finding;
}
