import { UnknownContactError } from "../../../errors.ts";
import type { PublicKeyInfo } from "../../../session/message.ts";
import type { Session } from "../../../session/session.ts";
import { printableLine } from "../../printable.ts";
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

/**
 * Refuses a name that no contact in the folder has; asks no relay.
 *
 * @param name a name, or an id in hex digits where no name is known
 * @throws {UnknownContactError} where no contact has it
 */
export function requireKnown(session: Session, name: string): void {
  const id = name.toLowerCase();
  const isKnown = session.contacts.all().some((contact) =>
    contact.name === name || contact.name === id
  );
  if (isKnown) return;
  throw new UnknownContactError(
    `This folder has no contact called "${name}"`,
    "Its names: list --offline",
  );
}
