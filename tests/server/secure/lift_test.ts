import { assert, assertEquals } from "@std/assert";
import { Peer } from "../../../lab/harness/peer.ts";
import { drawIdentity } from "../../../lab/harness/secure/identity.ts";
import { SecurePeer } from "../../../lab/harness/secure/peer.ts";
import { startSecureRelay } from "../../../lab/harness/secure/secure_relay.ts";
import {
  exportPublicKey,
  generateKeyPair,
} from "../../../shared/crypto/crypto.ts";
import { signRecord } from "../../../shared/secure/account_record.ts";
import {
  type AccountId,
  MailFlag,
  RefusalReason,
  type Seq,
} from "../../../shared/secure/secure_protocol.ts";
import {
  challengeLabel,
  liftProof,
} from "../../../shared/secure/signed_bytes.ts";
import {
  bindingOf,
  registration,
} from "../../../lab/harness/secure/signed_requests.ts";
import { assertRefused } from "../../support/secure/refusals.ts";
import { LOOPBACK, testWith } from "../../support/test_with.ts";

const { Form, NotAuthenticated, Unknown, Taken } = RefusalReason;

testWith(
  LOOPBACK,
  "a legacy client lifts its account with its RSA key, and with nothing else (LFT-1 to LFT-5)",
  async () => {
    await using server = await startSecureRelay();
    const { line, relay } = server;
    const pair = await generateKeyPair();
    const publicKey = await exportPublicKey(pair.publicKey);
    using legacy = await Peer.connect(relay.address);
    const account = await legacy.register("anna", publicKey) as AccountId;
    const ben = await legacy.register("ben");
    await legacy.send(ben, account, new Uint8Array([7, 8]));
    const drawn = await drawIdentity("anna");
    const record = await signRecord(
      { ...drawn.record, account },
      drawn.identity,
    );
    const anna = { ...drawn, record, publicKey };

    using peer = await SecurePeer.connect(line);
    peer.device = anna.device;
    const open = async () => {
      const { encrypted } = await peer.ask("challenge", { account });
      const label = challengeLabel(bindingOf(peer, line));
      const name = "RSA-OAEP";
      return new Uint8Array(
        await crypto.subtle.decrypt(
          { name, label },
          pair.privateKey,
          encrypted as Uint8Array<ArrayBuffer>,
        ),
      );
    };
    const lift = async (secret: Uint8Array, other = anna) => {
      const binding = bindingOf(peer, line);
      const proof = await liftProof(binding, secret, other.record.bytes);
      const payload = await registration(binding, other, { proof });
      return await peer.ask("register", payload);
    };
    // A proof without a challenge on this nonce, or of another one.
    await peer.hello();
    await assertRefused(NotAuthenticated, lift(new Uint8Array(32)));
    await peer.hello();
    const old = await open();
    assertEquals(old.length, 32);
    await assertRefused(
      NotAuthenticated,
      peer.ask("challenge", { account }),
    );
    await peer.hello();
    await assertRefused(NotAuthenticated, lift(old));
    await peer.hello();
    await open();
    await assertRefused(NotAuthenticated, lift(old));
    // The proof is right, but not for this account, name or key.
    await peer.hello();
    await assertRefused(NotAuthenticated, lift(await open(), drawn as never));
    await peer.hello();
    const renamed = await signRecord(
      { ...record, name: "other" },
      drawn.identity,
    );
    await assertRefused(
      Taken,
      lift(await open(), { ...anna, record: renamed }),
    );
    await peer.hello();
    const otherKey = { ...anna, publicKey: publicKey.with(40, 1) };
    await assertRefused(Taken, lift(await open(), otherKey));
    // Without a proof the id is another's.
    await peer.hello();
    await assertRefused(
      Taken,
      peer.ask("register", await registration(bindingOf(peer, line), anna)),
    );

    await peer.hello();
    assertEquals(await lift(await open()), { account });
    const { waiting } = await peer.authenticate(anna);
    assertEquals(waiting, 1);
    const fetch = { acknowledged: 0 as Seq, wait: 0, most: 1000 };
    const { messages } = await peer.ask("fetch", fetch);
    const [message] = messages;
    assert(message !== undefined);
    assertEquals(message.flags, MailFlag.Legacy);
    assertEquals(message.account, ben);
    assertEquals(message.device, new Uint8Array(16) as typeof message.device);
    assertEquals(message.content, new Uint8Array([3, 7, 8]));
    await peer.hello();
    await assertRefused(Taken, peer.ask("challenge", { account }));
  },
);

testWith(
  LOOPBACK,
  "a challenge is for a legacy client with a sound key (LFT-2)",
  async () => {
    await using server = await startSecureRelay();
    const { line, relay } = server;
    using legacy = await Peer.connect(relay.address);
    const noKey = await legacy.register("anna") as AccountId;
    using peer = await SecurePeer.connect(line);
    await peer.hello();
    await assertRefused(Form, peer.ask("challenge", { account: noKey }));
    await peer.hello();
    const account = new Uint8Array(16).fill(5) as Uint8Array as AccountId;
    await assertRefused(Unknown, peer.ask("challenge", { account }));
  },
);
