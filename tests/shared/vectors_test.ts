import { assertEquals } from "@std/assert";
import {
  decryptKey,
  importPrivateKey,
  importPublicKey,
  importSymmetricKey,
  legacyDecrypt,
  legacyEncrypt,
} from "../../shared/crypto/crypto.ts";
import { parseInfoMe } from "../../shared/identity/parse_identity.ts";
import { decodeResponse } from "../../lab/harness/responses.ts";
import {
  defaultDialect,
  requestKind,
  responseMeant,
} from "../../shared/mod.ts";
import {
  type Register,
  responseCode,
  responseCodecs,
  type SendMessage,
} from "../../shared/wire/requests.ts";
import {
  decodeRequest,
  encodeRequest,
  encodeResponse,
  requestHeader,
  responseHeader,
} from "../../shared/wire/frames.ts";
import { PULL } from "../../kit/requests.ts";
import cryptopp from "../../lab/recordings/cryptopp.json" with { type: "json" };
import noa from "../../lab/recordings/noa.json" with { type: "json" };

const hex = (text: string) => Uint8Array.fromHex(text);

function request(frame: Uint8Array) {
  const header = requestHeader.decode(frame.subarray(0, 23));
  const kind = requestKind(header.code);
  if (kind === undefined) throw new Error(`Unknown code ${header.code}`);
  assertEquals(header.payloadSize, frame.length - 23);
  return { header, ...decodeRequest(kind, frame.subarray(23)) };
}

function response(frame: Uint8Array) {
  const header = responseHeader.decode(frame.subarray(0, 7));
  const code = responseMeant(defaultDialect, header.code);
  if (code === undefined) throw new Error(`Code ${header.code}`);
  assertEquals(header.payloadSize, frame.length - 7);
  return { header, ...decodeResponse(code, frame.subarray(7)) };
}

const exchange = new Map(noa.exchange.map((frame) => [frame.order, frame]));

function frameOf(order: number): Uint8Array {
  return hex(exchange.get(order)?.hex ?? "");
}

Deno.test("noa: every frame decodes and encodes to the same bytes", () => {
  const counts = { request: 0, response: 0 };
  for (const { direction, code, hex: text, order } of noa.exchange) {
    const frame = hex(text);
    if (direction === "request") {
      const { header, kind, payload } = request(frame);
      assertEquals(header.code, code, `frame ${order}`);
      assertEquals(encodeRequest(kind, payload, header), frame);
      counts.request++;
    } else {
      const { header, ...answer } = response(frame);
      assertEquals(header.code, code, `frame ${order}`);
      assertEquals(encodeResponse(answer, { version: header.version }), frame);
      counts.response++;
    }
  }
  assertEquals(counts, { request: 66, response: 66 });
});

Deno.test("noa: each request got the answer that its kind expects, or 9000", () => {
  const pending = new Map<number, Uint8Array>();
  let pairs = 0;
  let refused = 0;
  for (const { connection, direction, hex: text } of noa.exchange) {
    if (direction === "request") {
      pending.set(connection, hex(text));
      continue;
    }
    const asked = pending.get(connection);
    if (asked === undefined) throw new Error("An answer without a request");
    pending.delete(connection);
    const { code } = response(hex(text));
    pairs++;
    if (code === 9000) refused++;
    else assertEquals(code, responseCode[request(asked).kind]);
  }
  assertEquals({ pairs, refused, open: pending.size }, {
    pairs: 66,
    refused: 2,
    open: 0,
  });
});

Deno.test("noa: identity files parse to what they hold", async () => {
  const files = Object.values(noa.clients).flatMap((client) =>
    "client_id_hex" in client ? [client] : []
  );
  for (const client of files) {
    const text = new TextDecoder().decode(hex(client.info_file_hex));
    const me = await parseInfoMe(text);
    assertEquals(me.name, client.username);
    assertEquals(me.clientId.toHex(), client.client_id_hex);
    assertEquals(me.privateKey.toHex(), client.private_key_pkcs8_hex);
  }
  assertEquals(files.length, 4);
});

Deno.test("noa: registered public keys import", async () => {
  let keys = 0;
  for (const { code, hex: text } of noa.exchange) {
    if (code !== 600) continue;
    const { payload } = request(hex(text));
    assertEquals(
      (await importPublicKey((payload as Register).publicKey)).type,
      "public",
    );
    keys++;
  }
  assertEquals(keys, 6);
});

Deno.test("noa: symmetric keys decrypt", async () => {
  const clients = noa.clients as Record<
    string,
    { private_key_pkcs8_hex?: string }
  >;
  for (const { request_order, to, key_hex } of noa.symmetric_keys) {
    const privateKey = await importPrivateKey(
      hex(clients[to]?.private_key_pkcs8_hex ?? ""),
    );
    const { payload } = request(frameOf(request_order));
    const { type, content } = payload as SendMessage;
    assertEquals(type, 2);
    const key = await decryptKey(privateKey, content);
    const raw = await crypto.subtle.exportKey("raw", key);
    assertEquals(new Uint8Array(raw).toHex(), key_hex);
  }
  assertEquals(noa.symmetric_keys.length, 2);
});

Deno.test("noa: texts and files decrypt, encrypt and were handed out as sent", async () => {
  let pulled = 0;
  for (const vector of noa.plaintexts) {
    const key = await importSymmetricKey(hex(vector.key_hex));
    const { payload } = request(frameOf(vector.request_order));
    const { type, content } = payload as SendMessage;
    assertEquals(type, vector.type);
    assertEquals(content.toHex(), vector.ciphertext_hex);
    const plaintext = await legacyDecrypt(key, content);
    assertEquals(plaintext.toHex(), vector.plaintext_hex);
    assertEquals(await legacyEncrypt(key, plaintext), content);
    const answer = vector.pulled_in_order;
    if (answer === null || answer === undefined) continue;
    const messages = responseCodecs[PULL].decode(
      frameOf(answer).subarray(7),
    );
    assertEquals(
      messages.some((message) => message.content.toHex() === content.toHex()),
      true,
    );
    pulled++;
  }
  assertEquals(noa.plaintexts.length, 13);
  assertEquals(pulled > 0, true);
});

Deno.test("Crypto++: its public key imports, padded with zeros or not", async () => {
  const der = hex(cryptopp.rsa.public_der_hex);
  assertEquals(der.length, 160);
  const key = await importPublicKey(der);
  const exported = await crypto.subtle.exportKey("spki", key);
  assertEquals(new Uint8Array(exported), der);
  const padded = new Uint8Array(200);
  padded.set(der);
  assertEquals((await importPublicKey(padded)).type, "public");
});

Deno.test("Crypto++: its private key imports in each of its forms", async () => {
  const der = hex(cryptopp.rsa.private_der_hex);
  const padded = new Uint8Array(der.length + 9);
  padded.set(der);
  for (const bytes of [der, padded]) {
    assertEquals((await importPrivateKey(bytes)).type, "private");
  }
  for (
    const base64 of [
      cryptopp.rsa.private_base64_default,
      cryptopp.rsa.private_base64_no_breaks,
    ]
  ) {
    const me = await parseInfoMe(`anna\n${"0f".repeat(16)}\n${base64}`);
    assertEquals(me.privateKey, der);
  }
});

Deno.test("Crypto++: its RSA ciphertexts decrypt", async () => {
  const key = await importPrivateKey(hex(cryptopp.rsa.private_der_hex));
  for (const vector of cryptopp.rsa_oaep_sha1) {
    const opened = await decryptKey(key, hex(vector.ciphertext_hex));
    const raw = await crypto.subtle.exportKey("raw", opened);
    assertEquals(
      new Uint8Array(raw).toHex(),
      vector.plaintext_hex,
      vector.description,
    );
  }
  assertEquals(cryptopp.rsa_oaep_sha1.length, 9);
});

Deno.test("Crypto++: its AES ciphertexts decrypt, and ours are the same", async () => {
  for (const vector of cryptopp.aes_128_cbc_zero_iv) {
    const key = await importSymmetricKey(hex(vector.key_hex));
    const plaintext = hex(vector.plaintext_hex);
    assertEquals(plaintext.length, vector.length);
    const ciphertext = await legacyEncrypt(key, plaintext);
    assertEquals(ciphertext.toHex(), vector.ciphertext_hex);
    assertEquals(await legacyDecrypt(key, ciphertext), plaintext);
  }
  assertEquals(cryptopp.aes_128_cbc_zero_iv.length, 16);
});
