/**
 * What a check works with: connections to the server, users at it, and what
 * has to be there before the check itself. All of it is noted for the report.
 *
 * @module
 */

import type { Dialect } from "../../../shared/dialects.ts";
import { type ClientId, ResponseCode } from "../../../shared/protocol.ts";
import {
  inbox,
  type ListedClient,
  listedClients,
  type WaitingMessage,
} from "../../../shared/responses.ts";
import { asClientId } from "../../../shared/requests.ts";
import type { Exchange, Exchanged } from "../report/outcome.ts";
import { type Answer, expectCode, expectPayload } from "./answer.ts";
import { type Basic, type Basics, basics } from "./basics.ts";
import type { Cast, User } from "./cast.ts";
import { Channel } from "./channel.ts";
import { CheckFailure, must, prepare, Unprepared } from "./check_failure.ts";
import {
  keyRequest,
  listRequest,
  pullRequest,
  randomKey,
  randomName,
  registration,
  type Sending,
  sendRequest,
} from "./frames.ts";
import type { Target } from "./target.ts";

/** Entries of an exchange that are kept. */
const MOST_NOTED = 400;
/** Milliseconds in which a server ends a connection that the client has ended. */
const MOST_LEAVE = 250;
/** Pulls that an inbox gets to become empty. */
const MOST_PULLS = 24;
const REGISTER = "register somebody more, which servers may limit";
/** Bytes of an id in a 2100. */
const ID_SIZE = 16;

/** A check's view of the server. */
export class Probe {
  readonly #target: Target;
  readonly #cast: Cast;
  readonly #basics: Basics | undefined;
  readonly #noted: Exchanged[] = [];
  readonly #channels: Channel[] = [];
  readonly #users: User[] = [];
  #closed = false;
  #noting = true;

  /**
   * Nothing is opened yet.
   *
   * @param basics tells what the server can do at all; undefined while that is found out
   */
  constructor(target: Target, cast: Cast, basics?: Basics) {
    this.#target = target;
    this.#cast = cast;
    this.#basics = basics;
  }

  /** Milliseconds that an answer may take. */
  get timeout(): number {
    return this.#target.timeout;
  }

  /** What the server speaks. */
  get dialect(): Dialect {
    return this.#target.spoken.dialect;
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
    const conn = await this.#target.connect(breaks);
    const channel = new Channel(conn, {
      number: this.#channels.length + 1,
      timeout: this.timeout,
      spoken: this.#target.spoken,
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

  /**
   * Asks something on a connection of its own: some servers serve one request
   * a connection, which only checks of connections are to mind.
   *
   * @throws {CheckFailure} where no answer comes
   */
  async ask(
    frame: Uint8Array,
    expected?: string,
    prepares?: boolean,
  ): Promise<Answer> {
    const channel = await this.connect(prepares);
    try {
      await channel.send(frame);
      const answer = await channel.answer(expected);
      // Until the server sees the end of a pull, another one may bring the same.
      const isPull = answer.code === ResponseCode.WaitingMessages;
      if (isPull && answer.payload.length > 0) await channel.leave(MOST_LEAVE);
      return answer;
    } finally {
      channel.close();
    }
  }

  /**
   * Asks what is to be refused.
   *
   * @throws {CheckFailure} where it isn't
   */
  async refused(frame: Uint8Array): Promise<void> {
    expectCode(await this.ask(frame, "an answer 9000"), 9000);
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
    const answer = await this.ask(frame, "an answer 2100", prepares);
    return { id: idIn(answer), name, key };
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
   * @returns its id, NaN where the answer has none
   * @throws {CheckFailure} where this one isn't taken
   * @throws {Unprepared} where none is
   */
  async sends(sending: Sending): Promise<number> {
    return await this.#need("send", async () => {
      const answer = await this.ask(sendRequest(sending));
      return messageIdIn(expectCode(answer, 2103));
    });
  }

  /**
   * Pulls until so many messages have come, or none is left.
   *
   * @throws {CheckFailure} where this pull fails
   * @throws {Unprepared} where all do
   */
  async receive(id: ClientId, count: number): Promise<WaitingMessage[]> {
    return await this.#need("pull", async () => {
      const received: WaitingMessage[] = [];
      for (let pull = 0; pull < MOST_PULLS && received.length < count; pull++) {
        const answer = await this.ask(pullRequest(id));
        const messages = expectPayload(answer, 2104, inbox);
        if (messages.length === 0) break;
        // One by one: a call takes only so many arguments.
        for (const message of messages) received.push(message);
      }
      return received;
    });
  }

  /**
   * Everybody whom somebody is told of.
   *
   * @throws {CheckFailure} where this list can't be had
   * @throws {Unprepared} where none can
   */
  async listed(id: ClientId): Promise<readonly ListedClient[]> {
    return await this.#need(
      "list",
      async () =>
        expectPayload(await this.ask(listRequest(id)), 2101, listedClients),
    );
  }

  /**
   * Somebody's public key, as the server has it.
   *
   * @throws {CheckFailure} where this one can't be had
   * @throws {Unprepared} where none can
   */
  async keyOf(asker: ClientId, target: ClientId): Promise<Uint8Array> {
    return await this.#need("key", async () => {
      const answer = await this.ask(keyRequest(asker, target));
      return keyIn(expectCode(answer, 2102));
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
      if (this.#basics && await this.can(what)) throw error;
      throw new Unprepared(`couldn't ${basics[what]}: got ${error.got}`);
    }
  }

  /** Whether the server can do what some checks build on. */
  async can(what: Basic): Promise<boolean> {
    return await this.#basics?.works(what) ?? true;
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
      try {
        for (let pull = 0; pull < 3; pull++) {
          const answer = await this.ask(pullRequest(user.id));
          if (expectCode(answer, 2104).payload.length > 0) continue;
          this.#cast.giveBack(user);
          break;
        }
      } catch (error) {
        if (!(error instanceof CheckFailure)) throw error;
      }
    }
  }
}

/**
 * The id that a 2100 gives.
 *
 * @throws {CheckFailure} where it gives none
 */
export function idIn(answer: Answer): ClientId {
  expectCode(answer, 2100);
  must(
    answer.payload.length >= ID_SIZE,
    "an id of 16 bytes",
    `${answer.payload.length} bytes`,
  );
  return asClientId(answer.payload.slice(0, ID_SIZE));
}

/** The key is what a 2102 ends with; that it begins with the id is another check's. */
const keyIn = ({ payload }: Answer) => payload.slice(-160);

function messageIdIn({ payload }: Answer): number {
  if (payload.length < 4) return NaN;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  return view.getUint32(payload.length - 4, true);
}
