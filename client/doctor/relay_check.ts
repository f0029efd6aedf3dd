import type { ClientId } from "../../shared/protocol.ts";
import { NOBODY } from "../../shared/requests.ts";
import { ServerRefusedError } from "../errors.ts";
import type { RelayLink } from "../relay_link.ts";
import { bad, type Finding, ok } from "./finding.ts";

/** Whether the relay is there, answers as MessageU and knows the user. */
export async function checkRelay(
  link: RelayLink,
  me: ClientId | undefined,
): Promise<Finding> {
  const start = performance.now();
  try {
    const others = await link.clients(me ?? NOBODY);
    const ms = Math.round(performance.now() - start);
    return ok(`It answers in ${ms} ms and lists ${others.length} others`);
  } catch (error) {
    if (!(error instanceof ServerRefusedError)) throw error;
    // A stranger is refused, and by nothing but a relay.
    if (me === undefined) return ok("It answers, and doesn't know you yet");
    return bad(
      "It answers, but refuses you",
      "Is it the relay that you registered with? See info.server",
    );
  }
}
