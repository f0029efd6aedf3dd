/**
 * The declaration of a kind of store. Each kind is a folder beside this file and
 * a line in `store_kinds.ts`; everything else follows from the declaration.
 *
 * @module
 */

import type { Finding } from "../../shared/cli/finding.ts";
import type { Address } from "../../shared/folder/info_files.ts";
import type { Limits } from "../relay/limits/limits.ts";
import type { AdminStore } from "./admin_store.ts";
import type { Store } from "./store.ts";

/** The environment variable with the address of a store; flags take precedence. */
export const STORE_VARIABLE = "MESSAGEU_STORE";

/** Address of a store: `SCHEME:REST`. */
export interface StoreAddress {
  /** One of the schemes of its kind. */
  scheme: string;
  /** The text after the colon. */
  rest: string;
  /** The file that held the address, if any. */
  file?: string | undefined;
  /** Whether {@linkcode STORE_VARIABLE} named it. */
  fromEnvironment?: true;
  /** Database of another server to import into a new store. */
  takeOverFrom?: string | undefined;
}

/** Options for opening a store. */
export interface OpenOptions {
  /** Receives notices for the user. */
  notice: (text: string) => void;
  /** Called before waiting for another relay that uses the store. Default: a store in use is an error. */
  waiting?: () => void;
}

/** Permissions that a program needs to use a store. */
export interface StorePermissions {
  /** Folders to read and write. */
  folders?: readonly string[];
  /** Other files to read. */
  files?: readonly string[];
  /** Hosts to connect to. */
  hosts?: readonly Address[];
}

/** Results of a store's checks that other checks use. */
export interface StoreCondition {
  /** Whether a relay is known to run on the store. */
  running: boolean;
  /** When a user was last seen; undefined if never. */
  latestVisit?: Date | undefined;
}

/** A restore that waits for the user's consent. */
export interface Restore {
  /** Describes the restore, as a sentence without its full stop. */
  plan: string;
  /**
   * Restores.
   *
   * @returns a line that describes the result
   */
  run(): Promise<string>;
}

/** Administration of stores of a kind. */
export interface StoreAdmin {
  /**
   * Opens a store.
   *
   * @throws {StoreError} if it can't be used; the message says what to do
   */
  open(address: StoreAddress): Promise<AdminStore>;
  /**
   * Prepares to replace a store by a backup. The store may be missing or damaged.
   *
   * @throws {StoreError} if the backup can't be used
   */
  restore(address: StoreAddress, backup: string): Promise<Restore>;
}

/** Facts about a kind for the suite in `tests/server/store/store_contract_test.ts`. */
export interface StoreContract {
  /** Whether a store keeps its content when it is closed and opened again. */
  outlivesClose: boolean;
  /** The rest of the address of a new store in an empty folder; undefined if it needs a server. */
  newIn(folder: string): string | undefined;
  /** When a user was last seen, for a kind without {@linkcode StoreKind.admin}. */
  lastSeen?(store: Store, name: string): string;
}

/** A kind of store. Its own modules are loaded when it is used. */
export interface StoreKind {
  /** Schemes of its addresses; the first is the usual one. */
  schemes: readonly [string, ...string[]];
  /** Its lines in the help of `--store`; absent if other flags name its stores. */
  help?: string;
  /** Form of an address, for error messages; undefined to omit it there. */
  form?: string;
  /** A store's name for output, without a password. @throws {TypeError} if the address is invalid */
  name(address: StoreAddress): string;
  /**
   * Opens a store. The relay gives up its permissions for files and programs
   * afterwards, so files that the store needs later must stay open.
   *
   * @throws {StoreError} if it can't be used; the message says what to do
   */
  open(address: StoreAddress, options: OpenOptions): Promise<Store>;
  /** The permissions that the relay or the admin program needs to use a store. */
  permissions(address: StoreAddress): Promise<StorePermissions>;
  /** Environment variables that its stores read. */
  environment?: readonly string[];
  /** Whether several relays may use one store at once. */
  sharedByRelays: boolean;
  /** Checks a store without changing it; `tell` receives each finding with its subject. */
  doctor(
    address: StoreAddress,
    limits: Limits,
    tell: (subject: string, finding: Finding) => void,
  ): Promise<StoreCondition>;
  /** Loads the administration of its stores; absent if the admin program can't reach them. */
  admin?(): Promise<StoreAdmin>;
  /** Facts for the contract suite. */
  contract: StoreContract;
}
