import { assert, assertEquals, assertRejects } from "@std/assert";
import { startSecureRelay } from "../../../lab/harness/secure/secure_relay.ts";
import { until } from "../../../lab/harness/until.ts";
import { LoopTurns } from "../../../server/secure/loop_turns.ts";
import {
  Lingering,
  TlsTransport,
} from "../../../server/secure/tls_transport.ts";
import { generateSigningKey } from "../../../shared/secure/ed25519.ts";
import {
  RELAY_HOST_NAME,
  relayCredentials,
  trustAnchor,
} from "../../../shared/secure/relay_certificate.ts";
import { LOOPBACK, testWith } from "../../support/test_with.ts";

const PLACE = { hostname: "127.0.0.1", port: 0 };
const BYTE = new Uint8Array(1);

testWith(
  LOOPBACK,
  "a connection that TLS can't close yet ends for the relay at once, and leaves no room meanwhile",
  async () => {
    const key = await generateSigningKey();
    using listener = Deno.listenTls({
      ...PLACE,
      ...await relayCredentials(key),
    });
    const { port } = listener.addr as Deno.NetAddr;
    const lingering = new Lingering(1);
    const connect = async () => {
      const client = await Deno.connect({ ...PLACE, port });
      const transport = new TlsTransport(
        await listener.accept(),
        lingering,
        new LoopTurns(),
      );
      return { client, transport };
    };
    // Without a handshake.
    const silent = await connect();
    const reading = silent.transport.read(new Uint8Array(10));
    silent.transport.close();
    await silent.transport.closed;
    assertEquals(lingering.count, 1);
    await assertRejects(async () => {
      await silent.transport.read(new Uint8Array(10));
    }, Deno.errors.Interrupted);
    const room = lingering.room();
    silent.client.close();
    await assertRejects(() => reading);
    await room;
    assertEquals(lingering.count, 0);
    // With a response that the client doesn't take.
    const slow = await connect();
    const client = await Deno.startTls(slow.client, {
      hostname: RELAY_HOST_NAME,
      caCerts: [trustAnchor(key.publicKey)],
    });
    await client.handshake();
    await slow.transport.handshake;
    let sent = 0;
    const writing = (async () => {
      for (;;) sent += await slow.transport.write(new Uint8Array(65_536));
    })();
    const stopped = assertRejects(() => writing);
    for (let before = -1; before < sent;) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    slow.transport.close();
    await slow.transport.closed;
    assertEquals(lingering.count, 1);
    client.close();
    await stopped;
    await until("the end", () => lingering.count === 0);
    // One that has nothing under way goes at once.
    const { client: plain, transport } = await connect();
    const idle = await Deno.startTls(plain, {
      hostname: RELAY_HOST_NAME,
      caCerts: [trustAnchor(key.publicKey)],
    });
    await Promise.all([idle.handshake(), transport.handshake]);
    transport.close();
    await until("the end", () => lingering.count === 0);
    assertEquals(await idle.read(new Uint8Array(1)), null);
    idle.close();
  },
);

testWith(
  LOOPBACK,
  "a relay closes though clients never finish their handshakes",
  async () => {
    const server = await startSecureRelay({ drainTimeout: 50 });
    const { hostname, port } = server.line;
    const clients = [];
    for (let index = 0; index < 10; index++) {
      clients.push(await Deno.connect({ hostname, port }));
    }
    await until("connections", () => server.relay.connections === 10);
    await server.close();
    assertEquals(server.relay.connections, 0);
    for (const client of clients) client.close();
  },
);

testWith(
  LOOPBACK,
  "a connection on which everything is ready at once lets timers and others have their turn",
  async () => {
    const key = await generateSigningKey();
    using listener = Deno.listenTls({
      ...PLACE,
      ...await relayCredentials(key),
    });
    const { port } = listener.addr as Deno.NetAddr;
    const connecting = Deno.connectTls({
      ...PLACE,
      port,
      caCerts: [trustAnchor(key.publicKey)],
      unsafelyDisableHostnameVerification: true,
    });
    const turns = new LoopTurns();
    const transport = new TlsTransport(
      await listener.accept(),
      new Lingering(),
      turns,
    );
    using _client = await connecting;
    await transport.handshake;
    let written = 0;
    const writing = (async () => {
      while (written < 1000) written += await transport.write(BYTE);
    })();
    await new Promise((resolve) => setTimeout(resolve));
    assert(written < 1000, "all written before the timer");
    await writing;
    transport.close();
    turns.end();
  },
);
