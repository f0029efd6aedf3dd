import { UnknownContactError } from "../../../errors.ts";
import type { Session } from "../../../session/session.ts";

/**
 * Refuses a name that nobody has whom the folder knows; no relay is asked.
 *
 * @param name a name, or an id in hex digits where no name is known
 * @throws {UnknownContactError} where nobody has it
 */
export function requireKnown(session: Session, name: string): void {
  const id = name.toLowerCase();
  const isKnown = session.contacts().some((contact) =>
    contact.name === name || contact.name === id
  );
  if (isKnown) return;
  throw new UnknownContactError(
    `This folder knows nobody called "${name}"`,
    "Its names: list --offline",
  );
}
