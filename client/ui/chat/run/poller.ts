import { UserError } from "../../../errors.ts";
import type { Session } from "../../../session/session.ts";
import { afterFailures, LIVELY, slower } from "./pace.ts";

/** What asking the relay again and again shows. */
export interface PollerEvents {
  /** The relay answered; so many messages were new. */
  answered: (count: number) => void;
  /** It didn't; it is asked again after so many ms. */
  failed: (error: UserError, pause: number) => void;
  /** A message was a problem. */
  problem: (error: UserError) => void;
  /** Something was done beside. */
  notice: (text: string) => void;
}

/** Asks the relay for messages, often while something happens and seldom while nothing does. */
export class Poller {
  readonly #session: Pick<Session, "retrieve">;
  readonly #events: PollerEvents;
  #stopped = false;
  #failures = 0;
  #pause = LIVELY;
  #wake = () => {};

  /** Asks nothing yet. */
  constructor(session: Pick<Session, "retrieve">, events: PollerEvents) {
    this.#session = session;
    this.#events = events;
  }

  /** Asks until it is stopped; ends with what is no {@linkcode UserError}. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const count = await this.#session.retrieve({
          problem: this.#events.problem,
          notice: this.#events.notice,
        });
        this.#failures = 0;
        this.#pause = count > 0 ? LIVELY : slower(this.#pause);
        if (this.#stopped) return;
        this.#events.answered(count);
      } catch (error) {
        if (this.#stopped) return;
        if (!(error instanceof UserError)) throw error;
        this.#pause = afterFailures(++this.#failures);
        this.#events.failed(error, this.#pause);
      }
      await this.#rest();
    }
  }

  /** Something happens in a conversation: an answer may be near. */
  hurry(): void {
    if (this.#failures > 0) return;
    const slow = this.#pause > LIVELY * 2;
    this.#pause = LIVELY;
    if (slow) this.#wake();
  }

  /** Asks no more. */
  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  async #rest(): Promise<void> {
    if (this.#stopped) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#pause);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
  }
}
