import {
  type CertificateBody,
  certificateBy,
  trustAnchor,
} from "../../../shared/secure/relay_certificate.ts";
import {
  formatRelayLine,
  parseRelayLine,
} from "../../../shared/secure/relay_line.ts";
import { versionOneCertificate } from "../../harness/secure/version_one_certificate.ts";
import { keys } from "./fixtures.ts";
import type { SecureCase } from "./secure_case.ts";
import { weakKeys } from "./weak_keys.ts";

const relayKey = keys.relay.publicKey;

/** Keys, certificates, trust anchors and lines. */
export async function channelCases(): Promise<SecureCase[]> {
  return [...keyCases(), ...await certificateCases(), ...lineCases()];
}

function keyCases(): SecureCase[] {
  return [
    {
      name: "key-sound",
      about: "The relay's key.",
      of: "key",
      bytes: relayKey,
      meaning: { key: relayKey },
    },
    ...weakKeys.map(([name, bytes]): SecureCase => ({
      name: `key-${name}`,
      about: "A key under which libraries verify forgeries.",
      of: "key",
      breaks: "EDK-1",
      bytes,
    })),
  ];
}

async function certificateCases(): Promise<SecureCase[]> {
  const right = await certificateBy(keys.relay, relayKey);
  const refused = async (
    name: string,
    about: string,
    body: Partial<CertificateBody>,
    issuer = keys.relay,
    key = relayKey,
  ): Promise<SecureCase> => ({
    name: `certificate-${name}`,
    about,
    of: "certificate",
    breaks: "PIN-1",
    bytes: await certificateBy(issuer, key, body),
    given: { relayKey },
  });
  return [
    {
      name: "certificate-right",
      about: "The certificate of the relay's key.",
      of: "certificate",
      bytes: right,
      given: { relayKey },
      meaning: { relayKey },
    },
    await refused(
      "other-key",
      "Another key with the same names.",
      {},
      keys.stranger,
      keys.stranger.publicKey,
    ),
    await refused(
      "signed-by-another",
      "The relay's key, but another has signed it.",
      {},
      keys.stranger,
    ),
    await refused("other-name", "For the host name relay.example.", {
      subject: "relay.example",
      dnsName: "relay.example",
    }),
    await refused("other-issuer", "Its issuer has another name.", {
      issuer: "MessageU relay",
    }),
    await refused("expired", "Valid until 2020.", {
      notAfter: "200101000000Z",
    }),
    await refused("not-yet-valid", "Valid from the year 9998.", {
      notBefore: "99980101000000Z",
    }),
    {
      name: "certificate-version-1",
      about: "Of version 1, which has no host name, by the relay's key.",
      of: "certificate",
      breaks: "PIN-1",
      bytes: await versionOneCertificate(right, keys.relay),
      given: { relayKey },
    },
    {
      name: "anchor",
      about: "What a client may pin: the issuer's name and the relay's key.",
      of: "anchor",
      bytes: derOf(trustAnchor(relayKey)),
      given: { relayKey },
      meaning: { relayKey },
    },
  ];
}

/** The bytes of a certificate in PEM. */
const derOf = (pem: string) =>
  Uint8Array.fromBase64(pem.replaceAll(/-----.*-----|\n/g, ""));

function lineCases(): SecureCase[] {
  const line = formatRelayLine({
    hostname: "relay.example",
    port: 1358,
    key: relayKey,
  });
  const key = line.slice(-43);
  const valid = (name: string, about: string, text: string): SecureCase => ({
    name: `line-${name}`,
    about,
    of: "line",
    bytes: new TextEncoder().encode(text),
    meaning: { ...parseRelayLine(text) },
  });
  const refused = (
    name: string,
    about: string,
    text: string,
    breaks: "LIN-1" | "LIN-2" = "LIN-1",
  ): SecureCase => ({
    name: `line-${name}`,
    about,
    of: "line",
    breaks,
    bytes: new TextEncoder().encode(text),
  });
  return [
    valid("name", "A host name.", line),
    valid(
      "ipv4",
      "An IPv4 address.",
      line.replace("relay.example", "127.0.0.1"),
    ),
    valid("ipv6", "An IPv6 address.", line.replace("relay.example", "[::1]")),
    valid("highest-port", "The highest port.", line.replace("1358", "65535")),
    refused("line-end", "A line end behind the key.", `${line}\n`),
    refused("blank-before", "A blank before the line.", ` ${line}`),
    refused("slash-behind", "A slash behind the key.", `${line}/`),
    refused("padding", "Padding behind the key.", `${line}=`),
    refused("key-missing", "No key.", line.slice(0, -43)),
    refused("key-short", "A key of 42 characters.", line.slice(0, -1)),
    refused(
      "key-loose",
      "The last character has bits that the key doesn't.",
      line.replace(/w$/, "x"),
    ),
    refused(
      "key-base64",
      "A plus in the key, which base64url doesn't have.",
      line.replace(key, key.replace("X", "+")),
    ),
    refused("scheme", "Capitals before the host.", line.replace("mu", "MU")),
    refused("port-missing", "No port.", line.replace(":1358", "")),
    refused("port-0", "The port 0.", line.replace("1358", "0")),
    refused(
      "port-zeros",
      "A zero before the port.",
      line.replace("1358", "01358"),
    ),
    refused("port-high", "The port 65536.", line.replace("1358", "65536")),
    refused("host-missing", "No host.", line.replace("relay.example", "")),
    refused(
      "host-bare-ipv6",
      "An IPv6 address without brackets.",
      line.replace("relay.example", "::1"),
    ),
    refused(
      "key-small-order",
      "A key of small order.",
      line.replace(key, "A".repeat(43)),
      "LIN-2",
    ),
  ];
}
