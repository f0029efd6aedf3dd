/**
 * The tools of a check: connections, users and requests. All frames are
 * recorded for the report.
 *
 * @module
 */

import type { Dialect } from "../../../shared/wire/dialects.ts";
import type { ClientId, MessageId } from "../../../shared/wire/protocol.ts";
import {
  ERROR_CODE,
  type ListedClient,
  type RequestKind,
  responseCode,
  responseCodecs,
  type WaitingMessage,
} from "../../../shared/wire/requests.ts";
import { formOf } from "../../dissect/form.ts";
import type { Exchange, Exchanged } from "../report/outcome.ts";
import {
  expectCode,
  expectPayload,
  idIn,
  keyIn,
  messagesIn,
  type WholeResponse,
} from "./response.ts";
import { type Basic, basicOf, type Basics, basics, told } from "./basics.ts";
import type { User, UserPool } from "./user_pool.ts";
import { Channel } from "./channel.ts";
import { CheckFailure, prepare, Unprepared } from "./check.ts";
import {
  randomKey,
  randomName,
  registration,
  type Sending,
  sendRequest,
} from "./frames.ts";
import type { Target } from "./target.ts";
import { keyRequest, listRequest, PULL, pullRequest } from "../../requests.ts";

/** Largest number of recorded frames. */
const MOST_NOTED = 400;
/** Milliseconds to wait for a server to end a connection that the client has ended. */
const MOST_LEAVE = 250;
/** Largest number of pulls until an inbox is empty. */
const MOST_PULLS = 24;
/** Slowest accepted rate of requests in bytes a millisecond. */
const SLOWEST = 256;
/** Size in bytes up to which requests need no more time. */
const SMALL = 16 * 1024;
const REGISTER = "register another user, which servers may limit";

/** A request that the server answers well, with its users. */
export interface UsualRequest {
  readonly requester: User;
  /** The target. */
  readonly other: User;
  readonly request: Uint8Array;
  /** Code of the response. */
  readonly code: number;
  /** Its kind. */
  readonly kind: RequestKind;
  /** Whether bytes follow its response, which hide the next one. */
  readonly isFollowed: boolean;
}

/** The tools of a check. */
export class Probe {
  readonly #target: Target;
  readonly #pool: UserPool;
  readonly #basics: Basics | undefined;
  readonly #noted: Exchanged[] = [];
  readonly #channels: Channel[] = [];
  readonly #users: User[] = [];
  readonly #patience: number;
  readonly #check: string;
  #closed = false;
  #noting = true;
  #sent = 0;
  #responses = 0;
  #wasUnanswered = false;
  #asked: readonly RequestKind[] = [];

  /**
   * @param basics the server's abilities; undefined while they are tested
   * @param patience factor of the time-out
   * @param check name of the check
   */
  constructor(
    target: Target,
    pool: UserPool,
    basics?: Basics,
    patience = 1,
    check = "",
  ) {
    this.#target = target;
    this.#pool = pool;
    this.#basics = basics;
    this.#patience = patience;
    this.#check = check;
  }

  /** Time-out of a response in milliseconds; grows with the bytes sent. */
  get timeout(): number {
    const { timeout } = this.#target;
    const large = Math.max(0, this.#sent - SMALL);
    return this.#patience * timeout + Math.round(large / SLOWEST);
  }

  /** Size in bytes of all requests so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Number of whole responses so far. */
  get responses(): number {
    return this.#responses;
  }

  /** Whether a request got no whole response, or a connection failed. */
  get wasUnanswered(): boolean {
    return this.#wasUnanswered;
  }

  /** The server's dialect. */
  get dialect(): Dialect {
    return this.#target.serverDialect.dialect;
  }

  /** Whether it has opened a connection. */
  get connected(): boolean {
    return this.#channels.length > 0;
  }

  /** The recorded frames. */
  get exchange(): Exchange {
    return this.#noted;
  }

  /**
   * Opens a connection, closed by the end of the check.
   *
   * @param prepares whether it only prepares the check
   * @throws {CheckFailure} if it fails
   */
  connect(prepares = false): Promise<Channel> {
    return this.#open(prepares);
  }

  /**
   * Opens a connection whose close is a reset.
   *
   * @throws {CheckFailure} if it fails
   */
  connectToBreak(): Promise<Channel> {
    return this.#open(false, true);
  }

  async #open(prepares: boolean, breaks = false): Promise<Channel> {
    // A failed connection counts as a missing response.
    this.#wasUnanswered = true;
    const conn = await this.#target.connect(breaks, this.timeout);
    this.#wasUnanswered = false;
    const channel = new Channel(conn, {
      number: this.#channels.length + 1,
      patience: () => this.timeout,
      follow: (event) => this.#follow(event),
      serverDialect: this.#target.serverDialect,
      prepares,
      note: (entry) => {
        if (this.#noting && this.#noted.length < MOST_NOTED) {
          this.#noted.push(entry);
        }
      },
    });
    this.#channels.push(channel);
    if (this.#closed) channel.close();
    return channel;
  }

  #follow(event: "answered" | "unanswered" | readonly Uint8Array[]): void {
    if (event === "answered") this.#responses++;
    else if (event === "unanswered") this.#wasUnanswered = true;
    else {
      this.#asked = event.flatMap((frame) => {
        this.#sent += frame.length;
        const { kind } = formOf(frame, "request");
        return kind === undefined || kind === "failure" ? [] : [kind];
      });
    }
  }

  /**
   * A request that the server answers well, by one user about another, for checks
   * of something else.
   *
   * @param but a kind to leave out
   * @throws {Unprepared} if there is none, or no users can be registered
   */
  async usual(but?: RequestKind): Promise<UsualRequest> {
    if (this.#basics === undefined) {
      throw new Unprepared("nothing is known yet");
    }
    const { request, code, kind, isFollowed } = await this.#basics.usual(but);
    const [requester, other] = await this.pair();
    return {
      ...{ requester, other, code, kind, isFollowed },
      request: request(requester, other),
    };
  }

  /**
   * Makes the usual request on a connection of its own.
   *
   * @throws {CheckFailure} if the response has another code
   */
  async served({ request, code }: UsualRequest): Promise<void> {
    expectCode(await this.ask(request), code);
  }

  /** The missing ability behind the last requests, in a sentence. */
  async lacks(): Promise<string | undefined> {
    if (this.#asked.includes("register") && this.#basics?.registersNone) {
      return "couldn't register: see register-gives-id";
    }
    for (const kind of this.#asked) {
      const basic = basicOf(kind, this.#check);
      if (basic !== undefined && !(await this.can(basic))) return told(basic);
    }
    if (this.#asked.length > 0) return undefined;
    try {
      await this.#basics?.usual();
      return undefined;
    } catch (error) {
      if (error instanceof Unprepared) return error.message;
      throw error;
    }
  }

  /** @throws {Unprepared} if requests of the kind are known to get no response */
  #expectsResponse(frame: Uint8Array): void {
    const { kind } = formOf(frame, "request");
    if (kind === undefined || kind === "failure") return;
    const basic = basicOf(kind, this.#check);
    if (basic !== undefined && this.isSilent(kind)) {
      throw new Unprepared(`${told(basic)}: got no response`);
    }
  }

  /**
   * Makes a request on a connection of its own: some servers serve one request a
   * connection, which only checks of connections report.
   *
   * @throws {CheckFailure} if no response comes
   */
  async ask(
    frame: Uint8Array,
    expected?: string,
    prepares?: boolean,
  ): Promise<WholeResponse> {
    this.#expectsResponse(frame);
    const channel = await this.connect(prepares);
    try {
      await channel.send(frame);
      const response = await channel.response(expected);
      if (this.#basics === undefined && await channel.isOutOfStep()) {
        throw new CheckFailure("nothing behind the response", "more bytes");
      }
      // Until the server sees the end, another pull may return the same messages.
      const isPull = response.code === responseCode[PULL];
      if (isPull && response.payload.length > 0) {
        await channel.leave(MOST_LEAVE);
      }
      return response;
    } finally {
      channel.close();
    }
  }

  /**
   * Makes a request on a connection of its own, and returns the response.
   *
   * @throws {CheckFailure} if it has another code, or none comes
   */
  async expect(
    frame: Uint8Array,
    code: number,
    due?: string,
  ): Promise<WholeResponse> {
    return expectCode(await this.ask(frame, due), code);
  }

  /** @throws {CheckFailure} if the request isn't refused */
  async refused(frame: Uint8Array): Promise<void> {
    await this.expect(frame, ERROR_CODE, "a response 9000");
  }

  /**
   * Registers a user for this check alone.
   *
   * @param prepares whether it only prepares the check
   * @throws {CheckFailure} if the server refuses
   */
  async register(
    name: string = randomName(),
    key: Uint8Array = randomKey(),
    prepares?: boolean,
  ): Promise<User> {
    const frame = registration(name, {}, key);
    const response = await this.ask(frame, "a response 2100", prepares);
    return { id: idIn(response), name, key };
  }

  /**
   * Takes a user with an empty inbox, for this check alone.
   *
   * @throws {Unprepared} if none can be registered
   */
  async user(): Promise<User> {
    const user = this.#pool.take() ??
      this.#pool.add(
        await prepare(
          REGISTER,
          () => this.register(undefined, undefined, true),
        ),
      );
    this.#users.push(user);
    return user;
  }

  /** Takes two users. */
  async pair(): Promise<[User, User]> {
    return [await this.user(), await this.user()];
  }

  /** All users of this run so far, at least `count`. */
  async atLeast(count: number): Promise<readonly User[]> {
    while (this.#pool.all.length < count) await this.user();
    return this.#pool.all;
  }

  /**
   * Sends a message.
   *
   * @throws {CheckFailure} if the server refuses this one
   * @throws {Unprepared} if it refuses all
   */
  async sends(sending: Sending): Promise<WholeResponse> {
    return await this.#need(
      "send",
      () => this.expect(sendRequest(sending), 2103),
    );
  }

  /**
   * Sends a message, and returns its id.
   *
   * @throws {CheckFailure} if the server refuses this one
   * @throws {Unprepared} if it refuses all, or its response has no id
   */
  async sendsForId(sending: Sending): Promise<MessageId> {
    const { payload } = await this.sends(sending);
    if (payload.length === responseCodecs.sendMessage.fixedSize) {
      return responseCodecs.sendMessage.decode(payload).messageId;
    }
    throw new Unprepared(
      `a 2103 of ${payload.length} bytes has no id: see ${basics.send[1]}`,
    );
  }

  /**
   * Pulls until `count` messages have come, or none is left.
   *
   * @param tells whether the check reports lost messages
   * @throws {CheckFailure} if this pull fails
   * @throws {Unprepared} if all do, or the server always loses some of several
   */
  async receive(
    id: ClientId,
    count: number,
    tells = false,
  ): Promise<WaitingMessage[]> {
    const received = await this.#pullSome(id, count);
    const isLost = !tells && count > 1 && received.length < count &&
      !(await this.can("several"));
    if (isLost) {
      throw new Unprepared(
        `${told("several")}: got ${received.length} of ${count}`,
      );
    }
    return received;
  }

  async #pullSome(id: ClientId, count: number): Promise<WaitingMessage[]> {
    return await this.#need("pull", async () => {
      const received: WaitingMessage[] = [];
      for (let pull = 0; pull < MOST_PULLS && received.length < count; pull++) {
        const response = await this.ask(pullRequest(id));
        if (await this.isEmpty(response)) break;
        const messages = messagesIn(response);
        if (messages.length === 0) break;
        // A call with spread arguments has a limit.
        for (const message of messages) received.push(message);
      }
      return received;
    });
  }

  /** Whether a server refused a pull as it refuses all of an empty inbox. */
  async isEmpty({ code }: WholeResponse): Promise<boolean> {
    return code === ERROR_CODE && !(await this.can("empty")) &&
      await this.can("pull");
  }

  /**
   * The list for a user.
   *
   * @throws {CheckFailure} if this request fails
   * @throws {Unprepared} if all do
   */
  async listed(id: ClientId): Promise<readonly ListedClient[]> {
    // A malformed list proves nothing about its entries.
    await this.needs("list");
    return await this.#need(
      "list",
      async () =>
        expectPayload(
          await this.ask(listRequest(id)),
          2101,
          responseCodecs.clientsList,
        ),
    );
  }

  /**
   * A user's public key, from the server.
   *
   * @throws {CheckFailure} if this request fails
   * @throws {Unprepared} if all do
   */
  async keyOf(requester: ClientId, target: ClientId): Promise<Uint8Array> {
    // A malformed response proves nothing about its key.
    await this.needs("key");
    return await this.#need("key", async () => {
      const response = await this.ask(keyRequest(requester, target));
      return keyIn(expectCode(response, 2102));
    });
  }

  /**
   * Does work that needs several requests on a connection.
   *
   * @param what the needed ability; `onward` after a failure
   * @throws {CheckFailure} from the work, if the server has the ability
   * @throws {Unprepared} if it hasn't
   */
  again<T>(
    work: (channel: Channel) => Promise<T>,
    what: "again" | "onward" = "again",
  ): Promise<T> {
    return this.#need(what, async () => await work(await this.connect()));
  }

  /**
   * Does work that needs an ability. A failure is the check's if the server has
   * the ability.
   */
  async #need<T>(what: Basic, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof CheckFailure)) throw error;
      // Some servers keep the first requester of a connection, and refuse others.
      const isOfIds = (what === "again" || what === "onward") &&
        error.details.isRefusal === true && !(await this.can("ids"));
      if (isOfIds) throw new Unprepared(`${told("ids")}: got ${error.got}`);
      if (this.#basics && await this.can(what)) throw error;
      throw new Unprepared(`${told(what)}: got ${error.got}`);
    }
  }

  /** Whether requests of a kind are known to get no response. */
  isSilent(kind: RequestKind): boolean {
    return this.#basics?.isSilent(kind) ?? false;
  }

  /** Whether this is the first report of a mistake in this run. */
  isFirst(mistake: string): boolean {
    return this.#basics?.isFirst(mistake) ?? true;
  }

  /** Whether the server has an ability. */
  async can(what: Basic): Promise<boolean> {
    const isAlone = this.#channels.every((channel) => channel.isClosed);
    return await this.#basics?.works(what, isAlone) ?? true;
  }

  /** @throws {Unprepared} if the server lacks an ability */
  async needs(what: Basic): Promise<void> {
    if (!(await this.can(what))) throw new Unprepared(told(what));
  }

  /**
   * Requires that the end of a connection acknowledges messages.
   *
   * @throws {Unprepared} if only another request does
   */
  async wasTaken(): Promise<void> {
    if (await this.can("end") || !(await this.can("taken"))) return;
    throw new Unprepared(told("end"));
  }

  /** Closes all connections; their requests fail. */
  close(): void {
    this.#closed = true;
    for (const channel of this.#channels) channel.close();
  }

  /** Returns users with empty inboxes to the pool, at the end. */
  async giveBack(): Promise<void> {
    // Some servers serve one connection at a time.
    for (const channel of this.#channels) channel.close();
    this.#noting = false;
    for (const user of new Set(this.#users)) {
      // Its messages reach no other check either.
      if (this.isSilent(PULL)) {
        this.#pool.giveBack(user);
        continue;
      }
      try {
        for (let pull = 0; pull < 3; pull++) {
          const response = await this.ask(pullRequest(user.id));
          const isEmpty = await this.isEmpty(response) ||
            expectCode(response, 2104).payload.length === 0;
          if (!isEmpty) continue;
          this.#pool.giveBack(user);
          break;
        }
      } catch (error) {
        if (!(error instanceof CheckFailure)) throw error;
      }
    }
  }
}
