import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { RelayLink } from "../../../client/mod.ts";
import {
  ConnectionError,
  ServerRefusedError,
  UserError,
} from "../../../client/errors.ts";
import { openOutgoingFile } from "../../../client/session/outgoing_file.ts";
import { asClientId } from "../../../shared/wire/field_types.ts";
import { encodeResponse, responseHeader } from "../../../shared/wire/frames.ts";
import type { MessageId } from "../../../shared/wire/protocol.ts";
import { writeAll } from "../../../lab/harness/peer.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { ScriptedServer } from "../../../lab/harness/scripted_server.ts";
import {
  FILES,
  LOOPBACK,
  LOOPBACK_AND_FILES,
  testWith,
} from "../../support/test_with.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const ANNA = asClientId(new Uint8Array(16).fill(0xa1));
const BEN = asClientId(new Uint8Array(16).fill(0xb2));

/** Pieces of 1 MiB that count themselves and say when they are given up. */
class Source {
  read = 0;
  closed = false;

  async *pieces(size: number): AsyncGenerator<Uint8Array> {
    try {
      for (let left = size; left > 0; left -= MIB) {
        const piece = new Uint8Array(Math.min(left, MIB));
        this.read += piece.length;
        yield await Promise.resolve(piece);
      }
    } finally {
      this.closed = true;
    }
  }
}

function linkTo(address: { hostname: string; port: number }): RelayLink {
  return new RelayLink(() => Promise.resolve(address));
}

/** Sends `actual` bytes of which `claimed` are announced. */
function send(
  link: RelayLink,
  source: Source,
  claimed: number,
  actual = claimed,
) {
  const content = { size: claimed, pieces: source.pieces(actual) };
  return link.send(ANNA, { target: BEN, type: 4, content });
}

const taken = encodeResponse({
  code: 2103,
  payload: { target: BEN, messageId: 77 as MessageId },
});

testWith(
  LOOPBACK,
  "a streamed message that is small goes out in one write, and tells its id",
  async () => {
    await using server = new ScriptedServer();
    server.script = (_asked, conn) => writeAll(conn, taken);
    const link = linkTo(server.address);
    for (const size of [0, 16, 1000]) {
      assertEquals(await send(link, new Source(), size), 77 as MessageId);
      assertEquals(server.asked.at(-1)?.firstRead, 23 + 21 + size);
    }
    // A larger one begins with as much as a read takes.
    await send(link, new Source(), 900_000);
    assertEquals(server.asked.at(-1)?.firstRead, 64 * 1024);
  },
);

testWith(
  LOOPBACK,
  "an id is told only where the answer has the form and the target",
  async () => {
    await using server = new ScriptedServer();
    const link = linkTo(server.address);
    const stranger = encodeResponse({
      code: 2103,
      payload: { target: ANNA, messageId: 77 as MessageId },
    });
    const short = responseHeader.encode({
      version: 2,
      code: 2103,
      payloadSize: 0,
    });
    for (const answer of [stranger, short]) {
      server.script = (_asked, conn) => writeAll(conn, answer);
      assertEquals(await send(link, new Source(), 16), undefined);
    }
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "the relay refuses a large message from its header, which ends the upload",
  async () => {
    await using relay = await testRelay({
      limits: { maxMessage: MIB, maxInflight: 8 * MIB },
    });
    const link = linkTo(relay.address);
    const source = new Source();
    const error = await assertRejects(
      () => send(link, source, GIB),
      ServerRefusedError,
    );
    assertStringIncludes(error.hint ?? "", "The request had 1073741868 bytes");
    assertStringIncludes(error.hint ?? "", "most likely it is too large");
    assert(source.read < GIB / 2, `${source.read} bytes were made`);
    assert(source.closed);
  },
);

testWith(
  LOOPBACK,
  "a server that closes in the middle ends the upload",
  async () => {
    await using server = new ScriptedServer();
    const link = linkTo(server.address);
    const source = new Source();
    const error = await assertRejects(
      () => send(link, source, GIB),
      ConnectionError,
      "broke: ",
    );
    assertStringIncludes(error.hint ?? "", "The request had 1073741868 bytes");
    assert(source.read < GIB / 2, `${source.read} bytes were made`);
    assert(source.closed);
  },
);

testWith(
  LOOPBACK,
  "a server that says yes and reads no further has taken nothing",
  async () => {
    await using server = new ScriptedServer();
    const given = Promise.withResolvers<void>();
    server.script = async (_asked, conn) => {
      await writeAll(conn, taken);
      await given.promise;
    };
    const link = linkTo(server.address);
    await assertRejects(
      () => send(link, new Source(), 64 * MIB).finally(given.resolve),
      ConnectionError,
      "it responded before it had the whole request",
    );
  },
);

testWith(
  LOOPBACK,
  "a content that is shorter or longer than was said never makes a whole message",
  async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const link = linkTo({ hostname: "127.0.0.1", port: listener.addr.port });
    const claimed = 3 * MIB;
    for (const actual of [0, MIB, claimed - 1, claimed + 1, 4 * MIB]) {
      const arrived = (async () => {
        using conn = await listener.accept();
        let count = 0;
        for await (const chunk of conn.readable) count += chunk.length;
        return count;
      })().catch((error) => {
        // The stream has closed the connection.
        if (!(error instanceof Deno.errors.BadResource)) throw error;
        return 0;
      });
      await assertRejects(
        () => send(link, new Source(), claimed, actual),
        UserError,
        `Expected ${claimed + 44} bytes to send, got `,
      );
      assert(await arrived < claimed + 44);
    }
    listener.close();
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "a source that fails cuts the connection, in its own words",
  async () => {
    await using server = new ScriptedServer();
    const link = linkTo(server.address);
    async function* pieces() {
      yield await Promise.resolve(new Uint8Array(16));
      throw new Error("the disk is gone");
    }
    await assertRejects(
      () =>
        link.send(ANNA, {
          target: BEN,
          type: 4,
          content: { size: 32, pieces: pieces() },
        }),
      UserError,
      "Can't read what is to be sent: the disk is gone",
    );
    assertEquals(server.asked, []);
    await assertRejects(
      () => send(link, new Source(), 2 ** 32),
      UserError,
      "the protocol allows 4294967274 at most",
    );
  },
);

testWith(FILES, "a file that changes while it is read is noticed", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  const changes: ((size: number) => Promise<void>)[] = [
    (size) => Deno.truncate(path, size + 1),
    (size) => Deno.truncate(path, size - 1),
    () => Deno.truncate(path, 0),
    (size) => Deno.writeFile(path, new Uint8Array(size)),
  ];
  for (const change of changes) {
    for (const size of [1, 3 * MIB]) {
      await Deno.writeFile(path, new Uint8Array(size).fill(1));
      await Deno.utime(path, 1, 1);
      const file = await openOutgoingFile(path);
      assertEquals(file.size, size);
      let read = 0;
      await change(size);
      await assertRejects(
        async () => {
          for await (const piece of file.pieces) read += piece.length;
        },
        UserError,
        `${path} changed while it was being sent`,
      );
      assert(read < size, "the last piece isn't handed out");
    }
  }
});

testWith(FILES, "a file comes in pieces, and may be empty", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  for (const size of [0, 1, MIB, MIB + 1]) {
    await Deno.writeFile(path, new Uint8Array(size).fill(7));
    const { pieces } = await openOutgoingFile(path);
    const sizes = (await Array.fromAsync(pieces)).map(({ length }) => length);
    assertEquals(sizes.reduce((sum, length) => sum + length, 0), size);
    assert(sizes.every((length) => length <= MIB));
  }
  await Deno.truncate(path, 2 ** 32);
  await assertRejects(
    () => openOutgoingFile(path),
    UserError,
    `${path} has 4294967296 bytes; a message holds 4294967258 at most`,
  );
});
