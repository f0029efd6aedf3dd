import { infoFiles } from "../../shared/folder/info_files.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { FolderError, NotRegisteredError } from "../errors.ts";
import { FolderLock, isDecided, isThere } from "./folder.ts";
import { ContactSummaries } from "./contact_summaries.ts";
import { ContactTable } from "./contact_table.ts";
import { STORE_FOLDER, StoreDatabase } from "./database.ts";
import { Deletions } from "./deletions.ts";
import { Incoming } from "./incoming.ts";
import { KeyRing } from "./key_ring.ts";
import { Messages } from "./messages.ts";
import { Outgoing } from "./outgoing.ts";
import { hasCode } from "../../shared/platform/system_error.ts";

/** The store in a client's folder. */
export class ClientStore {
  /** The database of the store. */
  readonly database: StoreDatabase;
  /** The contacts. */
  readonly contacts: ContactTable;
  /** The contacts as lists show them. */
  readonly summaries: ContactSummaries;
  /** The symmetric keys. */
  readonly keys: KeyRing;
  /** All messages. */
  readonly messages: Messages;
  /** The received messages. */
  readonly incoming: Incoming;
  /** The user's own messages. */
  readonly outgoing: Outgoing;
  /** Deletes messages. */
  readonly deletions: Deletions;

  private constructor(database: StoreDatabase) {
    this.database = database;
    this.contacts = new ContactTable(database);
    this.summaries = new ContactSummaries(database);
    this.keys = new KeyRing(database);
    this.messages = new Messages(database);
    this.incoming = new Incoming(database, this.messages);
    this.outgoing = new Outgoing(database, this.messages);
    this.deletions = new Deletions(database, this.messages);
  }

  /**
   * Opens the store in a client's folder, or creates it where the folder has an
   * identity.
   *
   * @throws {NotRegisteredError} where there is neither a store nor an identity
   * @throws {FolderError} where it can't be used
   */
  static open(dir: string): ClientStore {
    const wanted = [STORE_FOLDER, ...infoFiles.me];
    if (!wanted.some((name) => isThere(`${dir}/${name}`))) {
      refuseClosed(dir);
      throw new NotRegisteredError();
    }
    // A new store would block the imported one.
    if (isDecided(dir) && !isThere(`${dir}/${STORE_FOLDER}`)) {
      throw new FolderError(
        `${dir}/${STORE_FOLDER} is being imported`,
        "Start the client anew: it finishes that",
      );
    }
    return new ClientStore(new StoreDatabase(dir));
  }

  /**
   * Takes a lock among all clients in the folder, and waits while another one
   * holds it.
   *
   * @param patience milliseconds to wait
   * @returns undefined where the wait takes longer
   */
  lock(
    what: "pull" | "show" | "key" | "export",
    patience: number,
  ): Promise<FolderLock | undefined> {
    return FolderLock.take(`${this.database.folder}/${what}.lock`, patience);
  }

  /** Closes the file. */
  close(): void {
    this.outgoing.close();
    this.database.close();
  }
}

/** @throws {FolderError} where the folder can't be accessed */
function refuseClosed(dir: string): void {
  try {
    Deno.lstatSync(`${dir}/${infoFiles.me[0]}`);
  } catch (cause) {
    if (hasCode(cause, "ENOENT", "ENOTDIR")) return;
    throw new FolderError(
      `${dir} can't be used: ${reasonOf(cause)}`,
      "See that it is a folder, and that you may read it",
      { cause },
    );
  }
}
