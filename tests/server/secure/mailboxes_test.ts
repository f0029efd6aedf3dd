import { assert, assertEquals } from "@std/assert";
import { Peer } from "../../../lab/harness/peer.ts";
import { drawIdentity } from "../../../lab/harness/secure/identity.ts";
import {
  readSecureResponse,
  secureFrame,
  SecurePeer,
} from "../../../lab/harness/secure/peer.ts";
import {
  type SecureRelayOptions,
  startSecureRelay,
} from "../../../lab/harness/secure/secure_relay.ts";
import {
  drawDeviceId,
  drawUid,
  MailFlag,
  RefusalReason,
  SendingState,
  SendingTaken,
  type Seq,
} from "../../../shared/secure/secure_protocol.ts";
import { sending } from "../../../lab/harness/secure/signed_requests.ts";
import { assertRefused } from "../../support/secure/refusals.ts";
import { LOOPBACK, testWith } from "../../support/test_with.ts";

const { Form, Unknown, Taken, OtherDevices, Full, CountUsed } = RefusalReason;

/** Two people who are registered and authenticated. */
async function openTwo(options: SecureRelayOptions = {}) {
  const server = await startSecureRelay(options);
  const [anna, ben] = [await drawIdentity("anna"), await drawIdentity("ben")];
  const a = await SecurePeer.registered(server.line, anna);
  const b = await SecurePeer.registered(server.line, ben);
  const close = async () => {
    a.close();
    b.close();
    await server.close();
  };
  return { server, anna, ben, a, b, [Symbol.asyncDispose]: close };
}

const fetching = (acknowledged: number, most = 0xffffffff, wait = 0) => ({
  acknowledged: acknowledged as Seq,
  wait,
  most,
});

testWith(
  LOOPBACK,
  "a message waits until it is acknowledged (SEN-1, BOX-1, BOX-2, BOX-4, BOX-7)",
  async () => {
    await using two = await openTwo();
    const { a, b, anna, ben } = two;
    const sent = [1, 2, 3].map((count) => sending(ben, count));
    for (const [index, one] of sent.entries()) {
      assertEquals(await a.ask("send", one), {
        taken: SendingTaken.Now,
        highestCount: index + 1,
      });
    }
    const all = await b.ask("fetch", fetching(0));
    assertEquals(all.lastSeq, 3 as Seq);
    assert(Math.abs(Date.now() - all.time) < 60_000);
    assertEquals(
      all.messages.map(({ arrived: _, ...message }) => message),
      sent.map(({ uid, envelopes }, index) => ({
        seq: index + 1 as Seq,
        uid,
        account: anna.record.account,
        device: anna.device,
        flags: 0,
        content: envelopes[0]?.content ?? new Uint8Array(0),
      })),
    );
    const seqs = async (acknowledged: number, most?: number) => {
      const { messages } = await b.ask("fetch", fetching(acknowledged, most));
      return messages.map(({ seq }) => Number(seq));
    };
    assertEquals(await seqs(0, 0), [1]);
    assertEquals(await seqs(0, 2 * (69 + 5)), [1, 2]);
    // Above the last one nothing is acknowledged.
    assertEquals(await seqs(9), [1, 2, 3]);
    assertEquals(await seqs(2), [3]);
    assertEquals(await seqs(1), [3]);
    assertEquals(await seqs(3), []);
  },
);

testWith(
  LOOPBACK,
  "a sending is taken once, under a uid and a count of its own (SEN-3, SEN-4, CNT-3, CNT-4)",
  async () => {
    await using two = await openTwo();
    const { a, b, ben } = two;
    const first = sending(ben, 4);
    const again = { taken: SendingTaken.Before, highestCount: 4 };
    await a.ask("send", first);
    assertEquals(await a.ask("send", first), again);
    await assertRefused(Taken, a.ask("send", { ...first, lifetime: 9 }));
    await assertRefused(
      CountUsed,
      a.ask("send", { ...first, uid: drawUid() }),
    );
    await b.ask("fetch", fetching(1));
    assertEquals(await a.ask("send", first), again);
    assertEquals((await b.ask("fetch", fetching(1))).messages, []);
    const unknown = drawUid();
    const { outcomes } = await a.ask("outcome", { uids: [unknown, first.uid] });
    assertEquals(outcomes.map(({ uid, state }) => ({ uid, state })), [
      { uid: unknown, state: SendingState.Unknown },
      { uid: first.uid, state: SendingState.Taken },
    ]);
    const waiting = sending(ben, 5);
    await a.ask("send", waiting);
    const { uid } = waiting;
    const state = async () =>
      (await a.ask("outcome", { uids: [uid] })).outcomes[0]?.state;
    assertEquals(await state(), SendingState.Waits);
    // Others' sendings aren't told.
    const { outcomes: others } = await b.ask("outcome", { uids: [uid] });
    assertEquals(others[0]?.state, SendingState.Unknown);
    const uids = Array.from({ length: 1025 }, drawUid);
    await assertRefused(Form, a.ask("outcome", { uids }));
  },
);

testWith(
  LOOPBACK,
  "a sending is for exactly the devices of the newest record (SEN-2, SEN-5)",
  async () => {
    await using two = await openTwo({ limits: { maxWaiting: 1 } });
    const { a, ben } = two;
    const right = sending(ben, 1);
    const [envelope] = right.envelopes;
    assert(envelope !== undefined);
    const stranger = { ...envelope, device: drawDeviceId() };
    const wrong = [
      { recordVersion: 2 },
      { envelopes: [] },
      { envelopes: [stranger] },
      { envelopes: [envelope, stranger] },
      { envelopes: [envelope, envelope] },
    ];
    for (const changes of wrong) {
      const { detail } = await assertRefused(
        OtherDevices,
        a.ask("send", { ...right, ...changes }),
      );
      assertEquals(detail, ben.record.bytes);
    }
    const nina = await drawIdentity("nina");
    await assertRefused(Unknown, a.ask("send", sending(nina, 1)));
    await a.ask("send", right);
    await assertRefused(Full, a.ask("send", sending(ben, 2)));
  },
);

testWith(
  LOOPBACK,
  "a message lives for its lifetime, and at most for the retention",
  async () => {
    const retention = 10_000;
    await using two = await openTwo({ retention });
    const { server, a, b, ben } = two;
    const short = { ...sending(ben, 1), lifetime: 3 };
    const unlimited = sending(ben, 2);
    const beyond = { ...sending(ben, 3), lifetime: 60 };
    for (const one of [short, unlimited, beyond]) await a.ask("send", one);
    const { messages: [first] } = await b.ask("fetch", fetching(0));
    const arrived = first?.arrived ?? 0;
    const left = async (age: number) => {
      await server.store.secure.expire(retention, 10, new Date(arrived + age));
      const { messages } = await b.ask("fetch", fetching(0));
      return messages.map(({ seq }) => Number(seq));
    };
    assertEquals(await left(2999), [1, 2, 3]);
    assertEquals(await left(9000), [2, 3]);
    assertEquals(await left(60_000), []);
  },
);

testWith(
  LOOPBACK,
  "a fetch waits for a message, or another request (BOX-3)",
  async () => {
    await using two = await openTwo();
    const { a, b, ben } = two;
    const empty = await b.ask("fetch", fetching(0, 1000, 0));
    assertEquals(empty.messages, []);
    const held = b.ask("fetch", fetching(0, 1000, 60));
    await a.ask("send", sending(ben, 1));
    assertEquals((await held).messages.length, 1);
    // The first byte of a request ends the wait.
    await b.write(secureFrame("fetch", fetching(1, 1000, 60), ben.device));
    const ping = secureFrame("ping", {}, ben.device);
    await b.write(ping.subarray(0, 1));
    const response = readSecureResponse("fetch", await b.take());
    assertEquals(response.messages, []);
    await b.write(ping.subarray(1));
    assertEquals(readSecureResponse("ping", await b.take()), {});
  },
);

testWith(
  LOOPBACK,
  "a large message goes out piece by piece, and alone (BOX-2)",
  async () => {
    await using two = await openTwo();
    const { a, b, ben } = two;
    const content = new Uint8Array(2_500_000).map((_, index) => index % 251);
    await a.ask("send", sending(ben, 1, content));
    await a.ask("send", sending(ben, 2));
    const large = await b.ask("fetch", fetching(0));
    assertEquals(large.messages.length, 1);
    const [message] = large.messages;
    assert(message !== undefined);
    assertEquals(Number(message.seq), 1);
    const isSame = message.content.every((byte, at) => byte === content[at]);
    assert(isSame && message.content.length === content.length);
    assertEquals((await b.ask("fetch", fetching(1))).messages.length, 1);
  },
);

testWith(
  LOOPBACK,
  "sends that come together are answered in their order",
  async () => {
    await using two = await openTwo();
    const { a, b, ben } = two;
    const counts = Array.from({ length: 60 }, (_, index) => index + 1);
    const frames = counts.map((count) =>
      secureFrame("send", sending(ben, count), a.device)
    );
    frames.push(secureFrame("ping", {}, a.device));
    await a.write(new Uint8Array(frames.flatMap((frame) => [...frame])));
    for (const count of counts) {
      const { highestCount } = readSecureResponse("send", await a.take());
      assertEquals(highestCount, count);
    }
    readSecureResponse("ping", await a.take());
    const { messages } = await b.ask("fetch", fetching(0));
    assertEquals(messages.map(({ content }) => content[0]), counts);
  },
);

testWith(
  LOOPBACK,
  "a secure account writes to a legacy client, once (SLG-1 to SLG-3)",
  async () => {
    await using two = await openTwo({ limits: { maxWaiting: 1 } });
    const { server, a, anna, ben } = two;
    using legacy = await Peer.connect(server.relay.address);
    const target = await legacy.register("old");
    const content = new Uint8Array([1, 2, 3]);
    const message = { uid: drawUid(), target, type: 3 as const, content };
    const first = await a.ask("sendLegacy", message);
    assertEquals(await a.ask("sendLegacy", message), first);
    await assertRefused(Taken, a.ask("sendLegacy", { ...message, type: 4 }));
    const uid = drawUid();
    await assertRefused(Full, a.ask("sendLegacy", { ...message, uid }));
    const { account } = ben.record;
    const { detail } = await assertRefused(
      OtherDevices,
      a.ask("sendLegacy", { ...message, uid, target: account }),
    );
    assertEquals(detail, ben.record.bytes);
    const nowhere = new Uint8Array(16) as typeof target;
    await assertRefused(
      Unknown,
      a.ask("sendLegacy", { ...message, uid, target: nowhere }),
    );
    const pulled = await legacy.ask("waitingMessages", {}, target);
    assert(pulled.code === 2104);
    assertEquals(pulled.payload, [{
      sender: anna.record.account,
      messageId: first.messageId,
      type: 3,
      content,
    }]);
  },
);

testWith(
  LOOPBACK,
  "a legacy message to a secure account waits with flag 1 (LEG-3)",
  async () => {
    await using two = await openTwo();
    const { server, b, ben } = two;
    using legacy = await Peer.connect(server.relay.address);
    const old = await legacy.register("old");
    const { account } = ben.record;
    const held = b.ask("fetch", fetching(0, 1000, 60));
    const ids = [
      await legacy.send(old, account, new Uint8Array([9]), 4),
      await legacy.send(old, account, new Uint8Array([8])),
    ];
    assert(new Set(ids).size === 2);
    const [message] = (await held).messages;
    assert(message !== undefined);
    assertEquals(message.flags, MailFlag.Legacy);
    assertEquals(message.account, old);
    assertEquals(message.content, new Uint8Array([4, 9]));
  },
);
