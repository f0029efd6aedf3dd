import { UserError } from "../../../errors.ts";
import type { Message, MessageNumber } from "../../../store/message.ts";
import { printableLine } from "../../../../shared/cli/printable.ts";
import { inTime } from "../../../../shared/cli/time.ts";
import type { Session } from "../../../session/session.ts";
import { expandHome, typedPath } from "../../typed_path.ts";
import { NOTIFY_MODES } from "../../../settings/settings.ts";
import { listed } from "../model/hits.ts";
import { searchPattern } from "../../search_pattern.ts";
import type { FoundMessage } from "../../../store/messages.ts";
import {
  commandNames,
  helpLines,
  isNotifyMode,
  readSaved,
} from "../model/commands.ts";
import { copyReceivedFile, pathOf } from "../../../session/received_files.ts";
import { type Chat, type ChatEnvironment, keyTopic } from "./chat_parts.ts";
import { ContactCommands } from "./contact_commands.ts";
import type { Sender } from "./sender.ts";

/** Maximum number of shown results of a search, the latest ones. */
const MOST_HITS = 500;
/** Milliseconds to wait for a failure to open a file. */
const OPENED = 1000;

/** Runs the commands of the input line. */
export class CommandRunner {
  readonly #session: Session;
  readonly #chat: Chat;
  readonly #sender: Sender;
  readonly #environment: ChatEnvironment;
  readonly #contacts: ContactCommands;
  #searching: AbortController | undefined;

  constructor(
    session: Session,
    chat: Chat,
    sender: Sender,
    environment: ChatEnvironment,
  ) {
    this.#session = session;
    this.#chat = chat;
    this.#sender = sender;
    this.#environment = environment;
    this.#contacts = new ContactCommands(session, chat);
  }

  /** Runs a command; shows its failure. */
  run(name: string, rest: string): void {
    if (name !== "delete") this.dropQuestion();
    void this.#chat.attempt(() => this.#run(name, rest));
  }

  /** Drops the question whether to delete a conversation. */
  dropQuestion(): void {
    this.#contacts.dropQuestion();
  }

  /** Edits a text in the external editor. */
  async edit(text: string): Promise<void> {
    const edited = await this.#environment.edit(text);
    this.#chat.dispatch({ kind: "wrote", text: edited });
  }

  async #run(name: string, rest: string): Promise<void> {
    if (Object.hasOwn(this.#contacts.commands, name)) {
      return await this.#contacts.commands[name]?.(rest);
    }
    switch (name) {
      case "quit":
        return this.#environment.leave(0);
      case "help":
        return this.#chat.dispatch({
          kind: "notice",
          text: helpLines(this.#environment.bindings).join("\n"),
          tone: "plain",
        });
      case "chat":
        return await this.#open(required(rest, "/chat NAME"));
      case "who":
        return await this.#who();
      case "file":
        return await this.#file(required(rest, "/file PATH"));
      case "save":
        return await this.#save(rest);
      case "open":
        return await this.#openFile(rest);
      case "editor":
        return await this.edit("");
      case "search":
        return await this.#search(required(rest, "/search PATTERN"));
      case "resend":
        return this.#resend(rest);
      case "fingerprint":
        return await this.#fingerprint(rest || this.#partner());
      case "key":
        return this.#key(rest);
      case "accept":
        return await this.#accept(required(rest, "/accept NAME"));
      case "notify":
        return await this.#notify(rest);
      default:
        throw await unknownCommand(name);
    }
  }

  /** The contact of the open conversation. */
  #partner(): string {
    const { open } = this.#chat.state;
    if (open !== undefined) return open;
    throw new UserError("No conversation is open", "/chat NAME opens one");
  }

  async #open(name: string): Promise<void> {
    const label = await this.#session.contactSettings.choose(name);
    this.#chat.refresh();
    this.#chat.open(label);
  }

  async #who(): Promise<void> {
    const names = (await this.#session.contacts.fetch()).map(printableLine)
      .sort();
    this.#chat.refresh();
    this.#chat.tell(
      names.length === 0
        ? "No other user is at the relay"
        : `Other users at the relay: ${names.join(", ")}`,
    );
  }

  async #file(path: string): Promise<void> {
    const name = this.#partner();
    const { home, platform } = this.#environment;
    this.#sender.file(name, await typedPath(path, home, platform));
  }

  async #save(rest: string): Promise<void> {
    const { number, path } = readSaved(rest);
    const { home, platform } = this.#environment;
    const target = path === "" ? home ?? "." : expandHome(path, home, platform);
    const saved = await copyReceivedFile(this.#received(number), target);
    this.#chat.tell(`Saved: ${printableLine(saved)}`);
  }

  async #openFile(rest: string): Promise<void> {
    if (!/^\d*$/.test(rest)) {
      throw new UserError(`Expected a number, got "${rest}"`, "/open [N]");
    }
    const path = pathOf(this.#received(rest));
    const opening = this.#environment.openFile(path);
    // Some programs run until the user closes the file.
    const done = await inTime(opening.then(() => "Opened"), OPENED, "Opening");
    this.#chat.tell(`${done} ${printableLine(path)}`);
    await opening;
  }

  /** The last received file of the conversation, or the Nth last. */
  #received(number: string): Message {
    const name = this.#partner();
    const files = this.#session.messages.list({ name })
      .filter(({ kind, outgoing }) => kind === "file" && !outgoing);
    const at = number.trim() === "" ? 1 : Number(number);
    const found = files.at(-at);
    if (at > 0 && found !== undefined) return found;
    throw new UserError(
      `There is no such file: ${printableLine(name)} has sent ${files.length}`,
      "1 is the last one",
    );
  }

  /** Ends a search; returns false if none is running. */
  endSearch(): boolean {
    const isSearching = this.#searching !== undefined;
    this.#searching?.abort();
    return isSearching;
  }

  async #search(text: string): Promise<void> {
    const pattern = searchPattern(text);
    this.endSearch();
    const searching = this.#searching = new AbortController();
    const { signal } = searching;
    const messages: FoundMessage[] = [];
    this.#chat.dispatch({ kind: "set", searching: true });
    try {
      for await (
        const message of this.#session.messages.search(pattern, { signal })
      ) {
        messages.push(message);
        if (messages.length > 2 * MOST_HITS) messages.splice(0, MOST_HITS);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      return this.#chat.tell(`The search for ${text} was ended`);
    } finally {
      if (this.#searching === searching) {
        this.#searching = undefined;
        this.#chat.dispatch({ kind: "set", searching: false });
      }
    }
    if (messages.length === 0) {
      return this.#chat.tell(`No message matches ${text}`);
    }
    const hits = messages.slice(-MOST_HITS);
    this.#chat.dispatch({ kind: "set", hits: listed(text, hits) });
  }

  #resend(rest: string): void {
    if (rest !== "") {
      if (!/^\d{1,15}$/.test(rest)) {
        throw new UserError(
          `"${rest}" isn't the number of a message`,
          "/resend ID",
        );
      }
      return this.#sender.again([Number(rest) as MessageNumber]);
    }
    const name = this.#partner();
    const ids = this.#session.messages.list({ name })
      .filter(({ delivery }) => delivery === "unsent").map(({ id }) => id);
    if (ids.length === 0) {
      return this.#chat.tell(
        `Everything for ${printableLine(name)} has been sent`,
      );
    }
    this.#sender.again(ids);
  }

  #key(rest: string): void {
    if (rest !== "" && rest !== "send") {
      throw new UserError(
        `Expected send or nothing, got "${rest}"`,
        "/key requests the key of this conversation, /key send sends yours",
      );
    }
    const partner = this.#partner();
    if (rest === "send") this.#sender.key(partner);
    else this.#sender.keyRequest(partner);
  }

  async #fingerprint(name: string): Promise<void> {
    const number = await this.#session.contacts.safetyNumber(name);
    const { fingerprint, offered } = await this.#session.contacts.publicKey(
      name,
    );
    const shown = printableLine(name);
    const lines = [
      `Safety number with ${shown}, equal on both sides:`,
      number,
      `${shown}'s key: ${fingerprint}`,
    ];
    if (offered !== undefined) {
      lines.push(`the relay now gives another one: ${offered.fingerprint}`);
    }
    this.#chat.refresh();
    this.#chat.tell(lines.join("\n"));
  }

  async #accept(name: string): Promise<void> {
    const { fingerprint } = await this.#session.contacts.accept(name);
    this.#chat.refresh();
    this.#chat.tell(
      `From now on ${
        printableLine(name)
      }'s key is ${fingerprint}\n/resend sends what was held back`,
      keyTopic(name),
    );
  }

  async #notify(mode: string): Promise<void> {
    if (!isNotifyMode(mode)) {
      throw new UserError(
        `Expected bell, osc9 or off, got "${mode}"`,
        `/notify ${NOTIFY_MODES.join("|")}`,
      );
    }
    this.#chat.dispatch({ kind: "set", notify: mode });
    await this.#environment.keep("notify", mode);
    this.#chat.tell(`Messages elsewhere: ${mode}, from now on`);
  }
}

async function unknownCommand(name: string): Promise<UserError> {
  const { closest } = await import("../../../../shared/cli/closest.ts");
  const meant = await closest(name, commandNames);
  const question = meant === undefined ? "" : `Did you mean /${meant}? `;
  return new UserError(
    `There is no command /${name}`,
    `${question}/help lists them; a text that starts with a slash is written with two`,
  );
}

function required(rest: string, usage: string): string {
  if (rest !== "") return rest;
  throw new UserError(`Missing argument: ${usage}`);
}
