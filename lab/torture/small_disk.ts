/**
 * The torture of a full disk: the relay's program on a file system of a few
 * MiB, which only root may mount.
 *
 * @module
 */

import { Database } from "@db/sqlite";
import { equals } from "@std/bytes";
import { Peer } from "../harness/peer.ts";
import { infoFiles } from "../../shared/folder/info_files.ts";
import { reasonOf } from "../../shared/cli/reason.ts";
import { fillAndRecover, type Outcome } from "./disk_full.ts";
import { checkIntegrity } from "./remains.ts";
import { Victim } from "./victim.ts";
import { must } from "./violation.ts";
import { PULL } from "../../kit/requests.ts";

/** MiB of the whole disk. */
const DISK = 12;
/** Bytes of a foreign file on it, until it is removed. */
const BALLAST = 3 * 1024 * 1024;

/**
 * Runs a relay on a disk that fills up, in a folder that a file system is
 * mounted on meanwhile; then another one, which must find the same.
 *
 * @returns what was seen, or why there can be no such disk here
 * @throws {Violation} where it breaks a promise
 */
export async function tortureSmallDisk(dir: string): Promise<Outcome | string> {
  try {
    await run("mount", "-t", "tmpfs", "-o", `size=${DISK}m`, "tmpfs", dir);
  } catch (error) {
    return reasonOf(error);
  }
  try {
    const outcome = await fill(dir);
    await checkRestart(dir, outcome);
    const database = new Database(`${dir}/${infoFiles.database[0]}`);
    try {
      checkIntegrity(database);
    } finally {
      database.close();
    }
    return outcome;
  } finally {
    await run("umount", dir);
  }
}

async function fill(dir: string): Promise<Outcome> {
  const ballast = `${dir}/ballast`;
  await Deno.writeFile(ballast, new Uint8Array(BALLAST));
  await using relay = await Victim.start(dir);
  const outcome = await fillAndRecover({
    address: relay.address,
    makeRoom: () => Deno.remove(ballast),
  });
  // Stopped in good order it deletes what it couldn't delete before.
  relay.stop();
  const { code, stderr } = await relay.end();
  must(code === 0, () => `Expected the relay to end with 0, got ${code}`);
  const odd = stderr.split("\n").find((line) => !/^(error: .*)?$/.test(line));
  must(odd === undefined, () => `Expected sentences on stderr, got ${odd}`);
  return outcome;
}

async function checkRestart(
  dir: string,
  { recipient, waiting }: Outcome,
): Promise<void> {
  await using relay = await Victim.start(dir);
  using peer = await Peer.connect(relay.address);
  const answer = await peer.ask(PULL, {}, recipient);
  must(
    answer.code === 2104 && answer.payload.length === waiting.length &&
      answer.payload.every(({ content }, i) =>
        equals(content, waiting[i] as Uint8Array)
      ),
    () => "Expected the next relay to hand out what was acknowledged last",
  );
  relay.stop();
  const { code } = await relay.end();
  must(code === 0, () => `Expected the next relay to end with 0, got ${code}`);
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args })
    .output();
  if (!success) {
    throw new Error(`${command}: ${new TextDecoder().decode(stderr).trim()}`);
  }
}
