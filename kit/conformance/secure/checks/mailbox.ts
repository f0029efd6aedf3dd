import { equals } from "@std/bytes";
import { must } from "../../server/check.ts";
import { randomBytes } from "../../server/frames.ts";
import { expectResponse } from "../expect.ts";
import { fetchesOnly, fetching, sendingTo } from "../requests.ts";
import type { LoggedIn } from "../secure_probe.ts";
import { secureSubject } from "../secure_check.ts";

/** Seconds of a wait that nothing but a message or a request should end. */
const WAIT = 50;

/** Sends so many messages, and returns their contents. */
async function sent(
  from: LoggedIn,
  to: LoggedIn,
  count: number,
  size = 40,
): Promise<Uint8Array[]> {
  const contents = Array.from({ length: count }, () => randomBytes(size));
  for (const content of contents) {
    const payload = sendingTo(from.account, to.account, content);
    await from.channel.expect("send", payload);
  }
  return contents;
}

export const mailboxChecks = secureSubject("mailbox", {
  "fetch-empty": [
    "BOX-3",
    "A 3008 without a wait has an empty response where nothing waits",
    async (probe) => {
      const { channel } = await probe.user();
      await fetchesOnly(channel, []);
    },
  ],
  "fetch-tells-sender": [
    "BOX-7",
    "A message has the account, the device and the uid of its sender, and no flag",
    async (probe) => {
      const [from, to] = await probe.pair();
      const payload = sendingTo(from.account, to.account);
      await from.channel.expect("send", payload);
      const { messages: [message] } = await to.channel.expect(
        "fetch",
        fetching(),
      );
      must(message !== undefined, "the message", "none");
      const isTheirs = equals(message.account, from.account.record.account) &&
        equals(message.device, from.account.device.id) &&
        equals(message.uid, payload.uid);
      must(isTheirs, "account, device and uid of the sender", "others");
      must(message.flags === 0, "flags 0", `${message.flags}`);
      must(message.arrived > 0, "a time of arrival", "0");
    },
  ],
  "fetch-in-order": [
    "MBX-2",
    "Messages come in their order by rising seqs, and last seq is the last one's",
    async (probe) => {
      const [from, to] = await probe.pair();
      const contents = await sent(from, to, 5);
      const { messages, lastSeq } = await fetchesOnly(to.channel, contents);
      const seqs = messages.map(({ seq }) => seq);
      const rises = seqs.every((seq, at) => seq > (seqs[at - 1] ?? 0));
      must(rises, "rising seqs", seqs.join(", "));
      must(lastSeq === seqs.at(-1), `last seq ${seqs.at(-1)}`, `${lastSeq}`);
    },
  ],
  "fetch-again": [
    "MBX-1",
    "What wasn't acknowledged is handed out again, on another connection too",
    async (probe) => {
      const [from, to] = await probe.pair();
      const contents = await sent(from, to, 2);
      await fetchesOnly(to.channel, contents);
      await fetchesOnly(to.channel, contents);
      to.channel.close();
      await fetchesOnly(await probe.login(to.account), contents);
    },
  ],
  "fetch-acknowledges": [
    "BOX-1",
    "An acknowledgement deletes the messages up to it, and no other",
    async (probe) => {
      const [from, to] = await probe.pair();
      const contents = await sent(from, to, 4);
      const { messages } = await fetchesOnly(to.channel, contents);
      const acknowledged = messages[1]?.seq ?? 0;
      await fetchesOnly(to.channel, contents.slice(2), { acknowledged });
      await fetchesOnly(to.channel, contents.slice(2));
      const again = await probe.login(to.account);
      await fetchesOnly(again, contents.slice(2));
    },
  ],
  "fetch-acknowledges-again": [
    "BOX-1",
    "An acknowledgement of what is deleted changes nothing",
    async (probe) => {
      const [from, to] = await probe.pair();
      const contents = await sent(from, to, 2);
      const { messages } = await fetchesOnly(to.channel, contents);
      const acknowledged = messages[0]?.seq ?? 0;
      for (let count = 0; count < 2; count++) {
        await fetchesOnly(to.channel, contents.slice(1), { acknowledged });
      }
    },
  ],
  "fetch-seqs-not-used-again": [
    "MBX-2",
    "A message behind an emptied mailbox has a higher seq than all before",
    async (probe) => {
      const [from, to] = await probe.pair();
      const contents = await sent(from, to, 2);
      const { lastSeq } = await fetchesOnly(to.channel, contents);
      const acknowledged = lastSeq;
      const empty = await fetchesOnly(to.channel, [], { acknowledged });
      must(empty.lastSeq === lastSeq, `${lastSeq}`, `${empty.lastSeq}`);
      const more = await sent(from, to, 1);
      const { messages: [message] } = await fetchesOnly(to.channel, more);
      const seq = message?.seq ?? 0;
      must(seq > lastSeq, `a seq above ${lastSeq}`, `${seq}`);
    },
  ],
  "fetch-most": [
    "BOX-2",
    "A response has messages of most bytes at most, the others come behind them",
    async (probe) => {
      const [from, to] = await probe.pair();
      const contents = await sent(from, to, 3, 1000);
      const most = 2500;
      const { messages } = await fetchesOnly(
        to.channel,
        contents.slice(0, 2),
        { most },
      );
      const acknowledged = messages.at(-1)?.seq ?? 0;
      await fetchesOnly(to.channel, contents.slice(2), { most, acknowledged });
    },
  ],
  "fetch-at-least-one": [
    "BOX-2",
    "A response has one message, however little it may have",
    async (probe) => {
      const [from, to] = await probe.pair();
      const contents = await sent(from, to, 2, 1000);
      await fetchesOnly(to.channel, contents.slice(0, 1), { most: 0 });
      await fetchesOnly(to.channel, contents.slice(0, 1), { most: 900 });
    },
  ],
  "fetch-above-last-seq": [
    "BOX-4",
    "An acknowledgement above last seq deletes nothing",
    async (probe) => {
      const [from, to] = await probe.pair();
      const contents = await sent(from, to, 2);
      const { lastSeq } = await fetchesOnly(to.channel, contents);
      for (const above of [1, 2 ** 40]) {
        const acknowledged = lastSeq + above;
        await fetchesOnly(to.channel, contents, { acknowledged });
      }
      await fetchesOnly(to.channel, contents);
    },
  ],
  "fetch-waits": [
    "BOX-3",
    "A 3008 with a wait is answered once a message arrives, and not before",
    async (probe) => {
      const [from, to] = await probe.pair();
      const fetch = to.channel.frame("fetch", fetching({ wait: WAIT }));
      await to.channel.send(fetch);
      // A server that doesn't wait has answered by the time that these are.
      for (let count = 0; count < 3; count++) {
        await from.channel.expect("ping", {});
      }
      const [content] = await sent(from, to, 1);
      const response = await to.channel.response();
      const { messages } = expectResponse("fetch", response);
      must(
        messages.length === 1 &&
          equals(messages[0]?.content ?? new Uint8Array(), content ?? fetch),
        "the message that arrived",
        `${messages.length} messages`,
      );
    },
  ],
  "fetch-wait-finds": [
    "BOX-3",
    "A 3008 with a wait is answered at once where a message waits",
    async (probe) => {
      const [from, to] = await probe.pair();
      const contents = await sent(from, to, 1);
      await fetchesOnly(to.channel, contents, { wait: WAIT });
    },
  ],
  "fetch-wait-ends-early": [
    "BOX-3",
    "A wait ends once another request arrives on its connection, and both are answered in order",
    async (probe) => {
      const { channel } = await probe.user();
      await channel.send(channel.frame("fetch", fetching({ wait: WAIT })));
      await channel.send(channel.frame("ping", {}));
      const { messages } = expectResponse("fetch", await channel.response());
      must(messages.length === 0, "no message", `${messages.length}`);
      expectResponse("ping", await channel.response());
    },
  ],
  "fetch-wait-acknowledges": [
    "BOX-1",
    "A 3008 that waits has acknowledged before it is answered",
    async (probe) => {
      const [from, to] = await probe.pair();
      const contents = await sent(from, to, 1);
      const { lastSeq } = await fetchesOnly(to.channel, contents);
      const waiting = fetching({ wait: WAIT, acknowledged: lastSeq });
      await to.channel.send(to.channel.frame("fetch", waiting));
      await to.channel.send(to.channel.frame("ping", {}));
      expectResponse("fetch", await to.channel.response());
      expectResponse("ping", await to.channel.response());
      await fetchesOnly(await probe.login(to.account), []);
    },
  ],
  "fetch-on-two-connections": [
    "MBX-3",
    "Two connections of a device get the same messages, until one acknowledges",
    async (probe) => {
      const [from, to] = await probe.pair();
      const contents = await sent(from, to, 2);
      const other = await probe.login(to.account);
      await fetchesOnly(to.channel, contents);
      const { messages } = await fetchesOnly(other, contents);
      const acknowledged = messages[0]?.seq ?? 0;
      await fetchesOnly(other, contents.slice(1), { acknowledged });
      await fetchesOnly(to.channel, contents.slice(1));
    },
  ],
});
