import { equals } from "@std/bytes";
import {
  exportPublicKey,
  generateKeyPair,
} from "../../../../shared/crypto/crypto.ts";
import {
  MailFlag,
  PROOF_SIZE,
  RefusalReason,
} from "../../../../shared/secure/secure_protocol.ts";
import {
  challengeLabel,
  type ChannelBinding,
  liftProof,
} from "../../../../shared/secure/signed_bytes.ts";
import { MessageType } from "../../../../shared/wire/protocol.ts";
import { ERROR_CODE } from "../../../../shared/wire/requests.ts";
import { CheckFailure, must } from "../../server/check.ts";
import { randomBytes, randomId, randomName } from "../../server/frames.ts";
import { type Account, drawAccount } from "../account.ts";
import { fetchesOnly, fetching } from "../requests.ts";
import type { SecureChannel } from "../secure_channel.ts";
import type { LegacyClient, SecureProbe } from "../secure_probe.ts";
import { secureSubject } from "../secure_check.ts";

const { NotAuthenticated, Taken, Unknown } = RefusalReason;

/** A key pair takes longer to generate than a check: all clients of a run have one. */
let pair: Promise<CryptoKeyPair> | undefined;

/** A legacy client, and the account that it wants to become. */
interface Lifter {
  readonly client: LegacyClient;
  readonly account: Account;
}

async function lifter(probe: SecureProbe): Promise<Lifter> {
  pair ??= generateKeyPair();
  const client = await probe.legacyClient(
    await exportPublicKey((await pair).publicKey),
  );
  const account = await drawAccount({ ...client, account: client.id });
  return { client, account };
}

/** What a challenge holds. */
async function opened(
  encrypted: Uint8Array,
  binding: ChannelBinding,
): Promise<Uint8Array> {
  pair ??= generateKeyPair();
  try {
    const bytes = await crypto.subtle.decrypt(
      { name: "RSA-OAEP", label: challengeLabel(binding) },
      (await pair).privateKey,
      encrypted as Uint8Array<ArrayBuffer>,
    );
    return new Uint8Array(bytes);
  } catch {
    throw new CheckFailure(
      "a challenge that opens under its label",
      "one that doesn't",
    );
  }
}

/** Asks for a challenge and opens it. */
async function challenge(
  channel: SecureChannel,
  { id }: LegacyClient,
): Promise<Uint8Array> {
  const { encrypted } = await channel.expect("challenge", { account: id });
  return await opened(encrypted, channel.binding);
}

/** Lifts a client by its challenge. */
async function lift(
  probe: SecureProbe,
  { client, account }: Lifter,
): Promise<void> {
  const channel = await probe.greeted();
  const secret = await challenge(channel, client);
  const proof = await liftProof(channel.binding, secret, account.record.bytes);
  const payload = await probe.registration(channel, account, { proof });
  const { account: id } = await channel.expect("register", payload);
  must(equals(id, client.id), "the client's id", id.toHex());
}

export const liftingChecks = secureSubject("lifting", {
  "challenge-opens": [
    "LFT-1",
    "A 4002 holds 32 bytes of RSA-OAEP under the client's key and the label of the nonce, fresh ones each time",
    async (probe) => {
      const { client } = await lifter(probe);
      const channel = await probe.greeted();
      const first = await challenge(channel, client);
      must(first.length === PROOF_SIZE, "32 bytes", `${first.length}`);
      await channel.hello();
      const second = await challenge(channel, client);
      must(!equals(first, second), "other bytes", "the same");
    },
  ],
  "challenge-of-unknown": [
    "LFT-2",
    "A challenge for an id that no user has is refused with 3, for a secured one with 4",
    async (probe) => {
      const { account } = await probe.user();
      const channel = await probe.greeted();
      const unknown = { account: randomId() };
      await channel.refused("challenge", unknown, Unknown);
      await channel.hello();
      const secured = { account: account.record.account };
      await channel.refused("challenge", secured, Taken);
    },
  ],
  "challenge-once": [
    "STA-6",
    "A nonce serves one 3002",
    async (probe) => {
      const { client } = await lifter(probe);
      const channel = await probe.greeted();
      await challenge(channel, client);
      const again = { account: client.id };
      await channel.refused("challenge", again, NotAuthenticated);
    },
  ],
  "lift-keeps-id": [
    "LFT-4",
    "The proof of a challenge gives a client's id and name a record",
    async (probe) => {
      const lifted = await lifter(probe);
      await lift(probe, lifted);
      const channel = await probe.login(lifted.account);
      const { name } = lifted.client;
      const { record } = await channel.expect("lookUp", { by: { name } });
      const isTheirs = equals(record, lifted.account.record.bytes);
      must(isTheirs, "its record under the name", "another");
    },
  ],
  "lift-once": [
    "ENR-3",
    "A second record for a lifted id is refused with 4",
    async (probe) => {
      const lifted = await lifter(probe);
      await lift(probe, lifted);
      const again = await drawAccount({
        ...lifted.client,
        account: lifted.client.id,
      });
      const channel = await probe.greeted();
      const payload = await probe.registration(channel, again);
      await channel.refused("register", payload, Taken);
    },
  ],
  "lift-without-proof": [
    "ENR-3",
    "A 3001 with a legacy client's name and id and no proof is refused with 4",
    async (probe) => {
      const { account } = await lifter(probe);
      const channel = await probe.greeted();
      const payload = await probe.registration(channel, account);
      await channel.refused("register", payload, Taken);
    },
  ],
  "lift-wrong-proof": [
    "LFT-4",
    "A proof of other bytes than the challenge's is refused with 2, and so is one without a challenge",
    async (probe) => {
      const { account, client } = await lifter(probe);
      for (const isChallenged of [true, false]) {
        const channel = await probe.greeted();
        if (isChallenged) await challenge(channel, client);
        const proof = randomBytes(PROOF_SIZE);
        const payload = await probe.registration(channel, account, { proof });
        await channel.refused("register", payload, NotAuthenticated);
      }
    },
  ],
  "lift-proof-of-other-nonce": [
    "LFT-4",
    "A proof of another nonce's challenge is refused with 2",
    async (probe) => {
      const { account, client } = await lifter(probe);
      const channel = await probe.greeted();
      const secret = await challenge(channel, client);
      await channel.hello();
      const { binding } = channel;
      const proof = await liftProof(binding, secret, account.record.bytes);
      const payload = await probe.registration(channel, account, { proof });
      await channel.refused("register", payload, NotAuthenticated);
    },
  ],
  "lift-proof-of-other-record": [
    "LFT-4",
    "A proof for another record is refused with 2",
    async (probe) => {
      const { account, client } = await lifter(probe);
      const channel = await probe.greeted();
      const secret = await challenge(channel, client);
      const { record } = await drawAccount({ ...client, account: client.id });
      const proof = await liftProof(channel.binding, secret, record.bytes);
      const payload = await probe.registration(channel, account, { proof });
      await channel.refused("register", payload, NotAuthenticated);
    },
  ],
  "lift-other-name": [
    "LFT-4",
    "A record with another name than the client's is refused with 4",
    async (probe) => {
      const { client } = await lifter(probe);
      const { id, publicKey } = client;
      const name = randomName();
      const account = await drawAccount({ account: id, publicKey, name });
      const channel = await probe.greeted();
      const secret = await challenge(channel, client);
      const { binding } = channel;
      const proof = await liftProof(binding, secret, account.record.bytes);
      const payload = await probe.registration(channel, account, { proof });
      await channel.refused("register", payload, Taken);
    },
  ],
  "lift-moves-inbox": [
    "LFT-5",
    "What waits in the legacy inbox at a lift is in the mailbox behind it",
    async (probe) => {
      const lifted = await lifter(probe);
      const content = randomBytes(32);
      const { id } = await probe.legacyClient();
      const message = {
        target: lifted.client.id,
        type: MessageType.Text,
        content,
      };
      const { code } = await probe.legacy("sendMessage", message, id);
      must(code !== ERROR_CODE, "a 2103", `${code}`);
      await lift(probe, lifted);
      const channel = await probe.login(lifted.account);
      const expected = Uint8Array.of(MessageType.Text, ...content);
      const { messages } = await fetchesOnly(channel, [expected], fetching());
      const [first] = messages;
      must(first?.flags === MailFlag.Legacy, "flag 1", `${first?.flags}`);
    },
  ],
});
