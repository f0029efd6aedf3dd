/** The installed commands of each system, as the scripts are written. */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  commandPath,
  commands,
  commandScript,
  ROOT,
} from "../../deploy/install/command.ts";
import { findShell } from "../../deploy/install/shell.ts";
import { taskCommand } from "../../deploy/install/task_command.ts";
import { platforms } from "../../shared/platform/platform.ts";
import { testWith } from "../support/test_with.ts";

const { linux, darwin, windows } = platforms;

/** Reads the profile's variable. */
const PROFILE: Deno.PermissionOptionsObject = {
  env: [windows.homeVariable],
  read: true,
};
const RUNTIME = "C:\\Program Files\\100% deno\\deno.exe";

testWith(PROFILE, "a command on Windows is a batch file", () => {
  assertEquals(
    commandPath("bin", "messageu-relay", windows),
    "bin/messageu-relay.cmd",
  );
  const deno = "C:\\Program Files\\100%% deno\\deno.exe";
  const { href } = new URL(`file://${ROOT}server/launch/launch.ts`);
  assertEquals(
    commandScript("messageu-relay", windows, RUNTIME),
    '@rem Made by "deno task install".\r\n' +
      `@"${deno}" run --quiet --no-prompt --allow-read --allow-write ` +
      `--allow-env=MESSAGEU_STORE --allow-run="${deno}" ` +
      `"${href.replaceAll("%", "%%")}" %*\r\n`,
  );
});

testWith(PROFILE, "a command elsewhere is a script of the shell", () => {
  for (const platform of [linux, darwin]) {
    assertEquals(commandPath("bin", "messageu", platform), "bin/messageu");
    const script = commandScript("messageu", platform, "/opt/it's/deno");
    assertStringIncludes(script, "deno='/opt/it'\\''s/deno'\n");
  }
});

testWith(PROFILE, "a command has the flags of its task on each system", () => {
  for (const platform of [linux, darwin, windows]) {
    const { flags } = taskCommand(commands.messageu);
    assertStringIncludes(
      commandScript("messageu", platform, RUNTIME),
      ` run --quiet ${flags.join(" ")} `,
    );
  }
});

testWith(
  { ...PROFILE, env: true },
  "a batch file holds ASCII only, and the profile by its variable",
  () => {
    const profile = Deno.env.get(windows.homeVariable);
    Deno.env.set(windows.homeVariable, "C:\\Users\\Jürgen");
    try {
      assertStringIncludes(
        commandScript(
          "messageu",
          windows,
          "C:\\Users\\Jürgen\\.deno\\bin\\deno.exe",
        ),
        '\n@"%USERPROFILE%\\.deno\\bin\\deno.exe" run ',
      );
      assertThrows(
        () => commandScript("messageu", windows, "D:\\Über\\deno.exe"),
        Error,
        "A batch file can't name D:\\Über\\deno.exe: move Deno",
      );
    } finally {
      if (profile === undefined) Deno.env.delete(windows.homeVariable);
      else Deno.env.set(windows.homeVariable, profile);
    }
  },
);

Deno.test("the user's shell is the platform's, or SHELL's", () => {
  const environment = (name: string) =>
    name === "SHELL" ? "/usr/bin/zsh" : undefined;
  const named = (...args: Parameters<typeof findShell>) =>
    findShell(...args)?.name;
  assertEquals(named(environment, undefined, darwin), "zsh");
  assertEquals(named(environment, undefined, windows), "powershell");
  assertEquals(named(environment, "fish", windows), "fish");
  assertStringIncludes(
    findShell(environment, undefined, windows)?.pathLine("C:\\it's") ?? "",
    "';C:\\it''s', 'User')",
  );
});
