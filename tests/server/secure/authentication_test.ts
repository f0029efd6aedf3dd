import { assert, assertEquals } from "@std/assert";
import { Peer } from "../../../lab/harness/peer.ts";
import { drawIdentity } from "../../../lab/harness/secure/identity.ts";
import {
  rawSecureFrame,
  readSecureResponse,
  SecurePeer,
} from "../../../lab/harness/secure/peer.ts";
import { startSecureRelay } from "../../../lab/harness/secure/secure_relay.ts";
import { generateSigningKey } from "../../../shared/secure/ed25519.ts";
import {
  drawDeviceId,
  RefusalReason,
} from "../../../shared/secure/secure_protocol.ts";
import {
  secureRequestCode,
  secureRequestCodecs,
  secureRequestKinds,
  secureRequests,
} from "../../../shared/secure/secure_requests.ts";
import { ERROR_CODE } from "../../../shared/wire/requests.ts";
import {
  authentication,
  bindingOf,
  registration,
} from "../../../lab/harness/secure/signed_requests.ts";
import { assertRefused } from "../../support/secure/refusals.ts";
import { LOOPBACK, testWith } from "../../support/test_with.ts";

const { NotAuthenticated, Unknown, Taken } = RefusalReason;

testWith(
  LOOPBACK,
  "a device authenticates once with each nonce (AUT-1 to AUT-3, STA-6)",
  async () => {
    await using server = await startSecureRelay();
    const { line } = server;
    const anna = await drawIdentity("anna");
    using peer = await SecurePeer.registered(line, anna);
    assertEquals(await peer.authenticate(anna, 5), {
      highestCount: 5,
      recordVersion: 1,
      singleUseLeft: 0,
      waiting: 0,
    });
    assertEquals((await peer.authenticate(anna, 3)).highestCount, 5);
    // The same bytes again are a replay.
    await peer.hello();
    const once = await authentication(bindingOf(peer, line), anna);
    await peer.ask("authenticate", once);
    await assertRefused(NotAuthenticated, peer.ask("authenticate", once));
    await peer.ask("ping", {});
  },
);

testWith(
  LOOPBACK,
  "a signature counts on its own connection, for its own relay and device only (AUT-1)",
  async () => {
    await using server = await startSecureRelay();
    await using elsewhere = await startSecureRelay();
    const { line } = server;
    const [anna, ben] = [await drawIdentity("anna"), await drawIdentity("ben")];
    for (const relay of [server, elsewhere]) {
      using _peer = await SecurePeer.registered(relay.line, anna);
    }
    using _b = await SecurePeer.registered(line, ben);
    using victim = await SecurePeer.connect(line);
    await victim.hello();
    using thief = await SecurePeer.connect(line);
    thief.device = anna.device;
    const tries = {
      "another connection's nonce": bindingOf(victim, line),
      "another relay's key": bindingOf(thief, elsewhere.line),
    };
    for (const [what, { relayKey, nonce }] of Object.entries(tries)) {
      await thief.hello();
      const own = what === "another relay's key" ? thief.nonce : nonce;
      const payload = await authentication({ relayKey, nonce: own }, anna);
      await assertRefused(
        NotAuthenticated,
        thief.ask("authenticate", payload),
      );
    }
    // A nonce of another relay, passed on.
    using far = await SecurePeer.connect(elsewhere.line);
    await far.hello();
    await thief.hello();
    await assertRefused(
      NotAuthenticated,
      thief.ask(
        "authenticate",
        await authentication(bindingOf(far, elsewhere.line), anna),
      ),
    );
    // Ben's signature over Anna's device, and Anna's under Ben's id.
    await thief.hello();
    const forged = { ...anna, signing: ben.signing };
    await assertRefused(
      NotAuthenticated,
      thief.ask(
        "authenticate",
        await authentication(bindingOf(thief, line), forged),
      ),
    );
    thief.device = ben.device;
    await thief.hello();
    await assertRefused(
      NotAuthenticated,
      thief.ask(
        "authenticate",
        await authentication(bindingOf(thief, line), anna),
      ),
    );
    thief.device = drawDeviceId();
    await thief.hello();
    const payload = await authentication(bindingOf(thief, line), anna);
    await assertRefused(Unknown, thief.ask("authenticate", payload));
    await assertRefused(NotAuthenticated, thief.ask("ping", {}));
  },
);

testWith(
  LOOPBACK,
  "a request under another device's id is refused (STA-4)",
  async () => {
    await using server = await startSecureRelay();
    const { line } = server;
    const [anna, ben] = [await drawIdentity("anna"), await drawIdentity("ben")];
    using peer = await SecurePeer.registered(line, anna);
    using _b = await SecurePeer.registered(line, ben);
    peer.device = ben.device;
    for (const kind of ["ping", "hello"] as const) {
      const payload = kind === "ping" ? {} : { least: 1, most: 1, features: 0 };
      await assertRefused(NotAuthenticated, peer.ask(kind, payload as never));
    }
    peer.device = anna.device;
    await peer.hello();
    const other = await authentication(bindingOf(peer, line), ben);
    peer.device = ben.device;
    await assertRefused(NotAuthenticated, peer.ask("authenticate", other));
    peer.device = anna.device;
    await peer.ask("ping", {});
  },
);

testWith(
  LOOPBACK,
  "each kind of request needs its state of the connection (STA-1)",
  async () => {
    await using server = await startSecureRelay();
    const { line } = server;
    const anna = await drawIdentity("anna");
    using _registered = await SecurePeer.registered(line, anna);
    using peer = await SecurePeer.connect(line);
    peer.device = anna.device;
    const refused: string[] = [];
    const ask = async (kind: typeof secureRequestKinds[number]) => {
      const { fixedSize = 0 } = secureRequestCodecs[kind];
      const payload = new Uint8Array(fixedSize);
      const code = secureRequestCode(kind);
      await peer.write(rawSecureFrame(code, payload, anna.device));
      const response = await peer.take();
      const { reason } = await Promise.resolve()
        .then(() => readSecureResponse(kind, response))
        .then(() => ({ reason: 0 }), (error) => error);
      if (reason === NotAuthenticated) refused.push(kind);
    };
    for (const kind of secureRequestKinds) await ask(kind);
    assertEquals(
      refused,
      secureRequestKinds.filter((kind) => kind !== "hello"),
    );
    refused.length = 0;
    await peer.hello();
    const authenticated = secureRequestKinds.filter((kind) =>
      secureRequests[kind].authenticated
    );
    for (const kind of authenticated) await ask(kind);
    assertEquals(refused, authenticated);
  },
);

testWith(
  LOOPBACK,
  "an id and a name can't be taken over with what the legacy list tells (ENR-3)",
  async () => {
    await using server = await startSecureRelay();
    const { line, relay } = server;
    using legacy = await Peer.connect(relay.address);
    const id = await legacy.register("old");
    const thief = await drawIdentity("old");
    using peer = await SecurePeer.connect(line);
    peer.device = thief.device;
    await peer.hello();
    const binding = bindingOf(peer, line);
    const byName = await registration(binding, thief);
    await assertRefused(Taken, peer.ask("register", byName));
    const told = await legacy.ask("publicKey", { target: id }, id);
    assert(told.code === 2102);
    const { publicKey } = told.payload;
    await peer.hello();
    const withKey = await registration(bindingOf(peer, line), thief, {
      publicKey,
      proof: new Uint8Array(32),
    });
    await assertRefused(NotAuthenticated, peer.ask("register", withKey));
    // Nor can a secured one by the legacy protocol.
    const anna = await drawIdentity("anna");
    using _a = await SecurePeer.registered(line, anna);
    const register = { name: "anna", publicKey: new Uint8Array(160) };
    const response = await legacy.ask("register", register);
    assertEquals(response.code, ERROR_CODE);
  },
);

testWith(
  LOOPBACK,
  "a secured id sends and pulls nothing by the legacy protocol (LEG-2, LEG-4)",
  async () => {
    await using server = await startSecureRelay();
    const { line, relay } = server;
    using legacy = await Peer.connect(relay.address);
    const old = await legacy.register("old");
    const anna = await drawIdentity("anna");
    using _a = await SecurePeer.registered(line, anna);
    const { account } = anna.record;
    const content = new Uint8Array(3);
    const message = { target: old, type: 3 as const, content };
    const sent = await legacy.ask("sendMessage", message, account);
    assertEquals(sent.code, ERROR_CODE);
    const pulled = await legacy.ask("waitingMessages", {}, account);
    assertEquals(pulled.code, ERROR_CODE);
    assertEquals(await legacy.pull(old), []);
    const list = await legacy.ask("clientsList", {}, account);
    assertEquals(
      list.code === 2101 && list.payload.map(({ name }) => name),
      ["old"],
    );
    const key = await legacy.ask("publicKey", { target: account }, old);
    assertEquals(
      key.code === 2102 && key.payload.publicKey,
      anna.publicKey,
    );
    // NAM-5 holds for a secured client, too.
    const again = { name: "anna", publicKey: anna.publicKey };
    const repeated = await legacy.ask("register", again);
    assertEquals(
      repeated.code === 2100 && repeated.payload.clientId,
      account,
    );
  },
);

testWith(
  LOOPBACK,
  "a key of small order can't be registered (EDK-1)",
  async () => {
    await using server = await startSecureRelay();
    const { line } = server;
    const anna = await drawIdentity("anna");
    const { publicKey } = await generateSigningKey();
    const record = anna.record.bytes.slice();
    // The S of the device stands behind its id.
    const at = record.indexOf(anna.device[0] ?? 0, 348) + 16;
    record.set(publicKey.fill(0).fill(1, 0, 1), at);
    using peer = await SecurePeer.connect(line);
    peer.device = anna.device;
    await peer.hello();
    const payload = await registration(bindingOf(peer, line), anna, { record });
    await assertRefused(RefusalReason.Form, peer.ask("register", payload));
  },
);
