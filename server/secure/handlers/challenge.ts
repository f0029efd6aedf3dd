import { importPublicKey } from "../../../shared/crypto/crypto.ts";
import {
  type AccountId,
  PROOF_SIZE,
} from "../../../shared/secure/secure_protocol.ts";
import { challengeLabel } from "../../../shared/secure/signed_bytes.ts";
import { refuse, refuseForNow, respond } from "../response.ts";
import type { SecureHandler } from "./handler.ts";

/** 3002: lets a legacy client prove that it has its RSA key (LFT-1, LFT-2). */
export const challenge: SecureHandler<"challenge"> = async (
  { account },
  { session, store, registrations, address },
) => {
  if (!registrations.admit(address)) {
    return refuseForNow(registrations.wait(address));
  }
  const { greeting } = session;
  if (!greeting?.useForChallenge()) return refuse("not_authenticated");
  const found = await store.secure.lookUp({ account });
  if (found === undefined) return refuse("unknown_target");
  if (found === "closed" || found.record !== undefined) return refuse("taken");
  const key = await importPublicKey(found.publicKey);
  const secret = crypto.getRandomValues(new Uint8Array(PROOF_SIZE));
  const label = challengeLabel(greeting);
  const encrypted = new Uint8Array(
    await crypto.subtle.encrypt({ name: "RSA-OAEP", label }, key, secret),
  );
  const owned = account.slice() as Uint8Array as AccountId;
  greeting.challenge = { account: owned, secret };
  return respond("challenge", { encrypted });
};
