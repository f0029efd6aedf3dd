import type { PublicKeyInfo } from "../../../session/contacts.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import { keyData } from "./data.ts";
import type { Output } from "./output.ts";

/** Writes a contact's public key. */
export async function writeKey(
  output: Output,
  { name, contactId, publicKey, fingerprint, offered }: PublicKeyInfo,
): Promise<void> {
  const lines = [
    `${printableLine(name)} ${fingerprint}`,
    publicKey.toBase64(),
  ];
  await output.data(
    keyData,
    {
      contact: name,
      contactId: contactId.toHex(),
      publicKey: publicKey.toBase64(),
      fingerprint,
      offered: offered === undefined ? null : {
        publicKey: offered.publicKey.toBase64(),
        fingerprint: offered.fingerprint,
      },
    },
    lines.join("\n"),
  );
  if (offered === undefined) return;
  output.say(
    `The relay now gives another key, ${offered.fingerprint}: compare with "fingerprint ${name}" before "accept ${name}"`,
  );
}
