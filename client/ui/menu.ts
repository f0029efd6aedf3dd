/**
 * The console menu (section 12 of docs/protocol.md), word for word.
 *
 * @module
 */

import { reasonOf } from "../../shared/cli/reason.ts";
import type { Advice, Spell } from "../advice.ts";
import { describeFailure, UserError } from "../errors.ts";
import {
  END_OF_MESSAGE,
  printableLine,
  printableText,
} from "../../shared/cli/printable.ts";
import type { RelayAddresses } from "../link/relay_addresses.ts";
import type { Message } from "../store/message.ts";
import type { Session } from "../session/session.ts";
import { register } from "./cli/verb/registration.ts";
import { isVerb } from "./cli/verbs.ts";
import { keptNotice } from "./kept_notice.ts";
import type { Terminal } from "./menu_terminal.ts";
import { typedPath } from "./typed_path.ts";

const GREETING = "MessageU client at your service.";

/** An item of the menu. */
interface Item {
  code: string;
  label: string;
  run: (user: Dialogue, parts: MenuParts) => Promise<void>;
}

/** What the menu works with. */
export interface MenuParts {
  readonly session: Session;
  /** The relays' addresses, which a registration keeps. */
  readonly addresses: RelayAddresses;
  /** How the user's shell has commands that the menu lacks. */
  readonly spell: Spell;
}

const items: readonly Item[] = [
  {
    code: "110",
    label: "Register",
    async run(user, { session, addresses }) {
      await session.refuseSecondIdentity();
      const name = (await user.ask("Your name")).trim();
      const say = (text: string) => user.say(text);
      await register(session, addresses, name, say);
      user.say(`Registered as ${name}`);
    },
  },
  {
    code: "120",
    label: "Request for clients list",
    async run(user, { session }) {
      const names = await session.contacts.fetch();
      names.forEach((name) => user.say(printableLine(name)));
      if (names.length === 0) user.say("No other user is registered");
      for (const warning of await session.contacts.warnings()) {
        user.complain(warning);
      }
    },
  },
  {
    code: "130",
    label: "Request for public key",
    async run(user, { session }) {
      const name = await user.askName("Whose public key");
      const { offered } = await session.contacts.publicKey(name);
      user.say(`Got the public key of ${name.trim()}`);
      if (offered === undefined) return;
      for (const warning of await session.contacts.warnings()) {
        user.complain(warning);
      }
    },
  },
  {
    code: "140",
    label: "Request for waiting messages",
    async run(user, { session }) {
      let isEmpty = true;
      const progress = user.progress("Receiving");
      for await (const event of session.pull({ progress })) {
        if (event.kind === "problem") user.complain(event.error);
        if (event.kind === "notice") user.say(printableLine(event.text));
        if (event.kind !== "message") continue;
        user.say(formatMessage(event.message));
        event.markShown();
        isEmpty = false;
      }
      if (isEmpty) user.say("No waiting messages");
    },
  },
  {
    code: "150",
    label: "Send a text message",
    async run(user, { session }) {
      const name = await user.askName("To whom");
      await session.contacts.named(name);
      const text = await user.askText("Text");
      await send(user, session, session.outbox.writeText(name, text));
    },
  },
  {
    code: "151",
    label: "Send a request for symmetric key",
    async run(user, { session }) {
      const name = await user.askName("To whom");
      await send(user, session, session.outbox.writeKeyRequest(name));
    },
  },
  {
    code: "152",
    label: "Send your symmetric key",
    async run(user, { session }) {
      const name = await user.askName("To whom");
      await send(user, session, session.outbox.writeKey(name, true));
    },
  },
  {
    code: "153",
    label: "Send a file",
    async run(user, { session }) {
      const name = await user.askName("To whom");
      await session.contacts.named(name);
      const path = await typedPath(await user.ask("The file's path"));
      await send(user, session, session.outbox.writeFile(name, path));
    },
  },
];

/** Sends a message that is stored, and says where it is kept if that fails. */
async function send(
  user: Dialogue,
  { messages, outbox }: Session,
  writing: Promise<Message>,
): Promise<void> {
  const { id } = await writing;
  try {
    await outbox.deliver(id, {
      progress: user.progress("Sending"),
      notice: (text) => user.say(text),
    });
  } catch (error) {
    user.complain(error);
    const kept = keptNotice(messages, id);
    if (kept !== undefined) user.say(kept);
    return;
  }
  user.say("Sent");
}

/** The choices that stand for verbs. */
const choices: Readonly<Record<string, string>> = {
  register: "110",
  list: "120",
};

const MENU = [
  GREETING,
  "",
  ...items.map(({ code, label }) => `${code}) ${label}`),
  " 0) Exit client",
  "? ",
].join("\n");

/** Standard input has ended. */
class EndOfInput extends Error {}

/** Asks the user questions and prints sentences. */
class Dialogue {
  readonly #terminal: Terminal;
  readonly #spell: Spell;

  constructor(terminal: Terminal, spell: Spell) {
    this.#terminal = terminal;
    this.#spell = (command) => choices[command.words[0]] ?? spell(command);
  }

  /**
   * Asks for one line.
   *
   * @throws {EndOfInput} if standard input has ended
   * @throws {UserError} if the input isn't text, or has several lines
   */
  async ask(question: string): Promise<string> {
    return await this.readLine(`${question}: `);
  }

  /** Asks for a text, which has several lines if they were pasted. */
  async askText(question: string): Promise<string> {
    return (await this.#read(`${question}: `)).replace(/\n$/, "");
  }

  /** Asks for a name. @throws {UserError} if it is empty */
  async askName(question: string): Promise<string> {
    const name = await this.ask(question);
    if (name.trim() !== "") return name;
    throw new UserError("No name given", "120 lists the names of the others");
  }

  /** Reads one line behind a prompt; see {@linkcode ask}. */
  async readLine(prompt: string): Promise<string> {
    const line = (await this.#read(prompt)).replace(/\n+$/, "");
    const count = line.split("\n").length;
    if (count === 1) return line;
    throw new UserError(
      `This takes one line; the text that was pasted has ${count}`,
      "Nothing was done with it; 150 sends a text of several lines",
    );
  }

  async #read(prompt: string): Promise<string> {
    const line = await this.#terminal.readLine(prompt);
    if (line !== null) return line;
    // Puts the shell's prompt on a new line.
    this.#terminal.print("\n");
    throw new EndOfInput();
  }

  say(text: string | Advice): void {
    const shown = typeof text === "string" ? text : text.spelled(this.#spell);
    this.#terminal.print(`${shown}\n`);
  }

  complain(error: unknown): void {
    this.say(describeFailure(
      error instanceof UserError
        ? error
        : new UserError(`That didn't work: ${reasonOf(error)}`),
      this.#spell,
    ));
  }

  progress(label: string): (done: number, total: number) => void {
    return this.#terminal.progress(label);
  }
}

/** Formats a received message as in section 12, with an empty line. */
function formatMessage(message: Message): string {
  const doubt = message.accepted ? "" : " (not accepted)";
  return `From: ${printableLine(message.contact)}${doubt}
Content:
${formatContent(message)}
${END_OF_MESSAGE}
`;
}

function formatContent(message: Message): string {
  switch (message.kind) {
    case "keyRequest":
      return "Request for symmetric key";
    case "key":
      return "symmetric key received";
    case "text":
      return printableText(message.text ?? "");
    case "file":
      return message.path ?? "";
    case "unreadable":
      return "can't decrypt message";
  }
}

/** Runs the menu until the user chooses 0 or the input ends; prints failures. */
export async function runMenu(
  parts: MenuParts,
  terminal: Terminal,
): Promise<void> {
  const user = new Dialogue(terminal, parts.spell);
  try {
    for (;;) {
      const choice = await readChoice(user);
      if (choice === "0") return;
      await choose(choice, user, parts);
      user.say("");
    }
  } catch (error) {
    if (!(error instanceof EndOfInput)) throw error;
  }
}

/** Reads the choice; prints a message and returns "" if it isn't text. */
async function readChoice(user: Dialogue): Promise<string> {
  try {
    return (await user.readLine(MENU)).trim();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    user.complain(error);
    return "";
  }
}

async function choose(
  choice: string,
  user: Dialogue,
  parts: MenuParts,
): Promise<void> {
  const item = items.find(({ code }) => code === choice);
  if (item === undefined) {
    if (choice !== "") user.complain(noItem(choice));
    return;
  }
  try {
    await item.run(user, parts);
  } catch (error) {
    if (error instanceof EndOfInput) throw error;
    user.complain(error);
  }
}

function noItem(choice: string): UserError {
  const [verb = ""] = choice.split(" ");
  return new UserError(
    `There is no "${choice}" in the menu`,
    isVerb(verb)
      ? `${verb} is a verb: 0 ends the menu, then give it to the client on the command line`
      : undefined,
  );
}
