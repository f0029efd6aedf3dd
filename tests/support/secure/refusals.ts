import { assertRejects } from "@std/assert";
import { Refused } from "../../../lab/harness/secure/peer.ts";
import type { RefusalReason } from "../../../shared/secure/secure_protocol.ts";

/** Fails unless the relay refuses for the reason. @returns the refusal */
export async function assertRefused(
  reason: RefusalReason,
  response: Promise<unknown>,
): Promise<Refused> {
  const refused = await assertRejects(() => response, Refused);
  if (refused.reason === reason) return refused;
  throw new Error(
    `${refused.kind}: expected reason ${reason}, got ${refused.reason}`,
  );
}
