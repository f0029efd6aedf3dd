import { assertEquals } from "@std/assert";
import { Command } from "../../../client/advice.ts";
import { Output } from "../../../client/ui/cli/verb/output.ts";
import { processIo } from "../../../client/ui/cli/verb/process_io.ts";
import { platforms } from "../../../shared/platform/platform.ts";

/** A name that runs a program in cmd, and one that does so in PowerShell. */
const NAMES = ['bob" & calc & "', "$(calc) `c %PATH% \u201d; calc"] as const;

function spelled(name: string, platform: typeof platforms.linux): string {
  const { spell } = new Output(false, { ...processIo, platform });
  return spell(new Command("accept", name));
}

Deno.test("a shown command runs no program that a contact's name contains", () => {
  const [cmd, powershell] = NAMES;
  assertEquals(
    spelled(cmd, platforms.windows),
    'messageu accept "bob? & calc & ?"',
  );
  assertEquals(
    spelled(powershell, platforms.windows),
    'messageu accept "?(calc) ?c ?PATH? ?; calc"',
  );
  assertEquals(
    spelled(cmd, platforms.linux),
    "messageu accept 'bob\" & calc & \"'",
  );
});
