/**
 * Verbs: their declaration as plain data and a task, the flags that all of them
 * accept, and the context of a run.
 *
 * @module
 */

import type { CommandContext } from "@stricli/core";
import { resolve } from "node:path";
import {
  choiceFlag,
  flagName,
  type Flags,
  type FlagValues,
  nonEmpty,
  numberFrom,
  switchFlag,
  valueFlag,
} from "../../../../shared/cli/flags.ts";
import { type DataKind, type Io, Output } from "./output.ts";
import {
  dialectNamed,
  dialectNames,
} from "../../../../shared/wire/dialects.ts";
import type { Address } from "../../../../shared/folder/info_files.ts";
import { parsePlaceList } from "../../../../shared/secure/relay_line.ts";
import type { RelayLink } from "../../../link/relay_link.ts";
import type { RelayAddresses } from "../../../link/relay_addresses.ts";
import type { Locate } from "../../../link/relays.ts";
import { Advice, Command } from "../../../advice.ts";
import { UserError } from "../../../errors.ts";
import type { Settings } from "../../../settings/settings.ts";
import type { Session } from "../../../session/session.ts";

/** Context of functions that propose completions. */
export interface ParserContext extends CommandContext {
  /** Lists the contacts in the folder. */
  readonly contactNames: () => Promise<readonly string[]>;
}

/** An argument of a verb. */
export interface Argument<T> {
  readonly brief: string;
  readonly placeholder: string;
  /** Parses a value; throws an `Error` with the expected and the given value. */
  readonly parse: (text: string) => T;
  readonly optional?: true;
  readonly proposeCompletions?: (
    this: ParserContext,
    partial: string,
  ) => readonly string[] | Promise<readonly string[]>;
}

/** The parsed values of arguments; undefined if an optional one is missing. */
type ArgumentValues<A extends readonly Argument<unknown>[]> = {
  [K in keyof A]:
    | ReturnType<A[K]["parse"]>
    | (A[K] extends { readonly optional: true } ? undefined : never);
};

/** Declaration of a verb; `F` are its own flags, `A` its arguments. */
export interface VerbDeclaration<F, A extends readonly Argument<unknown>[]> {
  /** What it does, in one line. */
  readonly brief: string;
  /** Text for its own help. Default: `brief` */
  readonly about?: string;
  /** Two or three command lines for its help. */
  readonly examples: readonly string[];
  /** The kinds of JSON objects that it prints. */
  readonly prints?: readonly DataKind[];
  readonly flags?: F;
  readonly args?: A;
  /** Whether it starts programs of the user. */
  readonly startsPrograms?: (flags: FlagValues<F>) => boolean;
  /** Whether it reads the environment. */
  readonly readsEnvironment?: boolean;
  /** Whether it works without a relay. */
  readonly isOffline?: boolean;
  /** Whether it runs until a signal. */
  readonly goesOn?: (flags: FlagValues<F>) => boolean;
  /** Does its work; resolves to the exit code, 0 by default. */
  readonly task: (
    work: Work,
    flags: GlobalFlags & FlagValues<F>,
    ...args: ArgumentValues<A>
  ) => Promise<number | void>;
}

/** A verb without the types of its parameters. */
export interface Verb extends
  Omit<
    VerbDeclaration<Flags, readonly Argument<unknown>[]>,
    "startsPrograms" | "goesOn" | "task"
  > {
  readonly startsPrograms?: (flags: GivenFlags) => boolean;
  readonly goesOn?: (flags: GivenFlags) => boolean;
  readonly task: (
    work: Work,
    flags: GivenFlags,
    ...args: readonly unknown[]
  ) => Promise<number | void>;
}

/** Declares a verb. The parser ensures that the task gets the declared types. */
export function defineVerb<
  const F extends Flags = Record<never, never>,
  const A extends readonly Argument<unknown>[] = [],
>(declaration: VerbDeclaration<F, A>): Verb {
  return declaration as unknown as Verb;
}

/** Marks a proposal that stands for any folder. */
export const ANY_FOLDER = "\0folder";

/** Flags that every verb accepts. */
export const globalFlags = {
  dir: {
    ...valueFlag(
      "DIR",
      "The folder with info.server and info.me (default: . or a compiled client's own)",
      nonEmpty,
    ),
    proposeCompletions: (partial: string) => [partial + ANY_FOLDER],
  },
  server: valueFlag(
    "ADDR:PORT",
    "The relay, or several: A:1,B:2 (default: from info.server)",
    parsePlaceList,
  ),
  clientVersion: valueFlag(
    "N",
    "The version that requests carry, 0 to 255 (default: 2)",
    numberFrom(0, 255),
  ),
  dialect: choiceFlag(
    dialectNames.join("|"),
    "The dialect that the relay speaks (default: 600)",
    dialectNames,
  ),
  json: switchFlag("One JSON object a line"),
};

/** The values of {@linkcode globalFlags}. */
export type GlobalFlags = FlagValues<typeof globalFlags>;

/** The names of the global flags that take a value, such as `--dir`. */
export const valueFlags: readonly string[] = Object.entries(globalFlags)
  .filter(([, { kind }]) => kind !== "boolean").map(([key]) => flagName(key));

/** Whether an argument is a global flag, such as `--json` or `--dir=anna`. */
export function isGlobalFlag(arg: string): boolean {
  const [name] = arg.split("=");
  return Object.keys(globalFlags).some((key) => flagName(key) === name);
}

/** The global flags of a command line; undefined if missing. */
export type GivenFlags = Partial<GlobalFlags>;

/** Context of one run of a verb. */
export class Work implements Disposable {
  readonly io: Io;
  /** Whether to ignore SIGHUP, as since the start of the program. */
  readonly isHangupIgnored: boolean;
  readonly output: Output;
  readonly #flags: GivenFlags;
  /** The user's home folder; undefined if it is unknown. */
  readonly #home: string | undefined;
  #session: Session | undefined;
  #settings: Settings | undefined;

  constructor(io: Io, flags: GivenFlags, isHangupIgnored = false) {
    this.io = io;
    this.#home = io.env(io.platform.homeVariable);
    this.isHangupIgnored = isHangupIgnored;
    this.#flags = flags;
    this.output = new Output(flags.json ?? false, io, flags.dir);
  }

  /** The folder with the user's files. */
  get dir(): string {
    return this.#flags.dir ?? this.io.dir;
  }

  /** The settings of the folder; notes what is unknown in their file. @throws {FolderError} if it is invalid */
  async settings(): Promise<Settings> {
    if (this.#settings !== undefined) return this.#settings;
    const { readSettings } = await import(
      "../../../settings/settings_file.ts"
    );
    const warn = (text: string) => this.output.say(text);
    return this.#settings = await readSettings(this.dir, warn);
  }

  /** The folder for received files; undefined for the temporary folder. @throws {UserError} if it is unknown */
  async filesFolder(): Promise<string | undefined> {
    const { files } = await this.settings();
    const { TEMPORARY } = await import("../../../settings/settings.ts");
    if (files === TEMPORARY) return undefined;
    const { expandHome, isInHome } = await import("../../typed_path.ts");
    const { platform } = this.io;
    const path = expandHome(files, this.#home, platform);
    if (!isInHome(path, platform)) return resolve(this.dir, path);
    const { homeVariable } = platform;
    throw new UserError(
      `The folder for received files, ${files}, is unknown: the client has no access to ${homeVariable}`,
      new Advice(
        "Set the whole path, with ",
        new Command("config", "files", "PATH"),
        `, or run it with --allow-env=${homeVariable}`,
      ),
    );
  }

  /** The addresses of the configured relays. */
  async addresses(): Promise<RelayAddresses> {
    const { RelayAddresses } = await import("../../../link/relay_addresses.ts");
    return new RelayAddresses(this.dir, this.#flags.server);
  }

  /** Makes a link to the configured relays. */
  async link(): Promise<RelayLink> {
    const addresses = await this.addresses();
    return await this.#linkBy(() => addresses.find());
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
  async session(): Promise<Session> {
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
    return this.#session = new Session(dir, await this.link(), {
      files: () => this.filesFolder(),
      keepHistory: async () => (await this.settings())["keep-history"],
    });
  }

  [Symbol.dispose](): void {
    this.#session?.close();
  }
}
