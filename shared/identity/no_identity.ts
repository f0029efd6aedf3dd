import { parseAddressLines } from "../folder/info_server.ts";
import { badClientId, readClientId } from "./client_id_text.ts";
import { EXPECTED, IdentityError } from "./identity_error.ts";
import { ID_LABEL } from "./identity_parts.ts";
import { KEY_BEGINNING } from "./key_beginning.ts";
import type { TextLine } from "./text_lines.ts";

/**
 * Says what is wrong with a file in which no id is where it could be.
 *
 * @param lines those of the text that aren't blank, one at least
 */
export function nameMistake(
  text: string,
  [first, second]: readonly [TextLine, ...TextLine[]],
): IdentityError {
  const other = otherFile(text);
  if (other !== undefined) {
    return new IdentityError(`it holds ${other} and no identity`, EXPECTED);
  }
  if (KEY_BEGINNING.test(first.text)) {
    return new IdentityError(
      "it holds a key alone: name and id are missing",
      "Put two lines in front of the key in a copy: the name as it was registered, and the id",
    );
  }
  if (readClientId(first.text) !== undefined) {
    return new IdentityError("expected the user's name, got an id", EXPECTED)
      .within(`line ${first.number}`);
  }
  if (second === undefined) {
    return badClientId("").within(`line ${first.number + 1}`);
  }
  const line = `line ${second.number}`;
  if (!KEY_BEGINNING.test(second.text)) {
    return badClientId(second.text.replace(ID_LABEL, "")).within(line);
  }
  return new IdentityError(
    "expected the client id as 32 hex digits, got a key",
    "Put the id on a line of its own between the name and the key in a copy",
  ).within(line);
}

/** What a file of another kind holds. */
function otherFile(text: string): string | undefined {
  if (/^\s*\d{1,5}\s*$/.test(text)) return "a port, as info.myport does,";
  try {
    parseAddressLines(text);
    return "a relay's address, as info.server does,";
  } catch {
    // It is none.
    return undefined;
  }
}
