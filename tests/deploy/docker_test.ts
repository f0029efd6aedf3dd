import { assert, assertEquals, assertMatch } from "@std/assert";
import { parse } from "yaml";
import { Program, ROOT } from "../../lab/harness/program.ts";
import {
  MonitoredRelay,
  startMonitor,
} from "../support/relays/monitored_relay.ts";
import { FILES, SHELL, testWith } from "../support/test_with.ts";
import { HAPROXY, toolTest } from "../support/test_with_tool.ts";

const folder = `${ROOT}deploy/docker`;

/** What is read of the compose file. */
interface Compose {
  services: Record<string, {
    image?: string;
    depends_on?: string[] | Record<string, unknown>;
    networks?: string[];
    secrets?: string[];
    ports?: string[];
  }>;
  networks: Record<string, unknown>;
  secrets: Record<string, { file: string }>;
}

testWith(
  { ...FILES, env: true },
  "what the compose file names is there",
  async () => {
    const text = await Deno.readTextFile(`${folder}/compose.yaml`);
    const { services, networks, secrets }: Compose = parse(text, {
      merge: true,
    });
    assertEquals(
      Object.keys(services),
      ["database", "relay1", "relay2", "relay3", "balancer"],
    );
    const published: string[] = [];
    for (const [name, service] of Object.entries(services)) {
      const { depends_on = [], image = "" } = service;
      const needed = Array.isArray(depends_on)
        ? depends_on
        : Object.keys(depends_on);
      for (const one of needed) assert(one in services, `${name}: ${one}`);
      for (const one of service.networks ?? []) assert(one in networks, one);
      for (const one of service.secrets ?? []) assert(one in secrets, one);
      for (const port of service.ports ?? []) published.push(`${name} ${port}`);
      assertMatch(image, /^messageu-relay$|^\w+:[\w.-]*\d[\w.-]*$/);
    }
    // Neither the database nor what relays tell of themselves is the world's.
    assertEquals(published, [
      "relay1 1361:1357",
      "relay1 1371:1358",
      "relay2 1362:1357",
      "relay2 1372:1358",
      "relay3 1363:1357",
      "relay3 1373:1358",
      "balancer 1357:1357",
      "balancer 1358:1358",
    ]);
  },
);

testWith(FILES, "what the Dockerfile copies is there", async () => {
  const dockerfile = await Deno.readTextFile(`${folder}/Dockerfile`);
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)]
    .flatMap(([, sources = ""]) => sources.split(" "));
  const ignored = await Deno.readTextFile(`${folder}/Dockerfile.dockerignore`);
  const admitted = [...ignored.matchAll(/^!(.+)$/gm)].map(([, path]) => path);
  assertEquals(copied.toSorted(), admitted.toSorted());
  for (const path of copied) await Deno.stat(`${ROOT}${path}`);
  const cached = [...dockerfile.matchAll(/server\/\S+\.ts/g)];
  assert(cached.length > 5, `${cached.length} modules`);
  for (const [path] of cached) await Deno.stat(`${ROOT}${path}`);
});

testWith(SHELL, "the health check passes for a ready relay", async () => {
  await using monitored = await MonitoredRelay.start();
  const { port } = new URL(monitored.url);
  const check = async (at: string) => {
    const script = `${folder}/ready.sh`;
    await using run = Program.run("sh", ["-c", 'bash "$0" "$1"', script, at]);
    return (await run.end()).code;
  };
  assertEquals(await check(port), 0);
  const starting = startMonitor();
  try {
    assertEquals(await check(new URL(starting.url).port), 1);
  } finally {
    await starting.close();
  }
});

toolTest(HAPROXY, "HAProxy takes the balancer's configuration", async () => {
  await using check = Program.run("sh", [
    "-c",
    'PATH="$PATH:/usr/sbin" exec haproxy -c -f "$0"',
    `${folder}/haproxy.cfg`,
  ]);
  const { code, stderr } = await check.end();
  assertEquals(code, 0, stderr);
  // The relays' names mean something in their own network only.
  const warnings = stderr.split("\n").filter((line) =>
    /WARNING|ALERT/.test(line) && !line.includes("could not resolve address")
  );
  assertEquals(warnings, []);
});
