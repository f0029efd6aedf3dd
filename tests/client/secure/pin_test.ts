/** Which certificates a client accepts of a relay whose key is pinned (section 2 of docs/secure.md). */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { connect } from "node:tls";
import { once } from "node:events";
import { ConnectionError, UserError } from "../../../client/mod.ts";
import { RelayKeyError } from "../../../client/errors.ts";
import { SecureConnection } from "../../../client/secure/secure_connection.ts";
import {
  generateSigningKey,
  type SigningKey,
} from "../../../shared/secure/ed25519.ts";
import {
  certificateBy,
  RELAY_HOST_NAME,
  relayCredentials,
  trustAnchor,
} from "../../../shared/secure/relay_certificate.ts";
import { Program } from "../../../lab/harness/program.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import {
  GreetingListener,
  pemOf,
} from "../../../lab/harness/secure/listener.ts";
import { versionOneCertificate } from "../../../lab/harness/secure/version_one_certificate.ts";
import { OPENSSL, toolTest } from "../../support/test_with_tool.ts";
import { LOOPBACK, testWith } from "../../support/test_with.ts";

const key = await generateSigningKey();
const other = await generateSigningKey();

/** Greets a listener with this certificate. */
async function greet(
  certificate: Uint8Array,
  keys: readonly Uint8Array[] = [key.publicKey],
  shown: SigningKey = key,
  told: Uint8Array = shown.publicKey,
): Promise<Uint8Array> {
  await using listener = await GreetingListener.start(certificate, shown, told);
  using connection = await SecureConnection.open({
    ...listener.address,
    keys,
  }, { environment: () => undefined });
  return connection.hello.relayKey;
}

/** The refusal of such a listener. */
async function refusal(
  certificate: Uint8Array,
  keys?: readonly Uint8Array[],
  shown?: SigningKey,
): Promise<string> {
  const { message, hint = "" } = await assertRejects(
    () => greet(certificate, keys, shown),
    RelayKeyError,
  );
  assertStringIncludes(message, "DOESN'T SHOW THE KEY THAT YOUR LINE SAYS");
  assertStringIncludes(hint, "Nothing was sent");
  return message;
}

const pin = (name: string, fn: () => Promise<void>) =>
  testWith(LOOPBACK, `pin: ${name}`, fn);

pin("the right key passes", async () => {
  const { cert } = await relayCredentials(key);
  const der = Uint8Array.fromBase64(cert.replace(/-----[^-]+-----|\s/g, ""));
  assertEquals(await greet(der), key.publicKey);
});

pin("a renewed certificate of the key passes", async () => {
  const notBefore = "200101000000Z";
  const renewed = await certificateBy(key, key.publicKey, { notBefore });
  assertEquals(await greet(renewed), key.publicKey);
});

pin("one of two anchors passes, whichever it is", async () => {
  const certificate = await certificateBy(key, key.publicKey);
  const keys = [other.publicKey, key.publicKey];
  assertEquals(await greet(certificate, keys), key.publicKey);
  assertEquals(await greet(certificate, keys.toReversed()), key.publicKey);
});

pin("an expired certificate is refused", async () => {
  const notAfter = "010101000000Z";
  const expired = await certificateBy(key, key.publicKey, { notAfter });
  assertStringIncludes(await refusal(expired), "expired");
});

pin("a certificate that isn't valid yet is refused", async () => {
  const notBefore = "99980101000000Z";
  const early = await certificateBy(key, key.publicKey, { notBefore });
  assertStringIncludes(await refusal(early), "not valid yet");
});

pin("another key with the same names is refused", async () => {
  const forged = await certificateBy(other, other.publicKey);
  assertStringIncludes(await refusal(forged, undefined, other), "BadSignature");
});

pin("another name is refused", async () => {
  const dnsName = "relay.example";
  const named = await certificateBy(key, key.publicKey, { dnsName });
  assertStringIncludes(await refusal(named), RELAY_HOST_NAME);
});

pin("another issuer is refused", async () => {
  const issuer = "MessageU relay";
  const issued = await certificateBy(key, key.publicKey, { issuer });
  assertStringIncludes(await refusal(issued), "UnknownIssuer");
});

pin("nothing passes without an anchor", async () => {
  const certificate = await certificateBy(key, key.publicKey);
  assertStringIncludes(await refusal(certificate, []), "UnknownIssuer");
});

// The runtime serves no such certificate.
toolTest(
  OPENSSL,
  "pin: a v1 certificate of another key passes node:tls, not the client",
  async () => {
    await using folder = await temporaryFolder();
    const [cert, pem] = [`${folder.path}/cert.der`, `${folder.path}/key.pem`];
    await Deno.writeFile(
      cert,
      await versionOneCertificate(
        await certificateBy(other, other.publicKey),
        other,
      ),
    );
    const pkcs8 = await crypto.subtle.exportKey("pkcs8", other.privateKey);
    const text = pemOf("PRIVATE KEY", new Uint8Array(pkcs8));
    await Deno.writeTextFile(pem, text);
    await using server = Program.run("sh", [
      "-c",
      'exec openssl s_server -accept 127.0.0.1:0 -www -tls1_3 -certform DER -cert "$1" -key "$2"',
      "sh",
      cert,
      pem,
    ]);
    const [, digits] = await server.prints(/ACCEPT 127\.0\.0\.1:(\d+)/);
    const relay = {
      hostname: "127.0.0.1",
      port: Number(digits),
      keys: [key.publicKey],
    };
    const { message } = await assertRejects(
      () => SecureConnection.open(relay, { environment: () => undefined }),
      RelayKeyError,
    );
    assertStringIncludes(message, "UnsupportedCertVersion");
    const socket = connect({
      host: relay.hostname,
      port: relay.port,
      servername: RELAY_HOST_NAME,
      ca: [trustAnchor(key.publicKey)],
    });
    await once(socket, "secureConnect");
    assertEquals(socket.authorized, true);
    const closed = once(socket, "close");
    socket.destroy();
    await closed;
  },
);

pin("a relay that tells another key than it shows is refused", async () => {
  const certificate = await certificateBy(key, key.publicKey);
  const { message } = await assertRejects(
    () => greet(certificate, undefined, key, other.publicKey),
    RelayKeyError,
  );
  assertStringIncludes(message, "it tells another one");
});

for (
  const variable of ["DENO_CERT", "DENO_TLS_CA_STORE", "NODE_EXTRA_CA_CERTS"]
) {
  pin(`nothing is asked while ${variable} is set`, async () => {
    // Nothing listens there: the refusal comes first.
    const nowhere = {
      hostname: "127.0.0.1",
      port: 1,
      keys: [key.publicKey],
    };
    const environment = (name: string) => name === variable ? "x" : undefined;
    const { message, hint = "" } = await assertRejects(
      () => SecureConnection.open(nowhere, { environment }),
      UserError,
    );
    assertStringIncludes(message, `while ${variable} is set`);
    assertStringIncludes(hint, `without ${variable}`);
  });
}

pin("nothing is asked while the environment can't be seen", async () => {
  const nowhere = { hostname: "127.0.0.1", port: 1, keys: [key.publicKey] };
  const { message, hint = "" } = await assertRejects(
    () => SecureConnection.open(nowhere),
    UserError,
  );
  assertStringIncludes(message, "can't be seen");
  assertStringIncludes(hint, "--allow-env=DENO_CERT,");
});

pin("a port that is no TLS is no relay", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const closing = listener.accept().then(async (conn) => {
    await conn.read(new Uint8Array(1));
    conn.close();
  });
  const { port } = listener.addr;
  const relay = { hostname: "127.0.0.1", port, keys: [key.publicKey] };
  const { message } = await assertRejects(
    () => SecureConnection.open(relay, { environment: () => undefined }),
    ConnectionError,
  );
  assertStringIncludes(message, `The handshake with 127.0.0.1:${port} broke`);
  await closing;
});
