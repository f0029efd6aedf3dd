/** Shows pages in Chromium, without a window. */

import { assertEquals } from "@std/assert";
import { temporaryFolder } from "../../lab/harness/resources.ts";

/** What a browser made of a page. */
export interface Shown {
  /** The document after it was loaded. */
  readonly dom: string;
  /** What the page's console says. */
  readonly console: readonly string[];
}

/** Loads the page of a file. */
export async function showPage(path: string): Promise<Shown> {
  const { stdout, stderr } = await chromium(path, "--dump-dom");
  const console = stderr.split("\n").filter((line) => line.includes("CONSOLE"));
  return { dom: stdout, console };
}

/** A picture of a page, as PNG, in light or dark colours. */
export async function picturePage(
  path: string,
  scheme: "light" | "dark",
): Promise<Uint8Array> {
  await using folder = await temporaryFolder();
  const picture = `${folder.path}/picture.png`;
  const number = scheme === "dark" ? 0 : 1;
  await chromium(
    path,
    `--screenshot=${picture}`,
    "--window-size=1100,1700",
    `--blink-settings=preferredColorScheme=${number}`,
  );
  return await Deno.readFile(picture);
}

/** Runs it on the page of a file. */
async function chromium(
  path: string,
  ...options: string[]
): Promise<{ stdout: string; stderr: string }> {
  await using folder = await temporaryFolder();
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: [
      "-c",
      'exec chromium "$@"',
      "sh",
      "--headless",
      // Root has no sandbox.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--disable-component-update",
      "--no-first-run",
      "--enable-logging=stderr",
      `--user-data-dir=${folder.path}/profile`,
      ...options,
      `file://${path}`,
    ],
    // Settings of whoever runs the tests don't count.
    env: { HOME: folder.path, XDG_CONFIG_HOME: folder.path },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(code, 0, text(stderr));
  return { stdout: text(stdout), stderr: text(stderr) };
}
