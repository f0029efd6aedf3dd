import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parse } from "yaml";
import config from "../../deno.json" with { type: "json" };
import { HELP as ADMIN_HELP } from "../../server/admin/options.ts";
import { HELP, readServerOptions } from "../../server/options.ts";
import { ROOT } from "../../lab/harness/program.ts";
import { temporaryFolder } from "../../lab/harness/resources.ts";
import { FILES, testWith } from "../support/test_with.ts";

/** The parser looks in the environment whether it is to tell what it reads. */
const YAML = { ...FILES, env: true };

const deploy = `${ROOT}deploy`;
const LAUNCHER = "server/launch/launch.ts";

/** Each way in which a relay is started: the whole command line. */
async function commandLines(): Promise<Record<string, string[]>> {
  const unit = await Deno.readTextFile(
    `${deploy}/systemd/messageu-relay.service`,
  );
  const [, start = ""] = /^ExecStart=(.+)$/m.exec(unit) ?? [];
  const drop = await Deno.readTextFile(`${deploy}/systemd/postgres.conf`);
  const [, store = ""] = /STORE_FLAGS=([^"]+)"/.exec(drop) ?? [];
  const dockerfile = await Deno.readTextFile(`${deploy}/docker/Dockerfile`);
  const [, entry = "[]"] = /^ENTRYPOINT (.+)$/m.exec(dockerfile) ?? [];
  const compose = parse(
    await Deno.readTextFile(`${deploy}/docker/compose.yaml`),
    { merge: true },
  );
  const own = start.replace(" $STORE_FLAGS", "").replace(
    " $RELAY_FLAGS",
    " --keep 30d",
  );
  const plist = await Deno.readTextFile(
    `${deploy}/launchd/messageu.relay.plist`,
  );
  const [, list = ""] = /<array>(.+)<\/array>/s.exec(plist) ?? [];
  const service = await Deno.readTextFile(
    `${deploy}/windows/messageu-relay.xml`,
  );
  const part = (name: string) =>
    new RegExp(`<${name}>(.+)</${name}>`).exec(service)?.[1];
  const task = await Deno.readTextFile(`${deploy}/windows/register_task.ps1`);
  const [, relay = ""] = /^\$relay = "(.+)"$/m.exec(task) ?? [];
  return {
    launchd: [...list.matchAll(/<string>(.*)<\/string>/g)]
      .map(([, word = ""]) => word),
    "service of Windows": `${part("executable")} ${part("arguments")}`
      .split(" "),
    "task of Windows": relay.split(" "),
    unit: own.split(" "),
    "unit with PostgreSQL": `${own} ${store}`.split(" "),
    Dockerfile: JSON.parse(entry),
    compose: [...JSON.parse(entry), ...compose.services.relay1.command],
  };
}

testWith(
  YAML,
  "the relay takes each flag that it is deployed with",
  async () => {
    await using folder = await temporaryFolder();
    const url = `${folder.path}/store`;
    await Deno.writeTextFile(url, "postgres://user:word@127.0.0.1/messageu\n");
    const places: Record<string, string> = {
      "/var/lib/messageu": folder.path,
      "/opt/messageu-store": folder.path,
      "C:\\ProgramData\\MessageU": folder.path,
      "/run/secrets/store_url": url,
      "%d/store": url,
    };
    for (const [name, line] of Object.entries(await commandLines())) {
      const [flags = [], args = []] = split(line);
      const here = args.map((arg) => places[arg] ?? arg);
      const options = await readServerOptions(here);
      assertEquals(options.warnings, [], name);
      assertEquals(options.port, 1357, name);
      assertEquals(
        options.store.scheme === "postgres",
        /PostgreSQL|compose/.test(name),
      );
      // The program must be allowed to start itself again.
      assert(flags.includes(`--allow-run=${line[0]}`), name);
    }
  },
);

testWith(FILES, "the files for macOS and Windows are well-formed", async () => {
  for (
    const file of ["launchd/messageu.relay.plist", "windows/messageu-relay.xml"]
  ) {
    const text = await Deno.readTextFile(`${deploy}/${file}`);
    const open: string[] = [];
    const plain = text.replaceAll(/<!--.*?-->|<[?!].*?>/gs, "");
    for (const [, end, name, empty] of plain.matchAll(TAG)) {
      if (end === "/") assertEquals(open.pop(), name, file);
      else if (empty === "" && name !== undefined) open.push(name);
    }
    assertEquals(open, [], file);
    assertEquals(plain.replaceAll(TAG, "").match(/[<>&]/), null, file);
  }
});

/** A tag: whether it ends an element, its name, and whether it is empty. */
const TAG = /<(\/?)(\w+)(?: \w+="[^"<&]*")* ?(\/?)>/g;

/** The runtime's flags, and the relay's. */
function split(line: readonly string[]): string[][] {
  const at = line.indexOf(LAUNCHER);
  assert(at > 0, `${LAUNCHER} in ${line.join(" ")}`);
  return [line.slice(1, at), line.slice(at + 1)];
}

testWith(FILES, "docs/operating.md shows what there is", async () => {
  const page = await Deno.readTextFile(`${ROOT}docs/operating.md`);
  const found = page.matchAll(
    /(?:deno task |(?<!\/)messageu-)([\w:]+)(?: +([a-z-]+\b))?([^`\n]*)/g,
  );
  let commands = 0;
  for (const [command, task = "", verb, rest = ""] of found) {
    // The container's image and the unit are called after the relay.
    if (task === "relay") continue;
    commands++;
    assert(task in config.tasks, command);
    if (task === "client") continue;
    const help = task === "admin" ? ADMIN_HELP : HELP;
    if (verb !== undefined) assertStringIncludes(help, `\n  ${verb} `, command);
    for (const [flag] of rest.matchAll(/--[a-z-]+/g)) {
      assertStringIncludes(help, flag, command);
    }
  }
  assert(commands > 15, `${commands} commands`);
  // Flags by themselves are the relay's.
  for (const [, flag = ""] of page.matchAll(/`(--[a-z-]+)[^`]*`/g)) {
    assertStringIncludes(HELP + ADMIN_HELP, flag);
  }
  for (const [, path = ""] of page.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
    await Deno.stat(`${ROOT}docs/${path}`);
  }
  for (const [path] of page.matchAll(/(?<!tests\/)deploy\/[\w./-]*\w/g)) {
    await Deno.stat(`${ROOT}${path}`);
  }
});
