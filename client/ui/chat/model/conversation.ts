import type { Message } from "../../../store/message.ts";
import type { Messages } from "../../../store/messages.ts";

/** Number of messages to load at once. */
const PAGE = 200;
/** Maximum number of loaded messages; unloads the most distant ones beyond. */
const MOST_LOADED = 1000;

/** A window on a conversation that loads messages as the user scrolls. */
export class Conversation {
  readonly #source: Pick<Messages, "list">;
  readonly #name: string;
  #messages: Message[] = [];
  /** Whether the conversation's first and last messages are loaded. */
  #first = true;
  #last = true;

  constructor(source: Pick<Messages, "list">, name: string) {
    this.#source = source;
    this.#name = name;
    this.#toEnd();
  }

  /** The loaded messages, oldest first. */
  get messages(): readonly Message[] {
    return this.#messages;
  }

  /** Reloads the window; includes new messages if it is at the end. */
  refresh(following: boolean): void {
    const { first, last } = this.#edges();
    if (first === undefined) return this.#toEnd();
    this.#messages = this.#source.list({
      name: this.#name,
      after: first - 1,
      ...(this.#last ? {} : { before: last + 1 }),
    });
    if (following && this.#messages.length > MOST_LOADED) this.#toEnd();
  }

  /** Loads earlier messages; returns false if there are none. */
  older(): boolean {
    const { first } = this.#edges();
    if (this.#first || first === undefined) return false;
    const page = this.#source.list({
      name: this.#name,
      before: first,
      limit: PAGE,
    });
    this.#first = page.length < PAGE;
    this.#messages = [...page, ...this.#messages];
    if (this.#messages.length > MOST_LOADED) {
      this.#messages = this.#messages.slice(0, MOST_LOADED);
      this.#last = false;
    }
    return page.length > 0;
  }

  /** Loads later messages; returns false if there are none. */
  newer(): boolean {
    const { last } = this.#edges();
    if (this.#last) return false;
    const name = this.#name;
    const latest = this.#source.list({ name, limit: 1 }).at(-1)?.id ?? 0;
    // All conversations share the ids, so the next one may be far away.
    for (let reach = PAGE; last < latest; reach *= 4) {
      const page = this.#source.list({
        name,
        after: last,
        before: last + 1 + reach,
      })
        .slice(0, PAGE);
      if (page.length === 0 && last + reach < latest) continue;
      this.#messages = [...this.#messages, ...page];
      break;
    }
    if (this.#messages.length > MOST_LOADED) {
      this.#messages = this.#messages.slice(-MOST_LOADED);
      this.#first = false;
    }
    this.#last = (this.#edges().last ?? 0) >= latest;
    return true;
  }

  /** Loads the messages around a message. */
  jump(id: number): void {
    this.#messages = this.#source.list({
      name: this.#name,
      before: id + 1,
      limit: PAGE,
    });
    this.#first = this.#messages.length < PAGE;
    this.#last = false;
    this.newer();
  }

  /** Loads the end unless it is loaded. */
  end(): void {
    if (!this.#last) this.#toEnd();
  }

  #toEnd(): void {
    this.#messages = this.#source.list({ name: this.#name, limit: PAGE });
    this.#first = this.#messages.length < PAGE;
    this.#last = true;
  }

  #edges(): { first: number; last: number } | {
    first: undefined;
    last: number;
  } {
    return {
      first: this.#messages[0]?.id,
      last: this.#messages.at(-1)?.id ?? 0,
    };
  }
}
