import { equals } from "@std/bytes";
import {
  drawUid,
  MailFlag,
  RefusalReason,
} from "../../../../shared/secure/secure_protocol.ts";
import { deletionBytes } from "../../../../shared/secure/signed_bytes.ts";
import { sign } from "../../../../shared/secure/ed25519.ts";
import { MessageType } from "../../../../shared/wire/protocol.ts";
import {
  ERROR_CODE,
  responseCode,
  responseCodecs,
} from "../../../../shared/wire/requests.ts";
import { PULL } from "../../../requests.ts";
import { must } from "../../server/check.ts";
import { randomBytes, randomId } from "../../server/frames.ts";
import { expectCode, messagesIn } from "../../server/response.ts";
import { describe, expectRefusal } from "../expect.ts";
import { fetching } from "../requests.ts";
import { secureSubject } from "../secure_check.ts";

const { OtherDevices, Taken, Unknown } = RefusalReason;
const { Text } = MessageType;

/** A text to a legacy client. */
const textTo = (target: Uint8Array) => ({
  uid: drawUid(),
  target: target as ReturnType<typeof randomId>,
  type: Text,
  content: randomBytes(32),
});

export const legacyChecks = secureSubject("between both worlds", {
  "legacy-to-secured": [
    "LEG-3",
    "A 603 to a secured id is answered with 2103 and waits in its mailbox, with flag 1, its sender's id, no device, and its type before its content",
    async (probe) => {
      const { account, channel } = await probe.user();
      const { id } = await probe.legacyClient();
      const { account: target } = account.record;
      const content = randomBytes(48);
      const message = { target, type: Text, content };
      const response = await probe.legacy("sendMessage", message, id);
      expectCode(response, responseCode.sendMessage);
      const { messages } = await channel.expect("fetch", fetching());
      const [came] = messages;
      must(came !== undefined, "the message", "none");
      must(came.flags === MailFlag.Legacy, "flag 1", `${came.flags}`);
      must(equals(came.account, id), "the sender's id", came.account.toHex());
      const isNone = came.device.every((byte) => byte === 0);
      must(isNone, "zeros as the device", came.device.toHex());
      const due = Uint8Array.of(Text, ...content);
      must(equals(came.content, due), "type and content", "other bytes");
    },
  ],
  "legacy-pull-of-secured": [
    "LEG-2",
    "A 604 of a secured id is refused with 9000, and its mail stays",
    async (probe) => {
      const { account, channel } = await probe.user();
      const { id } = await probe.legacyClient();
      const { account: target } = account.record;
      const message = { target, type: Text, content: randomBytes(16) };
      await probe.legacy("sendMessage", message, id);
      const { code } = await probe.legacy(PULL, {}, target);
      must(code === ERROR_CODE, "9000", `${code}`);
      const { messages } = await channel.expect("fetch", fetching());
      must(messages.length === 1, "the message", `${messages.length}`);
    },
  ],
  "legacy-send-from-secured": [
    "LEG-2",
    "A 603 in a secured id's name is refused with 9000",
    async (probe) => {
      const { account } = await probe.user();
      const { id: target } = await probe.legacyClient();
      const message = { target, type: Text, content: randomBytes(16) };
      const from = account.record.account;
      const { code } = await probe.legacy("sendMessage", message, from);
      must(code === ERROR_CODE, "9000", `${code}`);
    },
  ],
  "legacy-list-has-secured": [
    "LEG-4",
    "A 2101 lists a secured account, and a 602 gives its RSA key",
    async (probe) => {
      const { account } = await probe.user();
      const { id } = await probe.legacyClient();
      const { account: target } = account.record;
      const list = await probe.legacy("clientsList", {}, id);
      expectCode(list, responseCode.clientsList);
      const { clientsList } = responseCodecs;
      const isListed = clientsList.decode(list.payload)
        .some(({ clientId }) => equals(clientId, target));
      must(isListed, "its id in the list", "none");
      const key = await probe.legacy("publicKey", { target }, id);
      expectCode(key, responseCode.publicKey);
      const told = responseCodecs.publicKey.decode(key.payload).publicKey;
      must(equals(told, account.publicKey), "its RSA key", "another");
    },
  ],
  "legacy-to-closed": [
    "LEG-5",
    "A 603 to a deleted account is refused with 9000",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      const { id } = await probe.legacyClient();
      const { account: target } = account.record;
      await channel.hello();
      const signed = deletionBytes(channel.binding, target);
      const signature = await sign(account.identity, signed);
      await channel.expect("delete", { signature });
      const message = { target, type: Text, content: randomBytes(16) };
      const { code } = await probe.legacy("sendMessage", message, id);
      must(code === ERROR_CODE, "9000", `${code}`);
    },
  ],
  "secure-to-legacy": [
    "SLG-1",
    "A 3011 is in the legacy client's inbox, from the account, with the message id of its 4011",
    async (probe) => {
      const { account, channel } = await probe.user();
      const { id } = await probe.legacyClient();
      const payload = textTo(id);
      const { messageId } = await channel.expect("sendLegacy", payload);
      const [message] = messagesIn(await probe.legacy(PULL, {}, id));
      must(message !== undefined, "the message", "an empty inbox");
      const isIt = message.messageId === messageId &&
        equals(message.sender, account.record.account) &&
        equals(message.content, payload.content);
      must(isIt, "its id, sender and content", "others");
    },
  ],
  "secure-to-legacy-repeated": [
    "SLG-3",
    "The same 3011 again has the same message id and is delivered once, another payload is refused with 4",
    async (probe) => {
      const { channel } = await probe.user();
      const { id } = await probe.legacyClient();
      const payload = textTo(id);
      const first = await channel.expect("sendLegacy", payload);
      const again = await channel.expect("sendLegacy", payload);
      must(
        first.messageId === again.messageId,
        `${first.messageId}`,
        `${again.messageId}`,
      );
      const other = { ...textTo(id), uid: payload.uid };
      await channel.refused("sendLegacy", other, Taken);
      const { length } = messagesIn(await probe.legacy(PULL, {}, id));
      must(length === 1, "1 message", `${length}`);
    },
  ],
  "secure-to-legacy-unknown": [
    "SLG-2",
    "A 3011 to an id that no user has is refused with 3, one to a secured id with 5 and its record",
    async (probe) => {
      const [{ channel }, other] = await probe.pair();
      await channel.refused("sendLegacy", textTo(randomId()), Unknown);
      const { record } = other.account;
      const response = await channel.ask("sendLegacy", textTo(record.account));
      const { detail } = expectRefusal(response, OtherDevices);
      must(equals(detail, record.bytes), "its record", describe(response));
    },
  ],
});
