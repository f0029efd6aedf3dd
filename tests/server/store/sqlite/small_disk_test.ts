import { assert, assertEquals } from "@std/assert";
import type { ClientId } from "../../../../shared/wire/protocol.ts";
import { admin } from "../../../support/stores/admin.ts";
import { Peer } from "../../../../lab/harness/peer.ts";
import { Program } from "../../../../lab/harness/program.ts";
import {
  noSmallDisk,
  type SmallDisk,
  smallDisk,
} from "../../../support/stores/small_disk.ts";
import { longTest, SHELL } from "../../../support/test_with.ts";
import { until } from "../../../../lab/harness/until.ts";

const missing = await noSmallDisk();

/** Messages that fill the disk first, then its corners, in bytes. */
const SIZES = [60_000, 2000];
/** Refusals in a row after which it is full. */
const REFUSED = 3;

/** What alone has to make sends go on, on a disk to the last byte of which others have helped. */
const WAYS: Record<string, (full: FullRelay) => Promise<void>> = {
  "what is pulled": async (full) => {
    await full.disk.fill();
    assertEquals(await full.drain(), full.kept);
  },
  "admin purge": async (full) => {
    await full.disk.fill();
    let deleted = 0;
    await until("messages that are old enough", async () => {
      const { code, stdout, stderr } = await admin(
        full.disk.path,
        ...["purge", "--older-than", "1s"],
      );
      assertEquals({ code, stderr }, { code: 0, stderr: "" });
      deleted += Number(/^deleted (\d+)/.exec(stdout)?.[1]);
      return deleted === full.kept;
    });
  },
  "a restart, and what is pulled then": async (full) => {
    await full.stop("SIGTERM");
    await full.disk.fill();
    await full.start();
    assertEquals(await full.drain(), full.kept);
  },
  "a restart after kill -9, and what is pulled then": async (full) => {
    await full.disk.fill();
    await full.stop("SIGKILL");
    await full.start();
    assertEquals(await full.drain(), full.kept);
  },
};

for (const [way, makeRoom] of Object.entries(WAYS)) {
  const name = `a full disk doesn't stay full: ${way}`;
  longTest(SHELL, name, async () => {
    await using disk = await smallDisk(16);
    await using full = await FullRelay.start(disk);
    for (const size of SIZES) await full.fill(size);
    assert(full.kept > 100, `only ${full.kept} messages`);
    await makeRoom(full);
    await until("room for what is sent", () => full.send(2000));
    for (let i = 0; i < 50; i++) assert(await full.send(2000));
  }, missing);
}

/** A relay on a small disk, and what fills it. */
class FullRelay implements AsyncDisposable {
  readonly disk: SmallDisk;
  /** Messages that were acknowledged. */
  kept = 0;
  #program: Program;
  #peer: Peer | undefined;
  #anna: ClientId | undefined;

  private constructor(disk: SmallDisk) {
    this.disk = disk;
    this.#program = FullRelay.#run(disk);
  }

  static async start(disk: SmallDisk): Promise<FullRelay> {
    const full = new FullRelay(disk);
    full.#peer = await Peer.connect(await full.#program.address());
    full.#anna = await full.peer.register("anna");
    return full;
  }

  static #run(disk: SmallDisk): Program {
    const none = ["--max-waiting", "0", "--max-waiting-bytes", "0"];
    return Program.relay(disk.path, "--port", "0", ...none);
  }

  get peer(): Peer {
    return this.#peer as Peer;
  }

  async start(): Promise<void> {
    this.#program = FullRelay.#run(this.disk);
    this.#peer = await Peer.connect(await this.#program.address());
  }

  async stop(signal: Deno.Signal): Promise<void> {
    this.peer[Symbol.dispose]();
    this.#program.kill(signal);
    await this.#program.end();
  }

  /** @returns false where it got a 9000 */
  async send(size: number): Promise<boolean> {
    const anna = this.#anna as ClientId;
    const content = new Uint8Array(size).fill(1);
    const payload = { target: anna, type: 3, content } as const;
    const { code } = await this.peer.ask("sendMessage", payload, anna);
    assert(code === 2103 || code === 9000);
    return code === 2103;
  }

  async fill(size: number): Promise<void> {
    for (let refused = 0; refused < REFUSED;) {
      if (await this.send(size)) {
        this.kept++;
        refused = 0;
      } else refused++;
    }
  }

  /** Pulls until nothing is left; returns how many messages came. */
  async drain(): Promise<number> {
    for (let taken = 0;;) {
      const { length } = await this.peer.pull(this.#anna as ClientId);
      if (length === 0) return taken;
      taken += length;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.peer[Symbol.dispose]();
    await this.#program[Symbol.asyncDispose]();
  }
}
