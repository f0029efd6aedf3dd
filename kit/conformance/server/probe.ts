/**
 * What a check works with: connections to the server, users at it, and what
 * has to be there before the check itself. All of it is noted for the report.
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
import type { Cast, User } from "./cast.ts";
import { Channel } from "./channel.ts";
import { CheckFailure, prepare, Unprepared } from "./check_failure.ts";
import {
  randomKey,
  randomName,
  registration,
  type Sending,
  sendRequest,
} from "./frames.ts";
import type { Target } from "./target.ts";
import { keyRequest, listRequest, PULL, pullRequest } from "../../requests.ts";

/** Entries of an exchange that are kept. */
const MOST_NOTED = 400;
/** Milliseconds in which a server ends a connection that the client has ended. */
const MOST_LEAVE = 250;
/** Pulls that an inbox gets to become empty. */
const MOST_PULLS = 24;
/** Bytes a millisecond that a server need not exceed: some add each to all before it. */
const SLOWEST = 256;
/** Bytes that no server needs time for. */
const SMALL = 16 * 1024;
const REGISTER = "register somebody more, which servers may limit";

/** A request that the server answers well, and who asks it. */
export interface UsualRequest {
  readonly asker: User;
  /** About whom. */
  readonly other: User;
  readonly request: Uint8Array;
  /** The response's code. */
  readonly code: number;
  /** Which kind it is of. */
  readonly kind: RequestKind;
  /** Whether bytes follow its response, so that the next one can't be told from them. */
  readonly isFollowed: boolean;
}

/** A check's view of the server. */
export class Probe {
  readonly #target: Target;
  readonly #cast: Cast;
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
   * Nothing is opened yet.
   *
   * @param basics tells what the server can do at all; undefined while that is found out
   * @param patience how many times as long as otherwise a response may take
   * @param check the name of the check that it is for
   */
  constructor(
    target: Target,
    cast: Cast,
    basics?: Basics,
    patience = 1,
    check = "",
  ) {
    this.#target = target;
    this.#cast = cast;
    this.#basics = basics;
    this.#patience = patience;
    this.#check = check;
  }

  /** Milliseconds that a response may take: more, where much was sent. */
  get timeout(): number {
    const { timeout } = this.#target;
    const large = Math.max(0, this.#sent - SMALL);
    return this.#patience * timeout + Math.round(large / SLOWEST);
  }

  /** Bytes of all requests so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Whole responses so far. */
  get responses(): number {
    return this.#responses;
  }

  /** Whether some request had no whole response, or no connection could be had. */
  get wasUnanswered(): boolean {
    return this.#wasUnanswered;
  }

  /** What the server speaks. */
  get dialect(): Dialect {
    return this.#target.serverDialect.dialect;
  }

  /** Whether it had a connection. */
  get connected(): boolean {
    return this.#channels.length > 0;
  }

  /** What went over its connections so far. */
  get exchange(): Exchange {
    return this.#noted;
  }

  /**
   * Opens a connection, which is closed with the check at the latest.
   *
   * @param prepares whether it only makes what the check needs
   * @throws {CheckFailure} where none can be had
   */
  connect(prepares = false): Promise<Channel> {
    return this.#open(prepares);
  }

  /**
   * Opens a connection whose close is a reset.
   *
   * @throws {CheckFailure} where none can be had
   */
  connectToBreak(): Promise<Channel> {
    return this.#open(false, true);
  }

  async #open(prepares: boolean, breaks = false): Promise<Channel> {
    // One that can't be had is a response that doesn't come.
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
   * A request that the server answers well, asked by one user about another:
   * what checks of something else ask.
   *
   * @param but a kind that won't do
   * @throws {Unprepared} where there is none, or no users are to be had
   */
  async usual(but?: RequestKind): Promise<UsualRequest> {
    if (this.#basics === undefined) {
      throw new Unprepared("nothing is known yet");
    }
    const { request, code, kind, isFollowed } = await this.#basics.usual(but);
    const [asker, other] = await this.pair();
    return {
      ...{ asker, other, code, kind, isFollowed },
      request: request(asker, other),
    };
  }

  /**
   * Asks that on a connection of its own.
   *
   * @throws {CheckFailure} where it isn't answered as it was at first
   */
  async served({ request, code }: UsualRequest): Promise<void> {
    expectCode(await this.ask(request), code);
  }

  /** What the server can't do at all of what was asked last, in a sentence. */
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

  /** @throws {Unprepared} where requests of a kind are known to go unanswered */
  #expectsResponse(frame: Uint8Array): void {
    const { kind } = formOf(frame, "request");
    if (kind === undefined || kind === "failure") return;
    const basic = basicOf(kind, this.#check);
    if (basic !== undefined && this.isSilent(kind)) {
      throw new Unprepared(`${told(basic)}: got no response`);
    }
  }

  /**
   * Asks something on a connection of its own: some servers serve one request
   * a connection, which only checks of connections are to mind.
   *
   * @throws {CheckFailure} where no response comes
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
      // Until the server sees the end of a pull, another one may bring the same.
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
   * Asks on a connection of its own, and returns the response.
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
   * Registers somebody, whom no other check uses.
   *
   * @param prepares whether that isn't what is checked
   * @throws {CheckFailure} where that is refused
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
   * A registered user with an empty inbox, for this check alone.
   *
   * @throws {Unprepared} where none can be had
   */
  async user(): Promise<User> {
    const user = this.#cast.take() ??
      this.#cast.add(
        await prepare(
          REGISTER,
          () => this.register(undefined, undefined, true),
        ),
      );
    this.#users.push(user);
    return user;
  }

  /** Two of them. */
  async pair(): Promise<[User, User]> {
    return [await this.user(), await this.user()];
  }

  /** All whom any check of this run has worked with so far, at least so many. */
  async atLeast(count: number): Promise<readonly User[]> {
    while (this.#cast.all.length < count) await this.user();
    return this.#cast.all;
  }

  /**
   * Sends a message that another check would find fault with.
   *
   * @throws {CheckFailure} where this one isn't taken
   * @throws {Unprepared} where none is
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
   * @throws {CheckFailure} where this one isn't taken
   * @throws {Unprepared} where none is, or its response has no id
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
   * Pulls until so many messages have come, or none is left.
   *
   * @param tells whether the check is to tell of messages that get lost
   * @throws {CheckFailure} where this pull fails
   * @throws {Unprepared} where all do, or where of several messages some always get lost
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
        // One by one: a call takes only so many arguments.
        for (const message of messages) received.push(message);
      }
      return received;
    });
  }

  /** Whether a pull was refused, where the server refuses all of an empty inbox. */
  async isEmpty({ code }: WholeResponse): Promise<boolean> {
    return code === ERROR_CODE && !(await this.can("empty")) &&
      await this.can("pull");
  }

  /**
   * Everybody whom somebody is told of.
   *
   * @throws {CheckFailure} where this list can't be had
   * @throws {Unprepared} where none can
   */
  async listed(id: ClientId): Promise<readonly ListedClient[]> {
    // Where names stand for ids, say, nothing in it is what it seems.
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
   * Somebody's public key, as the server has it.
   *
   * @throws {CheckFailure} where this one can't be had
   * @throws {Unprepared} where none can
   */
  async keyOf(asker: ClientId, target: ClientId): Promise<Uint8Array> {
    // Where bytes are missing at its end, say, it isn't the key that is wrong.
    await this.needs("key");
    return await this.#need("key", async () => {
      const response = await this.ask(keyRequest(asker, target));
      return keyIn(expectCode(response, 2102));
    });
  }

  /**
   * Does what needs several requests on a connection, and isn't about that.
   *
   * @param what or one after a failure
   * @throws {CheckFailure} what the work throws, where the server serves several
   * @throws {Unprepared} where it doesn't
   */
  again<T>(
    work: (channel: Channel) => Promise<T>,
    what: "again" | "onward" = "again",
  ): Promise<T> {
    return this.#need(what, async () => await work(await this.connect()));
  }

  /**
   * Does what a check builds on. Where it fails, that is the check's failure if
   * the server can do such a thing at all.
   */
  async #need<T>(what: Basic, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof CheckFailure)) throw error;
      // Where the first to ask on a connection is who asks for good, the next may be refused.
      const isOfIds = (what === "again" || what === "onward") &&
        error.details.isRefusal === true && !(await this.can("ids"));
      if (isOfIds) throw new Unprepared(`${told("ids")}: got ${error.got}`);
      if (this.#basics && await this.can(what)) throw error;
      throw new Unprepared(`${told(what)}: got ${error.got}`);
    }
  }

  /** Whether requests of a kind are known to go unanswered. */
  isSilent(kind: RequestKind): boolean {
    return this.#basics?.isSilent(kind) ?? false;
  }

  /** Whether no check of this run has told of something yet. */
  isFirst(mistake: string): boolean {
    return this.#basics?.isFirst(mistake) ?? true;
  }

  /** Whether the server can do what some checks build on. */
  async can(what: Basic): Promise<boolean> {
    const isAlone = this.#channels.every((channel) => channel.isClosed);
    return await this.#basics?.works(what, isAlone) ?? true;
  }

  /** @throws {Unprepared} if the server can't do what the check builds on */
  async needs(what: Basic): Promise<void> {
    if (!(await this.can(what))) throw new Unprepared(told(what));
  }

  /**
   * Sees to it that a message that came again was taken before.
   *
   * @throws {Unprepared} where only an end of the connection doesn't show that
   */
  async wasTaken(): Promise<void> {
    if (await this.can("end") || !(await this.can("taken"))) return;
    throw new Unprepared(told("end"));
  }

  /** Closes all connections. What is under way there fails. */
  close(): void {
    this.#closed = true;
    for (const channel of this.#channels) channel.close();
  }

  /** Gives the users back whose inboxes are seen to be empty, at the end. */
  async giveBack(): Promise<void> {
    // Some servers serve nobody else until a connection is closed.
    for (const channel of this.#channels) channel.close();
    // It is no part of the check.
    this.#noting = false;
    for (const user of new Set(this.#users)) {
      // What waits there comes to no other check either.
      if (this.isSilent(PULL)) {
        this.#cast.giveBack(user);
        continue;
      }
      try {
        for (let pull = 0; pull < 3; pull++) {
          const response = await this.ask(pullRequest(user.id));
          const isEmpty = await this.isEmpty(response) ||
            expectCode(response, 2104).payload.length === 0;
          if (!isEmpty) continue;
          this.#cast.giveBack(user);
          break;
        }
      } catch (error) {
        if (!(error instanceof CheckFailure)) throw error;
      }
    }
  }
}
