import { assert, assertEquals, assertRejects } from "@std/assert";
import { Peer, writeAll } from "../../../lab/harness/peer.ts";
import { drawIdentity } from "../../../lab/harness/secure/identity.ts";
import {
  Ended,
  rawSecureFrame,
  readSecureResponse,
  secureFrame,
  SecurePeer,
} from "../../../lab/harness/secure/peer.ts";
import { startSecureRelay } from "../../../lab/harness/secure/secure_relay.ts";
import { until } from "../../../lab/harness/until.ts";
import type { Outcome, SeenRequest } from "../../../server/mod.ts";
import {
  MAX_EARLY_PAYLOAD,
  REFUSAL_CODE,
  RefusalReason,
  type Seq,
} from "../../../shared/secure/secure_protocol.ts";
import { refusalCodec } from "../../../shared/secure/secure_requests.ts";
import { requestHeader } from "../../../shared/wire/frames.ts";
import { ERROR_CODE } from "../../../shared/wire/requests.ts";
import { sending } from "../../../lab/harness/secure/signed_requests.ts";
import { assertRefused } from "../../support/secure/refusals.ts";
import { LOOPBACK, testWith } from "../../support/test_with.ts";

const { Form, TooLarge } = RefusalReason;
const WAIT = { acknowledged: 0 as Seq, wait: 50, most: 1000 };

/** Observes what requests came, and how they ended. */
function observer() {
  const began: number[] = [];
  const ended: [code: number, outcome: Outcome][] = [];
  const requested = ({ code }: SeenRequest) => ({
    working: () => void began.push(code),
    ended: (outcome: Outcome) => void ended.push([code, outcome]),
  });
  return { began, ended, watcher: { requested } };
}

/** Connects without the handshake. */
function connectPlain(
  { hostname, port }: { hostname: string; port: number },
): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname, port });
}

/** Waits for the end of a stream, however it comes. */
async function ended(conn: Deno.Conn): Promise<void> {
  try {
    while (await conn.read(new Uint8Array(4096)) !== null);
  } catch {
    // A reset is an end, too.
  }
  conn.close();
}

testWith(
  LOOPBACK,
  "codes of the other protocol mean nothing on a port (STA-2)",
  async () => {
    await using server = await startSecureRelay();
    const { line, relay } = server;
    using peer = await SecurePeer.registered(line, await drawIdentity("anna"));
    const legacyRegistration = rawSecureFrame(
      600,
      new Uint8Array(415),
      peer.device,
    );
    await peer.write(legacyRegistration);
    const { code, payload } = await peer.take();
    assertEquals(code, REFUSAL_CODE);
    assertEquals(refusalCodec.decode(payload).reason, Form);
    await peer.ask("ping", {});
    using legacy = await Peer.connect(relay.address);
    await legacy.write(
      secureFrame("hello", { least: 1, most: 1, features: 0 }),
    );
    assertEquals((await legacy.response()).code, ERROR_CODE);
    await legacy.register("old");
  },
);

testWith(
  LOOPBACK,
  "a malformed payload is refused, and the connection goes on (STA-2)",
  async () => {
    await using server = await startSecureRelay();
    using peer = await SecurePeer.registered(
      server.line,
      await drawIdentity("anna"),
    );
    const payloads: [code: number, size: number][] = [
      [3000, 5],
      [3003, 77],
      [3004, 20],
      [3007, 50],
      [3008, 13],
      [3013, 1],
      [3999, 60_000],
    ];
    for (const [code, size] of payloads) {
      const payload = new Uint8Array(size).fill(0xff);
      await peer.write(rawSecureFrame(code, payload, peer.device));
      const response = await peer.take();
      assertEquals(response.code, REFUSAL_CODE, `${code}`);
      assertEquals(refusalCodec.decode(response.payload).reason, Form);
    }
    await peer.ask("ping", {});
  },
);

testWith(
  LOOPBACK,
  "a payload above the limit is refused by its header, and ends the connection (STA-3)",
  async () => {
    const maxMessage = MAX_EARLY_PAYLOAD + 1000;
    await using server = await startSecureRelay({ limits: { maxMessage } });
    const { line } = server;
    const anna = await drawIdentity("anna");
    using registered = await SecurePeer.registered(line, anna);
    const claim = async (peer: SecurePeer, payloadSize: number) => {
      const clientId = anna.device as never;
      const header = { clientId, version: 3, code: 3007, payloadSize };
      await peer.write(requestHeader.encode(header));
      // It is read past, so that the refusal arrives.
      await peer.write(new Uint8Array(1_000_000));
      const { code, payload } = await peer.take();
      assertEquals(code, REFUSAL_CODE);
      assertEquals(refusalCodec.decode(payload).reason, TooLarge);
      await assertRejects(() => peer.take(), Ended);
    };
    using early = await SecurePeer.connect(line);
    await claim(early, MAX_EARLY_PAYLOAD + 1);
    const most = new Uint8Array(maxMessage).fill(0xff);
    await registered.write(rawSecureFrame(3007, most, anna.device));
    const { payload } = await registered.take();
    assertEquals(refusalCodec.decode(payload).reason, Form);
    await claim(registered, maxMessage + 1);
  },
);

testWith(
  LOOPBACK,
  "requests are read in any segmentation (HDR-4)",
  async () => {
    await using server = await startSecureRelay();
    const anna = await drawIdentity("anna");
    using peer = await SecurePeer.registered(server.line, anna);
    const by = { account: anna.record.account };
    const frame = secureFrame("lookUp", { by }, anna.device);
    for (const byte of frame) await peer.write(Uint8Array.of(byte));
    const response = readSecureResponse("lookUp", await peer.take());
    assertEquals(response.record, anna.record.bytes);
  },
);

testWith(
  LOOPBACK,
  "who doesn't finish the handshake, or doesn't authenticate, has to go (LIM-1)",
  async () => {
    await using server = await startSecureRelay({ authenticationTimeout: 300 });
    const { line, relay } = server;
    const anna = await drawIdentity("anna");
    using stays = await SecurePeer.registered(line, anna);
    const silent = await connectPlain(line);
    const half = await connectPlain(line);
    // The start of a handshake's record that never comes.
    await writeAll(half, Uint8Array.of(0x16, 3, 1, 2, 0, 1));
    using greeted = await SecurePeer.connect(line);
    await greeted.hello();
    await assertRejects(() => greeted.take());
    await until("only one to be left", () => relay.connections === 1);
    assertEquals(relay.counters.stuck, 3);
    await stays.ask("ping", {});
    silent.close();
    half.close();
  },
);

testWith(
  LOOPBACK,
  "a handshake that fails ends its connection alone, and isn't reported",
  async () => {
    const reports: unknown[] = [];
    await using server = await startSecureRelay({
      report: (error) => reports.push(error),
    });
    const { line, relay } = server;
    const nonsense = await connectPlain(line);
    await writeAll(
      nonsense,
      new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"),
    );
    await ended(nonsense);
    const gone = await connectPlain(line);
    gone.close();
    const other = {
      ...line,
      key: (await drawIdentity("x")).identity.publicKey,
    };
    await assertRejects(() => SecurePeer.connect(other));
    await until("their end", () => relay.connections === 0);
    using peer = await SecurePeer.connect(line);
    await peer.hello();
    assertEquals(reports, []);
    assertEquals(relay.state, "accepting");
  },
);

testWith(
  LOOPBACK,
  "a connection that is silent, or stops within a request, ends; a held fetch stays",
  async () => {
    const { began, watcher } = observer();
    await using server = await startSecureRelay({
      limits: { progressTimeout: 100 },
      watcher,
    });
    const { line, relay } = server;
    const people = await Promise.all(
      ["anna", "ben", "cora"].map((name) => drawIdentity(name)),
    );
    const [anna, ben, cora] = people;
    assert(anna !== undefined && ben !== undefined && cora !== undefined);
    using waits = await SecurePeer.registered(line, anna);
    const held = waits.ask("fetch", WAIT);
    await until("a held fetch", () => began.includes(3008));
    using stops = await SecurePeer.registered(line, ben);
    await stops.write(secureFrame("ping", {}, ben.device).subarray(0, 22));
    await assertRejects(() => stops.take());
    using silent = await SecurePeer.registered(line, cora);
    await assertRejects(() => silent.take());
    assertEquals(relay.connections, 1);
    assertEquals(relay.counters.stuck, 2);
    using writes = await SecurePeer.authenticated(line, cora);
    await writes.ask("send", sending(anna, 1));
    assertEquals((await held).messages.length, 1);
  },
);

testWith(
  LOOPBACK,
  "a relay that closes answers what is held, with nothing (BOX-3)",
  async () => {
    const { began, watcher } = observer();
    await using server = await startSecureRelay({ watcher });
    const { line, relay } = server;
    using anna = await SecurePeer.registered(line, await drawIdentity("anna"));
    using idle = await SecurePeer.registered(line, await drawIdentity("ben"));
    using _unasked = await SecurePeer.connect(line);
    const held = anna.ask("fetch", WAIT);
    await until("a held fetch", () => began.includes(3008));
    const closed = relay.close();
    assertEquals((await held).messages, []);
    await assertRejects(() => anna.take(), Ended);
    await assertRejects(() => idle.take(), Ended);
    await closed;
    await assertRejects(() => SecurePeer.connect(line));
  },
);

testWith(
  LOOPBACK,
  "connections of one address within a second have a limit",
  async () => {
    await using server = await startSecureRelay({
      limits: { secureHandshakes: 3 },
    });
    const { line, relay } = server;
    // Another protocol's don't count.
    for (let turn = 0; turn < 5; turn++) {
      using peer = await Peer.connect(relay.address);
      await peer.register(`old ${turn}`);
    }
    assertEquals(relay.counters.refused.handshakes, 0);
    const conns: Deno.Conn[] = [];
    while (relay.counters.refused.handshakes === 0) {
      conns.push(await connectPlain(line));
    }
    assert(relay.counters.accepted >= 5 + 3);
    for (const conn of conns) conn.close();
  },
);

testWith(
  LOOPBACK,
  "the connections of both ports are limited together, and the silent make room",
  async () => {
    const { began, watcher } = observer();
    await using server = await startSecureRelay({
      limits: { maxConnections: 2 },
      watcher,
    });
    const { line, relay } = server;
    using held = await SecurePeer.registered(line, await drawIdentity("anna"));
    const evicted = assertRejects(() => held.ask("fetch", WAIT));
    await until("a held fetch", () => began.includes(3008));
    using second = await Peer.connect(relay.address);
    const id = await second.register("old");
    using third = await Peer.connect(relay.address);
    await third.pull(id);
    await evicted;
    assertEquals(relay.counters.silent, 1);
    using fourth = await SecurePeer.connect(line);
    await fourth.hello();
    assertEquals(await second.responseBytes(), null);
    assertEquals(relay.counters.silent, 2);
  },
);

testWith(
  LOOPBACK,
  "observers see codes and outcomes of secure requests",
  async () => {
    const { ended, watcher } = observer();
    await using server = await startSecureRelay({ watcher });
    const { line, relay } = server;
    const anna = await drawIdentity("anna");
    using peer = await SecurePeer.connect(line);
    await assertRefused(
      RefusalReason.NotAuthenticated,
      peer.ask("ping", {}),
    );
    await peer.register(anna);
    await peer.authenticate(anna);
    const nina = sending(await drawIdentity("nina"), 1);
    await assertRefused(RefusalReason.Unknown, peer.ask("send", nina));
    await peer.write(rawSecureFrame(3500, new Uint8Array(3), peer.device));
    await peer.take();
    using legacy = await Peer.connect(relay.address);
    await legacy.ask("waitingMessages", {}, anna.record.account);
    assertEquals(ended, [
      [3013, "not_authenticated"],
      [3000, "answered"],
      [3001, "answered"],
      [3000, "answered"],
      [3003, "answered"],
      [3007, "unknown_target"],
      [3500, "unknown_code"],
      [604, "secured_client"],
    ]);
  },
);
