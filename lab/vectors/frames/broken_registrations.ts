import { concat } from "@std/bytes";
import { decodeHex } from "@std/encoding";
import { NAME_SIZE, PUBLIC_KEY_SIZE } from "../../../shared/wire/protocol.ts";
import { brokenRequest } from "./frame_case.ts";
import { withField } from "./frame_edits.ts";
import { filled, NOTHING, registers, utf8 } from "./frames.ts";
import { padded, pkcs1Of } from "../keys/key_forms.ts";
import material from "../material.json" with { type: "json" };
import { anna } from "../people.ts";
import type { FrameVector } from "../vector.ts";

/** A registration with these bytes for its name's field. */
const named = (field: Uint8Array) =>
  withField(
    registers("x"),
    "request",
    "payload.name",
    padded(field, NAME_SIZE),
  );
const withKey = (name: string, key: Uint8Array) =>
  registers(name, undefined, padded(key, PUBLIC_KEY_SIZE));

/** Registrations whose name or key breaks a clause. */
export function brokenRegistrations(): FrameVector[] {
  return [...names(), ...keys()];
}

function names(): FrameVector[] {
  const dirty = concat([utf8("dirty"), new Uint8Array(1), filled(249)]);
  return [
    brokenRequest(
      "NAM-1",
      "answers",
      "name-dirty-padding",
      "A name whose field isn't cleared behind the NUL; a relay doesn't look there (NAM-7).",
      named(dirty),
    ),
    brokenRequest(
      "NAM-2",
      "refuses",
      "name-255-bytes",
      "A name of 255 bytes, which leaves no room for a NUL.",
      named(utf8("n".repeat(255))),
    ),
    brokenRequest(
      "NAM-3",
      "refuses",
      "name-empty",
      "A name of no bytes.",
      named(NOTHING),
    ),
    brokenRequest(
      "NAM-4",
      "refuses",
      "name-escape",
      "A name that would turn a terminal red.",
      named(utf8("\x1b[31mred")),
    ),
    brokenRequest(
      "NAM-4",
      "refuses",
      "name-line-feed",
      "A name with a line feed at its end, as it is read from a console.",
      named(utf8("anna\n")),
    ),
    brokenRequest(
      "NAM-4",
      "refuses",
      "name-hebrew",
      "A name in Hebrew, as UTF-8.",
      named(utf8("שלום")),
    ),
    brokenRequest(
      "NAM-8",
      "answers",
      "name-with-blank",
      "A name with a blank: printable, but not every program takes it.",
      named(utf8("anna b")),
    ),
  ];
}

function keys(): FrameVector[] {
  const { exponent65537 } = material.keys;
  const key = (name: string, about: string, bytes: Uint8Array) =>
    brokenRequest(
      "PUB-1",
      "answers",
      `key-${name}`,
      `${about}; a relay needn't understand it (PUB-2).`,
      withKey(`key-${name}`, bytes),
    );
  return [
    key(
      "65537-cut",
      "A key with the exponent 65537, cut to 160 of its 162 bytes",
      decodeHex(exponent65537.publicKey).subarray(0, PUBLIC_KEY_SIZE),
    ),
    key(
      "pkcs1",
      "A key as PKCS#1, padded with zeros",
      pkcs1Of(anna.publicKey),
    ),
    key("none", "No key: each byte is 11", new Uint8Array(160).fill(0x11)),
  ];
}
