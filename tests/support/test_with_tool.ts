/** Tests that need a program of the system; without it they are skipped. */

import { mayRunShell, SHELL, skippedAsLong, testWith } from "./test_with.ts";

/** A program, and how to find out whether it is there. */
interface Tool {
  name: string;
  /** A command of the shell that succeeds where it is. */
  probe: string;
}

/** `--offline` came with version 250, and so did credentials in a unit's lines. */
export const SYSTEMD: Tool = {
  name: "systemd-analyze 250",
  probe: "systemd-analyze --help | grep -q -- --offline",
};

export const HAPROXY: Tool = { name: "haproxy", probe: "haproxy -v" };

/** Its dissectors can be written in Lua where it was built so. */
export const TSHARK: Tool = {
  name: "tshark",
  probe: "tshark -v 2>/dev/null | grep -q 'with Lua'",
};

/** Shows pages. */
export const CHROMIUM: Tool = {
  name: "chromium",
  probe: "chromium --version",
};

/** What the reader of docs/vectors.md is written for. */
export const PYTHON: Tool = {
  name: "python3 3.8",
  probe: "python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))'",
};

/** What the client of docs/own_client.md is written for. */
export const PYTHON_WITH_CRYPTOGRAPHY: Tool = {
  name: "python3 with the package cryptography",
  probe: "python3 -c 'import cryptography'",
};

/** What kit/vectors/read_secure.py is written for. */
export const PYTHON_WITH_CRYPTOGRAPHY_42: Tool = {
  name: "python3 with the package cryptography 42",
  probe:
    "python3 -c 'from cryptography.x509 import Certificate as c; c.not_valid_after_utc'",
};

/** Makes the certificates of tests. */
export const OPENSSL: Tool = { name: "openssl", probe: "command -v openssl" };

/** Debian puts there what only administrators run. */
const IN_PATH = 'PATH="$PATH:/usr/sbin"; ';

/** Registers a test that runs a program through `sh`. */
export function toolTest(
  tool: Tool,
  name: string,
  fn: (t: Deno.TestContext) => Promise<void>,
): void {
  testWith(SHELL, name, fn, missing(tool));
}

/** Why a test that needs the program can't run, if so. */
export function missing({ name, probe }: Tool): string | undefined {
  if (skippedAsLong !== undefined) return skippedAsLong;
  if (!mayRunShell()) return `${name} can't be looked for`;
  const { success } = new Deno.Command("sh", {
    args: ["-c", IN_PATH + probe],
    stdout: "null",
    stderr: "null",
  }).outputSync();
  return success ? undefined : `${name} isn't installed`;
}
