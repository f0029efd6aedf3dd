/** Steps at consoles of Windows: what users type and see there. */

import { assertEquals } from "@std/assert";
import { namesIn, temporaryFolder, testRelay } from "../harness/resources.ts";
import { Program } from "../harness/program.ts";
import { Screen } from "../harness/screen.ts";
import { until } from "../harness/until.ts";
import type { Result } from "./step.ts";
import { windowsPath, type Wine } from "./wine.ts";

// Wine counts escape sequences as text, and breaks rows by that count: a wide
// console shows whole rows.
const SIZE = { columns: 140, rows: 30 };
const SMALLER = { columns: 110, rows: 20 };

const ANNA = "anna";
const BEN = "ben";
/** Two and four bytes a letter, from right to left, and of two UTF-16 units. */
const TEXT = "שלום ä ü 🎉";

/** Two users register by the menu, and one gets what the other typed. */
export async function menuAtConsole(wine: Wine): Promise<Result> {
  await using users = await ConsoleUsers.open(wine);
  const registered = "Registered as";
  await users.menu(ANNA, [{ typed: ["110", ANNA], shown: registered }]);
  await users.menu(BEN, [
    { typed: ["110", BEN], shown: registered },
    { typed: ["150", ANNA, TEXT], shown: MENU },
  ]);
  await users.menu(ANNA, [{ typed: ["140"], shown: "-----<EOM>-----" }]);
  assertEquals(await users.texts(ANNA), [TEXT]);
  return { summary: `"${TEXT}" arrived as it was typed` };
}

/** Two users chat; one resizes the window meanwhile. */
export async function chatAtConsole(wine: Wine): Promise<Result> {
  await using users = await ConsoleUsers.open(wine);
  for (const name of [ANNA, BEN]) await users.register(name);
  await using anna = await users.chat(ANNA, BEN);
  await using ben = await users.chat(BEN, ANNA);
  await enter(anna, `${TEXT} from anna`);
  await ben.see("from anna");
  await enter(ben, `${TEXT} from ben`);
  await anna.see("from ben");
  const drawn = anna.raw.length;
  anna.resize(SMALLER);
  await anna.until(
    () => anna.raw.slice(drawn).includes("connected"),
    "the chat drawn anew",
  );
  await enter(ben, "after the resize");
  await anna.see("after the resize");
  await enter(anna, "/quit");
  await endsWell(anna);
  ben.type(CTRL_C);
  // Wine makes a signal of the key, which the chat would read at Windows' console.
  await endsWell(ben, 130);
  for (const name of [ANNA, BEN]) {
    assertEquals(
      await users.texts(name),
      [`${TEXT} from anna`, `${TEXT} from ben`, "after the resize"],
    );
  }
  return { summary: "three texts, a resized window, /quit and Ctrl-C" };
}

/** A relay at a console stops in good order on Ctrl-C. */
export async function relayAtConsole(wine: Wine): Promise<Result> {
  await using folder = await temporaryFolder();
  await using screen = await Screen.run(
    SIZE,
    wine.command(
      ...["task", "server", "--host", "127.0.0.1", "--port", "0"],
      ...["--dir", windowsPath(folder.path)],
    ),
    wine.env,
  );
  await screen.see("listening on 127.0.0.1:");
  screen.type(CTRL_C);
  await endsWell(screen);
  const names = await namesIn(folder.path);
  assertEquals(names.filter((name) => /-(wal|shm)$/.test(name)), []);
  return { summary: "Ctrl-C: exit code 0, no log left" };
}

const CTRL_C = "\x03";

/** The menu, waiting for a choice below what came before. */
const MENU = /^ 0\) Exit client\n\?\s*$/m;

/** What a user does at the menu. */
interface Choice {
  /** A number and what is asked for afterwards. */
  readonly typed: readonly string[];
  readonly shown: string | RegExp;
}

/** A relay here, and its users at consoles. */
class ConsoleUsers implements AsyncDisposable {
  readonly #wine: Wine;
  readonly #resources: AsyncDisposableStack;
  readonly #folder: string;
  readonly #server: string;

  private constructor(
    wine: Wine,
    resources: AsyncDisposableStack,
    folder: string,
    server: string,
  ) {
    this.#wine = wine;
    this.#resources = resources;
    this.#folder = folder;
    this.#server = server;
  }

  static async open(wine: Wine): Promise<ConsoleUsers> {
    await using resources = new AsyncDisposableStack();
    const { path } = resources.use(await temporaryFolder());
    const { address } = resources.use(await testRelay());
    const server = `${address.hostname}:${address.port}`;
    return new ConsoleUsers(wine, resources.move(), path, server);
  }

  /** Registers a user. */
  async register(name: string): Promise<void> {
    await this.#wine.deno(...this.#client(name, "register", name)).succeed();
  }

  /** Runs the menu. */
  async menu(name: string, choices: readonly Choice[]): Promise<void> {
    await using screen = await this.#screen(name);
    await screen.see(MENU);
    await readsKeys(screen);
    for (const { typed, shown } of choices) {
      for (const line of typed) await enter(screen, line);
      await screen.see(shown);
    }
    await enter(screen, "0");
    await endsWell(screen);
  }

  /** Opens a chat. */
  async chat(name: string, partner: string): Promise<Screen> {
    const screen = await this.#screen(name, "chat", partner);
    await screen.see("connected");
    await readsKeys(screen);
    return screen;
  }

  /** The texts in a user's store. */
  async texts(name: string): Promise<unknown[]> {
    const command = this.#client(name, "history", "--json");
    const lines = await this.#wine.deno(...command).succeed();
    return lines.trim().split("\n").map((line) => JSON.parse(line).text)
      .filter((text) => typeof text === "string");
  }

  #screen(name: string, ...words: string[]): Promise<Screen> {
    const command = this.#wine.command(...this.#client(name, ...words));
    return Screen.run(SIZE, command, { ...this.#wine.env });
  }

  #client(name: string, ...words: string[]): string[] {
    return [
      ...["task", "--quiet", "client", ...words],
      ...["--dir", windowsPath(`${this.#folder}/${name}`)],
      ...["--server", this.#server],
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

/**
 * Waits until Wine passes keys on, which it does once a program reads some;
 * until then the terminal changes what is typed.
 */
async function readsKeys(screen: Screen): Promise<void> {
  await until("a program that reads keys", async () => {
    const { stdout } = await Program.run("stty", [
      ...["-F", `/proc/${screen.pid}/fd/0`, "-a"],
    ]).end();
    return stdout.includes("-icanon");
  });
}

/** Types a line, and enters it once its end is shown, as far as that is ASCII. */
async function enter(screen: Screen, line: string): Promise<void> {
  screen.type(line);
  await screen.see(/[\w/]+$/.exec(line)?.[0] ?? "");
  screen.type("\r");
}

/** Waits for a good end: the exit code, and the terminal as it was. */
async function endsWell(screen: Screen, code = 0): Promise<void> {
  assertEquals(await screen.end(), { code, restored: true }, screen.text);
}
