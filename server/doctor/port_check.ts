/**
 * Whether the relay's port can be listened on.
 *
 * @module
 */

import { formatAddress } from "../../shared/folder/info_server.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import type { Finding } from "./finding.ts";

/**
 * Listens there and stops at once.
 *
 * @param running whether a relay runs on the same database
 */
export function checkPort(
  address: { hostname: string; port: number },
  running: boolean,
): Finding {
  const where = formatAddress(address);
  try {
    Deno.listen(address).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) {
      return {
        verdict: "bad",
        what: `can't listen on ${where} (${reasonOf(error)})`,
        advice: "take another one with --host and --port",
      };
    }
    // The system doesn't say by whom.
    if (running) {
      return {
        verdict: "ok",
        what: `${where} is in use, it seems by the relay that runs`,
      };
    }
    return {
      verdict: "bad",
      what: `${where} is in use`,
      advice:
        "stop the other program, perhaps another relay, or take another port with --port",
    };
  }
  return {
    verdict: "ok",
    what: address.port === 0 ? "any free one" : `${where} is free`,
  };
}
