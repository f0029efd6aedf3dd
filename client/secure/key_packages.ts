/**
 * The key packages of the folder's device: made, kept with their private halves,
 * and published (section 3.4 of docs/secure.md).
 *
 * @module
 */

import {
  generateAgreementKey,
  generateKemKey,
  type KeyBytes,
} from "../../shared/secure/package_keys.ts";
import { PackageKind, signPackage } from "../../shared/secure/key_package.ts";
import { SINGLE_USE } from "../../shared/secure/secure_protocol.ts";
import type { StoreDatabase } from "../store/database.ts";
import { OwnAccount } from "./own_account.ts";
import type { SecureLink } from "./secure_link.ts";

const DAY = 86_400_000;
/** Milliseconds after which a weekly package is replaced (PKG-4). */
const ROTATION = 7 * DAY;
/** Milliseconds for which a replaced one's private half is kept. */
const KEPT = 30 * DAY;
/** Packages in a request, which stays below 64 KiB. */
const AT_ONCE = 40;

/** A package that is made but not numbered yet. */
interface NewKeys {
  kind: PackageKind;
  agreement: KeyBytes;
  kem: KeyBytes;
}

/** What the folder knows of its packages. */
export interface PackageState {
  /** When the current weekly package was made, in ms; undefined if there is none. */
  weeklyMade: number | undefined;
  /** Packages that aren't published yet. */
  unpublished: number;
}

/** The packages of a device. */
export class KeyPackages {
  readonly #database: StoreDatabase;
  readonly #own: OwnAccount;
  readonly #link: SecureLink;

  constructor(database: StoreDatabase, own: OwnAccount, link: SecureLink) {
    this.#database = database;
    this.#own = own;
    this.#link = link;
  }

  /** What is in the store. */
  state(): PackageState {
    return {
      weeklyMade: this.#weeklyMade(),
      unpublished: this.#database.one<{ count: number }>(
        "SELECT count(*) AS count FROM securePackages WHERE published IS NULL",
      ).count,
    };
  }

  /**
   * Publishes what is due: a new weekly package each week, and single-use ones
   * where the relay has few left (PKG-4, PKG-5).
   *
   * @param left single-use packages that wait at the relay. Default: as it told
   * @returns single-use packages that wait now
   */
  async refill(left?: number): Promise<number> {
    let waiting = left ?? (await this.#link.state()).singleUseLeft;
    // Made before a crash.
    waiting = await this.#publish() ?? waiting;
    const singles = waiting < SINGLE_USE.refill ? SINGLE_USE.most - waiting : 0;
    await this.#make(this.#isWeeklyDue() ? 1 : 0, singles);
    this.#forget();
    return await this.#publish() ?? waiting;
  }

  #weeklyMade(): number | undefined {
    return this.#database.row<{ made: number }>(
      "SELECT made FROM securePackages WHERE kind = ? AND replaced IS NULL",
      PackageKind.Weekly,
    )?.made;
  }

  #isWeeklyDue(): boolean {
    const age = Date.now() - (this.#weeklyMade() ?? -Infinity);
    // A clock that was ahead once doesn't keep a package for ever.
    return age >= ROTATION || age < -DAY;
  }

  async #make(weekly: number, singles: number): Promise<void> {
    const keys: NewKeys[] = [];
    for (let index = 0; index < weekly + singles; index++) {
      keys.push({
        kind: index < weekly ? PackageKind.Weekly : PackageKind.SingleUse,
        agreement: await generateAgreementKey(),
        kem: await generateKemKey(),
      });
    }
    while (keys.length > 0 && !(await this.#keep(keys)));
  }

  /** Numbers, signs and keeps packages; false if another client took the numbers. */
  async #keep(keys: readonly NewKeys[]): Promise<boolean> {
    const row = this.#own.row();
    const { id, signingKey } = await OwnAccount.deviceOf(row);
    const made = Date.now();
    const packages: { number: number; bytes: Uint8Array; keys: NewKeys }[] = [];
    for (const [index, own] of keys.entries()) {
      const number = row.highestPackage + 1 + index;
      const bytes = await signPackage({
        device: id,
        number,
        kind: own.kind,
        agreementKey: own.agreement.publicKey,
        kemKey: own.kem.publicKey,
        made,
      }, signingKey);
      packages.push({ number, bytes, keys: own });
    }
    return this.#database.write(() => {
      const { highestPackage } = row;
      const isFree = this.#own.takePackageNumbers(highestPackage, keys.length);
      if (!isFree) return false;
      for (
        const { number, bytes, keys: { kind, agreement, kem } } of packages
      ) {
        if (kind === PackageKind.Weekly) this.#replaceWeekly(made);
        this.#database.run(
          `INSERT INTO securePackages (number, kind, bytes, agreementKey, kemSeed, made)
            VALUES (?, ?, ?, ?, ?, ?)`,
          number,
          kind,
          bytes,
          agreement.privateKey,
          kem.privateKey,
          made,
        );
      }
      return true;
    });
  }

  #replaceWeekly(now: number): void {
    this.#database.run(
      "UPDATE securePackages SET replaced = ? WHERE kind = ? AND replaced IS NULL",
      now,
      PackageKind.Weekly,
    );
  }

  /** Deletes private halves that no start may use any more. */
  #forget(): void {
    this.#database.run(
      "DELETE FROM securePackages WHERE replaced < ?",
      Date.now() - KEPT,
    );
  }

  /** Publishes what isn't yet; returns the single-use packages that wait then, if any was. */
  async #publish(): Promise<number | undefined> {
    let waiting: number | undefined;
    for (;;) {
      const rows = this.#database.rows<{ number: number; bytes: Uint8Array }>(
        `SELECT number, bytes FROM securePackages WHERE published IS NULL
          ORDER BY number LIMIT ${AT_ONCE}`,
      );
      const last = rows.at(-1);
      if (last === undefined) return waiting;
      const packages = rows.map(({ bytes }) => bytes);
      const { singleUseLeft } = await this.#link.request("publish", {
        packages,
      });
      waiting = singleUseLeft;
      this.#database.run(
        "UPDATE securePackages SET published = ? WHERE published IS NULL AND number <= ?",
        Date.now(),
        last.number,
      );
    }
  }
}
