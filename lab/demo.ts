/**
 * The main job, end to end: a relay on a free port, two clients in folders of
 * their own, keys, texts both ways and a file, over real sockets. It prints
 * what happens, checks every byte, and leaves nothing behind.
 *
 * @module
 */

import { equals } from "@std/bytes";
import { type Message, RelayLink, Session } from "../client/mod.ts";
import { openSqliteStore, startRelay } from "../server/mod.ts";
import { formatAddress } from "../shared/folder/info_files.ts";

const FILE_SIZE = 5_000_000;

/** Fails the demo. */
function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`Expected ${what}`);
}

/** One of the two who talk. */
class Person implements Disposable {
  readonly #session: Session;
  readonly name: string;

  constructor(name: string, dir: string, address: Deno.NetAddr) {
    this.name = name;
    this.#session = new Session(
      `${dir}/${name}`,
      new RelayLink(() => Promise.resolve(address)),
    );
  }

  async does<T>(what: string, work: (session: Session) => Promise<T>) {
    const start = performance.now();
    const result = await work(this.#session);
    const ms = `${Math.round(performance.now() - start)} ms`;
    console.log(`${this.name.padEnd(6)} ${what}`.padEnd(66) + ms.padStart(8));
    return result;
  }

  /** Closes the store, without which its folder can't be removed everywhere. */
  [Symbol.dispose](): void {
    this.#session.close();
  }

  /** Pulls what waits and tells it. */
  async pulls(): Promise<Message[]> {
    const received: Message[] = [];
    await this.does("pulls what waits", async (session) => {
      for await (const event of session.pull()) {
        if (event.kind === "problem") throw event.error;
        if (event.kind !== "message") continue;
        received.push(event.message);
        event.markShown();
      }
    });
    for (const message of received) {
      console.log(`         from ${message.contact}: ${describe(message)}`);
    }
    return received;
  }
}

function describe(message: Message): string {
  if (message.kind === "text") return `"${message.text}"`;
  if (message.kind === "file") return `a file, ${message.path}`;
  return message.kind === "key"
    ? "a symmetric key"
    : message.kind === "keyRequest"
    ? "a request for a symmetric key"
    : "something unreadable";
}

async function talk(alice: Person, bob: Person, dir: string): Promise<void> {
  await alice.does("registers", (me) => me.register("alice"));
  await bob.does("registers", (me) => me.register("bob"));

  const others = await alice.does(
    "asks who is there",
    (me) => me.contacts.fetch(),
  );
  console.log(`         ${others.join(", ")}`);
  check(others.join() === "bob", "alice to see bob alone");

  await alice.does("asks bob for a key", (me) => me.outbox.requestKey("bob"));
  const [request] = await bob.pulls();
  check(request?.kind === "keyRequest", "a request for a key");
  await bob.does(
    "sends alice a key, under her public key",
    (me) => me.outbox.sendKey("alice"),
  );
  const [key] = await alice.pulls();
  check(key?.kind === "key", "a key");

  for (
    const [from, to, text] of [
      [alice, bob, "Hello Bob, are you there?"],
      [bob, alice, "שלום אליס! 🎉"],
      [alice, bob, "Here comes a file."],
    ] as const
  ) {
    await from.does(
      `writes to ${to.name}: "${text}"`,
      (me) => me.outbox.sendText(to.name, text),
    );
    const [message] = await to.pulls();
    check(
      message?.kind === "text" && message.text === text,
      `"${text}", the same as was sent`,
    );
  }

  const sent = new Uint8Array(FILE_SIZE);
  for (let at = 0; at < sent.length; at += 65536) {
    crypto.getRandomValues(sent.subarray(at, at + 65536));
  }
  const path = `${dir}/picture.bin`;
  await Deno.writeFile(path, sent);
  await alice.does(
    `sends bob a file of ${sent.length / 1e6} MB`,
    (me) => me.outbox.sendFile("bob", path),
  );
  const [file] = await bob.pulls();
  if (file?.path === undefined) throw new Error("Expected a file");
  const received = await Deno.readFile(file.path);
  await Deno.remove(file.path);
  check(equals(received, sent), "the file's bytes, the same as were sent");
  console.log(`         all ${received.length} bytes are the same`);
}

const dir = await Deno.makeTempDir({ prefix: "messageu-demo-" });
try {
  const store = await openSqliteStore(`${dir}/db.defensive`);
  const relay = startRelay({
    listener: Deno.listen({ hostname: "127.0.0.1", port: 0 }),
    store,
  });
  try {
    console.log(`relay  listening on ${formatAddress(relay.address)}`);
    using alice = new Person("alice", dir, relay.address);
    using bob = new Person("bob", dir, relay.address);
    await talk(alice, bob, dir);
  } finally {
    await relay.close();
    await store.close();
  }
  console.log("relay  closed: nothing lost, nothing left behind");
} finally {
  await Deno.remove(dir, { recursive: true });
}
