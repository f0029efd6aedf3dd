import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { concat } from "@std/bytes";
import { RelayLink, Session } from "../../../client/mod.ts";
import { ConnectionError, ServerRefusedError } from "../../../client/errors.ts";
import { gather } from "../../../shared/wire/buffers.ts";
import {
  type Dialect,
  dialectNamed,
  dialectNames,
  dialects,
} from "../../../shared/wire/dialects.ts";
import { ZERO_ID } from "../../../shared/wire/protocol.ts";
import { asClientId } from "../../../shared/wire/field_types.ts";
import { encodeRequest, encodeResponse } from "../../../shared/wire/frames.ts";
import { writeAll } from "../../../lab/harness/peer.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import {
  longTest,
  LOOPBACK,
  LOOPBACK_AND_FILES,
  PROGRAMS,
  testWith,
} from "../../support/test_with.ts";
import { until } from "../../../lab/harness/until.ts";
import { texts } from "../../support/clients/two_people.ts";
import { VerbUser } from "../../support/clients/verbs.ts";
import { pull } from "../../support/clients/receiving.ts";
import { withTemporary } from "../../../lab/harness/program.ts";

type Address = { hostname: string; port: number };

const link = (address: Address, dialect: Dialect) =>
  new RelayLink(() => Promise.resolve(address), 2, dialect);

testWith(
  LOOPBACK_AND_FILES,
  "users of different generations on one relay talk with each other",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const people: { name: string; session: Session }[] = [];
    try {
      for (const dialect of dialects) {
        const name = `user_${dialect.name}`;
        const dir = `${folder.path}/${name}`;
        await Deno.mkdir(dir, { mode: 0o700 });
        const session = new Session(dir, link(relay.address, dialect));
        people.push({ name, session });
        await session.register(name);
      }
      const names = people.map(({ name }) => name);
      let pairs = 0;
      for (const { name, session } of people) {
        const others = names.filter((other) => other !== name);
        assertEquals(
          (await session.contacts.fetch()).toSorted(),
          others.toSorted(),
        );
        for (const other of others) {
          await session.outbox.requestKey(other);
          await session.outbox.sendText(other, `from ${name} to ${other}`);
          pairs++;
        }
      }
      assertEquals(pairs, 30);
      for (const { name, session } of people) {
        const read: string[] = [];
        const problems: unknown[] = [];
        const pulling = () =>
          pull(session, {
            message: ({ kind, text }) => read.push(text ?? kind),
            problem: (error) => problems.push(error),
          });
        await pulling();
        assertEquals(problems, []);
        const expected = names.filter((other) => other !== name)
          .flatMap((
            other,
          ) => ["keyRequest", "key", `from ${other} to ${name}`]);
        // Who asked and had been written to gets that key once more.
        const others = (kinds: string[]) =>
          kinds.filter((kind) => kind !== "key").toSorted();
        assertEquals(others(read), others(expected));
        assert(read.length >= expected.length);
        assertEquals(await pulling(), 0);
      }
    } finally {
      for (const { session } of people) session.close();
    }
    assertEquals(relay.reports, []);
  },
);

longTest(
  PROGRAMS,
  "each --dialect sends a text and a file to the next one, which takes them once",
  async () => {
    await using relay = await testRelay();
    await using folder = await temporaryFolder();
    const path = `${folder.path}/bytes`;
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    await Deno.writeFile(path, bytes);
    const env = withTemporary(folder.path);
    const people = dialectNames.map((dialect) => {
      const user = new VerbUser(
        `${folder.path}/${dialect}`,
        relay.address,
        env,
      );
      return (verb: string, ...args: string[]) =>
        user.do(verb, "--dialect", dialect, ...args);
    });
    await Promise.all(
      people.map((person, i) => person("register", `user${i}`)),
    );
    await Promise.all(people.map(async (person, i) => {
      const next = `user${(i + 1) % people.length}`;
      await person("send", next, `hello from ${i}`);
      await person("send-file", next, path);
    }));
    await Promise.all(people.map(async (person, i) => {
      const { data, stdout } = await person("pull", "--json");
      const before = (i + people.length - 1) % people.length;
      assertEquals(texts(stdout), [`hello from ${before}`]);
      const file = data.find(({ kind }) => kind === "file");
      assertEquals(await Deno.readFile(file.path), bytes);
    }));
    await Promise.all(people.map(async (person) => {
      assertEquals((await person("pull")).stdout, "");
    }));
  },
);

testWith(
  PROGRAMS,
  "a --dialect that there isn't is refused with those that there are",
  async () => {
    await using folder = await temporaryFolder();
    const anna = new VerbUser(folder.path);
    const { code, stderr } = await anna.run("", "list", "--dialect", "601");
    assertEquals(code, 2);
    assertStringIncludes(
      stderr,
      "expected 600, 700, 1100, 1000, 100 or blocks",
    );
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "large messages pass in blocks, and are deleted once they were taken",
  async () => {
    await using relay = await testRelay();
    const blocks = link(relay.address, dialectNamed("blocks"));
    const me = await blocks.register("anna", new Uint8Array(160).fill(7));
    const waiting = async () =>
      (await relay.store.waiting(me, { bytes: 1, perMessage: 1 })).length;
    // 44 bytes stand before them: the last of these fill their blocks.
    for (const size of [0, 1, 979, 980, 981, 1_048_575, 3 * 1024 * 1024 - 44]) {
      const content = crypto.getRandomValues(
        new Uint8Array(Math.min(size, 999)),
      );
      const whole = new Uint8Array(size);
      whole.set(content);
      const pieces = async function* () {
        for (let at = 0; at < size; at += 700_001) {
          yield await Promise.resolve(whole.subarray(at, at + 700_001));
        }
      };
      const streamed = { size, pieces: pieces() };
      await blocks.send(me, { target: me, type: 4, content: streamed });
      let pulled = new Uint8Array(0);
      await blocks.pull(me, async (answer) => {
        pulled = await gather(answer.pieces, answer.size);
      });
      assertEquals(pulled.length, 25 + size);
      assert(pulled.subarray(25).every((byte, i) => byte === whole[i]));
      await until(
        "the messages to be deleted",
        async () => await waiting() === 0,
      );
    }
    await assertRejects(() => blocks.clients(ZERO_ID), ServerRefusedError);
  },
);

const BEN = asClientId(new Uint8Array(16).fill(0xb2));

/** A server that keeps what it was sent and answers so. */
async function serveOnce(
  size: number,
  answer: (conn: Deno.TcpConn) => Promise<void>,
  ask: (address: Address) => Promise<unknown>,
): Promise<Uint8Array> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async () => {
    using conn = await listener.accept();
    const received: Uint8Array[] = [];
    const buffer = new Uint8Array(4096);
    for (let left = size; left > 0;) {
      const count = await conn.read(buffer) ?? 0;
      if (count === 0) throw new Error(`Expected ${left} bytes more`);
      received.push(buffer.slice(0, count));
      left -= count;
    }
    await answer(conn);
    return concat(received);
  };
  const [received] = await Promise.all([
    serve(),
    ask({ hostname: "127.0.0.1", port: listener.addr.port }),
  ]);
  return received;
}

testWith(
  LOOPBACK,
  "a request in blocks is padded, and its answer's padding may be missing",
  async () => {
    const dialect = dialectNamed("blocks");
    const list = encodeResponse(
      { code: 2101, payload: [{ clientId: BEN, name: "ben" }] },
      { dialect },
    );
    for (
      const [what, bytes] of Object.entries({
        whole: list,
        "without padding": list.subarray(0, 278),
        "with some of it": list.subarray(0, 300),
        "with more": concat([list, new Uint8Array(500)]),
      })
    ) {
      const received = await serveOnce(
        1024,
        (conn) => writeAll(conn, bytes),
        async (address) => {
          const others = await link(address, dialect).clients(ZERO_ID);
          assertEquals(others.map(({ name }) => name), ["ben"], what);
        },
      );
      assertEquals(
        received,
        encodeRequest("clientsList", {}, { clientId: ZERO_ID, dialect }),
      );
    }
  },
);

testWith(
  LOOPBACK,
  "an answer in another generation is named",
  async () => {
    await serveOnce(
      23,
      (conn) => writeAll(conn, encodeResponse({ code: 2101, payload: [] })),
      async (address) => {
        const { message } = await assertRejects(
          () => link(address, dialectNamed("1000")).clients(ZERO_ID),
          ConnectionError,
        );
        assertStringIncludes(message, "responded with 2101, expected 2001");
      },
    );
  },
);
