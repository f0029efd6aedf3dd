import type { Message } from "../../../store/message.ts";
import type { Messages } from "../../../store/messages.ts";

/** Messages that are loaded at once. */
const PAGE = 200;
/** Loaded messages from which on those are let go that are far away. */
const MOST_LOADED = 1000;

/** A conversation, of which a part is loaded that grows and moves as it is looked at. */
export class Conversation {
  readonly #source: Pick<Messages, "list">;
  readonly #name: string;
  #messages: Message[] = [];
  /** Whether the conversation's first and last messages are loaded. */
  #first = true;
  #last = true;

  /** Loads the latest messages. */
  constructor(source: Pick<Messages, "list">, name: string) {
    this.#source = source;
    this.#name = name;
    this.#toEnd();
  }

  /** What is loaded, the oldest first. */
  get messages(): readonly Message[] {
    return this.#messages;
  }

  /** Loads again what may have changed; at the end that includes what is new. */
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

  /** Loads earlier messages; false where there are none. */
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

  /** Loads later messages; false where there are none. */
  newer(): boolean {
    const { last } = this.#edges();
    if (this.#last) return false;
    const name = this.#name;
    const latest = this.#source.list({ name, limit: 1 }).at(-1)?.id ?? 0;
    // Ids are shared by all conversations, so the next ones may be far.
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

  /** Loads what is around a message. */
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

  /** Loads the end, where it isn't loaded. */
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
