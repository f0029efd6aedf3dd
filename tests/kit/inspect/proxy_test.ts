import { assert, assertEquals } from "@std/assert";
import { equals } from "@std/bytes";
import { connect, createServer } from "node:net";
import type { Finding } from "../../../kit/dissect/conversation.ts";
import { Proxy } from "../../../kit/inspect/proxy.ts";
import { listed, sent } from "../../support/wire/frames.ts";
import { Peer, writeAll } from "../../../lab/harness/peer.ts";
import { testRelay } from "../../../lab/harness/resources.ts";
import {
  LOOPBACK,
  LOOPBACK_AND_FILES,
  testWith,
} from "../../support/test_with.ts";
import { until } from "../../../lab/harness/until.ts";
import { hasCode } from "../../../shared/platform/system_error.ts";
import { assertRejectsWith } from "../../support/system_errors.ts";
import { withoutResets } from "../../support/wire/resets.ts";

const missing = await withoutResets();

/** A proxy before a server whose connections the test serves. */
class Behind implements AsyncDisposable {
  readonly findings: Finding[] = [];
  readonly unreachable: string[] = [];
  readonly proxy: Proxy;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #served: Promise<void>;
  address = { hostname: "127.0.0.1", port: 0 };

  private constructor(serve: (conn: Deno.TcpConn) => Promise<void>) {
    this.#served = this.#serve(serve);
    this.proxy = new Proxy(this.#listener.addr, {
      connection: () => {},
      finding: (_, finding) => this.findings.push(finding),
      unreachable: (_, reason) => this.unreachable.push(reason),
    });
  }

  static async start(
    serve: (conn: Deno.TcpConn) => Promise<void>,
  ): Promise<Behind> {
    const behind = new Behind(serve);
    const { hostname } = behind.address;
    const port = await behind.proxy.listen({ hostname, port: 0 });
    behind.address = { hostname, port };
    return behind;
  }

  async #serve(serve: (conn: Deno.TcpConn) => Promise<void>): Promise<void> {
    for await (const conn of this.#listener) {
      await serve(conn);
      conn.close();
    }
  }

  /** Stops the server. */
  async leave(): Promise<void> {
    this.#listener.close();
    await this.#served;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy.close();
    try {
      this.#listener.close();
    } catch {
      // It has left before.
    }
    await this.#served;
  }
}

async function readAll(conn: Deno.TcpConn): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const buffer = new Uint8Array(65536);
  for (;;) {
    const size = await conn.read(buffer);
    if (size === null) break;
    parts.push(buffer.slice(0, size));
  }
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

function randomBytes(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65536));
  }
  return bytes;
}

testWith(
  LOOPBACK,
  "inspect: bytes pass unchanged both ways, and a half-close with them",
  async () => {
    const [there, back] = [randomBytes(3_000_000), randomBytes(5_000_000)];
    let arrived: Uint8Array | undefined;
    await using behind = await Behind.start(async (conn) => {
      // It answers only once the client has ended its half.
      arrived = await readAll(conn);
      await writeAll(conn, back);
    });
    using conn = await Deno.connect(behind.address);
    await writeAll(conn, there);
    await conn.closeWrite();
    const answered = await readAll(conn);
    assert(arrived !== undefined && equals(arrived, there));
    assert(equals(answered, back));
    const total = (direction: string) =>
      behind.findings.reduce(
        (sum, finding) =>
          finding.direction !== direction || !("size" in finding)
            ? sum
            : sum + (finding.size ?? 0),
        0,
      );
    await until(
      "all bytes to be told",
      () => behind.findings.filter(({ kind }) => kind === "end").length === 2,
    );
    assertEquals([total("request"), total("answer")], [
      there.length,
      back.length,
    ]);
  },
);

testWith(LOOPBACK, "inspect: a client's reset reaches the relay", async () => {
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown>();
  await using behind = await Behind.start(async (conn) => {
    await conn.read(new Uint8Array(1));
    begun.resolve();
    await readAll(conn).then(() => ended.resolve("an end"), ended.resolve);
  });
  const { hostname: host, port } = behind.address;
  const socket = connect({ host, port });
  socket.write(sent(3, 16));
  await begun.promise;
  socket.resetAndDestroy();
  const error = await ended.promise;
  assert(hasCode(error, "ECONNRESET"), `${error}`);
  await until(
    "the reset to be told",
    () =>
      behind.findings.some((finding) =>
        finding.kind === "end" && finding.isReset
      ),
  );
}, missing);

testWith(LOOPBACK, "inspect: a relay's reset reaches the client", async () => {
  // Deno's own sockets send an end before a reset.
  const relay = createServer((socket) => {
    socket.once("data", () => socket.resetAndDestroy());
  });
  const hostname = "127.0.0.1";
  await new Promise<void>((resolve) => relay.listen(0, hostname, resolve));
  const { port } = relay.address() as { port: number };
  const findings: Finding[] = [];
  const proxy = new Proxy({ hostname, port }, {
    connection: () => {},
    finding: (_, finding) => findings.push(finding),
    unreachable: () => {},
  });
  const address = {
    hostname,
    port: await proxy.listen({ hostname, port: 0 }),
  };
  try {
    using conn = await Deno.connect(address);
    await writeAll(conn, sent(3, 16));
    await assertRejectsWith("ECONNRESET", () => readAll(conn));
  } finally {
    await proxy.close();
    await new Promise((resolve) => relay.close(resolve));
  }
  assertEquals(
    findings.flatMap((finding) =>
      finding.kind !== "end" ? [] : [[
        finding.direction,
        finding.isReset,
        ...finding.problems.map(({ clause }) => clause),
      ]]
    ),
    [["answer", true, "FRM-4"]],
  );
}, missing);

testWith(
  LOOPBACK,
  "inspect: unknown bytes are reported and forwarded",
  async () => {
    const text = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    await using behind = await Behind.start(async (conn) => {
      await conn.read(new Uint8Array(1000));
      await writeAll(conn, new TextEncoder().encode(text));
      // In the end it has a response after all.
      await writeAll(conn, listed());
    });
    using conn = await Deno.connect(behind.address);
    await writeAll(conn, sent(3, 16));
    const answered = await readAll(conn);
    assertEquals(
      new TextDecoder().decode(answered.subarray(0, text.length)),
      text,
    );
    assertEquals(answered.subarray(text.length), Uint8Array.from(listed()));
    assertEquals(
      behind.findings.filter(({ direction }) => direction === "answer")
        .map(({ kind }) => kind),
      ["lost", "foreign", "frame", "end"],
    );
  },
);

testWith(
  LOOPBACK_AND_FILES,
  "inspect: a file of 8 MB is summarized, and reaches the relay",
  async () => {
    await using relay = await testRelay();
    const findings: Finding[] = [];
    const proxy = new Proxy(relay.address, {
      connection: () => {},
      finding: (_, finding) => findings.push(finding),
      unreachable: () => {},
    });
    const hostname = "127.0.0.1";
    const port = await proxy.listen({ hostname, port: 0 });
    try {
      using peer = await Peer.connect({ hostname, port });
      const anna = await peer.register("anna");
      await peer.send(anna, anna, new Uint8Array(8_000_000), 4);
    } finally {
      await proxy.close();
    }
    const large = findings.find((finding) =>
      finding.kind === "frame" && finding.unseen > 0
    );
    assert(large?.kind === "frame");
    assertEquals(large.size, 8_000_044);
    assertEquals(large.problems, []);
    assertEquals(
      large.dissection.what.replace(/, to .*/, ""),
      "603 send a message: file, 8000000 bytes",
    );
    assert(large.size - large.unseen < 10_000, "only its beginning is kept");
  },
);

testWith(
  LOOPBACK,
  "inspect: without a relay the client is reset",
  async () => {
    await using behind = await Behind.start(() => Promise.resolve());
    await behind.leave();
    using conn = await Deno.connect(behind.address);
    await assertRejectsWith("ECONNRESET", () => readAll(conn));
    assertEquals(behind.unreachable, ["connection refused"]);
  },
  missing,
);
