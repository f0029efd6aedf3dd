/** What verbs give up before they meet what others wrote. */

import { assert, assertEquals } from "@std/assert";
import { runVerb } from "../../../client/ui/cli/run_client.ts";
import { processIo } from "../../../client/ui/cli/verb/process_io.ts";
import type { GivenFlags, Verb } from "../../../client/ui/cli/verb/verb.ts";
import {
  loadVerb,
  type VerbName,
  verbNames,
} from "../../../client/ui/cli/verbs.ts";
import { Program, ROOT, withTemporary } from "../../../lab/harness/program.ts";
import { PROGRAMS, testWith } from "../../support/test_with.ts";
import { twoPeople } from "../../support/clients/two_people.ts";
import { CLIENT } from "../../support/clients/verbs.ts";

const DESCRIPTORS: Readonly<Record<string, Deno.PermissionDescriptor>> = {
  net: { name: "net", host: "127.0.0.1" },
  env: { name: "env" },
  run: { name: "run", command: Deno.execPath() },
};

/** What a verb may have that gives up nothing. */
const ALL = { ...PROGRAMS, env: true };

/** The verbs, with flags, and what they keep beside the files. */
const KEPT: readonly [
  VerbName,
  GivenFlags & Record<string, unknown>,
  string[],
][] = [
  ["send", {}, ["net"]],
  ["pull", {}, ["net"]],
  ["pull", { exec: "cat" }, ["net", "run"]],
  ["listen", {}, ["net"]],
  ["listen", { exec: "cat" }, ["net", "run"]],
  ["history", {}, []],
  ["search", {}, []],
  ["explain", {}, []],
  ["export", {}, []],
  ["export", { passphraseFd: 0 }, []],
  ["export", { passphraseFd: 3 }, ["run"]],
  ["import", { passphraseFd: 3 }, ["net", "run"]],
  ["register", {}, ["net", "env"]],
  ["doctor", {}, ["net", "env"]],
  ["chat", {}, ["net", "env", "run"]],
  ["menu", {}, ["net"]],
];

/** The other verbs, and what they keep by their declarations. */
const others: typeof KEPT[number][] = [];
const canLoad =
  Deno.permissions.querySync({ name: "read" }).state === "granted";
for (const name of canLoad ? verbNames : []) {
  if (KEPT.some(([known]) => known === name)) continue;
  const verb = await loadVerb(name);
  const kept = {
    net: verb.isOffline !== true,
    env: verb.readsEnvironment === true,
    run: verb.startsPrograms?.({}) === true,
  };
  const names = Object.entries(kept).filter(([, isKept]) => isKept);
  others.push([name, {}, names.map(([name]) => name)]);
}

for (const [name, flags, kept] of [...KEPT, ...others]) {
  const line = [name, ...Object.keys(flags).map((flag) => `--${flag}`)];
  testWith(
    ALL,
    `${line.join(" ")} keeps ${kept.join(", ") || "nothing but its files"}`,
    async () => {
      let found: string[] = [];
      const asked: Verb = {
        ...await loadVerb(name),
        task() {
          found = Object.keys(DESCRIPTORS).filter((permission) => {
            const descriptor = DESCRIPTORS[permission];
            assert(descriptor !== undefined);
            return Deno.permissions.querySync(descriptor).state === "granted";
          });
          return Promise.resolve();
        },
      };
      assertEquals(await runVerb(processIo, asked, flags, []), 0);
      assertEquals(found, kept);
    },
  );
}

testWith(
  ALL,
  "named addresses and folders are enough for what goes on",
  async () => {
    await using people = await twoPeople();
    const { anna, folder, relay: { address } } = people;
    const temp = `${folder.path}/temp`;
    await Deno.mkdir(temp);
    const relay = `${address.hostname}:${address.port}`;
    const dir = `${folder.path}/ben`;
    await using listener = Program.deno(
      [
        ...["run", "--no-prompt", `--allow-net=${relay}`, "--allow-sys=statfs"],
        `--allow-read=${dir},${temp},${ROOT}`,
        `--allow-write=${dir},${temp}`,
        ...[CLIENT, "listen", "--as", "bot", "--auto-ack", "--json"],
        ...["--dir", dir, "--server", relay],
      ],
      ROOT,
      withTemporary(temp),
    );
    await anna.do("send", "ben", "one");
    await listener.prints(/"text":"one"/);
    await anna.do("send-file", "ben", `${ROOT}LICENSE`);
    await listener.prints(/"path":"[^"]*temp[^"]*"/);
    listener.kill("SIGTERM");
    assertEquals((await listener.end()).stderr, "");
  },
);
