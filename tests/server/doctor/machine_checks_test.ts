import { assertEquals } from "@std/assert";
import {
  checkClock,
  checkFiles,
  checkPort,
  combineMemory,
  judgeFiles,
  judgeMemory,
} from "../../../server/doctor/machine_checks.ts";
import { defaultLimits } from "../../../server/mod.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { assertFinding } from "../../support/findings.ts";
import { FILES, LOOPBACK, testWith } from "../../support/test_with.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const NOW = new Date("2026-06-07T08:09:10.111Z");

Deno.test("memory is judged by what the limits allow", () => {
  const judge = (available: number, total: number, limits = {}) =>
    judgeMemory({ available, total }, { ...defaultLimits, ...limits });
  const need = 256 * MIB + 256 * MIB + 20_000 * 15 * 1024;
  assertFinding(judge(need, GIB), "ok", /of 1 GiB free.* 805 MiB$/);
  assertFinding(judge(need - 1, GIB), "warn", /stop other programs/);
  assertFinding(judge(need - 1, need - 1), "bad", /lower --max-inflight/);
  const unlimited = { maxConnections: 0 };
  assertFinding(judge(GIB, GIB, unlimited), "ok", /connections not counted/);
  assertFinding(judge(GIB, GIB, { maxInflight: 2 * GIB }), "bad", /2.5 GiB/);
});

Deno.test("memory is what the system tells, within a container's limit", () => {
  const none = { available: 0, total: 0 };
  const linux = { available: 3 * GIB, free: GIB, total: 8 * GIB };
  assertEquals(combineMemory(linux, none), {
    available: 3 * GIB,
    total: 8 * GIB,
  });
  assertEquals(
    combineMemory(linux, { available: GIB, total: 2 * GIB }),
    { available: GIB, total: 2 * GIB },
  );
  const windows = { available: 0, free: 5 * GIB, total: 8 * GIB };
  assertEquals(combineMemory(windows, none), {
    available: 5 * GIB,
    total: 8 * GIB,
  });
});

Deno.test("open files are judged by the connections", () => {
  assertFinding(judgeFiles(20_064, 20_000), "ok", /^ok .* 20,064 can be open/);
  assertFinding(judgeFiles(20_063, 20_000), "warn", /to 19999 or less/);
  assertFinding(judgeFiles(1000, 0), "warn", /--max-connections to 936/);
  assertFinding(judgeFiles(100_000, 200_000), "?", /200,064 .* weren't tried/);
  assertFinding(judgeFiles(127, 10), "bad", /too few for a relay/);
});

testWith(FILES, "files are opened to see how many can be", async () => {
  await using folder = await temporaryFolder();
  const limits = { maxConnections: 100 };
  assertFinding(checkFiles(folder.path, limits), "ok", /164 can be open/);
  assertFinding(checkFiles(`${folder.path}/no`, limits), "?", /unknown here/);
});

Deno.test("a clock is judged by the calendar and the latest visit", () => {
  const at = (time: string) => new Date(time);
  const day = (count: number) => new Date(NOW.getTime() + count * 86_400_000);
  assertFinding(checkClock(NOW, undefined), "ok", / 2026-06-07 08:09 UTC$/);
  assertFinding(
    checkClock(at("1970-01-01"), undefined),
    "bad",
    /set the clock/,
  );
  assertFinding(checkClock(at("2025-12-31"), undefined), "bad", /can't be/);
  assertFinding(checkClock(at("2099-01-01"), undefined), "bad", /can't be/);
  assertFinding(checkClock(new Date(NaN), undefined), "bad", /no time at all/);
  assertFinding(checkClock(NOW, day(-300)), "ok", /UTC$/);
  assertFinding(checkClock(NOW, day(0.9)), "ok", /UTC$/);
  assertFinding(checkClock(NOW, day(1.1)), "warn", /visit is of 2026-06-08/);
});

testWith(LOOPBACK, "a port is listened on", () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const address = { hostname: "127.0.0.1", port };
  assertFinding(checkPort(address, false), "bad", /in use: stop the other/);
  assertFinding(checkPort(address, true), "ok", /by the relay that runs/);
  taken.close();
  assertFinding(checkPort(address, false), "ok", new RegExp(`${port} is free`));
  assertFinding(checkPort({ ...address, port: 0 }, false), "ok", /any free/);
});
