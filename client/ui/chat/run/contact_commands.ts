/**
 * The commands on contacts: to name, mute, block and delete them in this folder.
 *
 * @module
 */

import { UserError } from "../../../errors.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import { describeSize } from "../../../session/history.ts";
import type { Session } from "../../../session/session.ts";
import type { Chat } from "./chat_parts.ts";

/** Runs commands on contacts. */
export class ContactCommands {
  readonly #session: Session;
  readonly #chat: Chat;
  /** The contact whose conversation is deleted by the same command once more. */
  #deleting: string | undefined;

  constructor(session: Session, chat: Chat) {
    this.#session = session;
    this.#chat = chat;
  }

  /** The commands by name; each takes the rest of its line. */
  readonly commands: Readonly<Record<string, (rest: string) => Promise<void>>> =
    {
      alias: (rest) => this.#alias(rest),
      mute: (rest) => this.#mute(rest, true),
      unmute: (rest) => this.#mute(rest, false),
      block: (rest) => this.#block(rest, true),
      unblock: (rest) => this.#block(rest, false),
      delete: (rest) => this.#delete(rest),
    };

  /** Drops the question whether to delete a conversation. */
  dropQuestion(): void {
    this.#deleting = undefined;
  }

  /** What the contact in a line is called; by default the one of the open conversation. */
  async #named(rest: string, usage: string): Promise<string> {
    const name = rest || this.#chat.state.open;
    if (name === undefined) throw new UserError(`Missing argument: ${usage}`);
    return (await this.#session.contacts.named(name)).label;
  }

  #done(text: string): void {
    this.#chat.refresh();
    this.#chat.tell(text);
  }

  async #alias(rest: string): Promise<void> {
    const [typed, alias] = this.#nameAndAlias(rest);
    const name = await this.#named(typed, "/alias NAME ALIAS");
    if (alias === name) {
      return this.#done(`${printableLine(name)} is called so already`);
    }
    await this.#session.contactSettings.setAlias(name, alias);
    this.#done(
      alias === undefined
        ? `${printableLine(name)} has no alias any more`
        : `${printableLine(name)} is ${alias} for you now`,
    );
  }

  /** Splits a line behind the contact's name, which may contain spaces. */
  #nameAndAlias(rest: string): [name: string, alias: string | undefined] {
    const { contacts } = this.#session;
    let end = rest.length;
    while (end > 0 && !contacts.knows(rest.slice(0, end))) {
      end = rest.lastIndexOf(" ", end - 1);
    }
    const name = end > 0 ? rest.slice(0, end) : rest.split(" ")[0] ?? "";
    return [name, rest.slice(name.length).trim() || undefined];
  }

  async #mute(rest: string, isMuted: boolean): Promise<void> {
    const name = await this.#named(rest, "/mute NAME");
    await this.#session.contactSettings.mute(name, isMuted);
    this.#done(
      isMuted
        ? `Messages from ${printableLine(name)} arrive quietly; /unmute ends it`
        : `You are notified of messages from ${printableLine(name)} again`,
    );
  }

  async #block(rest: string, isBlocked: boolean): Promise<void> {
    const name = await this.#named(rest, "/block NAME");
    await this.#session.contactSettings.block(name, isBlocked);
    this.#done(
      isBlocked
        ? `Messages from ${
          printableLine(name)
        } are dropped from now on; /unblock ends it`
        : `${printableLine(name)} can write to you again`,
    );
  }

  async #delete(rest: string): Promise<void> {
    const asked = this.#deleting;
    const name = await this.#named(rest, "/delete NAME");
    const shown = printableLine(name);
    const { history } = this.#session;
    if (asked !== name) {
      this.#deleting = name;
      const size = describeSize(history.size(name));
      return this.#chat.tell(
        `Nothing is deleted yet: ${size} with ${shown} would be, for good\n/delete ${shown} once more deletes them in this folder`,
      );
    }
    this.#deleting = undefined;
    await history.delete(name);
    if (this.#chat.state.open === name) this.#chat.close();
    this.#done(`The conversation with ${shown} is deleted`);
  }
}
