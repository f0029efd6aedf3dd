/**
 * What a kind of store declares. Each kind is a folder beside this file and a
 * line in `store_kinds.ts`; everything else follows from its declaration.
 *
 * @module
 */

import type { Finding } from "../../shared/cli/finding.ts";
import type { Address } from "../../shared/folder/info_server.ts";
import type { Limits } from "../relay/limits/limits.ts";
import type { AdminStore } from "./admin_store.ts";
import type { Store } from "./store.ts";

/** The environment variable that names a store where no flag does. */
export const STORE_VARIABLE = "MESSAGEU_STORE";

/** Where a store is: `SCHEME:REST`. */
export interface StoreAddress {
  /** One of its kind's. */
  scheme: string;
  /** What follows the colon. */
  rest: string;
  /** The file that the address was read from, where it was. */
  file?: string | undefined;
  /** Whether {@linkcode STORE_VARIABLE} named it. */
  fromEnvironment?: true;
  /** Another server's database, whose content a new store begins with. */
  takeOverFrom?: string | undefined;
}

/** How a store is opened. */
export interface OpenOptions {
  /** Receives what the user should know about the store. */
  notice: (text: string) => void;
  /** Is called where another relay has the store, which is then waited for. Default: that is an error. */
  waiting?: () => void;
}

/** What a program needs of the system to use a store. */
export interface StorePermissions {
  /** Folders that are read and written. */
  folders?: readonly string[];
  /** Files that are read besides. */
  files?: readonly string[];
  /** Hosts that are connected to. */
  hosts?: readonly Address[];
}

/** What the checks of a store tell other checks. */
export interface StoreCondition {
  /** Whether a relay is known to run on the store. */
  running: boolean;
  /** The latest visit of a user, where there is one. */
  latestVisit?: Date | undefined;
}

/** A restore that waits for the user's consent. */
export interface Restore {
  /** What it will do, as a sentence without its full stop. */
  plan: string;
  /**
   * Does it.
   *
   * @returns what was done, as a line
   */
  run(): Promise<string>;
}

/** How stores of a kind are looked after. */
export interface StoreAdmin {
  /**
   * Opens a store, for as long as a verb takes.
   *
   * @throws {StoreError} where it can't be used, with what to do about it
   */
  open(address: StoreAddress): Promise<AdminStore>;
  /**
   * Prepares to put a backup in a store's place, which may not be there or not open.
   *
   * @throws {StoreError} where the backup can't be used
   */
  restore(address: StoreAddress, backup: string): Promise<Restore>;
}

/** What the suite in `tests/server/store/store_contract_test.ts` may assume of a kind. */
export interface StoreContract {
  /** Whether a store's content is there after it was closed and opened again. */
  outlivesClose: boolean;
  /** The rest of the address of a new store in an empty folder; undefined where it takes a server. */
  newIn(folder: string): string | undefined;
  /** When a user was last seen, of a kind without {@linkcode StoreKind.admin}. */
  lastSeen?(store: Store, name: string): string;
}

/** A kind of store. Modules that only this kind needs are loaded when it is used. */
export interface StoreKind {
  /** What its addresses begin with; the first is the usual one. */
  schemes: readonly [string, ...string[]];
  /** What an address looks like, for the sentence about one that isn't; undefined for none. */
  form?: string;
  /** A store's name as users may see it, without a password. @throws {TypeError} where it isn't an address */
  name(address: StoreAddress): string;
  /** Opens a store. @throws {StoreError} where it can't be used, with what to do about it */
  open(address: StoreAddress, options: OpenOptions): Promise<Store>;
  /** What a relay or the admin program needs to use a store. */
  permissions(address: StoreAddress): Promise<StorePermissions>;
  /** Variables of the environment that its stores read. */
  environment?: readonly string[];
  /** Whether several relays may use a store at once. */
  sharedByRelays: boolean;
  /** Checks a store and leaves it as it is; `tell` receives each finding with its subject. */
  doctor(
    address: StoreAddress,
    limits: Limits,
    tell: (subject: string, finding: Finding) => void,
  ): Promise<StoreCondition>;
  /** Loads how its stores are looked after, where the admin program can reach them. */
  admin?(): Promise<StoreAdmin>;
  /** What the contract suite may assume. */
  contract: StoreContract;
}
