/**
 * The programs as binaries and as the single files that those hold. A base
 * binary can't be had everywhere, so another program stands in for it: all is
 * done but that the binary runs that program, and not ours.
 */

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import {
  bundle,
  type Program as CompiledProgram,
  programs,
} from "../../lab/compile/program.ts";
import { Peer } from "../../lab/harness/peer.ts";
import { emptyPrograms } from "../support/empty_programs.ts";
import { postgresTest } from "../support/stores/postgres.ts";
import { Program, ROOT } from "../../lab/harness/program.ts";
import { temporaryFolder, testRelay } from "../../lab/harness/resources.ts";
import { Screen } from "../../lab/harness/screen.ts";
import { thisPlatform } from "../../shared/platform/platform.ts";
import { scrape } from "../support/relays/scrape.ts";
import {
  longTest,
  PROGRAMS,
  SCREENS,
  SHELL,
  slowTest,
} from "../support/test_with.ts";
import { hasCode } from "../../shared/platform/system_error.ts";

/** What the programs need nothing of. */
const OF_TESTS = /xterm|node-pty|fast-check|ajv|[^a-z]yaml/;

/** A small program of the system: Deno's 95 MB would be copied into each binary. */
const BASE = thisPlatform.name === "Linux" ? "/bin/sh" : Deno.execPath();

/** Runs `deno` in the project's folder, with a base. */
const withBase = (...args: string[]) =>
  Program.deno(args, ROOT, { DENORT_BIN: BASE }).end();

/** How many bytes a binary holds beside its base. */
const addedTo = async (path: string) =>
  (await Deno.stat(path)).size - (await Deno.stat(BASE)).size;

/** The files that a binary holds, as `deno compile` lists them. */
const embedded = (text: string) =>
  [...text.matchAll(/[├└][─┬]+ (\S+) \(.*B\)/g)].map(([, name]) => name);

/** The permissions that a binary starts with: their values by their names. */
async function permissionsOf(path: string): Promise<Record<string, string[]>> {
  const text = new TextDecoder("latin1").decode(await Deno.readFile(path));
  const [, fields = ""] = /"permissions":\{([^}]*)\}/.exec(text) ?? [];
  return Object.fromEntries(
    Object.entries<string[] | null>(JSON.parse(`{${fields}}`)).flatMap(
      ([name, values]) =>
        // Modules from other hosts are the runtime's own default.
        name.startsWith("allow_") && name !== "allow_import" && values !== null
          ? [[name.slice("allow_".length), values]]
          : [],
    ),
  );
}

/** The same as flags grant them; no value stands for all. */
const grantedBy = (flags: readonly string[]): Record<string, string[]> =>
  Object.fromEntries(flags.flatMap((flag) => {
    const [, name = "", values] = /^--allow-(\w+)(?:=(.+))?$/.exec(flag) ?? [];
    return name === "" ? [] : [[name, values?.split(",") ?? []]];
  }));

/** The programs as single files, made by the first test that needs them. */
class Bundles {
  #folder: Promise<{ path: string } & AsyncDisposable> | undefined;
  readonly #made = new Map<string, Promise<string>>();

  constructor() {
    Deno.test.afterAll(async () => {
      await (await this.#folder)?.[Symbol.asyncDispose]();
    });
  }

  /** The runtime's arguments that run one with all that its task gives it. */
  async run(word: keyof typeof programs): Promise<string[]> {
    const program: CompiledProgram = programs[word];
    const made = this.#made.get(word) ?? this.#make(program);
    this.#made.set(word, made);
    return ["run", "--quiet", ...program.flags, await made];
  }

  async #make(program: CompiledProgram): Promise<string> {
    this.#folder ??= temporaryFolder();
    return await bundle(program, (await this.#folder).path);
  }
}

const bundles = new Bundles();

longTest(
  SHELL,
  "the tasks make binaries that hold the program, its permissions and nothing else",
  async () => {
    await using folder = await temporaryFolder();
    for (const [word, { name, flags }] of Object.entries(programs)) {
      const output = `${folder.path}/${name}`;
      const { code, stdout, stderr } = await withBase(
        ...["task", `compile:${word}`, "--output", output],
      );
      assertEquals(code, 0, stderr);
      assertEquals(embedded(stdout), [`${name}.js`], stdout);
      assert(await addedTo(output) > 500_000);
      assertEquals(await permissionsOf(output), grantedBy(flags));
      await Deno.remove(output);
    }
  },
);

longTest(
  SHELL,
  "deno compile works on the programs' first modules, too",
  async () => {
    await using folder = await temporaryFolder();
    const compiled = async (entry: string) => {
      const output = `${folder.path}/program`;
      const { code, stderr } = await withBase(
        ...["compile", "--no-check", "--output", output, entry],
      );
      assertEquals(code, 0, stderr);
      assert(await addedTo(output) > 500_000);
      await Deno.remove(output);
      assertEquals(OF_TESTS.exec(stderr), null);
      return stderr;
    };
    assertMatch(await compiled("server/main.ts"), / writer\.ts /);
    const client = await compiled("client/main.ts");
    // What client/main.ts doesn't name is there, too.
    // A folder that is there as a whole is a line, as client/ui with its verbs.
    for (const part of ["(ui/)?cli/\\*", "chat", "store"]) {
      assertMatch(client, new RegExp(`─[─┬] (ui/\\*|${part}(/\\*)?) \\(`));
    }
    assertStringIncludes(client, " ink/");
  },
);

slowTest(
  SHELL,
  "a release holds both programs for a system, and their sums",
  async () => {
    await using folder = await temporaryFolder();
    const { code, stderr } = await withBase(
      ...["task", "release", "--only", "linux-arm64"],
      ...["--output", folder.path],
    );
    assertEquals(code, 0, stderr);
    const { code: checked, stdout } = await Program.run("sh", [
      "-c",
      'cd "$0" && sha256sum --check SHA256SUMS && ls',
      folder.path,
    ]).end();
    assertEquals(checked, 0);
    const names = ["messageu-server", "messageu-client"]
      .map((name) => `${name}-linux-arm64`);
    assertEquals(
      stdout,
      [
        ...names.map((name) => `${name}: OK`),
        "SHA256SUMS",
        ...names.toReversed(),
        "",
      ].join("\n"),
    );
  },
);

for (const [system, base] of Object.entries(emptyPrograms)) {
  slowTest(
    SHELL,
    `a release for ${system} has the permissions of the tasks`,
    async () => {
      await using folder = await temporaryFolder();
      const path = `${folder.path}/base`;
      await Deno.writeFile(path, base);
      const output = `${folder.path}/release`;
      const { code, stderr } = await Program.deno(
        ["task", "release", "--only", system, "--output", output],
        ROOT,
        { DENORT_BIN: path },
      ).end();
      assertEquals(code, 0, stderr);
      for (const { name, flags } of Object.values(programs)) {
        assertEquals(
          await permissionsOf(`${output}/${name}-${system}`),
          grantedBy(flags),
        );
      }
    },
  );
}

slowTest(
  SHELL,
  "a release says of each system whose base can't be had, and goes on",
  async () => {
    await using folder = await temporaryFolder();
    const output = `${folder.path}/release`;
    // The bundler is fetched, if it wasn't yet.
    await bundles.run("server");
    const info = await Program.deno(["info", "--json"]).end();
    const { denoDir } = JSON.parse(info.stdout);
    // The runtime's folder, without the bases that it may have fetched.
    const cache = `${folder.path}/cache`;
    await Deno.mkdir(`${cache}/dl`, { recursive: true });
    await Deno.symlink(`${denoDir}/npm`, `${cache}/npm`);
    for await (const { name } of Deno.readDir(`${denoDir}/dl`)) {
      if (!name.startsWith("esbuild")) continue;
      await Deno.symlink(`${denoDir}/dl/${name}`, `${cache}/dl/${name}`);
    }
    const { code, stdout, stderr } = await Program.deno(
      ["task", "--quiet", "release", "--output", output],
      ROOT,
      { DENO_DIR: cache, HTTPS_PROXY: "http://127.0.0.1:1", DENORT_BIN: "" },
    ).end();
    assertEquals({ code, stdout }, { code: 1, stdout: "" });
    const lines = stderr.trimEnd().split("\n");
    assertEquals(lines.length, 5, stderr);
    for (const line of lines) {
      assertMatch(
        line,
        /^error: \S+messageu-server-\S+ wasn't made: its base, [\w-]+, can't be fetched or used \(.+\)\. Deno /,
      );
      assert(!line.includes("Stack backtrace"));
    }
    assertEquals(await Deno.readTextFile(`${output}/SHA256SUMS`), "");
  },
);

longTest(
  PROGRAMS,
  "a bundle holds what its program needs, and nothing of the tests",
  async () => {
    for (const word of ["server", "client"] as const) {
      const path = (await bundles.run(word)).at(-1) ?? "";
      const modules = (await Deno.readTextFile(path)).match(/^\/\/ \S+$/gm);
      assert((modules?.length ?? 0) > 100);
      assertEquals(modules?.filter((name) => OF_TESTS.test(name)), []);
    }
  },
);

longTest(
  PROGRAMS,
  "the relay runs as a bundle from another folder, with its threads and metrics",
  async () => {
    const command = await bundles.run("server");
    await using folder = await temporaryFolder();
    const run = (...args: string[]) =>
      Program.deno([...command, ...args], folder.path);
    const { stdout } = await run("--version").end();
    assertEquals(stdout, `${config.version}\n`);
    await using relay = run(
      ...["--host", "127.0.0.1", "--port", "0", "--metrics", "127.0.0.1:0"],
    );
    const address = await relay.address();
    const [, url = ""] = await relay.prints(/^metrics on (\S+)$/m);
    using peer = await Peer.connect(address);
    assertEquals((await peer.register("anna")).length, 16);
    const { samples } = await scrape(url);
    assertEquals(samples.get("messageu_ready"), 1);
    // The registration, and perhaps the relay's own look for what has expired.
    assert((samples.get("messageu_commit_writes_sum") ?? 0) >= 1);
    relay.kill("SIGTERM");
    const { code, stderr } = await relay.end();
    assertEquals(code, 0, stderr);
    // Its files lie where it was started, not where the program is.
    assertEquals((await Deno.stat(`${folder.path}/db.defensive`)).isFile, true);
    const doctor = await run("--doctor", "--port", "0").end();
    assertMatch(doctor.stdout, /^ok +store +1 user/m);
    assertEquals(doctor.stderr, "");
  },
);

postgresTest(
  "relays run as a bundle on PostgreSQL, several on one port",
  async ({ url }) => {
    const command = await bundles.run("server");
    await using folder = await temporaryFolder();
    await using relays = Program.deno(
      [
        ...command,
        ...["--host", "127.0.0.1", "--port", "0", "--workers", "2"],
      ],
      folder.path,
      { MESSAGEU_STORE: url },
    );
    const address = await relays.address();
    using peer = await Peer.connect(address);
    const anna = await peer.register("anna");
    relays.kill("SIGUSR2");
    while (!relays.complained.includes("the new relay has taken over")) {
      using other = await Peer.connect(address);
      try {
        await other.send(anna, anna, new Uint8Array(1));
      } catch (error) {
        // A connection that the old relay hadn't accepted yet, unless the
        // system moves it (net.ipv4.tcp_migrate_req).
        if (!hasCode(error, "ECONNRESET")) throw error;
      }
    }
    relays.kill("SIGTERM");
    assertEquals((await relays.end()).code, 0);
  },
);

longTest(
  PROGRAMS,
  "the client runs as a bundle from another folder, and exports",
  async () => {
    await using relay = await testRelay();
    const command = await bundles.run("client");
    await using folder = await temporaryFolder();
    const run = (...args: string[]) =>
      Program.deno([...command, ...args], folder.path).end();
    const menu = await run();
    assertEquals(menu.code, 0, menu.stderr);
    assertStringIncludes(menu.stdout, "MessageU client at your service.");
    assertEquals((await run("whoami")).code, 7);
    assertStringIncludes((await run("--help")).stdout, "fingerprint");
    const { hostname, port } = relay.address;
    await Deno.writeTextFile(
      `${folder.path}/info.server`,
      `${hostname}:${port}`,
    );
    for (
      const words of [
        ["register", "anna"],
        ["pull"],
        ["export", "--unencrypted", "all.tar"],
        ["completion", "bash"],
        ["doctor"],
      ]
    ) {
      const { code, stderr } = await run(...words);
      assertEquals(code, 0, stderr);
    }
    assert((await Deno.stat(`${folder.path}/all.tar`)).size > 0);
  },
);

longTest(
  SCREENS,
  "the client chats as a bundle from another folder",
  async () => {
    await using relay = await testRelay();
    const command = await bundles.run("client");
    await using folder = await temporaryFolder();
    const { hostname, port } = relay.address;
    await Deno.writeTextFile(
      `${folder.path}/info.server`,
      `${hostname}:${port}`,
    );
    const registered = await Program.deno(
      [...command, "register", "anna"],
      folder.path,
    ).end();
    assertEquals(registered.code, 0, registered.stderr);
    await using screen = await Screen.run({ columns: 80, rows: 24 }, [
      ...["sh", "-c", 'cd "$0" && exec "$@"', folder.path],
      Deno.execPath(),
      ...command,
      "chat",
    ]);
    await screen.see("connected");
    screen.type("/quit\r");
    assertEquals((await screen.end()).code, 0);
  },
);
