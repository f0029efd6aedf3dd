/**
 * A secure account in one folder: what its device does at its relays. The texts
 * between two people aren't sealed here, so no verb sends with it yet.
 *
 * @module
 */

import { StoreDatabase } from "../store/database.ts";
import { Directory } from "./directory.ts";
import { KeyPackages } from "./key_packages.ts";
import { OwnAccount } from "./own_account.ts";
import { SecureInbox } from "./secure_inbox.ts";
import { SecureLink, type SecureRelays } from "./secure_link.ts";
import { SecureOutbox } from "./secure_outbox.ts";

/** The parts of a secure account. */
export class SecureSession implements Disposable {
  readonly #database: StoreDatabase;
  /** The account and its device. */
  readonly own: OwnAccount;
  /** The connection to a relay. */
  readonly link: SecureLink;
  /** The accounts of others. */
  readonly directory: Directory;
  /** The device's key packages. */
  readonly packages: KeyPackages;
  /** Brings mail in. */
  readonly inbox: SecureInbox;
  /** Sends envelopes. */
  readonly outbox: SecureOutbox;

  /**
   * @param dir the folder
   * @throws {FolderError} if its store can't be used
   */
  constructor(dir: string, relays: SecureRelays) {
    const database = new StoreDatabase(dir);
    this.#database = database;
    this.own = new OwnAccount(database);
    this.link = new SecureLink(relays, this.own);
    this.directory = new Directory(database, this.link);
    this.packages = new KeyPackages(database, this.own, this.link);
    this.inbox = new SecureInbox(database, this.own, this.link);
    this.outbox = new SecureOutbox(
      database,
      this.own,
      this.link,
      this.directory,
    );
  }

  /** Closes the connection and the store. */
  close(): void {
    this.link.close();
    this.#database.close();
  }

  /** Closes the session, see {@linkcode close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
