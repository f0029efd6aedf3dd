import { concat } from "@std/bytes";
import { sign } from "../../../shared/secure/ed25519.ts";
import {
  packageCodec,
  signPackage,
} from "../../../shared/secure/key_package.ts";
import { labelled } from "../../../shared/secure/signed_bytes.ts";
import { bensPackage, bensPackages, keys } from "./fixtures.ts";
import type { SecureCase } from "./secure_case.ts";

/** Offsets in a package. */
const AT = { number: 16, kind: 20, signature: 1245 } as const;

const given = { signingKey: keys.benDevice.publicKey };

/** Packages, as they are and as they are refused. */
export async function packageCases(): Promise<SecureCase[]> {
  const [weekly = new Uint8Array(0), single = weekly] = bensPackages;
  const valid = (
    name: string,
    about: string,
    bytes: Uint8Array,
  ): SecureCase => ({
    name: `package-${name}`,
    about,
    of: "package",
    bytes,
    given,
    meaning: { ...packageCodec.decode(bytes) },
  });
  const refused = (
    name: string,
    about: string,
    bytes: Uint8Array,
  ): SecureCase => ({
    name: `package-${name}`,
    about,
    of: "package",
    breaks: "PKG-1",
    bytes,
    given,
  });
  const edited = async (at: number, byte: number) => {
    const head = weekly.slice(0, AT.signature);
    head[at] = byte;
    const signed = labelled("package", head);
    return concat([head, await sign(keys.benDevice, signed)]);
  };
  return [
    valid("weekly", "The weekly package of Ben's device.", weekly),
    valid("single-use", "One for single use.", single),
    refused("cut", "The last byte is missing.", weekly.slice(0, -1)),
    refused(
      "one-more",
      "A byte follows the signature.",
      concat([weekly, Uint8Array.of(0)]),
    ),
    refused("number-0", "The number 0.", await edited(AT.number, 0)),
    refused("kind-2", "The kind 2.", await edited(AT.kind, 2)),
    refused(
      "signed-by-another",
      "Another device's S has signed it.",
      await signPackage(bensPackage, keys.annaDevice),
    ),
    refused(
      "signed-without-label",
      "S has signed it without the label.",
      concat([
        weekly.slice(0, AT.signature),
        await sign(keys.benDevice, weekly.slice(0, AT.signature)),
      ]),
    ),
  ];
}
