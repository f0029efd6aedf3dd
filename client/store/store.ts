import { infoFiles } from "../../shared/folder/info_files.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { FolderError, NotRegisteredError } from "../errors.ts";
import { FolderLock, isDecided, isThere } from "./folder.ts";
import { Consumer, type ConsumerOptions } from "./consumers.ts";
import { ContactBook } from "./contact_book.ts";
import { STORE_FOLDER, StoreDatabase } from "./database.ts";
import { History } from "./history.ts";
import { Incoming } from "./incoming.ts";
import { KeyRing } from "./key_ring.ts";
import { MessageRows } from "./message_rows.ts";
import { Outgoing } from "./outgoing.ts";

/** What a client's folder remembers. */
export class ClientStore {
  /** The file that holds all of it. */
  readonly database: StoreDatabase;
  /** Who there is. */
  readonly contacts: ContactBook;
  /** The symmetric keys. */
  readonly keys: KeyRing;
  /** What was said. */
  readonly history: History;
  /** What was received. */
  readonly incoming: Incoming;
  /** What is or was to be sent. */
  readonly outgoing: Outgoing;
  readonly #rows: MessageRows;

  private constructor(database: StoreDatabase) {
    this.database = database;
    this.contacts = new ContactBook(this.database);
    this.keys = new KeyRing(this.database);
    this.#rows = new MessageRows(this.database);
    this.history = new History(this.database, this.#rows);
    this.incoming = new Incoming(this.database, this.#rows);
    this.outgoing = new Outgoing(this.database, this.#rows);
  }

  /**
   * Opens the store in a client's folder, or makes it for who is registered.
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
    // A new one would be in the way of the one that comes.
    if (isDecided(dir) && !isThere(`${dir}/${STORE_FOLDER}`)) {
      throw new FolderError(
        `${dir}/${STORE_FOLDER} is being imported`,
        "Start the client anew: it finishes that",
      );
    }
    return new ClientStore(new StoreDatabase(dir));
  }

  /** Takes up a consumer's work, see {@linkcode Consumer.start}. */
  consumer(name: string, options: ConsumerOptions): Consumer {
    return Consumer.start(name, options, this.database, this.#rows);
  }

  /**
   * Takes a lock among all clients in the folder, waiting for who holds it.
   *
   * @param patience milliseconds to wait
   * @returns undefined where somebody holds it for longer
   */
  lock(
    what: "pull" | "show" | "key",
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

/** @throws {FolderError} where it can't be seen what a folder holds */
function refuseClosed(dir: string): void {
  try {
    Deno.lstatSync(`${dir}/${infoFiles.me[0]}`);
  } catch (cause) {
    const isSeen = cause instanceof Deno.errors.NotFound ||
      cause instanceof Deno.errors.NotADirectory;
    if (isSeen) return;
    throw new FolderError(
      `${dir} can't be used: ${reasonOf(cause)}`,
      "See that it is a folder, and that you may read it",
      { cause },
    );
  }
}
