import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  drawIdentity,
  drawPackages,
  type SecureIdentity,
} from "../../../lab/harness/secure/identity.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import {
  Refused,
  secureFrame,
  SecurePeer,
} from "../../../lab/harness/secure/peer.ts";
import { startSecureRelay } from "../../../lab/harness/secure/secure_relay.ts";
import { until } from "../../../lab/harness/until.ts";
import { signRecord } from "../../../shared/secure/account_record.ts";
import { generateSigningKey } from "../../../shared/secure/ed25519.ts";
import {
  drawDeviceId,
  RefusalReason,
  type Seq,
  SIGNATURE_SIZE,
} from "../../../shared/secure/secure_protocol.ts";
import {
  bindingOf,
  deletion,
  drawDevice,
  recordAfter,
  registration,
  replacement,
  sending,
} from "../../../lab/harness/secure/signed_requests.ts";
import { assertRefused } from "../../support/secure/refusals.ts";
import { LOOPBACK, testWith } from "../../support/test_with.ts";

const {
  Form,
  Full,
  NotAuthenticated,
  OtherDevices,
  Unknown,
  Taken,
  OlderVersion,
  Closed,
  TooOften,
} = RefusalReason;

/** Registers on a connection of its own, which begins with a hello. */
async function register(
  peer: SecurePeer,
  line: { key: Uint8Array },
  identity: SecureIdentity,
  changes: Parameters<typeof registration>[2] = {},
) {
  await peer.hello();
  peer.device = identity.device;
  const binding = bindingOf(peer, line);
  const payload = await registration(binding, identity, changes);
  return await peer.ask("register", payload);
}

testWith(
  LOOPBACK,
  "a hello tells the relay's key, its limits and a nonce, for a version that both speak (HEL-1 to HEL-4)",
  async () => {
    await using server = await startSecureRelay({
      retention: 5000,
      limits: { maxMessage: 1_000_000 },
    });
    using peer = await SecurePeer.connect(server.line);
    const first = await peer.hello();
    const { nonce, time, relayKey, ...rest } = first;
    assertEquals(relayKey, server.line.key);
    assert(Math.abs(Date.now() - time) < 60_000);
    assertEquals(rest, {
      version: 1,
      features: 0,
      largest: 1_000_000,
      retention: 5,
      registration: 1,
    });
    assert((await peer.hello()).nonce.toHex() !== nonce.toHex());
    const later = { least: 2, most: 9, features: 0xffffffff };
    await assertRefused(Form, peer.ask("hello", later));
    const any = { least: 0, most: 9, features: 0xffffffff };
    assertEquals((await peer.ask("hello", any)).features, 0);
  },
);

testWith(
  LOOPBACK,
  "an account is registered once, under a name, an id and a device of its own (ENR-1 to ENR-4)",
  async () => {
    await using server = await startSecureRelay();
    const { line } = server;
    const anna = await drawIdentity("anna");
    using peer = await SecurePeer.connect(line);
    assertEquals(await register(peer, line, anna), {
      account: anna.record.account,
    });
    // The response may have been lost (ENR-6).
    await assertRefused(Taken, register(peer, line, anna));
    const namesake = await drawIdentity("anna");
    await assertRefused(Taken, register(peer, line, namesake));
    const ben = await drawIdentity("ben");
    const changed = async (changes: Partial<typeof ben.record>) => ({
      ...ben,
      record: await signRecord({ ...ben.record, ...changes }, ben.identity),
    });
    const { account } = anna.record;
    await assertRefused(
      Taken,
      register(peer, line, await changed({ account })),
    );
    const devices = ben.record.devices.map((one) => ({
      ...one,
      id: anna.device,
    }));
    const thief = { ...await changed({ devices }), device: anna.device };
    await assertRefused(Taken, register(peer, line, thief));
    // It may come from another relay.
    const previous = new Uint8Array(32).fill(1);
    await register(peer, line, await changed({ version: 7, previous }));
  },
);

testWith(
  LOOPBACK,
  "a registration without the right record, device or signature is refused (ENR-2, STA-6)",
  async () => {
    await using server = await startSecureRelay();
    const { line } = server;
    const anna = await drawIdentity("anna");
    using peer = await SecurePeer.connect(line);
    const record = anna.record.bytes.with(40, 1);
    await assertRefused(Form, register(peer, line, anna, { record }));
    const other = { ...anna, device: drawDeviceId() };
    await assertRefused(Form, register(peer, line, other));
    const { device } = await drawDevice();
    const devices = [...anna.record.devices, device];
    const two = {
      ...anna,
      record: await signRecord({ ...anna.record, devices }, anna.identity),
    };
    await assertRefused(Form, register(peer, line, two));
    const signing = await generateSigningKey();
    await assertRefused(
      NotAuthenticated,
      register(peer, line, { ...anna, signing }),
    );
    // A nonce is used up, whatever the response was.
    const payload = await registration(bindingOf(peer, line), anna);
    await assertRefused(NotAuthenticated, peer.ask("register", payload));
    const proof = new Uint8Array(32);
    await assertRefused(
      NotAuthenticated,
      register(peer, line, anna, { proof }),
    );
    await register(peer, line, anna);
  },
);

testWith(
  LOOPBACK,
  "registrations of both protocols have one limit",
  async () => {
    await using server = await startSecureRelay({
      limits: { registrationsPerMinute: 1 },
    });
    const { line, relay } = server;
    using legacy = await Peer.connect(relay.address);
    await legacy.register("old");
    using peer = await SecurePeer.connect(line);
    const { retryAfter } = await assertRefused(
      TooOften,
      register(peer, line, await drawIdentity("ben")),
    );
    assert(retryAfter >= 1 && retryAfter <= 60);
  },
);

testWith(
  LOOPBACK,
  "a look-up tells the newest record, of a legacy client none (LUP-1, LUP-2)",
  async () => {
    await using server = await startSecureRelay();
    const { line, store } = server;
    const anna = await drawIdentity("anna");
    using peer = await SecurePeer.registered(line, anna);
    const { account } = anna.record;
    const expected = {
      account,
      publicKey: anna.publicKey,
      record: anna.record.bytes,
    };
    assertEquals(await peer.ask("lookUp", { by: { account } }), expected);
    assertEquals(
      await peer.ask("lookUp", { by: { name: "anna" } }),
      expected,
    );
    const id = new Uint8Array(16).fill(9) as typeof account;
    const legacy = { id, name: "old", publicKey: new Uint8Array(160).fill(3) };
    await store.register(legacy, new Date());
    assertEquals(await peer.ask("lookUp", { by: { name: "old" } }), {
      account: id,
      publicKey: legacy.publicKey,
      record: new Uint8Array(0),
    });
    await assertRefused(
      Unknown,
      peer.ask("lookUp", { by: { name: "nina" } }),
    );
  },
);

testWith(
  LOOPBACK,
  "look-ups above the rate are refused with the time to wait",
  async () => {
    await using server = await startSecureRelay();
    const { line } = server;
    using peer = await SecurePeer.registered(line, await drawIdentity("anna"));
    const by = { name: "nina" };
    for (let asked = 0; asked < 600; asked++) {
      await assertRefused(Unknown, peer.ask("lookUp", { by }));
    }
    let retryAfter = 0;
    for (let more = 0; more < 600 && retryAfter === 0; more++) {
      retryAfter = await peer.ask("lookUp", { by }).catch((error) =>
        error.reason === TooOften ? error.retryAfter : 0
      ) as number;
    }
    assertEquals(retryAfter, 1);
    // Another device isn't held up.
    using other = await SecurePeer.registered(line, await drawIdentity("ben"));
    await assertRefused(Unknown, other.ask("lookUp", { by }));
  },
);

testWith(
  LOOPBACK,
  "packages are published once and claimed once (PBL-1, PBL-2, CLM-1 to CLM-3)",
  async () => {
    await using server = await startSecureRelay();
    const { line } = server;
    const [anna, ben] = [await drawIdentity("anna"), await drawIdentity("ben")];
    using a = await SecurePeer.registered(line, anna);
    using b = await SecurePeer.registered(line, ben);
    const { account } = ben.record;
    const devices = [ben.device];
    const claim = () => a.ask("claim", { account, devices });
    await assertRefused(Unknown, claim());
    const packages = await drawPackages(ben, 2);
    const [weekly = new Uint8Array(0), ...singles] = packages;
    assertEquals(await b.ask("publish", { packages }), { singleUseLeft: 2 });
    for (const single of [...singles, undefined]) {
      assertEquals(await claim(), {
        packages: [{ device: ben.device, weekly, single }],
      });
    }
    // A repeat doesn't bring back what was handed out.
    assertEquals(await b.ask("publish", { packages }), { singleUseLeft: 0 });
    const next = await drawPackages(ben, 1, 4);
    await b.ask("publish", { packages: next.toReversed() });
    assertEquals((await claim()).packages[0]?.weekly, next[0]);
    await assertRefused(
      Unknown,
      a.ask("claim", { account, devices: [anna.device] }),
    );
    await assertRefused(
      Form,
      a.ask("claim", { account, devices: [ben.device, ben.device] }),
    );
    const [foreign = weekly] = await drawPackages(anna, 0);
    const last = await drawPackages(ben, 1, 6);
    await assertRefused(
      Form,
      b.ask("publish", { packages: [...last, foreign] }),
    );
    const broken = last.map((bytes) => bytes.with(60, (bytes[60] ?? 0) ^ 1));
    await assertRefused(Form, b.ask("publish", { packages: broken }));
    const many = Array.from({ length: 257 }, () => weekly);
    await assertRefused(Form, b.ask("publish", { packages: many }));
    // Nothing of them was kept.
    assertEquals(await b.ask("publish", { packages: [] }), {
      singleUseLeft: 0,
    });
  },
);

testWith(
  LOOPBACK,
  "claims can't drain an account's packages (CLM-4)",
  async () => {
    await using server = await startSecureRelay();
    const { line } = server;
    const [anna, ben] = [await drawIdentity("anna"), await drawIdentity("ben")];
    using a = await SecurePeer.registered(line, anna);
    using b = await SecurePeer.registered(line, ben);
    await b.ask("publish", { packages: await drawPackages(ben, 12) });
    const claim = { account: ben.record.account, devices: [ben.device] };
    const had: boolean[] = [];
    const claimAll = async () => {
      for (;;) {
        const { packages } = await a.ask("claim", claim);
        had.push(packages[0]?.single !== undefined);
      }
    };
    const { retryAfter } = await assertRefused(TooOften, claimAll());
    assert(retryAfter >= 1 && retryAfter <= 3);
    // A slow machine gives another claim now and then.
    assert(had.length >= 20);
    assertEquals(had.map((_, index) => index < 10), had);
    assertEquals(
      (await b.ask("publish", { packages: [] })).singleUseLeft,
      2,
    );
  },
);

testWith(
  LOOPBACK,
  "a record follows the newest one, with the consent of new devices (RPL-1 to RPL-6)",
  async () => {
    await using server = await startSecureRelay();
    const { line } = server;
    const [anna, ben] = [await drawIdentity("anna"), await drawIdentity("ben")];
    using peer = await SecurePeer.registered(line, anna);
    using _b = await SecurePeer.registered(line, ben);
    const second = await drawDevice();
    const devices = [...anna.record.devices, second.device];
    const added = await recordAfter(anna.record, anna.identity, { devices });
    const binding = bindingOf(peer, line);
    const unsigned = await replacement(binding, added);
    await assertRefused(Form, peer.ask("record", unsigned));
    const wrong = await replacement(binding, added, [anna.signing]);
    await assertRefused(Form, peer.ask("record", wrong));
    const right = await replacement(binding, added, [second.signing]);
    assertEquals(await peer.ask("record", right), { version: 2 });
    assertEquals(await peer.ask("record", right), { version: 2 });

    const refused = async (
      reason: RefusalReason,
      changes: Parameters<typeof recordAfter>[2],
      identity = anna.identity,
      keys: Parameters<typeof replacement>[2] = [],
    ) => {
      const record = await recordAfter(added, identity, changes);
      const payload = await replacement(binding, record, keys);
      await assertRefused(reason, peer.ask("record", payload));
    };
    await refused(Form, { name: "other" });
    await refused(OlderVersion, { previous: new Uint8Array(32).fill(1) });
    await refused(OlderVersion, { version: 2 });
    const other = await generateSigningKey();
    await refused(Taken, { identity: other.publicKey }, other);
    const [first = second.device] = anna.record.devices;
    const rekeyed = { ...second.device, signingKey: other.publicKey };
    await refused(Taken, { devices: [first, rekeyed] });
    const bens = { ...second.device, id: ben.device };
    await refused(Taken, { devices: [first, bens] }, anna.identity, [
      second.signing,
    ]);
    const more = await Promise.all(Array.from({ length: 7 }, drawDevice));
    const nine = [first, second.device, ...more.map(({ device }) => device)];
    const keys = more.map(({ signing }) => signing);
    await refused(Full, { devices: nine }, anna.identity, keys);
    const stranger = await drawIdentity("cora");
    await assertRefused(
      Unknown,
      peer.ask("record", await replacement(binding, stranger.record)),
    );
    const bytes = added.bytes.with(40, (added.bytes[40] ?? 0) ^ 1);
    await assertRefused(
      Form,
      peer.ask("record", { record: bytes, signatures: [] }),
    );
  },
);

testWith(
  LOOPBACK,
  "records of many devices, and sendings to them, have a limit of their own",
  async () => {
    await using server = await startSecureRelay();
    const { line } = server;
    const anna = await drawIdentity("anna");
    using peer = await SecurePeer.registered(line, anna);
    /** How often it is refused otherwise before that. */
    const untilTooOften = async (other: RefusalReason, ask: () => unknown) => {
      for (let times = 0;; times++) {
        const { reason } = await assertRejects(
          async () => await ask(),
          Refused,
        );
        if (reason === TooOften) return times;
        assertEquals(reason, other);
      }
    };
    const bytes = new Uint8Array(501).with(347, 255);
    const replace = () => peer.ask("record", { record: bytes, signatures: [] });
    assert(await untilTooOften(Form, replace) >= Math.floor(10_000 / 255));
    const one = sending(anna, 1);
    const many = { ...one, envelopes: new Array(255).fill(one.envelopes[0]) };
    const send = () => peer.ask("send", many);
    assert(
      await untilTooOften(OtherDevices, send) >= Math.floor(60_000 / 254),
    );
    assertEquals((await peer.ask("send", one)).taken, 1);
  },
);

testWith(
  LOOPBACK,
  "a record before a 3003 authenticates nothing; a device that leaves is refused (RPL-6, STA-5)",
  async () => {
    await using server = await startSecureRelay();
    const { line } = server;
    const anna = await drawIdentity("anna");
    using peer = await SecurePeer.registered(line, anna);
    const { device, signing } = await drawDevice();
    const record = await recordAfter(anna.record, anna.identity, {
      devices: [device],
    });
    using stranger = await SecurePeer.connect(line);
    await stranger.hello();
    const payload = await replacement(bindingOf(stranger, line), record, [
      signing,
    ]);
    assertEquals(await stranger.ask("record", payload), { version: 2 });
    await assertRefused(NotAuthenticated, stranger.ask("ping", {}));
    await assertRefused(NotAuthenticated, peer.ask("ping", {}));
    using again = await SecurePeer.connect(line);
    await assertRefused(Unknown, again.authenticate(anna));
    using other = await SecurePeer.connect(line);
    await other.authenticate({ ...anna, device: device.id, signing });
    await other.ask("ping", {});
  },
);

testWith(
  LOOPBACK,
  "a device's id under other keys doesn't serve its older connections (STA-5)",
  async () => {
    await using server = await startSecureRelay();
    const { line, relay } = server;
    const [anna, ben] = [await drawIdentity("anna"), await drawIdentity("ben")];
    using peer = await SecurePeer.registered(line, anna);
    using waiting = await SecurePeer.authenticated(line, anna);
    using held = await SecurePeer.authenticated(line, anna);
    const fetch = { acknowledged: 0 as Seq, wait: 50, most: 1000 };
    const answered = held.ask("fetch", fetch);
    await until("a held fetch", () => relay.counters.secure.held === 1);
    const { device, signing } = await drawDevice();
    const without = await recordAfter(anna.record, anna.identity, {
      devices: [device],
    });
    await peer.ask(
      "record",
      await replacement(bindingOf(peer, line), without, [signing]),
    );
    // Ben takes the id that is free now.
    const [bens] = ben.record.devices;
    assert(bens !== undefined);
    const record = await signRecord({
      ...ben.record,
      devices: [{ ...bens, id: anna.device }],
    }, ben.identity);
    const taken = { ...ben, record, device: anna.device };
    using owner = await SecurePeer.registered(line, taken);
    await assertRefused(NotAuthenticated, waiting.ask("fetch", fetch));
    await assertRefused(NotAuthenticated, peer.ask("ping", {}));
    await held.write(secureFrame("ping", {}, anna.device));
    await assertRefused(NotAuthenticated, answered);
    await owner.ask("ping", {});
  },
);

testWith(
  LOOPBACK,
  "a deleted account is closed, and opens for its own identity only (DEL-1, DEL-2, RPL-7)",
  async () => {
    await using server = await startSecureRelay();
    const { line } = server;
    const [anna, ben] = [await drawIdentity("anna"), await drawIdentity("ben")];
    using a = await SecurePeer.registered(line, anna);
    using b = await SecurePeer.registered(line, ben);
    const wrong = { signature: new Uint8Array(SIGNATURE_SIZE) };
    await assertRefused(NotAuthenticated, a.ask("delete", wrong));
    const right = await deletion(bindingOf(a, line), anna);
    await assertRefused(NotAuthenticated, b.ask("delete", right));
    assertEquals(await a.ask("delete", right), {});
    await assertRefused(NotAuthenticated, a.ask("ping", {}));
    const { account } = anna.record;
    await assertRefused(Closed, b.ask("lookUp", { by: { account } }));
    await assertRefused(Closed, b.ask("lookUp", { by: { name: "anna" } }));
    await assertRefused(Closed, b.ask("send", sending(anna, 1)));
    using again = await SecurePeer.connect(line);
    await assertRefused(Unknown, again.authenticate(anna));
    const namesake = await drawIdentity("anna");
    await assertRefused(Taken, register(again, line, namesake));

    const binding = bindingOf(again, line);
    const same = await replacement(binding, anna.record);
    await assertRefused(Closed, again.ask("record", same));
    const other = await generateSigningKey();
    const taken = await recordAfter(anna.record, other, {
      identity: other.publicKey,
    });
    await assertRefused(
      Closed,
      again.ask("record", await replacement(binding, taken)),
    );
    const opening = await recordAfter(anna.record, anna.identity);
    const payload = await replacement(binding, opening);
    assertEquals(await again.ask("record", payload), { version: 2 });
    await again.authenticate(anna);
    await b.ask("send", sending({ ...anna, record: opening }, 1));
  },
);
