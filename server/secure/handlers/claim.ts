import { PACKAGE_SIZE } from "../../../shared/secure/key_package.ts";
import { refuse, refuseForNow, respond } from "../response.ts";
import type { SecureHandler } from "./handler.ts";

/** Bytes of one device in a response at most. */
const CLAIMED_SIZE = 2 * PACKAGE_SIZE + 17;

/** 3005: hands out key packages (CLM-1 to CLM-4). */
export const claim: SecureHandler<"claim"> = async (
  { account, devices },
  { session, store, rates, memory },
) => {
  const { device } = session;
  if (!rates.claims.admit(device.key)) {
    return refuseForNow(rates.claims.wait(device.key));
  }
  const distinct = new Set(devices.map((id) => id.toHex()));
  if (distinct.size < devices.length) return refuse("bad_format");
  await memory.reserve(devices.length * CLAIMED_SIZE);
  // What isn't there must not fill the memory of the limit.
  if (await store.secure.newestRecord(account) === undefined) {
    return refuse("unknown_target");
  }
  const pair = device.account.toHex() + account.toHex();
  const withSingle = rates.singleUse.admit(pair);
  const packages = await store.secure.claim(account, devices, withSingle);
  if (packages === undefined) return refuse("unknown_target");
  return respond("claim", {
    packages: packages.map(({ device, weekly, single }) => ({
      device,
      weekly,
      single,
    })),
  });
};
