import { readRecord } from "../../../shared/secure/account_record.ts";
import { verify } from "../../../shared/secure/ed25519.ts";
import { deletionBytes } from "../../../shared/secure/signed_bytes.ts";
import { refuse, respond } from "../response.ts";
import type { SecureHandler } from "./handler.ts";

/** 3012: deletes the account; its id and name stay taken (DEL-1, DEL-2). */
export const deleteAccount: SecureHandler<"delete"> = async (
  { signature },
  { session, store: { secure } },
) => {
  const { greeting, device: { account } } = session;
  const bytes = await secure.newestRecord(account);
  if (greeting === undefined || bytes === undefined) {
    return refuse("not_authenticated");
  }
  const { identity } = await readRecord(bytes);
  const isTrue = await verify(
    identity,
    signature,
    deletionBytes(greeting, account),
  );
  if (!isTrue) return refuse("not_authenticated");
  await secure.deleteAccount(account);
  return respond("delete", {});
};
