/**
 * The abilities that checks build on. A server whose lists are all wrong fails
 * the check of lists; checks that look something up in a list are skipped.
 *
 * @module
 */

import { equals } from "@std/bytes";
import type { RequestKind } from "../../../shared/wire/requests.ts";
import { expectCode, expectSize } from "./response.ts";
import { CheckFailure, must, NoResponse, Unprepared } from "./check.ts";
import type { User } from "./user_pool.ts";
import { frame, randomBytes, sendRequest } from "./frames.ts";
import type { Probe } from "./probe.ts";
import { type Usual, usuals } from "./usual.ts";
import { PULL, pullRequest } from "../../requests.ts";

/** Each ability: its name in "couldn't …", and the check that tests it. */
export const basics = {
  list: ["get a list", "list-entries"],
  key: ["get a public key", "key-with-owner"],
  send: ["send a message", "send-acknowledged"],
  pull: ["pull a message", "pull-one"],
  empty: ["pull from an empty inbox", "pull-empty"],
  several: ["get two messages that wait", "pull-several"],
  end: ["have a pull taken by an end", "pull-then-end"],
  taken: ["have a pull taken by another request", "pull-then-request"],
  ids: ["ask as two users on a connection", "header-says-who"],
  segments: ["have a message taken in pieces", "segments-of-a-message"],
  again: ["ask again on a connection", "connection-of-two-requests"],
  onward: [
    "ask again on a connection after a failure",
    "open-after-unknown-code",
  ],
} as const;

/** The name of an ability. */
export type Basic = keyof typeof basics;

/** Why a check is skipped: the missing ability, and the check that tests it. */
export const told = (basic: Basic): string =>
  `couldn't ${basics[basic][0]}: see ${basics[basic][1]}`;

/**
 * The ability behind each kind of request, and the checks that fail without it.
 * Registration is checked first.
 */
const basicsOfKinds: Readonly<
  Partial<Record<RequestKind, { basic: Basic; checks: readonly string[] }>>
> = {
  clientsList: { basic: "list", checks: ["list-entries"] },
  publicKey: { basic: "key", checks: ["key-with-owner"] },
  sendMessage: { basic: "send", checks: ["send-acknowledged"] },
  [PULL]: { basic: "pull", checks: ["pull-empty", "pull-one"] },
};

/**
 * The ability behind a kind of request; undefined in a check that tests it.
 */
export function basicOf(kind: RequestKind, check: string): Basic | undefined {
  const found = basicsOfKinds[kind];
  return found?.checks.includes(check) ? undefined : found?.basic;
}

/** The kinds of requests that test an ability. */
function kindsOf(basic: Basic): readonly RequestKind[] {
  if (basic === "list") return ["clientsList"];
  if (basic === "key") return ["publicKey"];
  if (basic === "send" || basic === "segments") return ["sendMessage"];
  if (basic === "empty") return [PULL];
  const isOfAny = basic === "again" || basic === "onward";
  return isOfAny ? [] : ["sendMessage", PULL];
}

/** A code of no request. */
const UNKNOWN_CODE = 666;
/** Size in bytes of a content like a ciphertext. */
const CONTENT_SIZE = 48;

/** The simplest test of each ability. */
const attempts: Readonly<
  Record<
    Basic,
    (
      probe: Probe,
      usual: (but?: RequestKind) => Promise<Usual>,
    ) => Promise<void>
  >
> = {
  async list(probe) {
    const [from, to] = await probe.pair();
    const listed = await probe.listed(from.id);
    const has = listed.some(({ clientId }) => equals(clientId, to.id));
    must(has, `an entry with the id of ${to.name}`, "none");
  },
  async key(probe) {
    const [from, to] = await probe.pair();
    await probe.keyOf(from.id, to.id);
  },
  async send(probe) {
    const [from, to] = await probe.pair();
    const content = randomBytes(CONTENT_SIZE);
    await probe.sends({ from: from.id, to: to.id, content });
  },
  async pull(probe) {
    const [from, to] = await probe.pair();
    const content = randomBytes(CONTENT_SIZE);
    await probe.sends({ from: from.id, to: to.id, content });
    const came = await probe.receive(to.id, 1);
    must(came.length === 1, "the message", "an empty inbox");
  },
  async empty(probe) {
    const { id } = await probe.user();
    expectSize(await probe.ask(pullRequest(id)), 2104, 0);
  },
  async several(probe) {
    const [from, to] = await probe.pair();
    for (let count = 0; count < 2; count++) {
      await probe.sends({ from: from.id, to: to.id });
    }
    const { length } = await probe.receive(to.id, 2);
    must(length === 2, "both messages", `${length}`);
  },
  async end(probe) {
    const [from, to] = await probe.pair();
    await probe.sends({ from: from.id, to: to.id });
    await probe.receive(to.id, 1);
    await comesNotAgain(probe, to);
  },
  async taken(probe, usual) {
    const [from, to] = await probe.pair();
    await probe.sends({ from: from.id, to: to.id });
    const { request, code } = await usual(PULL);
    const channel = await probe.connect();
    await channel.send(pullRequest(to.id));
    await channel.response();
    await channel.ask(request(to, from), code);
    await comesNotAgain(probe, to);
  },
  async ids(probe) {
    const [from, to] = await probe.pair();
    const other = await probe.user();
    await probe.sends({ from: from.id, to: to.id });
    const channel = await probe.connect();
    await channel.send(pullRequest(other.id));
    await channel.response();
    const { payload } = await channel.ask(pullRequest(to.id), 2104);
    must(payload.length > 0, "the message", "an empty inbox");
  },
  async segments(probe) {
    const [from, to] = await probe.pair();
    const content = randomBytes(CONTENT_SIZE);
    const channel = await probe.connect();
    const request = sendRequest({ from: from.id, to: to.id, content });
    await channel.sendCut(request, [23, 60]);
    expectCode(await channel.response(), 2103);
  },
  again: async (probe, usual) => await twice(probe, await usual()),
  onward: async (probe, usual) => await twice(probe, await usual(), true),
};

async function comesNotAgain(probe: Probe, to: User): Promise<void> {
  const { length } = await probe.receive(to.id, 1);
  must(length === 0, "an empty inbox", "the same message");
}

async function twice(
  probe: Probe,
  { request, code, isFollowed }: Usual,
  afterFailure = false,
): Promise<void> {
  must(!isFollowed, "responses that nothing follows", "more bytes");
  const [from, to] = await probe.pair();
  const channel = await probe.connect();
  if (afterFailure) {
    await channel.ask(frame({ code: UNKNOWN_CODE, clientId: from.id }), 9000);
  } else {
    await channel.ask(request(from, to), code);
  }
  await channel.ask(request(from, to), code);
}

/** Tests abilities on demand, each once. */
export class Basics {
  readonly #probe: () => Probe;
  readonly #found = new Map<Basic, Promise<boolean>>();
  /** Whether the server accepts no registration. */
  registersNone = false;
  readonly #silent = new Set<RequestKind>();
  readonly #told = new Set<string>();
  readonly #tried = new Map<RequestKind, Promise<Usual | string>>();

  /** @param probe makes a probe for a test */
  constructor(probe: () => Probe) {
    this.#probe = probe;
  }

  /** Whether requests of a kind are known to get no response. */
  isSilent(kind: RequestKind): boolean {
    return this.#silent.has(kind);
  }

  /** Whether this is the first report of a mistake. */
  isFirst(mistake: string): boolean {
    if (this.#told.has(mistake)) return false;
    this.#told.add(mistake);
    return true;
  }

  /**
   * Whether the server has an ability.
   *
   * @param isAlone whether the check has no open connection. Some servers serve
   * one connection at a time, so a failure beside another isn't remembered
   */
  async works(basic: Basic, isAlone: boolean): Promise<boolean> {
    const finding = this.#found.get(basic) ?? this.#attempt(basic);
    this.#found.set(basic, finding);
    const works = await finding;
    if (!works && !isAlone) this.#found.delete(basic);
    return works;
  }

  /**
   * The request for checks of connections, headers and load: the first with a
   * sound response, or else the first with any.
   *
   * @param but a kind to leave out
   * @throws {Unprepared} if none gets a response
   */
  async usual(but?: RequestKind): Promise<Usual> {
    let odd: Usual | undefined;
    const reasons: string[] = [];
    for (const candidate of usuals) {
      const { kind } = candidate;
      if (kind === but) continue;
      const trying = this.#tried.get(kind) ?? this.#try(candidate);
      this.#tried.set(kind, trying);
      const tried = await trying;
      if (typeof tried === "string") reasons.push(tried);
      else if (tried.isFollowed || tried.isOdd) odd ??= tried;
      else return tried;
    }
    if (odd !== undefined) return odd;
    throw new Unprepared(`no request is answered well: ${reasons.join("; ")}`);
  }

  /** @returns the reason if it gets no response */
  async #try(candidate: Usual): Promise<Usual | string> {
    const probe = this.#probe();
    const { code, size } = candidate;
    const name = `${code - 1500} got `;
    try {
      const [from, to] = await probe.pair();
      const channel = await probe.connect();
      await channel.send(candidate.request(from, to));
      const response = expectCode(await channel.response(), code);
      const isFollowed = await channel.isFollowed();
      const { length } = response.payload;
      const isOdd = length % size.each !== 0 || length < size.least ||
        length > size.most;
      await probe.giveBack();
      return { ...candidate, isFollowed, isOdd };
    } catch (error) {
      if (error instanceof NoResponse) this.#silent.add(candidate.kind);
      if (error instanceof CheckFailure) return name + error.got;
      if (error instanceof Unprepared) return name + error.message;
      throw error;
    } finally {
      probe.close();
    }
  }

  async #attempt(basic: Basic): Promise<boolean> {
    if (kindsOf(basic).some((kind) => this.#silent.has(kind))) return false;
    const probe = this.#probe();
    try {
      await attempts[basic](probe, (but) => this.usual(but));
      await probe.giveBack();
      return true;
    } catch (error) {
      if (error instanceof Unprepared || error instanceof CheckFailure) {
        return false;
      }
      throw error;
    } finally {
      probe.close();
    }
  }
}
