/**
 * What is asked of the relay, and what each answer must be.
 *
 * @module
 */

import { encodeRequest } from "../../shared/wire/frames.ts";
import {
  type ClientId,
  type MessageType,
  ZERO_ID,
} from "../../shared/wire/protocol.ts";
import type { Response } from "../../shared/wire/requests.ts";
import { drawSize } from "./contents.ts";
import { type Inbox, nameOf, type Tracked } from "./inbox.ts";
import type { People, Registered } from "./people.ts";
import { refusedBytes, untracked } from "./refusals.ts";
import type { Random } from "../harness/random.ts";
import type { Tally } from "./tally.ts";
import { must } from "./violation.ts";
import { pullRequest } from "../../kit/requests.ts";

/** Clients that most of the messages go to, so that many share an inbox. */
const BUSY = 24;
/** Clients that are registered before anything else is asked. */
const FIRST = 8;

/** A request that goes out now. */
export interface Ask {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The requester, if it is registered. */
  readonly by?: Registered;
  /** Whether its answer hands messages out, which what is sent next takes. */
  readonly pulls?: boolean;
  /**
   * Whether the relay may end the connection in place of an answer: it can't
   * finish a large message that another connection took meanwhile.
   */
  mayBreak?(): boolean;
  /**
   * Checks the answer.
   *
   * @param order the last id of each inbox that was acknowledged on the connection
   * @returns the messages that it handed out
   */
  answered(answer: Response, order: Map<Inbox, number>): readonly Tracked[];
}

/** Chooses what one connection asks. */
export class Asks {
  readonly random: Random;
  readonly #people: People;
  readonly #tally: Tally;

  constructor(people: People, tally: Tally, random: Random) {
    this.#people = people;
    this.#tally = tally;
    this.random = random;
  }

  /** Whatever comes next; it must be written at once. */
  next(): Ask {
    const { random } = this;
    if (this.#people.registered.length < FIRST) return this.register();
    const dice = random.next();
    if (dice < 0.64) return this.send();
    if (dice < 0.86) return this.pull();
    if (dice < 0.91) return this.refused();
    if (dice < 0.95) return this.register();
    return dice < 0.99 ? this.publicKey() : this.list();
  }

  /** A registration. */
  register(): Ask {
    const { random } = this;
    const serial = this.#people.contents.nextSerial();
    const name = `p${serial}`;
    const publicKey = this.#people.contents.make(serial, 160);
    const person = this.#people.ask(name, publicKey);
    return {
      bytes: encodeRequest("register", { name, publicKey }, {
        clientId: random.chance(0.5) ? ZERO_ID : anyId(random),
      }),
      answered: (answer) => {
        must(answer.code === 2100, () => expected(name, 2100, answer));
        this.#people.keep(person, answer.payload.clientId);
        this.#tally.registrations++;
        return [];
      },
    };
  }

  /** A message to a client. */
  send(size: number = drawSize(this.random)): Ask {
    const by = this.#drawClient();
    const { inbox, id: target } = this.#drawClient();
    const { message, content } = this.#message(by, inbox, size);
    const { type } = message;
    return {
      by,
      bytes: encodeRequest("sendMessage", { target, type, content }, {
        clientId: by.id,
      }),
      answered: (answer, order) => {
        must(
          answer.code === 2103,
          () => expected(nameOf(message), 2103, answer),
        );
        const { messageId } = answer.payload;
        const last = order.get(inbox) ?? 0;
        must(
          messageId > last,
          () =>
            `${
              nameOf(message)
            } was acknowledged with id ${messageId} behind id ${last} on one connection`,
        );
        order.set(inbox, messageId);
        inbox.keep(message, messageId, this.#people.tick());
        this.#tally.messages++;
        return [];
      },
    };
  }

  /** What waits for a client. */
  pull(by: Registered = this.#drawClient()): Ask {
    const asked = this.#people.tick();
    return {
      by,
      pulls: true,
      mayBreak: () => by.inbox.mayHaveLost(asked),
      bytes: pullRequest(by.id),
      answered: (answer) => {
        must(
          answer.code === 2104,
          () => expected(`the pull of ${by.name}`, 2104, answer),
        );
        const messages = answer.payload.map((found) => {
          const message = this.#people.recognise(by.inbox, found);
          must(
            message.fate !== "gone" || message.since > asked,
            () => `${nameOf(message)} was deleted, but it was handed out again`,
          );
          by.inbox.keep(message, found.messageId, this.#people.tick());
          return message;
        });
        by.inbox.handedOut(messages, asked);
        this.#tally.handedOut += messages.length;
        return messages;
      },
    };
  }

  /** The list of the other clients. */
  list(): Ask {
    const by = this.#drawClient();
    const asked = this.#people.tick();
    return {
      by,
      bytes: encodeRequest("clientsList", {}, { clientId: by.id }),
      answered: (answer) => {
        must(answer.code === 2101, () => expected("a list", 2101, answer));
        this.#people.listed(by, answer.payload, asked);
        return [];
      },
    };
  }

  /** A client's public key. */
  publicKey(): Ask {
    const by = this.#drawClient();
    const target = this.#drawClient();
    return {
      by,
      bytes: encodeRequest("publicKey", { target: target.id }, {
        clientId: by.id,
      }),
      answered: (answer) => {
        must(answer.code === 2102, () => expected("a key", 2102, answer));
        this.#people.hasKey(target, answer.payload.publicKey);
        return [];
      },
    };
  }

  /** What must get a 9000 and leave nothing behind. */
  refused(): Ask {
    return {
      bytes: refusedBytes(this.random, this.#people.contents, {
        by: this.#drawClient(),
        other: this.#drawClient(),
      }),
      answered: (answer) => {
        must(
          answer.code === 9000,
          () => expected("what can't be granted", 9000, answer),
        );
        return [];
      },
    };
  }

  /** A message that is never sent to its end; none such may turn up. */
  unfinished(): Uint8Array {
    const whole = untracked(
      this.random,
      this.#people.contents,
      this.#drawClient().id,
      this.#drawClient().id,
    );
    return whole.subarray(0, this.random.between(1, whole.length - 1));
  }

  #message(by: Registered, inbox: Inbox, size: number) {
    const { contents } = this.#people;
    const serial = contents.nextSerial();
    const type = this.random.pick<MessageType>([1, 2, 3, 3, 3, 4]);
    const message = this.#people.send(by, inbox, type, serial);
    return { message, content: contents.make(serial, size) };
  }

  #drawClient(): Registered {
    const { registered } = this.#people;
    return this.random.chance(0.8)
      ? this.random.pick(registered.slice(0, BUSY))
      : this.random.pick(registered);
  }
}

/** An id that a registration's header may carry: it is ignored. */
function anyId(random: Random): ClientId {
  const id = new Uint8Array(16).map(() => random.between(0, 255));
  return id as Uint8Array as ClientId;
}

function expected(what: string, code: number, answer: Response): string {
  return `Expected ${code} for ${what}, got ${answer.code}`;
}
