import { refuse, refuseForNow, respond } from "../response.ts";
import type { SecureHandler } from "./handler.ts";

/** 3004: an account by its name or id (LUP-1, LUP-2). */
export const lookUp: SecureHandler<"lookUp"> = async (
  { by },
  { session, store, rates, address },
) => {
  const key = session.device.key;
  const wait = Math.max(
    rates.lookUps.wait(key),
    rates.lookUpsOfAddress.wait(address),
  );
  if (wait > 0) return refuseForNow(wait);
  rates.lookUps.admit(key);
  rates.lookUpsOfAddress.admit(address);
  const found = await store.secure.lookUp(by);
  if (found === undefined) return refuse("unknown_target");
  if (found === "closed") return refuse("closed");
  const { account, publicKey, record = new Uint8Array(0) } = found;
  return respond("lookUp", { account, publicKey, record });
};
