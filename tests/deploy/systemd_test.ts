import { assert, assertEquals } from "@std/assert";
import { Program, ROOT } from "../../lab/harness/program.ts";
import { temporaryFolder } from "../../lab/harness/resources.ts";
import { FILES, testWith } from "../support/test_with.ts";
import { SYSTEMD, toolTest } from "../support/test_with_tool.ts";

/** `systemd-analyze security` calls up to 2 "OK"; what is left is the network, and the JIT's memory. */
const MOST_EXPOSURE = 1.5;

const UNIT = "messageu-relay.service";
const folder = `${ROOT}deploy/systemd`;

testWith(FILES, "the unit sets the variables of its command", async () => {
  const unit = await Deno.readTextFile(`${folder}/${UNIT}`);
  const [command = ""] = /^ExecStart=.*$/m.exec(unit) ?? [];
  const used = [...command.matchAll(/\$(\w+)/g)].map(([, name]) => name);
  const set = [...unit.matchAll(/^Environment=(.*)$/gm)]
    .flatMap(([, line = ""]) => line.split(" "))
    .map((assignment) => assignment.split("=")[0]);
  assertEquals(used.filter((name) => !set.includes(name)), []);
  assertEquals(used.length, 2);
});

toolTest(SYSTEMD, "the unit is one, and shut off", async (t) => {
  await t.step("systemd has nothing to say of it", async () => {
    await using installed = await temporaryFolder();
    const { path } = installed;
    // Programs must be there, so this one stands for the one of an installation.
    const unit = (await Deno.readTextFile(`${folder}/${UNIT}`))
      .replaceAll("/opt/deno/deno", Deno.execPath());
    await Deno.writeTextFile(`${path}/${UNIT}`, unit);
    await Deno.mkdir(`${path}/${UNIT}.d`);
    await Deno.copyFile(
      `${folder}/postgres.conf`,
      `${path}/${UNIT}.d/postgres.conf`,
    );
    // The machine's own units behind it; they may have things to be said of.
    const env = { SYSTEMD_UNIT_PATH: `${path}:` };
    await using verify = Program.run(
      "sh",
      ["-c", 'exec systemd-analyze verify "$0"', `${path}/${UNIT}`],
      ROOT,
      env,
    );
    const { code, stdout, stderr } = await verify.end();
    assertEquals({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "" });
  });

  await t.step("its exposure is low", async () => {
    await using security = Program.run("sh", [
      "-c",
      'exec systemd-analyze security --offline=true --no-pager "$0"',
      `${folder}/${UNIT}`,
    ]);
    const { stdout } = await security.end();
    const [, score] = /exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
    assert(Number(score) <= MOST_EXPOSURE, stdout);
  });
});
