/** One identity as programs write it, in each of their forms. */

import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey } from "node:crypto";

/** Somebody's identity. */
export interface Somebody {
  name: string;
  /** 32 hex digits. */
  id: string;
  pkcs8: Uint8Array;
}

const utf8 = new TextEncoder();

/** Texts as UTF-8, and bytes as they are, one behind the other. */
export function join(...parts: (string | Uint8Array)[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(
      parts.map((part) => typeof part === "string" ? utf8.encode(part) : part),
    ),
  );
}

/** A text in lines of so many characters. */
export const wrapped = (text: string, columns: number, end = "\n") =>
  text.replaceAll(new RegExp(`.{${columns}}`, "g"), `$&${end}`);

/** A text in UTF-16, without a mark. */
export function utf16(text: string, bigEndian = false): Uint8Array {
  const bytes = Buffer.from(text, "utf16le");
  return new Uint8Array(bigEndian ? bytes.swap16() : bytes);
}

/** A private key as PEM or DER. */
export function keyAs(
  pkcs8: Uint8Array,
  type: "pkcs1" | "pkcs8",
): { pem: string; der: Uint8Array } {
  const key = privateKey(pkcs8);
  return {
    pem: key.export({ type, format: "pem" }) as string,
    der: new Uint8Array(key.export({ type, format: "der" })),
  };
}

/** The public key of a private one as PEM or DER. */
export function publicKeyAs(
  pkcs8: Uint8Array,
  type: "pkcs1" | "spki",
): { pem: string; der: Uint8Array } {
  const key = createPublicKey({
    key: privateKey(pkcs8).export({ type: "pkcs8", format: "pem" }),
    format: "pem",
  });
  return {
    pem: key.export({ type, format: "pem" }) as string,
    der: new Uint8Array(key.export({ type, format: "der" })),
  };
}

/** The key as the runtime's other library has it. */
export function privateKey(pkcs8: Uint8Array) {
  return createPrivateKey({
    key: Buffer.from(pkcs8),
    format: "der",
    type: "pkcs8",
  });
}

/** `5b94e1c7-386a-4f13-b2d8-5ac96e27f184` */
export const dashed = (id: string) =>
  id.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

/** The first three groups of a UUID as a Windows GUID has them. */
export const swapped = (id: string) =>
  id.replace(
    /^(..)(..)(..)(..)(..)(..)(..)(..)/,
    "$4$3$2$1$6$5$8$7",
  );

/**
 * The identity in forms that all read the same.
 *
 * @param id its first byte is above 0x7f, as one of the 16 is in nearly all
 */
export function formsOf({ name, id, pkcs8 }: Somebody) {
  const key = pkcs8.toBase64();
  const raw = Uint8Array.fromHex(id);
  const own = `${name}\n${id}\n${key}\n`;
  const [pkcs1, modern] = [keyAs(pkcs8, "pkcs1"), keyAs(pkcs8, "pkcs8")];
  const spaced = id.replaceAll(/../g, "$& ");
  const withId = (text: string) => `${name}\n${text}\n${key}\n`;
  const withKey = (...parts: (string | Uint8Array)[]) =>
    join(`${name}\n${id}\n`, ...parts);
  const forms: Record<string, string | Uint8Array> = {
    "our own": own,
    "no newline at the end": own.trimEnd(),
    "CR LF": own.replaceAll("\n", "\r\n"),
    "CR": own.replaceAll("\n", "\r"),
    "a byte order mark": `\ufeff${own}`,
    "UTF-16 with a mark": join(utf16(`\ufeff${own}`)),
    "UTF-16, big endian, with a mark": utf16(`\ufeff${own}`, true),
    "UTF-16 without a mark": utf16(own),
    "UTF-16, big endian, without a mark": utf16(own, true),
    "UTF-16 with CR LF": utf16(`\ufeff${own.replaceAll("\n", "\r\n")}`),
    "blank lines everywhere": `\n \n${own.replaceAll("\n", "\n\r\n\t\n")}\n\n`,
    "NULs at the end": `${own}\0\0\0`,
    "NULs behind the name": `${name}${"\0".repeat(255 - name.length)}\n${id}\n${
      wrapped(key, 72)
    }\n`,
    "a NUL behind each": `${name}\0\n${id}\0\n${key}\0\n`,
    "an upper-case id": withId(id.toUpperCase()),
    "an id with blanks": withId(spaced),
    "an id with blanks in front": withId(`  ${id}\t`),
    "an id with blanks of a page": withId(`\u00a0${id}\u2028\u00a0`),
    "an id behind another byte order mark": withId(`\ufeff${id}`),
    "a key behind another byte order mark": withKey(`\ufeff${modern.pem}`),
    "a key with blanks of a page": withKey(
      wrapped(key, 64).replaceAll("\n", "\u00a0\n"),
    ),
    "an id with dashes": withId(dashed(id)),
    "an id in braces": withId(`{${dashed(id).toUpperCase()}}`),
    "an id behind 0x": withId(`0x${id}`),
    "an id with colons": withId(spaced.trim().replaceAll(" ", ":")),
    "an id as C has it": withId(`{ ${id.replaceAll(/../g, "0x$&, ")}}`),
    "an id in Base64": withId(raw.toBase64()),
    "an id of raw bytes": join(`${name}\n`, raw, `\n${key}\n`),
    "an id of raw bytes, with CR LF": join(
      `${name}\r\n`,
      raw,
      `\r\n${key}\r\n`,
    ),
    "name and id on a line": `${name} ${id}\n${key}\n`,
    "name, colon and id on a line": `${name}:${dashed(id)}\n${key}\n`,
    "labels": `Username: ${name}\nUUID: ${id}\nPrivate key: ${key}\n`,
    "other labels": `name=${name}\nclient_id=${dashed(id)}\nkey=\n${
      wrapped(key, 64)
    }`,
    "name, key and id": `${name}\n${pkcs8.toHex()}\n${raw.toBase64()}\n`,
    "name, wrapped key and id": `${name}\n${wrapped(key, 72)}\n${id}\n`,
    "72 columns, as Crypto++": withKey(wrapped(key, 72), "\n"),
    "72 columns, with CR LF": withKey(wrapped(key, 72, "\r\n"), "\r\n"),
    "64 columns": withKey(wrapped(key, 64)),
    "a column": withKey(wrapped(key, 1)),
    "Base64 without padding": withKey(key.replace(/=+$/, "")),
    "Base64url": withKey(
      pkcs8.toBase64({ alphabet: "base64url", omitPadding: true }),
    ),
    "hex digits": withKey(pkcs8.toHex(), "\n"),
    "hex digits in upper case, wrapped": withKey(
      wrapped(pkcs8.toHex().toUpperCase(), 32),
    ),
    "hex digits with colons": withKey(
      wrapped(pkcs8.toHex().replaceAll(/..(?!$)/g, "$&:"), 48),
    ),
    "PKCS#8 in PEM": withKey(modern.pem),
    "PKCS#8 in PEM with CR LF": withKey(modern.pem.replaceAll("\n", "\r\n")),
    "PKCS#8 in PEM on a line": withKey(modern.pem.replaceAll("\n", "")),
    "PKCS#8 in PEM as JSON has it": withKey(modern.pem.replaceAll("\n", "\\n")),
    "PKCS#8 in raw bytes": withKey(pkcs8),
    "PKCS#8 in raw bytes with a newline": withKey(pkcs8, "\r\n"),
    "PKCS#8 with zeros behind it": withKey(
      join(pkcs8, new Uint8Array(9)).toBase64(),
    ),
    "PKCS#8 in raw bytes with zeros": withKey(pkcs8, new Uint8Array(9)),
    "PKCS#1 in Base64": withKey(pkcs1.der.toBase64()),
    "PKCS#1 in PEM": withKey(pkcs1.pem),
    "PKCS#1 in raw bytes": withKey(pkcs1.der, "\n"),
    "both keys in PEM": withKey(publicKeyAs(pkcs8, "spki").pem, modern.pem),
  };
  return Object.fromEntries(
    Object.entries(forms).map(([form, content]) => [form, join(content)]),
  );
}
