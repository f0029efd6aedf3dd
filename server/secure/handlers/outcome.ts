import { respond } from "../response.ts";
import type { SecureHandler } from "./handler.ts";

/** 3010: what became of the device's sendings (OUT-1, OUT-2). */
export const outcome: SecureHandler<"outcome"> = async (
  { uids },
  { session, store },
) => {
  const outcomes = await store.secure.outcomes(session.device.id, uids);
  return respond("outcome", {
    outcomes: uids.flatMap((uid, index) => {
      const outcome = outcomes[index];
      return outcome === undefined ? [] : [{ uid, ...outcome }];
    }),
  });
};
