/**
 * What the relay owes for the requests of a case: codes, sizes, and the effect
 * that each has on whom is listed and on what waits.
 *
 * @module
 */

import { equals } from "@std/bytes";
import { encodeHex } from "@std/encoding";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import {
  ERROR_CODE,
  type ListedClient,
  type Response,
  type ResponseCode,
  responseCode,
  type WaitingMessage,
} from "../../../shared/wire/requests.ts";
import { expect, FuzzFailure } from "../failure.ts";
import type { Step } from "./framing.ts";
import { InboxModel, type Kept } from "./inbox_model.ts";
import { Names } from "./name_model.ts";
import {
  contestedInboxes,
  decodeAll,
  noteTaken,
  type Outcome,
} from "./outcome.ts";
import { PULL } from "../../../kit/requests.ts";

/** A registered client. */
export interface KnownClient {
  id: ClientId;
  publicKey: Uint8Array;
}

/** Everything that the relay has to know. */
export class RelayModel {
  readonly #clients = new Map<string, KnownClient>();
  readonly #inboxes = new Map<string, InboxModel>();
  /** By name, the id in hex; in the order of registration where one is known. */
  readonly #names = new Map<string, string>();
  /** Names whose registration may have been done. */
  readonly #maybeNames = new Set<string>();
  /** Names with the keys that they were asked for with. */
  readonly #registrations = new Set<string>();

  /** How many clients there are, at least. */
  get clients(): number {
    return this.#names.size;
  }

  /** The inboxes of the clients that take part, by id in hex. */
  get inboxes(): ReadonlyMap<string, InboxModel> {
    return this.#inboxes;
  }

  /** The names that are registered by now. */
  names(): ReadonlySet<string> {
    return new Set(this.#names.keys());
  }

  /** Notes a client that takes part. */
  add(name: string, client: KnownClient): void {
    const id = encodeHex(client.id);
    this.#clients.set(id, client);
    this.#inboxes.set(id, new InboxModel());
    this.#names.set(name, id);
  }

  /** @throws {RangeError} if no client has the id */
  inbox(id: string): InboxModel {
    const inbox = this.#inboxes.get(id);
    if (inbox === undefined) {
      throw new RangeError(`Expected a client, got ${id}`);
    }
    return inbox;
  }

  /**
   * Holds the answers of a case against what is owed, and notes its effects.
   *
   * @param before the names that were registered when the case began
   * @returns the codes of all answers
   * @throws {FuzzFailure} where they differ
   */
  settle(
    outcomes: readonly Outcome[],
    before: ReadonlySet<string>,
  ): number[] {
    const responses = outcomes.map(decodeAll);
    const names = new Names(before, this.#maybeNames, outcomes);
    const own = outcomes.map((outcome, i) =>
      this.#acknowledge(outcome, responses[i] ?? [])
    );
    // What wasn't read may show in what another connection was answered.
    outcomes.forEach((outcome, i) => {
      for (const step of outcome.framing.steps.slice(responses[i]?.length)) {
        this.#unread(outcome, step);
      }
    });
    const contested = contestedInboxes(outcomes);
    const waited = [...contested].flatMap((id) =>
      this.#inboxes.get(id)?.blur() ?? []
    );
    const handed = new Set<Kept>();
    outcomes.forEach((outcome, i) => {
      outcome.framing.steps.forEach((step, at) => {
        const response = responses[i]?.[at];
        if (response === undefined) return;
        const where = `at byte ${step.start} of connection ${i}`;
        try {
          this.#check(step, response, names);
          if (response.code !== 2104) return;
          const messages = this.#pulled(step, response.payload, at, own[i]);
          messages.forEach((kept) => handed.add(kept));
          if (contested.has(step.sender)) {
            this.inbox(step.sender).blur(messages);
          } else noteTaken(outcome, at, messages);
        } catch (error) {
          if (!(error instanceof FuzzFailure)) throw error;
          throw new FuzzFailure(`${error.expected} ${where}`, error.got);
        }
      });
      names.nextConnection();
    });
    // What no response held can't have been acknowledged by a concurrent pull.
    if (outcomes.every(({ readAll }) => readAll)) {
      for (const kept of waited) if (!handed.has(kept)) kept.state = "waits";
    }
    return responses.flatMap((all) => all.map(({ code }) => code));
  }

  /** Checks a list, and learns from it which doubtful registrations were done. */
  listed(list: readonly ListedClient[], requester: string): void {
    const maybe = (name: string) => this.#maybeNames.has(name);
    const seen = this.#checkList(list, requester, maybe, this.#names.keys());
    for (const [name, id] of seen) this.registered(name, id);
  }

  /** Notes that a name is registered for certain. */
  registered(name: string, id: string): void {
    if (!this.#names.has(name)) this.#names.set(name, id);
    this.#maybeNames.delete(name);
  }

  /** Notes what was acknowledged on one connection; by message, its step. */
  #acknowledge(
    { framing }: Outcome,
    responses: readonly Response[],
  ): Map<Kept, number> {
    const own = new Map<Kept, number>();
    const floors = new Map<string, number>();
    framing.steps.forEach(({ asked, sender }, at) => {
      const response = responses[at];
      if (response?.code === 2100 && asked?.kind === "register") {
        const id = encodeHex(response.payload.clientId);
        expect(!id.match(/../g)?.includes("00"), "an id without zeros", id);
        const known = this.#names.get(asked.name) ?? id;
        expect(known === id, "9000 or the first id for a taken name", id);
        this.registered(asked.name, id);
      }
      if (response?.code !== 2103 || asked?.kind !== "sendMessage") return;
      const target = encodeHex(response.payload.target);
      expect(target === asked.target, `2103 for ${asked.target}`, target);
      const inbox = this.#inboxes.get(target);
      if (inbox === undefined) return;
      const id = response.payload.messageId;
      const message = { sender, type: asked.type, content: asked.content };
      own.set(inbox.acknowledge(id, message, floors.get(target) ?? 0), at);
      floors.set(target, id);
    });
    return own;
  }

  /** A request whose answer wasn't read: it may have been done. */
  #unread(outcome: Outcome, { asked, sender, dueAt, end }: Step): void {
    if (dueAt > outcome.sent || !asked || !this.#mayAsk(asked, sender)) return;
    if (asked.kind === "register") this.#isNew(asked);
    if (asked.kind === "register" && !this.#names.has(asked.name)) {
      this.#maybeNames.add(asked.name);
    } else if (asked.kind === "sendMessage") {
      const { type, content } = asked;
      this.#inboxes.get(asked.target)?.unanswered({ sender, type, content });
    } else if (asked.kind === PULL) {
      // A reset right behind a pull leaves everything waiting.
      if (outcome.ending === "cut" && end === outcome.sent) return;
      this.inbox(sender).blur();
    }
  }

  /** Notes a registration; whether it is the first with this name and key. */
  #isNew({ name, publicKey }: { name: string; publicKey: string }): boolean {
    const { size } = this.#registrations;
    return this.#registrations.add(`${name} ${publicKey}`).size > size;
  }

  #mayAsk(asked: NonNullable<Step["asked"]>, sender: string): boolean {
    if (asked.kind === "register") return true;
    return this.#clients.has(sender) &&
      (!("target" in asked) || this.#clients.has(asked.target));
  }

  #check({ asked, sender }: Step, response: Response, names: Names): void {
    const codes: readonly ResponseCode[] =
      asked === undefined || !this.#mayAsk(asked, sender)
        ? [ERROR_CODE]
        : asked.kind === "register"
        ? names.codesFor(asked.name, !this.#isNew(asked))
        : [responseCode[asked.kind]];
    const got = `${response.code}`;
    expect(codes.includes(response.code), codes.join(" or "), got);
    if (response.code === 2102 && asked?.kind === "publicKey") {
      const key = this.#clients.get(asked.target)?.publicKey;
      expect(
        encodeHex(response.payload.clientId) === asked.target &&
          key !== undefined && equals(key, response.payload.publicKey),
        "the target's id and key",
        "others",
      );
    }
    if (response.code === 2101) {
      // Others may be registering at the same time.
      this.#checkList(
        response.payload,
        sender,
        (name) => names.possible(name),
        names.before,
      );
    }
  }

  /**
   * Checks a list.
   *
   * @param possible whether an unknown name may have been registered
   * @param due names that must be there, but for the requester's
   * @returns its ids by name
   */
  #checkList(
    list: readonly ListedClient[],
    requester: string,
    possible: (name: string) => boolean,
    due: Iterable<string>,
  ): Map<string, string> {
    const seen = new Map<string, string>();
    for (const { clientId, name } of list) {
      const id = encodeHex(clientId);
      expect(id !== requester, "a list without the requester", "one with");
      expect(!seen.has(name), "each name once", `${name} twice`);
      seen.set(name, id);
      const known = this.#names.get(name);
      expect(
        known === undefined ? possible(name) : known === id,
        "clients that registered, under their ids",
        `${name} ${id}`,
      );
    }
    for (const name of due) {
      const missing = this.#names.get(name) !== requester && !seen.has(name);
      expect(!missing, `${name} in the list`, "no such name");
    }
    return seen;
  }

  /** Checks what a pull handed out; `own` tells at which step each was sent. */
  #pulled(
    { sender }: Step,
    answer: readonly WaitingMessage[],
    at: number,
    own: ReadonlyMap<Kept, number> = new Map(),
  ): Kept[] {
    const later = own.entries().filter(([, sentAt]) => sentAt > at);
    const sentLater = new Set(later.map(([kept]) => kept));
    return this.inbox(sender).pulled(answer, sentLater);
  }
}
