/** Drives the client's menu in process, as a user would at a terminal. */

import { quotedCommand } from "../../../client/advice.ts";
import { RelayAddresses } from "../../../client/link/relay_addresses.ts";
import { RelayLink } from "../../../client/link/relay_link.ts";
import { Session } from "../../../client/session/session.ts";
import { runMenu } from "../../../client/ui/menu.ts";

/** A user at the menu. */
export class MenuUser implements AsyncDisposable {
  /** All that the terminal has shown, typed lines included. */
  output = "";
  readonly #session: Session;
  readonly #typed: string[] = [];
  readonly #running: Promise<void>;
  #read: ((line: string | null) => void) | undefined;
  #idle = Promise.withResolvers<void>();

  constructor(dir: string, address: { hostname: string; port: number }) {
    const addresses = new RelayAddresses(dir, [address]);
    const session = new Session(dir, new RelayLink(() => addresses.find()));
    this.#session = session;
    this.#running = runMenu({ session, addresses, spell: quotedCommand }, {
      print: (text) => this.output += text,
      readLine: (prompt) => {
        this.output += prompt;
        return this.#readLine();
      },
      progress: () => () => {},
      [Symbol.dispose]() {},
    });
  }

  /**
   * Types a choice and the answers to its questions.
   *
   * @returns what the terminal showed until the menu waited again
   */
  async choose(...lines: readonly string[]): Promise<string> {
    await this.#idle.promise;
    const start = this.output.length;
    this.#idle = Promise.withResolvers();
    this.#typed.push(...lines);
    this.#answer();
    await Promise.race([this.#idle.promise, this.#running]);
    return this.output.slice(start);
  }

  /** Leaves by 0; fails if the menu has failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.choose("0");
    await this.#running;
    this.#session.close();
  }

  #readLine(): Promise<string | null> {
    const { promise, resolve } = Promise.withResolvers<string | null>();
    this.#read = resolve;
    if (this.#typed.length === 0) this.#idle.resolve();
    else this.#answer();
    return promise;
  }

  #answer(): void {
    const line = this.#typed.shift();
    if (line === undefined) return;
    this.output += `${line}\n`;
    this.#read?.(line);
  }
}
