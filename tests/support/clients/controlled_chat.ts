/** A chat without a terminal: keys go in, frames come out. */

import { quotedCommand } from "../../../client/advice.ts";
import type { Session } from "../../../client/session/session.ts";
import {
  bindKeys,
  type OwnKeys,
} from "../../../client/settings/chat_actions.ts";
import type { Unsent } from "../../../client/ui/chat/run/sender.ts";
import { ChatController } from "../../../client/ui/chat/run/controller.ts";
import { thisPlatform } from "../../../shared/platform/platform.ts";
import { textOf, type Tone } from "../../../client/ui/chat/view/rows.ts";

/** Milliseconds after which a test that waits in vain says what it saw. */
const PATIENCE = 60_000;

/** A chat whose keys a test presses. */
export class ControlledChat implements AsyncDisposable {
  readonly #controller: ChatController;
  /** The paths of the files that the desktop was asked to open. */
  readonly opened: string[] = [];
  /** The settings that were written. */
  readonly kept: [name: string, value: string][] = [];
  #title = "";
  #mouse = false;
  readonly #left = Promise.withResolvers<number>();

  constructor(
    session: Session,
    size: { columns: number; rows: number },
    name?: string,
    now: () => number = () => performance.now(),
    keys: OwnKeys = {},
  ) {
    this.#controller = new ChatController(session, "off", size, {
      signal: () => {},
      title: (text) => {
        this.#title = text;
      },
      toggleMouse: () => this.#mouse = !this.#mouse,
      redraw: () => {},
      stop: () => {},
      edit: (text) => Promise.resolve(text),
      list: () => Promise.resolve([]),
      openFile: (path) => {
        this.opened.push(path);
        return Promise.resolve();
      },
      spell: quotedCommand,
      keep: (name, value) => {
        this.kept.push([name, value]);
        return Promise.resolve();
      },
      keepsFiles: false,
      bindings: bindKeys(keys),
      home: undefined,
      platform: thisPlatform,
      now,
      leave: this.#left.resolve,
      fail: this.#left.reject,
    });
    this.#controller.start(name);
  }

  /** Resolves with the exit code once the user leaves. */
  get left(): Promise<number> {
    return this.#left.promise;
  }

  /** The title of the window. */
  get title(): string {
    return this.#title;
  }

  /** The rows of the screen, without the spaces at their ends. */
  get rows(): string[] {
    return this.#controller.frame().rows.map((row) => textOf(row).trimEnd());
  }

  /** The rows in one text. */
  get text(): string {
    return this.rows.join("\n");
  }

  /** The pieces of text with a tone, from above. */
  marked(tone: Tone): string[] {
    return this.#controller.frame().rows.flat()
      .filter((span) => span.tone === tone).map(({ text }) => text);
  }

  /** The tones of a piece of a row that is made of whole spans. */
  tones(wanted: string): Tone[] {
    for (const row of this.#controller.frame().rows) {
      const start = textOf(row).indexOf(wanted);
      if (start < 0) continue;
      let at = 0;
      return row.filter(({ text }) => {
        at += text.length;
        return at > start && at - text.length < start + wanted.length;
      }).map(({ tone }) => tone);
    }
    throw new Error(`Expected ${wanted}, saw\n${this.text}`);
  }

  /** Presses keys, each by its name. */
  press(...names: string[]): void {
    for (const name of names) this.#controller.press({ kind: "key", name });
  }

  /** Types a text, key for key. */
  type(text: string): void {
    for (const letter of text) {
      this.#controller.press({ kind: "text", text: letter });
    }
  }

  /** Pastes a text. */
  paste(text: string): void {
    this.#controller.paste(text);
  }

  /** Types a line, and enters it. */
  enter(line: string): void {
    this.type(line);
    this.press("enter");
  }

  /** The terminal gains or loses the focus. */
  focus(focused: boolean): void {
    this.#controller.focus(focused);
  }

  /** Waits until the screen shows this. */
  async see(wanted: string | RegExp): Promise<void> {
    await this.until(
      () =>
        typeof wanted === "string"
          ? this.text.includes(wanted)
          : wanted.test(this.text),
      String(wanted),
    );
  }

  /** Waits until something holds that depends on the frame. */
  async until(holds: () => boolean, what: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => {
      if (holds()) resolve();
    };
    const timer = setTimeout(
      () => reject(new Error(`Expected ${what}, saw\n${this.text}`)),
      PATIENCE,
    );
    const unsubscribe = this.#controller.subscribe(look);
    look();
    try {
      await Promise.race([promise, this.#left.promise]);
    } finally {
      unsubscribe();
      clearTimeout(timer);
    }
  }

  /** Ends sending, as at the end of the program; the numbers of messages left. */
  async end(): Promise<Unsent> {
    return await this.#controller.end(PATIENCE);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller[Symbol.dispose]();
    await this.#controller.stopped;
  }
}
