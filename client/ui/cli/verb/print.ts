/**
 * Prints what several verbs print.
 *
 * @module
 */

import type { PublicKeyInfo } from "../../../session/contacts.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import { keyData, messageData, type Output } from "./output.ts";
import { messageLine, messageValues } from "../../../session/message_form.ts";
import type { Message } from "../../../store/message.ts";

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

/** Writes a message. */
export async function writeMessage(
  output: Output,
  message: Message,
): Promise<void> {
  await output.data(messageData, messageValues(message), messageLine(message));
}
