import { digestOf } from "../digest.ts";
import { refuse, respond } from "../response.ts";
import type { SecureHandler } from "./handler.ts";

/** 3011: keeps a message for a legacy client (SLG-1 to SLG-3). */
export const sendLegacy: SecureHandler<"sendLegacy"> = async (
  { uid, target, type, content },
  { session, store, limits, bytes, now },
) => {
  const { id: device, account: sender } = session.device;
  const { secure } = store;
  const sent = await secure.sendLegacy(
    { device, sender, uid, digest: digestOf(bytes), target, type, content },
    { messages: limits.maxWaiting, bytes: limits.maxWaitingBytes },
    now,
  );
  if ("id" in sent) return respond("sendLegacy", { messageId: sent.id });
  if (sent.refused === "uid") return refuse("taken");
  if (sent.refused !== "secured") return refuse(sent.refused);
  const detail = await secure.newestRecord(target);
  return refuse("other_devices", detail && { detail });
};
