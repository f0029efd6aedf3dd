import { printableLine } from "../../shared/cli/printable.ts";
import { MAX_NAME_LENGTH } from "../../shared/wire/protocol.ts";
import { UserError } from "../errors.ts";
import type { Contact, ContactTable } from "../store/contact_table.ts";
import type { Contacts, SessionParts } from "./contacts.ts";

/**
 * What the user sets for contacts in the folder. All of it takes the contact's
 * alias, name or id, and fetches the list of clients where the folder lacks it.
 */
export class ContactSettings {
  readonly #session: SessionParts & { contacts: Contacts };

  constructor(session: SessionParts & { contacts: Contacts }) {
    this.#session = session;
  }

  get #table(): ContactTable {
    return this.#session.store.contacts;
  }

  /**
   * Lists a contact with the conversations, even without a message.
   *
   * @returns what the contact is called
   */
  async choose(name: string): Promise<string> {
    const { contacts } = this.#session;
    const contact = await contacts.named(name);
    const isListed = contacts.conversations()
      .some((each) => each.name === contact.label);
    if (!isListed) this.#table.setFlag(contact, "chosen", true);
    return contact.label;
  }

  /** Blocks a contact, whose messages are dropped from then on, or ends that. */
  async block(name: string, isBlocked: boolean): Promise<void> {
    const contact = await this.#session.contacts.named(name);
    this.#table.setFlag(contact, "blocked", isBlocked);
  }

  /** Mutes a contact, whose messages then arrive without a notification, or ends that. */
  async mute(name: string, isMuted: boolean): Promise<void> {
    const contact = await this.#session.contacts.named(name);
    this.#table.setFlag(contact, "muted", isMuted);
  }

  /**
   * Gives a contact a name of the user's own, which stays with its id.
   *
   * @param alias the new name; undefined removes it
   * @throws {UserError} where the alias isn't valid, or another contact has it
   */
  async setAlias(name: string, alias: string | undefined): Promise<void> {
    const contact = await this.#session.contacts.named(name);
    if (alias !== undefined) {
      requireValid(alias);
      this.#requireFree(alias, contact);
    }
    this.#table.setAlias(contact, alias);
  }

  /** @throws {UserError} where another contact has the alias, as a name or an id too */
  #requireFree(alias: string, { row, succeeds }: Contact): void {
    const other = this.#table.named(alias);
    if (other === undefined) return;
    if ((other.succeeds ?? other.row) === (succeeds ?? row)) return;
    throw new UserError(
      `"${alias}" is another contact's name`,
      "Choose another alias: each name stands for one contact",
    );
  }
}

/** @throws {UserError} where a text can't be an alias */
function requireValid(alias: string): void {
  const isValid = alias !== "" && alias === alias.trim() &&
    alias === printableLine(alias) && alias.length <= MAX_NAME_LENGTH;
  if (isValid) return;
  throw new UserError(
    `"${alias}" can't be an alias`,
    `An alias has 1 to ${MAX_NAME_LENGTH} visible characters, and no space at its ends`,
  );
}
