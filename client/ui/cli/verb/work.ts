/**
 * The context of a verb: its flags, its output, its session.
 *
 * @module
 */

import { dialectNamed } from "../../../../shared/wire/dialects.ts";
import type { Address } from "../../../../shared/folder/info_server.ts";
import type { RelayLink } from "../../../link/relay_link.ts";
import type { Locate } from "../../../link/relays.ts";
import type { Session } from "../../../session/session.ts";
import type { GlobalFlags } from "./global_flags.ts";
import type { Io } from "./io.ts";
import { Output } from "./output.ts";

/** The global flags of a command line; undefined if missing. */
export type GivenFlags = Partial<GlobalFlags>;

/** Context of one run of a verb. */
export class Work implements Disposable {
  readonly io: Io;
  /** Whether to ignore SIGHUP, as since the start of the program. */
  readonly isHangupIgnored: boolean;
  readonly output: Output;
  readonly #flags: GivenFlags;
  #session: Session | undefined;

  constructor(io: Io, flags: GivenFlags, isHangupIgnored = false) {
    this.io = io;
    this.isHangupIgnored = isHangupIgnored;
    this.#flags = flags;
    this.output = new Output(flags.json ?? false, io);
  }

  /** The folder with the user's files. */
  get dir(): string {
    return this.#flags.dir ?? this.io.dir;
  }

  /** Returns a function that looks up the relays' addresses; `notice` gets a sentence if none is configured. */
  async locator(
    notice: (text: string) => void = (text) => this.output.say(text),
  ): Promise<() => Promise<readonly Address[]>> {
    const { addressFinder } = await import("../../../link/relays.ts");
    const { server } = this.#flags;
    return addressFinder({ dir: this.dir, server }, notice);
  }

  /** Makes a link to the configured relays. */
  async link(notice?: (text: string) => void): Promise<RelayLink> {
    return await this.#linkBy(await this.locator(notice));
  }

  /** Makes a link to one relay. */
  async linkTo(address: Address): Promise<RelayLink> {
    return await this.#linkBy(() => Promise.resolve([address]));
  }

  async #linkBy(locate: Locate): Promise<RelayLink> {
    const { RelayLink } = await import("../../../link/relay_link.ts");
    const { clientVersion, dialect } = this.#flags;
    return new RelayLink(
      locate,
      clientVersion,
      dialect && dialectNamed(dialect),
    );
  }

  /** The session of the folder; the first call loads its modules. */
  async session(notice?: (text: string) => void): Promise<Session> {
    if (this.#session !== undefined) return this.#session;
    const { dir } = this;
    const { isDecided } = await import("../../../store/folder.ts");
    if (isDecided(dir)) {
      const { finishImport } = await import(
        "../../../transfer/finish_import.ts"
      );
      await finishImport(dir);
    }
    const { Session } = await import("../../../session/session.ts");
    return this.#session = new Session(dir, await this.link(notice));
  }

  [Symbol.dispose](): void {
    this.#session?.close();
  }
}
