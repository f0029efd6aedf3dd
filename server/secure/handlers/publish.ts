import { equals } from "@std/bytes";
import {
  PackageKind,
  readPackage,
} from "../../../shared/secure/key_package.ts";
import type { NewPackage } from "../../store/secure_store.ts";
import { refuse, refuseForNow, respond } from "../response.ts";
import type { SecureHandler } from "./handler.ts";

/** Single-use packages of one device that may wait. */
const MOST_WAITING = 1024;

/** 3006: keeps key packages of the device (PBL-1, PBL-2). */
export const publish: SecureHandler<"publish"> = async (
  { packages },
  { session, store, rates },
) => {
  const { id, key, signingKey } = session.device;
  if (!rates.publications.admit(key)) {
    return refuseForNow(rates.publications.wait(key));
  }
  const published: NewPackage[] = [];
  for (const bytes of packages) {
    const { device, number, kind } = await readPackage(bytes, signingKey);
    if (!equals(device, id)) return refuse("bad_format");
    published.push({ number, kind, bytes });
  }
  published.sort((a, b) => a.number - b.number);
  const singles = published.filter(({ kind }) =>
    kind === PackageKind.SingleUse
  );
  const { secure } = store;
  const left = singles.length === 0 ? 0 : await secure.publish(id, []);
  if (left + singles.length > MOST_WAITING) return refuse("inbox_full");
  return respond("publish", {
    singleUseLeft: await secure.publish(id, published),
  });
};
