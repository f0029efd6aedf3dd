import { SendingTaken } from "../../../shared/secure/secure_protocol.ts";
import { digestOf } from "../digest.ts";
import type { SecureRefusal } from "../refusal.ts";
import { refuse, refuseForNow, respond } from "../response.ts";
import type { SecureHandler } from "./handler.ts";

/** Why a store doesn't take a sending. */
const refusals = {
  unknown: "unknown_target",
  closed: "closed",
  full: "inbox_full",
  uid: "taken",
  count: "count_used",
} as const satisfies Record<string, SecureRefusal>;

/** 3007: puts an envelope into each mailbox of an account, once (SEN-1 to SEN-6). */
export const send: SecureHandler<"send"> = async (
  { uid, count, account, recordVersion, lifetime, envelopes },
  { session, store, limits, retention, bytes, now, rates, address },
) => {
  const further = envelopes.length - 1;
  if (further > 0) {
    const at = performance.now();
    const { furtherEnvelopes } = rates;
    if (!furtherEnvelopes.admit(address, at, further)) {
      return refuseForNow(furtherEnvelopes.wait(address, at, further));
    }
  }
  const { id: device, account: sender } = session.device;
  const wanted = lifetime * 1000;
  const sent = await store.secure.send(
    {
      device,
      sender,
      uid,
      count,
      digest: digestOf(bytes),
      account,
      recordVersion,
      lifetime: wanted === 0 ? retention : Math.min(wanted, retention),
      envelopes,
    },
    { messages: limits.maxWaiting, bytes: limits.maxWaitingBytes },
    now,
  );
  if ("refused" in sent) return refuse(refusals[sent.refused]);
  if ("otherDevices" in sent) {
    return refuse("other_devices", { detail: sent.otherDevices });
  }
  const taken = sent.wasTaken ? SendingTaken.Before : SendingTaken.Now;
  return respond("send", { taken, highestCount: sent.highestCount });
};
