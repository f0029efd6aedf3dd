/** A Windows that Wine shows to programs. */

import { Program, ROOT } from "../harness/program.ts";
import { temporaryFolder } from "../harness/resources.ts";

/** The path in Windows of a path here: Wine shows the whole disk as drive Z. */
export function windowsPath(path: string): string {
  return `Z:${path}`;
}

/** A fresh Windows 10 with Deno, in a temporary folder. */
export class Wine implements AsyncDisposable {
  readonly #folder: { path: string } & AsyncDisposable;
  readonly #exe: string;
  /** The environment variables that Wine and Deno need. */
  readonly env: Readonly<Record<string, string>>;

  private constructor(
    folder: { path: string } & AsyncDisposable,
    exe: string,
    cache: string,
  ) {
    this.#folder = folder;
    this.#exe = exe;
    this.env = {
      // Wine links the user's folders to those in the home.
      HOME: folder.path,
      WINEPREFIX: `${folder.path}/prefix`,
      WINEDEBUG: "-all",
      // The library beside deno.exe; and none of what wine offers to download.
      WINEDLLOVERRIDES: "bcryptprimitives=n;mscoree,mshtml=",
      // No windows on the developer's desktop.
      DISPLAY: "",
      DENO_DIR: windowsPath(cache),
      DENO_NO_UPDATE_CHECK: "1",
    };
  }

  /**
   * Makes it.
   *
   * @param exe the path of `deno.exe`
   * @param cache where Deno keeps what it downloads
   */
  static async create(exe: string, cache: string): Promise<Wine> {
    const wine = new Wine(await temporaryFolder(), exe, cache);
    try {
      await wine.#run("wineboot", "-i").succeed();
      await wine.#run("winecfg", "-v", "win10").succeed();
      return wine;
    } catch (error) {
      await wine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The command that runs Deno with these arguments. */
  command(...args: string[]): string[] {
    return ["wine", this.#exe, ...args];
  }

  /** Runs Deno with these arguments in the project. */
  deno(...args: string[]): Program {
    return this.#run(this.#exe, ...args);
  }

  #run(...command: string[]): Program {
    return Program.run("wine", command, ROOT, this.env);
  }

  /** Ends all of its programs. */
  async endPrograms(): Promise<void> {
    // It fails if none runs.
    await Program.run("wineserver", ["--kill"], ROOT, this.env).end();
    await Program.run("wineserver", ["--wait"], ROOT, this.env).end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endPrograms();
    await this.#folder[Symbol.asyncDispose]();
  }
}
