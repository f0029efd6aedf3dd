/**
 * One account of the load, with what its programs would have on disk: keys,
 * count, sendings without a response, packages.
 *
 * @module
 */

import {
  drawIdentity,
  drawPackages,
  type SecureIdentity,
} from "../../harness/secure/identity.ts";
import { Refused, secureFrame, SecurePeer } from "../../harness/secure/peer.ts";
import type { RelayLine } from "../../../shared/secure/relay_line.ts";
import {
  drawUid,
  RefusalReason,
  SINGLE_USE,
  type Uid,
} from "../../../shared/secure/secure_protocol.ts";
import { Mailbox, type Sending } from "./mailbox.ts";

/** A sending that was written down, and may have been sent. */
export interface PendingSending {
  /** As the model knows it. */
  readonly sending: Sending;
  /** The request, the same in each repeat. */
  readonly frame: Uint8Array;
}

/** An account with one device. */
export class Member {
  /** Its keys and record. */
  readonly identity: SecureIdentity;
  /** What waits for its device. */
  readonly mailbox: Mailbox;
  /** Sendings without a response, oldest first. */
  readonly pending: PendingSending[] = [];
  /** The uids of all its sendings. */
  readonly uids: Uid[] = [];
  /** Packages that are to be published, again after a break. */
  packages: readonly Uint8Array[] = [];
  /** Whether the relay said that it is registered. */
  isRegistered = false;
  #count = 0;
  #nextPackage = 1;

  private constructor(identity: SecureIdentity) {
    this.identity = identity;
    this.mailbox = new Mailbox(identity.record.name);
  }

  /** Draws one with this name. */
  static async draw(name: string): Promise<Member> {
    return new Member(await drawIdentity(name));
  }

  /**
   * Connects and authenticates, registered before if need be. A registration
   * whose response was lost is known by its being taken.
   */
  async connect(line: RelayLine): Promise<SecurePeer> {
    const peer = await SecurePeer.connect(line);
    try {
      if (!this.isRegistered) await this.#register(peer);
      await peer.authenticate(this.identity, this.#count);
      return peer;
    } catch (error) {
      peer.close();
      throw error;
    }
  }

  async #register(peer: SecurePeer): Promise<void> {
    try {
      await peer.register(this.identity);
    } catch (error) {
      const isTaken = error instanceof Refused &&
        error.reason === RefusalReason.Taken;
      if (!isTaken) throw error;
    }
    this.isRegistered = true;
  }

  /** Writes a sending down, with a count of its own. */
  write(to: Member, serial: number, content: Uint8Array): PendingSending {
    const { device } = this.identity;
    const { record, device: target } = to.identity;
    const uid = drawUid();
    const payload = {
      uid,
      count: ++this.#count,
      account: record.account,
      recordVersion: record.version,
      lifetime: 0,
      envelopes: [{ device: target, content }],
    };
    const sending: Sending = {
      serial,
      uid,
      from: device,
      mailbox: to.mailbox,
      keptAt: undefined,
      seq: undefined,
    };
    this.uids.push(uid);
    to.mailbox.add(sending);
    const pending = { sending, frame: secureFrame("send", payload, device) };
    this.pending.push(pending);
    return pending;
  }

  /** Makes packages, as many as may wait at a relay that has none. */
  async refill(): Promise<void> {
    const first = this.#nextPackage;
    this.packages = await drawPackages(this.identity, SINGLE_USE.most, first);
    this.#nextPackage += this.packages.length;
  }
}
