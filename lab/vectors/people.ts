/**
 * Who takes part in the vectors. Anna and Ben are those of docs/protocol.md.
 *
 * @module
 */

import { decodeHex } from "@std/encoding";
import type { ClientId } from "../../shared/wire/protocol.ts";
import cryptopp from "../recordings/cryptopp.json" with { type: "json" };
import material from "./material.json" with { type: "json" };

/** A user with keys and id. */
export interface Person {
  readonly name: string;
  readonly clientId: ClientId;
  /** The SubjectPublicKeyInfo, 160 bytes. */
  readonly publicKey: Uint8Array;
  /** The PKCS#8. */
  readonly privateKey: Uint8Array;
}

const idOf = (hex: string) => decodeHex(hex) as ClientId;

function person(
  name: string,
  id: string,
  keys: { publicKey: string; privateKey: string },
): Person {
  return {
    name,
    clientId: idOf(id),
    publicKey: decodeHex(keys.publicKey),
    privateKey: decodeHex(keys.privateKey),
  };
}

/** Anna; no vector needs her private key. */
export const anna: Omit<Person, "privateKey"> = {
  name: "anna",
  clientId: idOf("a17c3de25b8f4d219ce6f43b82157ad9"),
  publicKey: decodeHex(material.keys.anna.publicKey),
};

/** Ben, whose key pair has the exponent 3. */
export const ben: Person = person(
  "ben",
  "5b94e1c7386a4f13b2d85ac96e27f184",
  material.keys.ben,
);

/** Clara, whose key pair is Crypto++'s and has the exponent 17. */
export const clara: Person = person(
  "clara",
  "c3d1f27e94ab4c6d8e51b7a24f93de68",
  {
    publicKey: cryptopp.rsa.public_der_hex,
    privateKey: cryptopp.rsa.private_der_hex,
  },
);

/** Dan, whose key pair is OpenSSL's and has the exponent 3. */
export const dan: Person = person(
  "dan",
  "d4e8a1937bc24f5e96d3f18a2c75be41",
  material.keys.dan,
);
