/**
 * Everything that reads bytes or text from outside, each with the errors that
 * it may throw and what must hold where it throws none.
 *
 * @module
 */

import { equals } from "@std/bytes";
import { encodeBase64, encodeHex } from "@std/encoding";
import {
  DecryptError,
  decryptKey,
  encryptKey,
  exportPublicKey,
  generateKeyPair,
  importPrivateKey,
  importPublicKey,
  importSymmetricKey,
  legacyDecrypt,
  legacyPadding,
} from "../../../shared/crypto/crypto.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";
import { parseInfoMe } from "../../../shared/identity/parse_identity.ts";
import {
  formatAddress,
  formatInfoMe,
  parseAddress,
  parsePort,
} from "../../../shared/folder/info_files.ts";
import {
  decodeListedName,
  decodeName,
  encodeListedName,
  encodeName,
} from "../../../shared/wire/field_types.ts";
import {
  bytesOf,
  codecTargets,
  type DecoderTarget,
  ID,
  NAME,
} from "./codec_targets.ts";
import { expect } from "../failure.ts";
import { secureTargets } from "./secure_targets.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { ignoreBOM: true });

function nameTargets(): DecoderTarget[] {
  return [{
    name: "decodeName",
    samples: [NAME],
    throws: FormatError,
    run(input) {
      const name = decodeName(input);
      const bytes = encodeName(name);
      expect(
        equals(bytes, input.subarray(0, bytes.length)) &&
          input[bytes.length] === 0,
        "the bytes up to the first NUL",
        encodeHex(bytes),
      );
    },
  }, {
    name: "decodeListedName",
    samples: [NAME, utf8.encode("דנה 🎉\0")],
    throws: FormatError,
    run(input) {
      const bytes = encodeListedName(decodeListedName(input));
      expect(bytes.length < 255, "at most 254 bytes", `${bytes.length}`);
    },
  }];
}

function infoTargets(me: Uint8Array<ArrayBuffer>): DecoderTarget[] {
  return [{
    name: "parseInfoMe",
    samples: [me],
    throws: FormatError,
    async run(input) {
      const read = await parseInfoMe(input);
      const again = await parseInfoMe(formatInfoMe(read));
      expect(
        again.name === read.name && equals(again.clientId, read.clientId) &&
          equals(again.privateKey, read.privateKey),
        `${JSON.stringify(read.name)} and the rest again`,
        JSON.stringify(again.name),
      );
    },
  }, {
    name: "parseAddress",
    samples: ["127.0.0.1:1357", "[::1]:80\r\n", "relay.example:65535"]
      .map((line) => utf8.encode(line)),
    throws: FormatError,
    run(input) {
      const address = parseAddress(text.decode(input));
      const again = parseAddress(formatAddress(address));
      expect(
        again.hostname === address.hostname && again.port === address.port,
        formatAddress(address),
        formatAddress(again),
      );
    },
  }, {
    name: "parsePort",
    samples: [utf8.encode("1357\n"), utf8.encode("65535")],
    throws: FormatError,
    run(input) {
      const port = parsePort(text.decode(input));
      const holds = Number.isInteger(port) && port > 0 && port < 0x10000;
      expect(holds && parsePort(`${port}`) === port, "a port", `${port}`);
    },
  }];
}

async function cryptoTargets(
  pair: CryptoKeyPair,
  spki: Uint8Array<ArrayBuffer>,
  pkcs8: Uint8Array<ArrayBuffer>,
): Promise<DecoderTarget[]> {
  const key = await importSymmetricKey(ID);
  const block = new Uint8Array(48).fill(5);
  return [{
    name: "importPublicKey",
    samples: [spki, bytesOf(spki, [0, 0, 0])],
    throws: FormatError,
    run: async (input) => void await importPublicKey(input),
  }, {
    name: "importPrivateKey",
    samples: [pkcs8],
    throws: FormatError,
    run: async (input) => void await importPrivateKey(input),
  }, {
    name: "importSymmetricKey",
    samples: [bytesOf(ID)],
    throws: FormatError,
    run: async (input) => void await importSymmetricKey(input),
  }, {
    name: "decryptKey",
    samples: [await encryptKey(pair.publicKey, key)],
    throws: DecryptError,
    run: async (input) => void await decryptKey(pair.privateKey, input),
  }, {
    name: "legacyDecrypt",
    samples: [block],
    throws: DecryptError,
    async run(input) {
      const { length } = await legacyDecrypt(key, input);
      const padding = await legacyPadding(key, input);
      expect(
        length + padding === input.length,
        `${input.length - length} bytes of padding`,
        `${padding}`,
      );
    },
  }];
}

/** Makes the keys that samples need, and hands back all that reads. */
export async function decoderTargets(): Promise<DecoderTarget[]> {
  const pair = await generateKeyPair();
  const spki = await exportPublicKey(pair.publicKey);
  const exported = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
  const pkcs8 = new Uint8Array(exported);
  const me = `anna\n${encodeHex(ID)}\n${encodeBase64(pkcs8)}\n`;
  return [
    ...codecTargets(),
    ...await secureTargets(),
    ...nameTargets(),
    ...infoTargets(utf8.encode(me)),
    ...await cryptoTargets(pair, spki, pkcs8),
  ];
}
