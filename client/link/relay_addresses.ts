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
import {
  formatRelayLine,
  isRelayLine,
  LINE_PREFIX,
  parseRelayLine,
  type RelayLine,
  type RelayPlace,
} from "../../shared/secure/relay_line.ts";
import { within } from "../../shared/wire/format_error.ts";
import { ignoreUserError, SecureFolderError, UserError } from "../errors.ts";
import { cannotWrite, isSecureFolder, replaceFile } from "../store/folder.ts";

/** The address of the relay where none is configured. */
export const DEFAULT_ADDRESS: Address = {
  hostname: "127.0.0.1",
  port: DEFAULT_PORT,
};
const FILE = infoFiles.server[0];

/** What a relay file names. */
interface Places {
  /** The addresses of legacy ports. */
  readonly addresses: readonly Address[];
  /** The lines of secure ports. */
  readonly lines: readonly RelayLine[];
}

/** Addresses from the flag, else from `info.server`, else 127.0.0.1:1357. */
export class RelayAddresses {
  readonly #dir: string;
  readonly #given: Places | undefined;

  /**
   * @param dir the client's folder
   * @param given the places of `--server`
   */
  constructor(dir: string, given: readonly RelayPlace[] | undefined) {
    this.#dir = dir;
    this.#given = given && {
      addresses: given.filter((place) => !isRelayLine(place)),
      lines: given.filter(isRelayLine),
    };
  }

  /**
   * The addresses of the relays' legacy ports.
   *
   * @throws {UserError} where `info.server` can't be used, names only secure
   * ports, or the folder's account is a secure one
   */
  async find(): Promise<readonly Address[]> {
    if (isSecureFolder(this.#dir)) throw new SecureFolderError();
    const places = this.#given ?? await this.#read();
    if (places === undefined) return [DEFAULT_ADDRESS];
    if (places.addresses.length > 0) return places.addresses;
    throw new UserError(
      "Only the secure port of the relay is named, by its mu:// line",
      "Name its ADDRESS:PORT, too",
    );
  }

  /**
   * The lines of the relays' secure ports: those of `--server`; else those of
   * `info.server` for the hosts of `--server`, or for all.
   *
   * @throws {UserError} where `info.server` can't be used
   */
  async lines(): Promise<readonly RelayLine[]> {
    const { addresses = [], lines = [] } = this.#given ?? {};
    if (lines.length > 0) return lines;
    if (this.#given === undefined) return await this.keptLines();
    // A file that can't be read doesn't matter to the places of the flag.
    const kept = await this.keptLines().catch(ignoreUserError) ?? [];
    const hosts = addresses.map(({ hostname }) => hostname);
    return kept.filter(({ hostname }) => hosts.includes(hostname));
  }

  /**
   * All that `info.server` names, or 127.0.0.1:1357 where there is none.
   *
   * @throws {UserError} where it can't be used
   */
  async places(): Promise<readonly RelayPlace[]> {
    const places = await this.#read();
    return places === undefined
      ? [DEFAULT_ADDRESS]
      : [...places.addresses, ...places.lines];
  }

  /** The lines in `info.server`. @throws {UserError} where it can't be used */
  async keptLines(): Promise<readonly RelayLine[]> {
    return (await this.#read())?.lines ?? [];
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
   * It replaces others, since the folder's user is registered here. Lines of
   * secure ports stay, or are replaced by those of `--server`.
   *
   * @param byDefault what is written where no address is configured
   * @returns what the user should know, also where it can't be written
   */
  async keep(
    byDefault: readonly Address[] = [],
  ): Promise<string | undefined> {
    const given = this.#given ?? { addresses: byDefault, lines: [] };
    const names = namesOf(given);
    if (names.length === 0) return undefined;
    const shown = names.join(",");
    try {
      const kept = await this.#read();
      const before = kept && namesOf(kept);
      if (this.#given === undefined && before !== undefined) return undefined;
      if (names.every((name) => before?.includes(name))) return undefined;
      const isGiven = {
        addresses: given.addresses.length > 0,
        lines: given.lines.length > 0,
      };
      const { addresses = [], lines = [] } = kept ?? {};
      await this.#write({
        addresses: isGiven.addresses ? given.addresses : addresses,
        lines: isGiven.lines ? given.lines : lines,
      });
      // `missing` has told it.
      if (this.#given === undefined) return undefined;
      const replaced = namesOf({
        addresses: isGiven.addresses ? addresses : [],
        lines: isGiven.lines ? lines : [],
      });
      return `${this.#path} names ${shown} from now on${
        replaced.length === 0 ? "" : `, in place of ${replaced.join(",")}`
      }`;
    } catch (error) {
      const why = error instanceof UserError
        ? error.message
        : `${this.#path} can't be written: ${reasonOf(error)}`;
      return `${why}\n(Without it, give --server ${shown} each time)`;
    }
  }

  /**
   * Writes lines into `info.server`, below the addresses there.
   *
   * @throws {UserError} where it can't be read or written
   */
  async keepLines(lines: readonly RelayLine[]): Promise<void> {
    const { addresses = [] } = await this.#read() ?? {};
    try {
      await this.#write({ addresses, lines });
    } catch (error) {
      throw cannotWrite(this.#path, error);
    }
  }

  get #path(): string {
    return `${this.#dir}/${FILE}`;
  }

  async #write(places: Places): Promise<void> {
    await replaceFile(this.#path, `${namesOf(places).join("\n")}\n`);
  }

  async #read(): Promise<Places | undefined> {
    let path = this.#dir;
    try {
      const found = await findFile(this.#dir, infoFiles.server);
      if (found === undefined) return undefined;
      path = found;
      return parsePlaces(await readInfoText(path));
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

function namesOf({ addresses, lines }: Places): string[] {
  return [...addresses.map(formatAddress), ...lines.map(formatRelayLine)];
}

/** @throws {FormatError} with the number of the invalid line */
function parsePlaces(text: string): Places {
  const rows = text.split("\n");
  const isLine = rows.map((row) => row.trim().startsWith(LINE_PREFIX));
  const lines = rows.flatMap((row, index) => {
    if (!isLine[index]) return [];
    try {
      return [parseRelayLine(row.trim())];
    } catch (error) {
      throw within(`line ${index + 1}`, error);
    }
  });
  // An empty line keeps the numbers of the others.
  const others = rows.map((row, index) => isLine[index] ? "" : row);
  const isAll = others.every((row) => row.trim() === "");
  const addresses = lines.length > 0 && isAll
    ? []
    : parseAddressLines(others.join("\n"));
  return { addresses, lines };
}
