/**
 * The addresses of the user's relays, and the file that keeps them.
 *
 * @module
 */

import {
  type Address,
  findFile,
  formatAddress,
  infoFiles,
  parseAddressLines,
  readInfoText,
} from "../../shared/folder/info_files.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { DEFAULT_PORT } from "../../shared/wire/protocol.ts";
import { UserError } from "../errors.ts";
import { replaceFile } from "../store/folder.ts";

/** The address of the relay where none is configured. */
export const DEFAULT_ADDRESS: Address = {
  hostname: "127.0.0.1",
  port: DEFAULT_PORT,
};
const FILE = infoFiles.server[0];

/** Addresses from the flag, else from `info.server`, else 127.0.0.1:1357. */
export class RelayAddresses {
  readonly #dir: string;
  readonly #given: readonly Address[] | undefined;

  /**
   * @param dir the client's folder
   * @param given the addresses of `--server`
   */
  constructor(dir: string, given: readonly Address[] | undefined) {
    this.#dir = dir;
    this.#given = given;
  }

  /** @throws {UserError} where `info.server` can't be used */
  async find(): Promise<readonly Address[]> {
    return this.#given ?? await this.#read() ?? [DEFAULT_ADDRESS];
  }

  /**
   * Says which address is used where none is configured.
   *
   * @throws {UserError} where `info.server` can't be used
   */
  async missing(): Promise<string | undefined> {
    const isConfigured = (this.#given ?? await this.#read()) !== undefined;
    return isConfigured
      ? undefined
      : `No ${FILE} in ${this.#dir}: using ${formatAddress(DEFAULT_ADDRESS)}`;
  }

  /**
   * Writes the addresses of `--server` into `info.server`, unless it has them.
   * It replaces others, since the folder's user is registered here.
   *
   * @param byDefault what is written where no address is configured
   * @returns what the user should know, also where it can't be written
   */
  async keep(
    byDefault: readonly Address[] = [],
  ): Promise<string | undefined> {
    const path = `${this.#dir}/${FILE}`;
    const names = (this.#given ?? byDefault).map(formatAddress);
    if (names.length === 0) return undefined;
    const shown = names.join(",");
    try {
      const before = (await this.#read())?.map(formatAddress);
      if (this.#given === undefined && before !== undefined) return undefined;
      if (names.every((name) => before?.includes(name))) return undefined;
      await replaceFile(path, `${names.join("\n")}\n`);
      // `missing` has told it.
      if (this.#given === undefined) return undefined;
      return `${path} names ${shown} from now on${
        before === undefined ? "" : `, in place of ${before.join(",")}`
      }`;
    } catch (error) {
      const why = error instanceof UserError
        ? error.message
        : `${path} can't be written: ${reasonOf(error)}`;
      return `${why}\n(Without it, give --server ${shown} each time)`;
    }
  }

  async #read(): Promise<Address[] | undefined> {
    let path = this.#dir;
    try {
      const found = await findFile(this.#dir, infoFiles.server);
      if (found === undefined) return undefined;
      path = found;
      return parseAddressLines(await readInfoText(path));
    } catch (cause) {
      const reason = reasonOf(cause);
      throw new UserError(
        `${path} can't be used: ${reason}`,
        "Mend it, or name the relay with --server",
        { cause },
      );
    }
  }
}
