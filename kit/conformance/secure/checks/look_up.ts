import { equals } from "@std/bytes";
import { RefusalReason } from "../../../../shared/secure/secure_protocol.ts";
import {
  secureRequestCode,
  type SecureResponsePayloads,
} from "../../../../shared/secure/secure_requests.ts";
import { must } from "../../server/check.ts";
import { randomId, randomName } from "../../server/frames.ts";
import type { Account } from "../account.ts";
import { expectRefusal } from "../expect.ts";
import { secureSubject } from "../secure_check.ts";

const { Form, Unknown } = RefusalReason;

/** Fails unless a 4004 tells an account. */
function isOf(
  { record, publicKey }: Account,
  told: SecureResponsePayloads["lookUp"],
): void {
  must(equals(told.account, record.account), "its id", told.account.toHex());
  must(equals(told.publicKey, publicKey), "its RSA key", "another");
  must(
    equals(told.record, record.bytes),
    "its record, byte for byte",
    `${told.record.length} other bytes`,
  );
}

export const lookUpChecks = secureSubject("look up", {
  "look-up-by-name": [
    "LUP-1",
    "A look-up by a name gives the account, its RSA key and its record",
    async (probe) => {
      const [{ channel }, { account }] = await probe.pair();
      const { name } = account;
      isOf(account, await channel.expect("lookUp", { by: { name } }));
    },
  ],
  "look-up-by-account": [
    "LUP-1",
    "A look-up by an id gives the account, its RSA key and its record",
    async (probe) => {
      const [{ channel }, { account }] = await probe.pair();
      const by = { account: account.record.account };
      isOf(account, await channel.expect("lookUp", { by }));
    },
  ],
  "look-up-unknown": [
    "LUP-2",
    "A name and an id that no user has are refused with 3",
    async (probe) => {
      const { channel } = await probe.user();
      const name = randomName();
      await channel.refused("lookUp", { by: { name } }, Unknown);
      const account = randomId();
      await channel.refused("lookUp", { by: { account } }, Unknown);
    },
  ],
  "look-up-name-without-nul": [
    "FLD-3",
    "A name of 255 bytes without a NUL is refused with 1",
    async (probe) => {
      const { channel } = await probe.user();
      const payload = new Uint8Array(256).fill(0x41);
      payload[0] = 0;
      const code = secureRequestCode("lookUp");
      await channel.send(channel.raw(payload, { code }));
      expectRefusal(await channel.response(), Form);
    },
  ],
  "look-up-legacy": [
    "LUP-1",
    "A look-up of a legacy client gives its id, its RSA key and no record",
    async (probe) => {
      const { channel } = await probe.user();
      const { id, name, publicKey } = await probe.legacyClient();
      for (const by of [{ name }, { account: id }]) {
        const told = await channel.expect("lookUp", { by });
        const isTheirs = equals(told.account, id) &&
          equals(told.publicKey, publicKey);
        must(isTheirs, "its id and RSA key", "others");
        const { length } = told.record;
        must(length === 0, "no record", `${length} bytes`);
      }
    },
  ],
});
