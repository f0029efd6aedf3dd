/** People with folders of their own at one relay, some of them at a screen. */

import { fileURLToPath } from "node:url";
import { RelayLink } from "../../client/link/relay_link.ts";
import { Session } from "../../client/session/session.ts";
import { parseAddress } from "../../shared/folder/info_files.ts";
import { withTemporary } from "./program.ts";
import { temporaryFolder } from "./resources.ts";
import { Screen, type ScreenSize } from "./screen.ts";

/** What a client may do that chats; a program for it isn't any of that. */
export const CHAT_PERMISSIONS = [
  "--no-prompt",
  "--allow-net=127.0.0.1",
  "--allow-read",
  "--allow-write",
  "--allow-env",
];
const CLIENT = fileURLToPath(new URL("../../client/main.ts", import.meta.url));
/** The same chat in a program that fails on demand. */
export const FAILING_PROGRAM: string = fileURLToPath(
  new URL("./failing_chat.ts", import.meta.url),
);

/** How a client chats. */
export interface ChatCommandOptions {
  partner?: string;
  notify?: "bell" | "osc9" | "off";
  program?: string;
  flags?: string[];
}

/** Where people meet. */
export class Stage implements AsyncDisposable {
  readonly #folder: { path: string } & AsyncDisposable;
  readonly #sessions: Session[] = [];
  readonly #people: string[] = [];
  #address: { hostname: string; port: number };

  private constructor(
    folder: { path: string } & AsyncDisposable,
    address: { hostname: string; port: number },
  ) {
    this.#folder = folder;
    this.#address = address;
  }

  /** Sets the scene at a relay. */
  static async at(
    address: { hostname: string; port: number },
  ): Promise<Stage> {
    return new Stage(await temporaryFolder(), address);
  }

  /** A folder for all that a test leaves. */
  get path(): string {
    return this.#folder.path;
  }

  /** A user's folder. */
  dirOf(name: string): string {
    return `${this.path}/${name}`;
  }

  /** Registers a user, without a session afterwards. */
  async register(name: string): Promise<void> {
    using session = await this.#enter(name);
    await session.register(name);
  }

  /** Registers a user, whose session lasts as long as the stage. */
  async someone(name: string): Promise<Session> {
    const session = await this.#enter(name);
    this.#sessions.push(session);
    await session.register(name);
    return session;
  }

  /** Starts a user's chat at a screen. */
  async chat(
    name: string,
    size: ScreenSize = { columns: 80, rows: 24 },
    { env = {}, ...options }: ChatCommandOptions & {
      env?: Record<string, string>;
    } = {},
  ): Promise<Screen> {
    return await Screen.run(
      size,
      this.chatCommand(name, options),
      // Files that are received are kept in the temporary folder.
      { ...withTemporary(this.path), ...env },
    );
  }

  /** The command of a user's chat. */
  chatCommand(
    name: string,
    { partner, notify = "bell", flags = [], program = CLIENT }:
      ChatCommandOptions = {},
  ): string[] {
    return [
      Deno.execPath(),
      "run",
      "--quiet",
      ...CHAT_PERMISSIONS,
      ...flags,
      program,
      "chat",
      "--dir",
      this.dirOf(name),
      "--notify",
      notify,
      ...(partner === undefined ? [] : [partner]),
    ];
  }

  /** The relay is somewhere else now. */
  async moveTo(address: { hostname: string; port: number }): Promise<void> {
    this.#address = address;
    for (const name of this.#people) await this.#tellAddress(name);
  }

  async #enter(name: string): Promise<Session> {
    const dir = this.dirOf(name);
    await Deno.mkdir(dir, { mode: 0o700 });
    this.#people.push(name);
    await this.#tellAddress(name);
    return new Session(
      dir,
      new RelayLink(async () =>
        parseAddress(await Deno.readTextFile(`${dir}/info.server`))
      ),
    );
  }

  async #tellAddress(name: string): Promise<void> {
    const { hostname, port } = this.#address;
    const path = `${this.dirOf(name)}/info.server`;
    // A client that reads it meanwhile gets the one or the other.
    await Deno.writeTextFile(`${path}.new`, `${hostname}:${port}`);
    await Deno.rename(`${path}.new`, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) session.close();
    await this.#folder[Symbol.asyncDispose]();
  }
}
