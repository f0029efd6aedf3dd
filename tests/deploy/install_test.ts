import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { dirname } from "node:path";
import { cacheFolder, Program, ROOT } from "../../lab/harness/program.ts";
import { temporaryFolder } from "../../lab/harness/resources.ts";
import { Screen } from "../../lab/harness/screen.ts";
import { longTest, SCREENS, SHELL, testWith } from "../support/test_with.ts";

/** A home in which the commands are installed. */
class Home {
  readonly path: string;
  readonly env: Record<string, string>;

  constructor(path: string, cache: string, shell: string) {
    this.path = path;
    this.env = {
      HOME: path,
      SHELL: `/usr/bin/${shell}`,
      DENO_DIR: cache,
      DENO_INSTALL_ROOT: "",
      XDG_DATA_HOME: "",
      XDG_CONFIG_HOME: "",
      DENO_NO_UPDATE_CHECK: "1",
    };
  }

  /** Runs a task of the clone. */
  async task(...words: string[]) {
    const args = ["task", "--quiet", ...words];
    await using task = Program.deno(args, ROOT, this.env);
    return await task.end();
  }

  /** Starts an installed command in a folder. */
  start(name: string, folder: string, ...args: string[]): Program {
    const path = `${this.path}/.deno/bin/${name}`;
    return Program.run("sh", [path, ...args], folder, this.env);
  }

  /** Runs an installed command to its end, which must be good; its output. */
  async run(name: string, folder: string, ...args: string[]): Promise<string> {
    await using command = this.start(name, folder, ...args);
    const { code, stdout, stderr } = await command.end();
    assertEquals(code, 0, stderr);
    return stdout;
  }

  /** The paths of its files. */
  async files(folder = ""): Promise<string[]> {
    const paths: string[] = [];
    for await (const entry of Deno.readDir(`${this.path}/${folder}`)) {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory) paths.push(...await this.files(`${path}/`));
      else paths.push(path);
    }
    return paths.sort();
  }
}

testWith(
  SHELL,
  "the installed commands work in any folder, until they are removed",
  async () => {
    await using folder = await temporaryFolder();
    const home = new Home(`${folder.path}/home`, await cacheFolder(), "fish");
    const relays = `${folder.path}/relay's own`;
    const anna = `${folder.path}/anna`;
    for (const path of [home.path, relays, anna]) await Deno.mkdir(path);

    const { code, stdout, stderr } = await home.task("install");
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, `fish_add_path '${home.path}/.deno/bin'`);
    const installed = [
      ".config/fish/completions/messageu.fish",
      ".deno/bin/messageu",
      ".deno/bin/messageu-admin",
      ".deno/bin/messageu-relay",
    ];
    assertEquals(await home.files(), installed);

    await using relay = home.start(
      ...["messageu-relay", relays] as const,
      ...["--port", "0", "--host", "127.0.0.1"],
    );
    const { hostname, port } = await relay.address();
    await home.run(
      ...["messageu", anna, "register", "anna"] as const,
      ...["--server", `${hostname}:${port}`],
    );
    assert((await Deno.stat(`${anna}/info.me`)).isFile);
    assertMatch(await home.run("messageu", anna, "whoami"), /^anna /);
    assertMatch(await home.run("messageu-admin", relays, "users"), /^anna /m);
    relay.kill("SIGTERM");
    assertEquals((await relay.end()).code, 0);

    assertEquals((await home.task("install")).code, 0, "again");
    assertEquals((await home.task("uninstall")).code, 0);
    assertEquals(await home.files(), []);
    assertEquals(
      (await home.task("uninstall")).stdout,
      `Nothing is installed in ${home.path}/.deno/bin\n`,
    );
  },
);

testWith(
  SHELL,
  "a relay that was installed starts without a network, and fetches nothing",
  async () => {
    await using folder = await temporaryFolder();
    const full = await cacheFolder();
    const home = new Home(folder.path, full, "sh");
    assertEquals((await home.task("install")).code, 0);
    const cache = `${folder.path}/cache`;
    await copyPackages(full, cache);
    const nowhere = "http://127.0.0.1:1";
    Object.assign(home.env, {
      DENO_DIR: cache,
      HTTPS_PROXY: nowhere,
      HTTP_PROXY: nowhere,
    });
    await using relay = home.start(
      ...["messageu-relay", folder.path] as const,
      ...["--port", "0", "--host", "127.0.0.1"],
    );
    await relay.address();
    relay.kill("SIGTERM");
    const { code, stderr } = await relay.end();
    assertEquals(code, 0, stderr);
    assert(!stderr.includes("Download"), stderr);
  },
);

/** What the relay loads. */
const PACKAGES =
  /^(@stricli|@logtape|@opentelemetry|fastest-levenshtein|pg.*|postgres-.*|split2|xtend)$/;

/** Copies the relay's packages without what the registry says of them, as `deno task` fetches them. */
async function copyPackages(cache: string, to: string): Promise<void> {
  for (const { name: registry } of Deno.readDirSync(`${cache}/npm`)) {
    for (const { name } of Deno.readDirSync(`${cache}/npm/${registry}`)) {
      if (!PACKAGES.test(name)) continue;
      const folder = `npm/${registry}/${name}`;
      await copyFolder(`${cache}/${folder}`, `${to}/${folder}`);
    }
  }
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    const [source, target] = [`${from}/${name}`, `${to}/${name}`];
    if (isDirectory) await copyFolder(source, target);
    else if (name !== "registry.json") await Deno.copyFile(source, target);
  }
}

testWith(
  SHELL,
  "an installation overwrites no other program",
  async () => {
    await using folder = await temporaryFolder();
    const home = new Home(folder.path, await cacheFolder(), "sh");
    await Deno.mkdir(`${home.path}/own/bin`, { recursive: true });
    const other = `${home.path}/own/bin/messageu-admin`;
    await Deno.writeTextFile(other, "another program");
    for (const task of ["install", "uninstall"]) {
      const { code, stderr } = await home.task(
        ...[task, "--root", `${home.path}/own`],
      );
      assertEquals(code, 1);
      assertStringIncludes(
        stderr,
        `error: ${other} is another program: remove it, or name another folder with --root\n`,
      );
      assertEquals(await home.files(), ["own/bin/messageu-admin"]);
    }
  },
);

testWith(
  SHELL,
  "an installation keeps a completion that the user has",
  async () => {
    await using folder = await temporaryFolder();
    const home = new Home(folder.path, await cacheFolder(), "bash");
    const own = ".local/share/bash-completion/completions/messageu";
    await Deno.mkdir(dirname(`${home.path}/${own}`), { recursive: true });
    await Deno.writeTextFile(
      `${home.path}/${own}`,
      "complete -W mine messageu",
    );
    const { code, stdout } = await home.task("install");
    assertEquals(code, 0);
    assertStringIncludes(
      stdout,
      `${home.path}/${own} isn't from here, and stays: remove it for completion\n`,
    );
    assertEquals((await home.task("uninstall")).code, 0);
    assertEquals(await home.files(), [own]);
  },
);

/** The file that each shell reads at its start, and what its user has there already. */
const SHELLS: Record<string, { file: string; own: string }> = {
  bash: { file: ".bashrc", own: "" },
  zsh: { file: ".zshrc", own: "autoload -Uz compinit; compinit -D -u\n" },
  fish: { file: ".config/fish/config.fish", own: "" },
};

for (const [shell, { file, own }] of Object.entries(SHELLS)) {
  longTest(SCREENS, `an installed command completes in ${shell}`, async (t) => {
    const found = Program.run("sh", ["-c", `command -v ${shell}`]);
    if ((await found.end()).code !== 0) {
      const name = `skipped: needs ${shell}`;
      await t.step({ name, ignore: true, fn: () => {} });
      return;
    }
    await using folder = await temporaryFolder();
    const home = new Home(folder.path, await cacheFolder(), shell);
    const { stdout } = await home.task("install");
    const lines = [...stdout.matchAll(/^ {2}(.+)$/gm)].map(([, line]) => line);
    // Its file is in a folder that fish looks into by itself.
    assertEquals(lines.length, shell === "fish" ? 1 : 2, stdout);
    await Deno.mkdir(`${home.path}/.config/fish`, { recursive: true });
    await Deno.writeTextFile(
      `${home.path}/${file}`,
      `${lines.join("\n")}\n${own}`,
    );
    await using screen = await Screen.run(
      { columns: 100, rows: 30 },
      ["sh", "-c", 'cd "$HOME" && exec "$0" -i', shell],
      { ...home.env, HISTFILE: "" },
    );
    screen.type("echo rea''dy\r");
    await screen.see("ready");
    screen.type("messageu who\t");
    await screen.see("messageu whoami");
    screen.type("\x15exit\r");
    await screen.end();
  });
}
