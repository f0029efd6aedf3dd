/** Whether the examples of docs/secure.md are what shared/secure/ reads and makes. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createPrivateKey, privateDecrypt, X509Certificate } from "node:crypto";
import {
  problemBehind,
  readRecord,
} from "../../shared/secure/account_record.ts";
import { verify } from "../../shared/secure/ed25519.ts";
import { readPackage } from "../../shared/secure/key_package.ts";
import {
  relayCredentials,
  trustAnchor,
} from "../../shared/secure/relay_certificate.ts";
import { formatRelayLine } from "../../shared/secure/relay_line.ts";
import { safetyNumber } from "../../shared/secure/safety_number.ts";
import {
  REFUSAL_CODE,
  SECURE_VERSION,
} from "../../shared/secure/secure_protocol.ts";
import {
  refusalCodec,
  secureRequestCodecs,
  type SecureRequestKind,
  secureRequestKind,
  secureRequestKinds,
  type SecureRequestPayloads,
  secureResponseCodecs,
  type SecureResponsePayloads,
} from "../../shared/secure/secure_requests.ts";
import {
  authenticationBytes,
  challengeLabel,
  deletionBytes,
  deviceBytes,
  liftProof,
  registrationBytes,
} from "../../shared/secure/signed_bytes.ts";
import type { Codec } from "../../shared/wire/fields.ts";
import { requestHeader, responseHeader } from "../../shared/wire/frames.ts";
import { fencedBlocks, readPage } from "../../lab/harness/pages.ts";
import { ben } from "../../lab/vectors/people.ts";
import { binding, keys } from "../../lab/vectors/secure/fixtures.ts";
import { assertContains, exampleBytes } from "../support/page_examples.ts";
import { FILES, testWith } from "../support/test_with.ts";
import { inHex } from "../support/wire/vectors.ts";

/** An example: its bytes, and what the block behind it says of them. */
interface Example {
  readonly bytes: Uint8Array;
  readonly said: { kind?: string; payload?: unknown };
}

/** The examples of one sort, such as `record`. */
async function examplesOf(sort: string): Promise<Example[]> {
  const blocks = fencedBlocks(await readPage("docs/secure.md"));
  const found = blocks.flatMap(({ info, text }, index): Example[] => {
    if (info !== `hex ${sort}`) return [];
    const next = blocks[index + 1];
    const said = next?.info === "json" ? JSON.parse(next.text) : {};
    return [{ bytes: exampleBytes(text), said }];
  });
  assert(found.length > 0, `examples of ${sort}`);
  return found;
}

/** The only example of a sort. */
async function exampleOf(sort: string): Promise<Uint8Array> {
  const [example, ...others] = await examplesOf(sort);
  assertEquals(others, []);
  return example?.bytes ?? new Uint8Array(0);
}

/** The payload of an example, which has to be as the example says. */
function payloadOf(
  { bytes, said }: Example,
  header: { version: number; payloadSize: number },
  headerSize: number,
  kind: string,
  codec: Codec<unknown>,
): unknown {
  const payload = bytes.subarray(headerSize);
  assertEquals(header.version, SECURE_VERSION);
  assertEquals(header.payloadSize, payload.length);
  assertEquals(kind, said.kind);
  const value = codec.decode(payload);
  assertContains(inHex(value), said.payload);
  assertEquals(codec.encode(value), payload, "it is encoded likewise");
  return value;
}

/** The requests of the page, by kind. */
async function requests(): Promise<SecureRequestPayloads> {
  const found: Record<string, unknown> = {};
  for (const example of await examplesOf("request")) {
    const header = requestHeader.decode(example.bytes.subarray(0, 23));
    const kind = secureRequestKind(header.code) as SecureRequestKind;
    const codec = secureRequestCodecs[kind] as Codec<unknown>;
    found[kind] = payloadOf(example, header, 23, kind, codec);
  }
  assertEquals(Object.keys(found), [...secureRequestKinds]);
  return found as unknown as SecureRequestPayloads;
}

/** The responses of the page, by kind, but for the refusal. */
async function responses(): Promise<SecureResponsePayloads> {
  const found: Record<string, unknown> = {};
  for (const example of await examplesOf("response")) {
    const header = responseHeader.decode(example.bytes.subarray(0, 7));
    const kind = secureRequestKind(header.code - 1000);
    const codec = kind === undefined
      ? refusalCodec
      : secureResponseCodecs[kind];
    if (kind === undefined) assertEquals(header.code, REFUSAL_CODE);
    found[kind ?? "refusal"] = payloadOf(
      example,
      header,
      7,
      kind ?? "refusal",
      codec as Codec<unknown>,
    );
  }
  const { refusal, ...others } = found;
  assertContains(refusal, { reason: 8, retryAfter: 60 });
  assertEquals(Object.keys(others), [...secureRequestKinds]);
  return others as unknown as SecureResponsePayloads;
}

testWith(FILES, "secure.md: frames are what they say", async () => {
  const { hello, claim, lookUp } = await responses();
  assertEquals([hello.relayKey, hello.nonce], Object.values(binding));
  await readRecord(lookUp.record);
  for (const { weekly, single = weekly } of claim.packages) {
    await readPackage(weekly, keys.benDevice.publicKey);
    await readPackage(single, keys.benDevice.publicKey);
  }
});

testWith(FILES, "secure.md: requests are signed as it says", async () => {
  const { register, authenticate, publish, record, delete: deletion } =
    await requests();
  const payload = secureRequestCodecs.register.encode(register);
  const { account, identity, devices } = await readRecord(register.record);
  const [, added] = (await readRecord(record.record)).devices;
  const [device] = devices;
  assert(device !== undefined && added !== undefined);
  const { id, signingKey } = device;
  const { count } = authenticate;
  const signed: readonly (readonly [string, ...(Uint8Array | undefined)[]])[] =
    [
      [
        "register",
        signingKey,
        register.signature,
        await registrationBytes(binding, payload.subarray(0, -64)),
      ],
      [
        "authenticate",
        signingKey,
        authenticate.signature,
        authenticationBytes(binding, id, count),
      ],
      [
        "record",
        added.signingKey,
        record.signatures[0],
        await deviceBytes(binding, record.record),
      ],
      [
        "delete",
        identity,
        deletion.signature,
        deletionBytes(binding, account),
      ],
    ];
  const none = new Uint8Array(0);
  for (const [name, key = none, signature = none, bytes = none] of signed) {
    assert(await verify(key, signature, bytes), name);
  }
  for (const bytes of publish.packages) {
    await readPackage(bytes, signingKey);
  }
});

testWith(
  FILES,
  "secure.md: records and a package are what they say",
  async () => {
    const [first, next] = await Promise.all(
      (await examplesOf("record")).map(async ({ bytes, said }) => {
        const record = await readRecord(bytes);
        assertContains(inHex(record), said);
        return record;
      }),
    );
    assert(first !== undefined && next !== undefined);
    assertEquals(await problemBehind(first, next), undefined);
    assertEquals(next.succession?.oldIdentity, first.identity);
    for (const { bytes, said } of await examplesOf("package")) {
      const read = await readPackage(bytes, keys.benDevice.publicKey);
      assertContains(inHex(read), said);
    }
  },
);

testWith(
  FILES,
  "secure.md: certificate, anchor and line are the key's",
  async () => {
    const derOf = (pem: string) =>
      Uint8Array.fromBase64(pem.replaceAll(/-----.*-----|\n/g, ""));
    const { cert } = await relayCredentials(keys.relay);
    const certificate = await exampleOf("certificate");
    assertEquals(derOf(cert), certificate);
    const anchor = await exampleOf("anchor");
    const { publicKey: key } = keys.relay;
    assertEquals(derOf(trustAnchor(key)), anchor);
    const read = new X509Certificate(certificate as never);
    assert(read.checkIssued(new X509Certificate(anchor as never)));
    const line = { hostname: "relay.example", port: 1358, key };
    const page = await readPage("docs/secure.md");
    assertStringIncludes(page, `\n${formatRelayLine(line)}\n`);
  },
);

testWith(
  FILES,
  "secure.md: challenge, proof and safety number fit",
  async () => {
    const { challenge, lookUp } = await responses();
    const key = createPrivateKey({
      key: ben.privateKey as never,
      format: "der",
      type: "pkcs8",
    });
    const opened = new Uint8Array(privateDecrypt(
      { key, oaepHash: "sha1", oaepLabel: challengeLabel(binding) },
      challenge.encrypted,
    ));
    assertEquals(opened, await exampleOf("opened"));
    const proof = await liftProof(binding, opened, lookUp.record);
    assertEquals(proof, await exampleOf("proof"));
    const { register } = await requests();
    const people = await Promise.all(
      [register.record, lookUp.record].map((bytes) => readRecord(bytes)),
    );
    const [one, other] = people;
    assert(one !== undefined && other !== undefined);
    const page = await readPage("docs/secure.md");
    assertStringIncludes(page, `\n${await safetyNumber(one, other)}\n`);
  },
);
