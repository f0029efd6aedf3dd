/**
 * Requests that a case is made of, valid ones and others whose fault lies in
 * what they ask for.
 *
 * @module
 */

import type { Random } from "../../harness/random.ts";
import { drawIdentity, drawPackages } from "../../harness/secure/identity.ts";
import type { SecureIdentity } from "../../harness/secure/identity.ts";
import {
  rawSecureFrame,
  registrationFrame,
  secureFrame,
} from "../../harness/secure/peer.ts";
import {
  readRecord,
  signRecord,
} from "../../../shared/secure/account_record.ts";
import { generateSigningKey, sign } from "../../../shared/secure/ed25519.ts";
import {
  type AccountId,
  type DeviceId,
  drawDeviceId,
  drawUid,
  type Seq,
  SIGNATURE_SIZE,
  type Uid,
} from "../../../shared/secure/secure_protocol.ts";
import {
  authenticationBytes,
  deletionBytes,
  deviceBytes,
  sha256,
} from "../../../shared/secure/signed_bytes.ts";
import type { Account } from "./accounts.ts";
import type { Channel, SecureModel } from "./secure_model.ts";

/** An account of which the fuzz has the keys. */
export interface Actor {
  readonly identity: SecureIdentity;
  /** The count of its last sending. */
  count: number;
  /** The number of its next package. */
  nextPackage: number;
  /** Its last sending. */
  lastSend: Uint8Array | undefined;
}

/** What productions draw from. */
export interface Source {
  readonly random: Random;
  readonly model: SecureModel;
  readonly channel: Channel;
  /** The one whose connection it is. */
  readonly actor: Actor;
  readonly actors: readonly Actor[];
  /** Takes part from now on, if the relay grants its registration. */
  readonly join: (actor: Actor) => void;
  /** A name that no account has. */
  readonly newName: () => string;
}

/** Bytes of the largest content. */
const LARGEST = 100_000;

/** Wraps an account's keys. */
export function actorOf(identity: SecureIdentity): Actor {
  return { identity, count: 0, nextPackage: 1, lastSend: undefined };
}

const binding = ({ channel }: Source) => ({
  relayKey: channel.relayKey,
  nonce: channel.nonce ?? new Uint8Array(32),
});

const me = ({ actor }: Source) => actor.identity.device;

function accountOf({ model }: Source, { identity }: Actor) {
  return model.accounts.byId(identity.record.account.toHex());
}

/** Anything of an id's size: one that is known, or not. */
function anyAccount(source: Source): AccountId {
  const { random, actors, model } = source;
  const legacy = [...model.accounts.legacy.keys()].map((id) =>
    Uint8Array.fromHex(id)
  );
  const known = random.oneIn(6)
    ? random.pick([...legacy, random.bytes(16)])
    : random.pick(actors).identity.record.account;
  return known as Uint8Array as AccountId;
}

/** A sending as the recipient's newest record wants it. */
function sendTo(
  source: Source,
  account: Account | undefined,
  { version = account?.record.version ?? 1, count = ++source.actor.count } = {},
): Uint8Array {
  const { random, actor } = source;
  const devices = [...account?.devices.keys() ?? ["00".repeat(16)]];
  const frame = secureFrame("send", {
    uid: drawUidBy(random),
    count,
    account: (account === undefined
      ? random.bytes(16)
      : Uint8Array.fromHex(account.record.account)) as Uint8Array as AccountId,
    recordVersion: version,
    lifetime: random.pick([0, 3600, 2 ** 32 - 1]),
    envelopes: devices.map((device) => ({
      device: Uint8Array.fromHex(device) as Uint8Array as DeviceId,
      content: random.bytes(
        random.oneIn(10) ? random.below(LARGEST) : random.below(400),
      ),
    })),
  }, me(source));
  actor.lastSend = frame;
  return frame;
}

const drawUidBy = (random: Random) => random.bytes(16) as Uint8Array as Uid;

/** Makes the frame of one request. */
export type Production = (source: Source) => Promise<Uint8Array> | Uint8Array;

/** All of them by name. */
export const secureProductions: Readonly<Record<string, Production>> = {
  hello: (source) =>
    secureFrame("hello", {
      least: 1,
      most: source.random.between(1, 3),
      features: source.random.u32(),
    }, me(source)),
  "other versions": (source) =>
    secureFrame("hello", {
      least: source.random.between(2, 9),
      most: source.random.between(0, 9),
      features: 0,
    }),
  ping: (source) => secureFrame("ping", {}, me(source)),
  "another's ping": ({ random, actors }) =>
    secureFrame("ping", {}, random.pick(actors).identity.device),
  async authenticate(source) {
    const { actor: { identity, count } } = source;
    const signed = authenticationBytes(
      binding(source),
      identity.device,
      count,
    );
    const signature = await sign(identity.signing, signed);
    const payload = { count, recordVersion: 1, signature };
    return secureFrame("authenticate", payload, identity.device);
  },
  async register(source) {
    const identity = await drawIdentity(source.newName());
    source.join(actorOf(identity));
    return await registrationFrame(identity, binding(source));
  },
  "register again": async (source) => {
    const { identity } = source.random.pick(source.actors);
    return await registrationFrame(identity, binding(source));
  },
  challenge: (source) =>
    secureFrame("challenge", { account: anyAccount(source) }, me(source)),
  "look up a name": (source) => {
    const { random, actors, model } = source;
    const names = [
      random.pick(actors).identity.record.name,
      "unused",
      ...model.accounts.legacy.values(),
    ];
    return secureFrame(
      "lookUp",
      { by: { name: random.pick(names) } },
      me(source),
    );
  },
  "look up an account": (source) =>
    secureFrame("lookUp", { by: { account: anyAccount(source) } }, me(source)),
  claim: (source) => {
    const { random, actors } = source;
    const other = random.pick(actors);
    const devices = [other.identity.device];
    if (random.oneIn(8)) devices.push(random.pick(actors).identity.device);
    const { account } = other.identity.record;
    return secureFrame("claim", { account, devices }, me(source));
  },
  async publish(source) {
    const { actor, random } = source;
    const singles = random.below(4);
    const first = actor.nextPackage;
    if (!random.oneIn(4)) actor.nextPackage += singles + 1;
    const packages = await drawPackages(actor.identity, singles, first);
    return secureFrame("publish", { packages }, me(source));
  },
  async "another's packages"(source) {
    const other = source.random.pick(source.actors);
    const packages = await drawPackages(other.identity, 1, 1000);
    return secureFrame("publish", { packages }, me(source));
  },
  send: (source) =>
    sendTo(source, accountOf(source, source.random.pick(source.actors))),
  "send again": (source) =>
    source.actor.lastSend ?? sendTo(source, accountOf(source, source.actor)),
  "send with an old count": (source) =>
    sendTo(source, accountOf(source, source.actor), {
      count: source.random.below(source.actor.count + 1),
    }),
  "send to an old record": (source) =>
    sendTo(source, accountOf(source, source.actor), {
      version: source.random.below(4),
    }),
  "send to no account": (source) => sendTo(source, undefined),
  fetch: (source) => {
    const { random, model } = source;
    const box = model.accounts.device(me(source).toHex())?.box;
    const last = box?.last ?? 0;
    const acknowledged = random.pick([
      0,
      last,
      last,
      last + 1,
      random.below(9),
    ]);
    return secureFrame("fetch", {
      acknowledged: acknowledged as Seq,
      wait: random.pick([0, 0, 1, 50, 65_535]),
      most: random.pick([0, 100, 10_000, 2 ** 32 - 1]),
    }, me(source));
  },
  outcome: (source) => {
    const { random, model } = source;
    const device = model.accounts.device(me(source).toHex());
    const sent = [...device?.sent.keys() ?? []].slice(-20)
      .map((uid) => Uint8Array.fromHex(uid) as Uint8Array as Uid);
    const uids = random.oneIn(3) ? [...sent, drawUid()] : sent;
    return secureFrame("outcome", { uids }, me(source));
  },
  "send to a legacy client": (source) => {
    const { random } = source;
    return secureFrame("sendLegacy", {
      uid: drawUidBy(random),
      target: anyAccount(source),
      type: random.pick([1, 2, 3, 4]),
      content: random.bytes(random.below(300)),
    }, me(source));
  },
  "replace the record": (source) => nextRecord(source, source.random.oneIn(3)),
  async "skip a record"(source) {
    return await nextRecord(source, false, 5);
  },
  async delete(source) {
    const { identity, record } = source.actor.identity;
    const signed = deletionBytes(binding(source), record.account);
    const signature = source.random.oneIn(4)
      ? await sign(identity, signed)
      : new Uint8Array(SIGNATURE_SIZE);
    return secureFrame("delete", { signature }, me(source));
  },
  "unknown code": (source) => {
    const { random } = source;
    const code = random.pick([600, 603, 2999, 3014, 4000, 4999, 65_535]);
    return rawSecureFrame(code, random.bytes(random.below(300)), me(source));
  },
  "no payload": (source) =>
    rawSecureFrame(
      source.random.between(3000, 3013),
      new Uint8Array(),
      me(source),
    ),
  "too large a claim": (source) => {
    const { random } = source;
    const frame = rawSecureFrame(
      random.between(3000, 3014),
      new Uint8Array(40),
      me(source),
    );
    const size = random.pick([65_537, source.channel.largest + 1, 2 ** 32 - 1]);
    new DataView(frame.buffer).setUint32(19, size, true);
    return frame;
  },
};

/** The next record of the actor's account, mostly with the device that it has. */
async function nextRecord(
  source: Source,
  addsDevice: boolean,
  step = 1,
): Promise<Uint8Array> {
  const { actor: { identity }, random } = source;
  const known = accountOf(source, source.actor)?.record.bytes ??
    identity.record.bytes;
  const record = await readRecord(known);
  const signatures: Uint8Array[] = [];
  const devices = [...record.devices].filter(({ id }, index) =>
    index === 0 || id.toHex() === identity.device.toHex() || random.oneIn(2)
  );
  const added = addsDevice ? await generateSigningKey() : undefined;
  if (added !== undefined) {
    devices.push({
      id: drawDeviceId(),
      signingKey: added.publicKey,
      agreementKey: random.bytes(32),
      added: Date.now(),
    });
  }
  const next = await signRecord({
    ...record,
    version: record.version + step,
    previous: await sha256(known),
    devices,
  }, identity.identity);
  if (added !== undefined) {
    const signed = await deviceBytes(binding(source), next.bytes);
    signatures.push(await sign(added, signed));
  }
  const payload = { record: next.bytes, signatures };
  return secureFrame("record", payload, me(source));
}
