/**
 * Memory for what is under way, shared out by address. Of what is free one
 * address may take no more than it leaves to others; what doesn't fit waits, and
 * the addresses take turns. While something waits, connections that hold memory
 * and don't move are closed, all of them at once.
 *
 * @module
 */

import type { Account } from "./connection_limit.ts";
import type { Limits } from "./limits.ts";
import { PayloadMemory } from "./payload_memory.ts";
import { TurnQueue } from "./turn_queue.ts";

/** Bytes of the largest need that is small: large ones leave more to others. */
const SMALL = 64 * 1024;
/** Bytes with which an address's requests needn't wait behind others. */
const LITTLE = 256 * 1024;
/**
 * Milliseconds of a turn, in which pieces of responses are begun. Between two
 * turns the runtime looks at all sockets: as long as there is something to write
 * it hardly would by itself.
 */
const TURN = 8;
/** Bytes of such pieces under way at once. */
const PER_TURN = 4 * 1024 * 1024;

/** Looks at holders within one progress time-out, while something waits. */
const LOOKS_PER_TIMEOUT = 60;
/** Bytes that a connection has to move between two looks. */
const STEP = 1024 * 1024 / LOOKS_PER_TIMEOUT;
/** Looks without a step after which it goes for another address. */
const LOOKS_FOR_OTHERS = 2;
/** Looks without a step after which it goes for its own address. */
const LOOKS_FOR_ITS_OWN = 10;

/** The connection that memory is held for. */
export interface Holder {
  readonly account: Account;
  /** Bytes that have moved over it in either direction. */
  readonly moved: number;
  /** Whether it waits for more memory. */
  readonly waiting: boolean;
  /** Closes it, since it doesn't move. */
  close(): void;
}

/** Memory that a connection holds for one purpose. */
export class Hold {
  readonly holder: Holder;
  /** Bytes. */
  size = 0;
  /** Whether it is the one that may always grow, and stands outside of the shares. */
  isFirst = false;

  constructor(holder: Holder) {
    this.holder = holder;
  }
}

/** Memory was waited for by a connection that has ended. */
export class ConnectionEndedError extends Error {
  override name = "ConnectionEndedError";
}

/** A hold that waits to grow. */
interface Wait {
  readonly hold: Hold;
  /** Bytes that it shall have. */
  readonly size: number;
  /** Whether it is for a response, of which each turn has so many. */
  readonly paced: boolean;
  /** Looks at which it lacked memory. */
  looks: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The memory of one relay. */
export class MemoryBudget {
  /** An eighth, for requests that the store works on. */
  readonly payloads: PayloadMemory;
  /** Bytes that all have together, but for the first. */
  readonly #limit: number;
  readonly #lookInterval: number;
  readonly #holds = new Set<Hold>();
  readonly #small = new TurnQueue<Wait>();
  readonly #large = new TurnQueue<Wait>();
  #used = 0;
  /** The hold that may always grow: what it waits for comes to its end, and then the next. */
  #first: Hold | undefined;
  /** Bytes of pieces that may still begin in this turn. */
  #left = PER_TURN;
  /** When the turn is over, as `performance.now()` tells it. */
  #turnEnd = 0;
  /** Begins the next turn. */
  #turning: ReturnType<typeof setTimeout> | undefined;
  #looking: ReturnType<typeof setInterval> | undefined;
  /** What each hold's connection had moved at the last look, and looks since its last step. */
  #moves = new Map<Hold, { moved: number; looks: number }>();
  #displaced = 0;

  constructor(
    { maxInflight, maxMessage, progressTimeout }: Pick<
      Limits,
      "maxInflight" | "maxMessage" | "progressTimeout"
    >,
  ) {
    this.payloads = new PayloadMemory(maxInflight / 8);
    this.#limit = maxInflight - maxInflight / 8 - maxMessage;
    this.#lookInterval = progressTimeout / LOOKS_PER_TIMEOUT;
  }

  /** Bytes that are in use. */
  get used(): number {
    return this.#used + (this.#first?.size ?? 0) + this.payloads.used;
  }

  /** Connections that were closed since others waited for what they held. */
  get displaced(): number {
    return this.#displaced;
  }

  /**
   * Makes a hold so large, where there is room at once and nothing waits, or its
   * address has little: of requests, or nothing while it wants a piece of a response.
   *
   * @param paced whether it is for a response
   */
  tryGrow(hold: Hold, size: number, paced: boolean): boolean {
    const { held } = hold.holder.account;
    const hasMuch = paced ? held > 0 : held + size > LITTLE;
    if (this.#waits && hasMuch) return false;
    if (paced) this.#startTurn();
    if (paced && !this.#hasTime || !this.#mayGrow(hold, size)) return false;
    this.#grow(hold, size, paced);
    return true;
  }

  /**
   * Makes a hold so large, once there is room and it is the address's turn.
   *
   * @throws {ConnectionEndedError} where {@linkcode MemoryBudget.cancel} ends the wait
   */
  async grow(hold: Hold, size: number, paced: boolean): Promise<void> {
    if (hold.isFirst || this.tryGrow(hold, size, paced)) {
      if (hold.isFirst) hold.size = size;
      return;
    }
    const queue = size > SMALL ? this.#large : this.#small;
    await new Promise<void>((resolve, reject) => {
      const wait = { hold, size, paced, looks: 0, resolve, reject };
      queue.add(hold.holder.account, wait);
      this.#startTurn();
    });
  }

  /** Gives a part of what a response has back. */
  shrink(hold: Hold, size: number): void {
    this.#left += hold.size - size;
    this.#release(hold, size);
  }

  /**
   * Gives all of it back.
   *
   * @param paced whether it was for a response
   */
  close(hold: Hold, paced: boolean): void {
    if (paced) this.#left += hold.size;
    this.#release(hold, 0);
    this.#holds.delete(hold);
    if (hold.isFirst) this.#first = undefined;
    hold.isFirst = false;
    if (!this.#waits) return;
    if (paced && this.#hasTime) this.#serve();
    else this.#startTurn();
  }

  #release(hold: Hold, size: number): void {
    if (!hold.isFirst) {
      this.#used -= hold.size - size;
      hold.holder.account.held -= hold.size - size;
    }
    hold.size = size;
  }

  /** Ends what a connection waits for. */
  cancel(holder: Holder): void {
    for (const queue of [this.#small, this.#large]) {
      const gone = queue.remove(
        holder.account,
        ({ hold }) => hold.holder === holder,
      );
      for (const { reject } of gone) {
        reject(new ConnectionEndedError("The connection has ended"));
      }
    }
    if (!this.#waits) this.#stopLooking();
  }

  /** Ends all timers. */
  end(): void {
    clearTimeout(this.#turning);
    this.#stopLooking();
  }

  get #waits(): boolean {
    return !this.#small.empty || !this.#large.empty;
  }

  /** Whether another piece may begin in this turn. */
  get #hasTime(): boolean {
    return this.#left > 0 && performance.now() < this.#turnEnd;
  }

  /** An address has no more than it leaves free, and twice as much where it is for large needs. */
  #mayGrow(hold: Hold, size: number): boolean {
    const more = size - hold.size;
    const free = this.#limit - this.#used - more;
    const share = size > SMALL ? free / 2 : free;
    return hold.holder.account.held + more <= share ||
      this.#used === 0;
  }

  #grow(hold: Hold, size: number, paced: boolean): void {
    this.#used += size - hold.size;
    hold.holder.account.held += size - hold.size;
    hold.size = size;
    this.#holds.add(hold);
    if (paced) this.#left -= size;
  }

  /** What the first has isn't counted for its address. */
  #makeFirst(hold: Hold, size: number): void {
    this.#used -= hold.size;
    hold.holder.account.held -= hold.size;
    hold.size = size;
    hold.isFirst = true;
    this.#first = hold;
    this.#holds.add(hold);
  }

  /** Has the next turn come soon, and lets this one begin where none is under way. */
  #startTurn(): void {
    if (this.#turning !== undefined) return;
    this.#beginTurn();
    this.#turning = setTimeout(() => {
      this.#turning = undefined;
      if (!this.#waits) return this.#stopLooking();
      this.#beginTurn();
      this.#serve();
      this.#looking ??= setInterval(() => this.#look(), this.#lookInterval);
    });
  }

  #beginTurn(): void {
    this.#left = PER_TURN;
    this.#turnEnd = performance.now() + TURN;
  }

  /** Those that wait get what there is: first small needs, then addresses that have nothing. */
  #serve(): void {
    const take = (wait: Wait) => {
      const { hold, size, paced } = wait;
      if (!this.#mayGrow(hold, size)) return false;
      if (paced && !this.#hasTime) {
        this.#startTurn();
        return false;
      }
      this.#grow(hold, size, paced);
      wait.resolve();
      return true;
    };
    this.#small.serve(take);
    const hasNothing = ({ hold }: Wait) => hold.holder.account.held === 0;
    this.#large.serve((wait) => hasNothing(wait) && take(wait));
    // One of them may always grow, beside the shares, to its end.
    this.#large.serve((wait) => {
      if (take(wait)) return true;
      if (wait.paced || this.#first !== undefined) return false;
      this.#makeFirst(wait.hold, wait.size);
      wait.resolve();
      // What it had is free for others.
      this.#startTurn();
      return true;
    });
  }

  /** Closes connections that hold what others wait for and don't move. */
  #look(): void {
    this.#noteMoves();
    const claims = new Claims();
    for (const queue of [this.#small, this.#large]) {
      for (const [account, wait] of queue.heads()) {
        if (this.#mayGrow(wait.hold, wait.size)) continue;
        if (++wait.looks < LOOKS_FOR_OTHERS) continue;
        const needed = account.held + wait.size - wait.hold.size;
        claims.add(account, needed, queue === this.#small);
      }
    }
    for (const [hold, { looks }] of this.#moves) {
      if (looks < LOOKS_FOR_OTHERS || !claims.displace(hold, looks)) continue;
      this.#displaced++;
      hold.holder.close();
    }
    if (!this.#waits) this.#stopLooking();
  }

  #stopLooking(): void {
    clearInterval(this.#looking);
    this.#looking = undefined;
    this.#moves.clear();
  }

  #noteMoves(): void {
    const before = this.#moves;
    this.#moves = new Map();
    for (const hold of this.#holds) {
      const { moved } = hold.holder;
      const last = before.get(hold);
      const looks = last === undefined || moved - last.moved >= STEP
        ? 0
        : last.looks + 1;
      this.#moves.set(hold, { moved, looks });
    }
  }
}

/** Addresses that lack memory, and how much each would have with it. */
class Claims {
  readonly #own = new Set<Account>();
  readonly #small: [Account, number][] = [];
  readonly #large: [Account, number][] = [];

  /** @param needed bytes that the address would have */
  add(account: Account, needed: number, isSmall: boolean): void {
    this.#own.add(account);
    const least = isSmall ? this.#small : this.#large;
    // The two that would have least: one of them is another address than a holder's.
    least.push([account, needed]);
    least.sort(([, a], [, b]) => a - b).splice(2);
  }

  /**
   * Whether a hold has to go: for an address that would have no more than the
   * hold's has, or for its own. What waits itself goes for small needs only.
   *
   * @param looks looks since its connection moved
   */
  displace({ holder, size }: Hold, looks: number): boolean {
    const { account, waiting } = holder;
    const held = Math.max(account.held, size);
    const yieldsTo = (claims: readonly [Account, number][]) =>
      claims.some(([other, needed]) => other !== account && needed <= held);
    return yieldsTo(this.#small) || !waiting && (yieldsTo(this.#large) ||
          looks >= LOOKS_FOR_ITS_OWN && this.#own.has(account));
  }
}
