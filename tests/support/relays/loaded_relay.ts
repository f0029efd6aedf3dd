/** A relay under load, for those who do something beside it. */

import { assert, assertEquals } from "@std/assert";
import type { ClientId } from "../../../shared/wire/protocol.ts";
import type { AnyStore } from "../stores/any_store.ts";
import { Peer } from "../../../lab/harness/peer.ts";
import type { Program } from "../../../lab/harness/program.ts";
import { PULL } from "../../../kit/requests.ts";

const SENDERS = 8;

/** A relay's program under load: some send to one inbox each, which others empty. */
export class LoadedRelay implements AsyncDisposable {
  /** The ids that were acknowledged, by inbox. */
  readonly sent: number[][] = [];
  /** The highest id that was handed out, by inbox. */
  readonly pulled: number[] = [];
  readonly ids: ClientId[] = [];
  readonly #program: Program;
  readonly #peers: Peer[] = [];
  #isOver = false;
  #load: Promise<unknown> = Promise.resolve();

  private constructor(program: Program) {
    this.#program = program;
  }

  static async start(store: AnyStore): Promise<LoadedRelay> {
    const relay = new LoadedRelay(
      store.relay("--port", "0", "--secure-port", "off"),
    );
    for (let i = 0; i < SENDERS; i++) {
      const peer = await relay.connect();
      relay.ids.push(await peer.register(`user-${i}`));
      relay.sent.push([]);
      relay.pulled.push(0);
    }
    relay.#load = Promise.all(
      relay.ids.flatMap((id, i) => [relay.#send(id, i), relay.#pull(id, i)]),
    );
    return relay;
  }

  async connect(): Promise<Peer> {
    const peer = await Peer.connect(await this.#program.address());
    this.#peers.push(peer);
    return peer;
  }

  /** Ends the load and the relay, which must end well. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#load;
    await this.#program.stop();
    const { code, stderr } = await this.#program.end();
    assertEquals([code, stderr.replaceAll(/^warning: no info.*\n/gm, "")], [
      0,
      "",
    ]);
  }

  async #send(id: ClientId, inbox: number): Promise<void> {
    const peer = await this.connect();
    const content = new Uint8Array(700).fill(inbox);
    while (!this.#isOver) {
      this.sent[inbox]?.push(await peer.send(id, id, content));
    }
  }

  /** Every other inbox is emptied now and then. */
  async #pull(id: ClientId, inbox: number): Promise<void> {
    if (inbox % 2 === 0) return;
    const peer = await this.connect();
    while (!this.#isOver) {
      const answer = await peer.ask(PULL, {}, id);
      assert(answer.code === 2104);
      const last = answer.payload.at(-1)?.messageId ?? 0;
      this.pulled[inbox] = Math.max(this.pulled[inbox] ?? 0, last);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#load.catch(() => {});
    for (const peer of this.#peers) peer[Symbol.dispose]();
    await this.#program[Symbol.asyncDispose]();
  }
}
