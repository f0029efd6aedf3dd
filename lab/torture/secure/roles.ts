/**
 * What a member's programs do on one connection, over and over until the relay
 * is killed: send, read, publish and claim. Each may break off in the middle.
 *
 * @module
 */

import type { Random } from "../../harness/random.ts";
import {
  readSecureResponse,
  Refused,
  type SecurePeer,
} from "../../harness/secure/peer.ts";
import {
  PACKAGE_SIZE,
  PackageKind,
} from "../../../shared/secure/key_package.ts";
import {
  RefusalReason,
  SendingState,
  type Seq,
  SINGLE_USE,
} from "../../../shared/secure/secure_protocol.ts";
import { drawSize } from "../contents.ts";
import { must } from "../violation.ts";
import type { Community } from "./community.ts";
import type { Member, PendingSending } from "./member.ts";
import type { SecureTally } from "./secure_tally.ts";

/** What a role works with. */
export interface Part {
  readonly community: Community;
  readonly tally: SecureTally;
  readonly random: Random;
}

/** Works on a connection of a member; it is left as it is at the end. */
export type Role = (
  peer: SecurePeer,
  member: Member,
  part: Part,
) => Promise<void>;

/** Requests under way on a connection that doesn't wait for responses. */
const DEPTH = 8;
/** Bytes that a fetch asks for: one small message, some, or many. */
const MOST = [1, 4096, 256 * 1024];

/** Sends something new, behind what has no response yet. */
export const send: Role = async (peer, member, part) => {
  const { community, random } = part;
  for (let left = random.between(1, 60); left > 0; left--) {
    const depth = random.oneIn(3) ? 1 : DEPTH;
    while (member.pending.length < depth) {
      const to = random.pick(community.registered);
      const serial = community.contents.nextSerial();
      const content = community.contents.make(serial, drawSize(random));
      member.write(to, serial, content);
    }
    // The responses are lost, and all of it is sent again.
    const isLost = random.oneIn(20);
    await sendPending(peer, member, part, isLost);
    if (isLost) return;
  }
};

/** Sends what has no response yet, the same bytes as before. */
export async function sendPending(
  peer: SecurePeer,
  member: Member,
  part: Part,
  isLost = false,
): Promise<void> {
  const batch = [...member.pending];
  const hadSeq = batch.map(({ sending }) => sending.seq !== undefined);
  for (const { frame } of batch) await peer.write(frame);
  if (isLost) return;
  for (const [index, pending] of batch.entries()) {
    await acknowledged(peer, member, pending, hadSeq[index] ?? false, part);
  }
}

async function acknowledged(
  peer: SecurePeer,
  member: Member,
  pending: PendingSending,
  hadSeq: boolean,
  { community, tally }: Part,
): Promise<void> {
  const { sending } = pending;
  const { taken } = readSecureResponse("send", await peer.take());
  must(
    member.pending[0] === pending,
    () => "Expected responses in the order of their requests",
  );
  sending.mailbox.acknowledge(sending, taken === 2, hadSeq, community.tick());
  member.pending.shift();
  tally.sends++;
  if (taken === 2) tally.repeats++;
}

/** Fetches, saves what came, and acknowledges it with the next fetch. */
export const read: Role = async (peer, member, part) => {
  for (let left = part.random.between(1, 60); left > 0; left--) {
    if (await fetchOnce(peer, member, part, part.random.between(0, 1))) return;
  }
};

/** @returns whether the reader is killed before it saves what came */
async function fetchOnce(
  peer: SecurePeer,
  { mailbox }: Member,
  { community, tally, random }: Part,
  wait: number,
): Promise<boolean> {
  const acknowledged = mailbox.saved as Seq;
  const asked = { acknowledged, at: community.tick() };
  const most = random.pick(MOST);
  const response = await peer.ask("fetch", { acknowledged, wait, most });
  tally.handedOut += response.messages.length;
  const last = mailbox.received(asked, response, community.contents);
  if (random.oneIn(10)) return true;
  mailbox.saved = last;
  return false;
}

/** Fetches until nothing waits. */
export const drain: Role = async (peer, member, part) => {
  for (;;) {
    const before = member.mailbox.saved;
    const isKilled = await fetchOnce(peer, member, part, 0);
    if (!isKilled && member.mailbox.saved === before) return;
  }
};

/** Uids that one request asks for. */
const UIDS = 500;

/** All sendings of a member were acknowledged by their readers, and the relay says so. */
export const checkOutcomes: Role = async (peer, member) => {
  for (let from = 0; from < member.uids.length; from += UIDS) {
    const uids = member.uids.slice(from, from + UIDS);
    const { outcomes } = await peer.ask("outcome", { uids });
    must(
      outcomes.length === uids.length &&
        outcomes.every(({ state }) => state === SendingState.Taken),
      () =>
        `Expected ${uids.length} outcomes "taken", got ${
          outcomes.map(({ state }) => state).join(" ")
        }`,
    );
  }
};

/** Milliseconds between two questions how many packages are left. */
const LEFT_PAUSE = 20;
/** Milliseconds that a member waits who published too often. */
const TOO_OFTEN_PAUSE = 1000;

/** Publishes packages when few are left, and those whose response was lost. */
export const publish: Role = async (peer, member, { tally, random }) => {
  // The relay tells how many wait once it was asked.
  let left = Infinity;
  for (let turns = random.between(1, 10); turns > 0; turns--) {
    if (member.packages.length === 0 && left < SINGLE_USE.refill) {
      await member.refill();
    }
    const { packages } = member;
    try {
      const response = await peer.ask("publish", { packages });
      left = response.singleUseLeft;
    } catch (error) {
      if (!isTooOften(error)) throw error;
      return await pause(TOO_OFTEN_PAUSE);
    }
    tally.published += packages.length;
    member.packages = [];
    await pause(LEFT_PAUSE);
  }
};

function isTooOften(error: unknown): boolean {
  return error instanceof Refused && error.reason === RefusalReason.TooOften;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * Claims packages of others; one who asked too often is followed by a newcomer.
 */
export const claim: Role = async (peer, _member, part) => {
  const { community, random } = part;
  try {
    for (let left = random.between(1, 40); left > 0; left--) {
      const { registered } = community;
      if (registered.length === 0) return;
      await claimOnce(peer, random.pick(registered), part);
    }
  } catch (error) {
    if (!isTooOften(error)) throw error;
  }
};

async function claimOnce(
  peer: SecurePeer,
  { identity: { record, device } }: Member,
  { community, tally }: Part,
): Promise<void> {
  let response;
  try {
    response = await peer.ask("claim", {
      account: record.account,
      devices: [device],
    });
  } catch (error) {
    // Its first packages are still under way.
    const isUnknown = error instanceof Refused &&
      error.reason === RefusalReason.Unknown;
    if (isUnknown) return;
    throw error;
  }
  for (const { weekly, single } of response.packages) {
    must(
      weekly[20] === PackageKind.Weekly && weekly.length === PACKAGE_SIZE,
      () => "Expected a weekly package with each claim",
    );
    if (single === undefined) continue;
    community.claim(single);
    tally.claims++;
  }
}
