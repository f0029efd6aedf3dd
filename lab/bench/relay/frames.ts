/**
 * Requests that are made before the clock runs: one array of bytes, from which
 * as many whole requests are cut as a connection has room for. Requester and
 * target are drawn when they are.
 *
 * @module
 */

import { encodeRequest } from "../../../shared/wire/frames.ts";
import {
  CLIENT_ID_SIZE,
  MessageType,
  REQUEST_HEADER_SIZE,
} from "../../../shared/wire/protocol.ts";
import {
  type RequestKind,
  responseCode,
} from "../../../shared/wire/requests.ts";
import { samplePayload } from "../../harness/sample_payload.ts";
import { type ResponsePlan, responseSize } from "./responses.ts";
import { randomContent } from "./seed.ts";
import { PUBLIC_KEY, userId, userName } from "./fixtures.ts";
import { PULL } from "../../../kit/requests.ts";

/** Which requests are sent. */
export interface FramesPlan extends ResponsePlan {
  /** What they ask. */
  kind: RequestKind;
  /** Instead of the kind, each so many-th pulls. Default: none. */
  pullEvery?: number;
  /** How many different ones are made. */
  count: number;
  /** In any order again and again, or one after the other and each once. */
  order: "random" | "once";
  /** Those who ask are the first so many users. Default: all. */
  requesters?: number;
  /** The messages' recipients are the first so many users. Default: all. */
  recipients?: number;
}

/** Bytes of one or more requests. */
export interface Batch {
  /** How many. */
  count: number;
  /** The bytes of all of them. */
  bytes: Uint8Array;
}

/** Requests that were made before. */
export class Frames {
  readonly #order: FramesPlan["order"];
  readonly #bytes: Uint8Array;
  /** Where each request starts, and behind the last one its end. */
  readonly #starts: Uint32Array;
  /** The ids of all users. */
  readonly #ids: Uint8Array;
  readonly #requesters: number;
  readonly #recipients: number;
  #next = 0;

  /** Makes them. */
  constructor(plan: FramesPlan) {
    this.#order = plan.order;
    const frames = Array.from({ length: plan.count }, (_, i) => frame(plan, i));
    this.#starts = new Uint32Array(plan.count + 1);
    frames.forEach(({ length }, i) => {
      this.#starts[i + 1] = (this.#starts[i] ?? 0) + length;
    });
    this.#bytes = new Uint8Array(this.#starts[plan.count] ?? 0);
    frames.forEach((frame, i) => this.#bytes.set(frame, this.#starts[i]));
    this.#requesters = plan.requesters ?? plan.users;
    this.#recipients = plan.recipients ?? plan.users;
    this.#ids = new Uint8Array(plan.users * CLIENT_ID_SIZE);
    for (let user = 0; user < plan.users; user++) {
      this.#ids.set(userId(user), user * CLIENT_ID_SIZE);
    }
  }

  /** The next requests, `most` of them or fewer; none are left where it has none. */
  take(most: number): Batch {
    const total = this.#starts.length - 1;
    const count = Math.min(
      most,
      this.#order === "once" ? total - this.#next : total,
    );
    const first = this.#order === "once"
      ? this.#next
      : Math.floor(Math.random() * (total - count + 1));
    if (this.#order === "once") this.#next += count;
    else for (let i = first; i < first + count; i++) this.#address(i);
    return {
      count,
      bytes: this.#bytes.subarray(
        this.#starts[first],
        this.#starts[first + count],
      ),
    };
  }

  /** Else no more users would ever ask, or get mail, than there are requests. */
  #address(index: number): void {
    const [start = 0, end = 0] = this.#starts.subarray(index, index + 2);
    this.#draw(this.#requesters, start);
    if (end - start > TARGET_OFFSET) {
      this.#draw(this.#recipients, start + TARGET_OFFSET);
    }
  }

  #draw(below: number, at: number): void {
    const user = Math.floor(Math.random() * below);
    const from = user * CLIENT_ID_SIZE;
    this.#bytes.set(this.#ids.subarray(from, from + CLIENT_ID_SIZE), at);
  }
}

/** Where the id of whom a request concerns stands, in all that have a payload. */
const TARGET_OFFSET = REQUEST_HEADER_SIZE;

/** The codes that these requests are answered with, and their payloads' sizes. */
export function expectedResponses(
  plan: FramesPlan,
): Map<number, number | undefined> {
  const expected = new Map<number, number | undefined>();
  expected.set(responseCode[plan.kind], responseSize(plan.kind, plan));
  if (plan.pullEvery !== undefined) {
    expected.set(responseCode[PULL], undefined);
  }
  return expected;
}

function frame(plan: FramesPlan, index: number): Uint8Array {
  const { users, recipients = users } = plan;
  const any = (below: number) => userId(Math.floor(Math.random() * below));
  const pulls = plan.pullEvery !== undefined && index % plan.pullEvery === 0;
  const kind = pulls ? PULL : plan.kind;
  const payload = samplePayload(kind, {
    name: userName(users + index),
    publicKey: PUBLIC_KEY,
    clientId: any(recipients),
    messageType: MessageType.Text,
    content: randomContent(plan.contentSize ?? 0),
  });
  const isOnce = kind === PULL && plan.order === "once";
  const clientId = isOnce ? userId(index) : any(users);
  return encodeRequest(kind, payload, { clientId });
}
