import { assert, assertEquals } from "@std/assert";
import { createPublicKey, X509Certificate } from "node:crypto";
import {
  certificateBy,
  RELAY_HOST_NAME,
  relayCredentials,
  trustAnchor,
} from "../../../shared/secure/relay_certificate.ts";
import { keys } from "../../../lab/vectors/secure/fixtures.ts";

/** The 32 bytes of a certificate's key. */
const keyOf = ({ publicKey }: X509Certificate) =>
  new Uint8Array(publicKey.export({ format: "der", type: "spki" })).slice(-32);

Deno.test("a relay's certificate says what clients look for", async () => {
  const { cert, key } = await relayCredentials(keys.relay);
  const read = new X509Certificate(cert);
  assertEquals(read.issuer, "CN=MessageU relay key");
  assertEquals(read.subject, `CN=${RELAY_HOST_NAME}`);
  assertEquals(read.subjectAltName, `DNS:${RELAY_HOST_NAME}`);
  assertEquals(read.checkHost(RELAY_HOST_NAME), RELAY_HOST_NAME);
  assertEquals(Number(read.serialNumber), 1);
  assertEquals(read.ca, false);
  assertEquals(
    new Date(read.validFrom).toISOString(),
    "2000-01-01T00:00:00.000Z",
  );
  assertEquals(
    new Date(read.validTo).toISOString(),
    "9999-12-31T23:59:59.000Z",
  );
  assertEquals(keyOf(read), keys.relay.publicKey);
  assert(read.verify(read.publicKey), "its key has signed it");
  const half = createPublicKey(key).export({ format: "der", type: "spki" });
  assertEquals(new Uint8Array(half).slice(-32), keys.relay.publicKey);
  assertEquals(
    (await relayCredentials(keys.relay)).cert,
    cert,
    "nothing is drawn",
  );
});

Deno.test("a trust anchor has the issuer's name and the key", () => {
  const read = new X509Certificate(trustAnchor(keys.relay.publicKey));
  assertEquals(read.subject, "CN=MessageU relay key");
  assertEquals(read.issuer, "CN=MessageU relay key");
  assertEquals(keyOf(read), keys.relay.publicKey);
  assertEquals(read.subjectAltName, undefined);
});

Deno.test("a certificate has the names and times that it is given", async () => {
  const bytes = await certificateBy(keys.ben, keys.relay.publicKey, {
    issuer: "another issuer",
    subject: "s".repeat(200),
    dnsName: "relay.example",
    notAfter: "200101000000Z",
  });
  const read = new X509Certificate(bytes as unknown as Uint8Array & string);
  assertEquals(read.issuer, "CN=another issuer");
  assertEquals(read.subject, `CN=${"s".repeat(200)}`);
  assertEquals(read.subjectAltName, "DNS:relay.example");
  assertEquals(new Date(read.validTo).getUTCFullYear(), 2020);
  assert(!read.verify(read.publicKey), "another key has signed it");
});
