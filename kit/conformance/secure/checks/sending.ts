import { equals } from "@std/bytes";
import {
  drawDeviceId,
  drawUid,
  RefusalReason,
  SendingState,
} from "../../../../shared/secure/secure_protocol.ts";
import { must } from "../../server/check.ts";
import { randomBytes, randomId } from "../../server/frames.ts";
import { nextRecord } from "../account.ts";
import { describe, expectRefusal } from "../expect.ts";
import { fetchesOnly, fetching, sendingTo } from "../requests.ts";
import type { SecureChannel } from "../secure_channel.ts";
import { secureSubject } from "../secure_check.ts";

const { CountUsed, Form, OtherDevices, Taken, Unknown } = RefusalReason;

/** Sends, and fails unless the response tells a first sending or a repeat. */
async function sends(
  channel: SecureChannel,
  payload: ReturnType<typeof sendingTo>,
  due: 1 | 2 = 1,
) {
  const { taken, highestCount } = await channel.expect("send", payload);
  must(taken === due, `taken ${due}`, `${taken}`);
  return highestCount;
}

export const sendingChecks = secureSubject("secure sending", {
  "secure-send-taken": [
    "SEN-1",
    "A 3007 is answered with 1, and its envelope is in the mailbox then",
    async (probe) => {
      const [from, to] = await probe.pair();
      const content = randomBytes(100);
      await sends(from.channel, sendingTo(from.account, to.account, content));
      await fetchesOnly(to.channel, [content]);
    },
  ],
  "secure-send-to-oneself": [
    "SEN-1",
    "An account may send to its own device",
    async (probe) => {
      const { account, channel } = await probe.user();
      const content = randomBytes(20);
      await sends(channel, sendingTo(account, account, content));
      await fetchesOnly(channel, [content]);
    },
  ],
  "secure-send-empty": [
    "BOX-7",
    "A content of 0 bytes arrives",
    async (probe) => {
      const [from, to] = await probe.pair();
      const content = new Uint8Array();
      await sends(from.channel, sendingTo(from.account, to.account, content));
      await fetchesOnly(to.channel, [content]);
    },
  ],
  "secure-send-large": [
    "BOX-7",
    "A content of 200 KiB arrives byte for byte",
    async (probe) => {
      const [from, to] = await probe.pair();
      const { largest } = await from.channel.hello();
      const size = Math.min(200 * 1024, largest - 200);
      const content = new Uint8Array(size).map((_, at) => at % 251);
      await sends(from.channel, sendingTo(from.account, to.account, content));
      await fetchesOnly(to.channel, [content], { most: 1024 * 1024 });
    },
  ],
  "secure-send-repeated": [
    "SEN-3",
    "The same 3007 again, on another connection too, is answered with 2 and delivered once",
    async (probe) => {
      const [from, to] = await probe.pair();
      const payload = sendingTo(from.account, to.account);
      await sends(from.channel, payload);
      await sends(from.channel, payload, 2);
      await sends(await probe.login(from.account), payload, 2);
      const [envelope] = payload.envelopes;
      await fetchesOnly(to.channel, [envelope?.content ?? new Uint8Array()]);
    },
  ],
  "secure-send-repeated-after-arrival": [
    "SEN-3",
    "The same 3007 again is answered with 2, and not delivered, after it was acknowledged",
    async (probe) => {
      const [from, to] = await probe.pair();
      const payload = sendingTo(from.account, to.account);
      await sends(from.channel, payload);
      const { lastSeq } = await to.channel.expect("fetch", fetching());
      await fetchesOnly(to.channel, [], { acknowledged: lastSeq });
      await sends(from.channel, payload, 2);
      await fetchesOnly(to.channel, []);
    },
  ],
  "secure-send-other-payload": [
    "SEN-4",
    "A uid with another payload is refused with 4, and not delivered",
    async (probe) => {
      const [from, to] = await probe.pair();
      const { uid, ...payload } = sendingTo(from.account, to.account);
      await sends(from.channel, { ...payload, uid });
      const other = sendingTo(from.account, to.account);
      await from.channel.refused("send", { ...other, uid }, Taken);
      const [envelope] = payload.envelopes;
      await fetchesOnly(to.channel, [envelope?.content ?? new Uint8Array()]);
    },
  ],
  "secure-send-uid-of-another": [
    "SEN-3",
    "Two devices may send under one uid",
    async (probe) => {
      const [from, to] = await probe.pair();
      const { uid } = sendingTo(from.account, to.account);
      await sends(from.channel, {
        ...sendingTo(from.account, to.account),
        uid,
      });
      await sends(to.channel, { ...sendingTo(to.account, to.account), uid });
      const { messages } = await to.channel.expect("fetch", fetching());
      must(messages.length === 2, "2 messages", `${messages.length}`);
    },
  ],
  "secure-send-used-count": [
    "CNT-4",
    "A count that another uid of the device had is refused with 12, and not delivered",
    async (probe) => {
      const [from, to] = await probe.pair();
      const payload = sendingTo(from.account, to.account);
      await sends(from.channel, payload);
      const copy = { ...payload, uid: drawUid() };
      await from.channel.refused("send", copy, CountUsed);
      const [envelope] = payload.envelopes;
      await fetchesOnly(to.channel, [envelope?.content ?? new Uint8Array()]);
    },
  ],
  "secure-send-highest-count": [
    "CNT-3",
    "A 4007 tells the highest count of the device, its own included",
    async (probe) => {
      const { account, channel } = await probe.freshLogin();
      for (const [count, due] of [[40, 40], [7, 40], [41, 41]] as const) {
        const payload = { ...sendingTo(account, account), count };
        const highest = await sends(channel, payload);
        must(highest === due, `${due}`, `${highest}`);
      }
    },
  ],
  "secure-send-other-devices": [
    "SEN-2",
    "Envelopes for none, for another and twice for one device are refused with 5 and the record",
    async (probe) => {
      const [from, to] = await probe.pair();
      const payload = sendingTo(from.account, to.account);
      const content = randomBytes(10);
      const own = { device: to.account.device.id, content };
      const other = { device: drawDeviceId(), content };
      for (const envelopes of [[], [other], [own, other], [own, own]]) {
        const response = await from.channel.ask("send", {
          ...payload,
          envelopes,
        });
        const { detail } = expectRefusal(response, OtherDevices);
        const isRecord = equals(detail, to.account.record.bytes);
        must(isRecord, "the record as the detail", describe(response));
      }
      await fetchesOnly(to.channel, []);
    },
  ],
  "secure-send-other-version": [
    "SEN-2",
    "An older and a later version than the record's are refused with 5 and the record",
    async (probe) => {
      const from = await probe.user();
      const to = await probe.freshLogin();
      const record = await nextRecord(to.account);
      const replaced = { record: record.bytes, signatures: [] };
      await to.channel.expect("record", replaced);
      for (const recordVersion of [0, 1, 3]) {
        const sending = sendingTo(from.account, { record });
        const response = await from.channel.ask("send", {
          ...sending,
          recordVersion,
        });
        const { detail } = expectRefusal(response, OtherDevices);
        const isRecord = equals(detail, record.bytes);
        must(isRecord, "the newest record", describe(response));
      }
      await sends(from.channel, sendingTo(from.account, { record }));
    },
  ],
  "secure-send-to-several": [
    "SEN-1",
    "A 3007 to an account of two devices is in both mailboxes",
    async (probe) => {
      const from = await probe.user();
      const { account, channels } = await probe.twoDevices();
      const payload = sendingTo(from.account, account);
      const envelopes = payload.envelopes.map(({ device }) => ({
        device,
        content: randomBytes(30),
      }));
      await sends(from.channel, { ...payload, envelopes });
      for (const [index, channel] of channels.entries()) {
        const { content } = envelopes[index] ?? { content: new Uint8Array() };
        await fetchesOnly(channel, [content]);
      }
    },
  ],
  "secure-send-to-unknown": [
    "SEN-5",
    "A 3007 to an id that no user has is refused with 3",
    async (probe) => {
      const { account, channel } = await probe.user();
      const payload = { ...sendingTo(account, account), account: randomId() };
      await channel.refused("send", payload, Unknown);
    },
  ],
  "secure-send-to-legacy": [
    "SEN-5",
    "A 3007 to a legacy client is refused with 3",
    async (probe) => {
      const { account, channel } = await probe.user();
      const { id } = await probe.legacyClient();
      const payload = { ...sendingTo(account, account), account: id };
      await channel.refused("send", payload, Unknown);
    },
  ],
  "secure-send-cut-envelope": [
    "FLD-2",
    "A 3007 whose last envelope lacks a byte is refused with 1",
    async (probe) => {
      const { account, channel } = await probe.user();
      const frame = channel.frame("send", sendingTo(account, account));
      const payload = frame.subarray(23, -1);
      await channel.send(channel.raw(payload, { code: 3007 }));
      expectRefusal(await channel.response(), Form);
    },
  ],
  "outcome-of-sendings": [
    "OUT-1",
    "A 4010 tells what waits, what was taken and what is unknown, in the order of the uids",
    async (probe) => {
      const [from, to] = await probe.pair();
      const first = sendingTo(from.account, to.account);
      await sends(from.channel, first);
      const { lastSeq } = await to.channel.expect("fetch", fetching());
      await to.channel.expect("fetch", fetching({ acknowledged: lastSeq }));
      const second = sendingTo(from.account, to.account);
      await sends(from.channel, second);
      const uids = [drawUid(), second.uid, first.uid];
      const { outcomes } = await from.channel.expect("outcome", { uids });
      const areSame = outcomes.length === 3 &&
        outcomes.every(({ uid }, at) =>
          equals(uid, uids[at] ?? uid.subarray(1))
        );
      must(areSame, "the uids in their order", "others");
      const states = outcomes.map(({ state }) => state).join();
      const { Unknown, Waits, Taken } = SendingState;
      const due = [Unknown, Waits, Taken].join();
      must(states === due, `the states ${due}`, states);
      const isTimed = outcomes.every(({ time }, at) => (time > 0) === (at > 0));
      must(isTimed, "times of the known ones", "others");
    },
  ],
  "outcome-after-fetch": [
    "OUT-2",
    "A message that was handed out and isn't acknowledged waits",
    async (probe) => {
      const [from, to] = await probe.pair();
      const payload = sendingTo(from.account, to.account);
      await sends(from.channel, payload);
      await to.channel.expect("fetch", fetching());
      const uids = [payload.uid];
      const { outcomes: [outcome] } = await from.channel.expect("outcome", {
        uids,
      });
      const state = outcome?.state;
      must(state === SendingState.Waits, "1, it waits", `${state}`);
    },
  ],
  "outcome-of-two-devices": [
    "MBX-5",
    "A sending to two devices was taken once one of them has acknowledged it",
    async (probe) => {
      const from = await probe.user();
      const { account, channels: [first] } = await probe.twoDevices();
      const payload = sendingTo(from.account, account);
      await sends(from.channel, payload);
      const { lastSeq } = await first.expect("fetch", fetching());
      await first.expect("fetch", fetching({ acknowledged: lastSeq }));
      const uids = [payload.uid];
      const { outcomes: [outcome] } = await from.channel.expect("outcome", {
        uids,
      });
      const state = outcome?.state;
      must(state === SendingState.Taken, "2, it was taken", `${state}`);
    },
  ],
  "outcome-of-another": [
    "OUT-1",
    "The outcome of another device's sending is unknown",
    async (probe) => {
      const [from, to] = await probe.pair();
      const payload = sendingTo(from.account, to.account);
      await sends(from.channel, payload);
      const uids = [payload.uid];
      const { outcomes: [outcome] } = await to.channel.expect("outcome", {
        uids,
      });
      const state = outcome?.state;
      must(state === SendingState.Unknown, "4, it is unknown", `${state}`);
    },
  ],
});
