import { equals } from "@std/bytes";
import type { ClientId, MessageId } from "../../../shared/wire/protocol.ts";
import {
  FAILURE,
  type ListedClient,
  type Register,
  type RequestKind,
  type Response,
  type ResponsePayloads,
  type SendMessage,
  type WaitingMessage,
} from "../../../shared/wire/requests.ts";
import type { Person } from "../people.ts";
import { PULL } from "../../../kit/requests.ts";

type Client = ListedClient & ResponsePayloads["publicKey"];

/** What is asked of it. */
export interface Question {
  readonly kind: RequestKind;
  readonly payload: object;
  /** Who asks. */
  readonly asker: Pick<Person, "clientId">;
}

/** Answers as the protocol has it, for a few people who take every answer. */
export class SmallRelay {
  #clients: readonly Client[];
  #inboxes: ReadonlyMap<Client, readonly WaitingMessage[]> = new Map();
  #lastIds: ReadonlyMap<Client, number> = new Map();

  /** Knows these people. */
  constructor(registered: readonly Person[]) {
    this.#clients = registered;
  }

  /**
   * The answer that is right.
   *
   * @param forgets whether all stays as it was
   */
  answer(question: Question, forgets = false): Response {
    const before = [this.#clients, this.#inboxes, this.#lastIds] as const;
    const response = this.#answer(question);
    if (forgets) [this.#clients, this.#inboxes, this.#lastIds] = before;
    return response;
  }

  /** Gives the last message of an inbox another id. */
  renumber(target: ClientId, messageId: MessageId): void {
    const client = this.#find(target);
    if (client === undefined) return;
    this.#change(
      client,
      (inbox) =>
        inbox.map((message, at) =>
          at === inbox.length - 1 ? { ...message, messageId } : message
        ),
    );
    this.#lastIds = new Map(this.#lastIds).set(client, messageId);
  }

  #answer({ kind, payload, asker }: Question): Response {
    if (kind === "register") return this.#register(payload as Register, asker);
    const client = this.#find(asker.clientId);
    if (client === undefined) return FAILURE;
    switch (kind) {
      case "clientsList": {
        const others = this.#clients.filter((other) => other !== client);
        return { code: 2101, payload: others };
      }
      case "publicKey": {
        const found = this.#find((payload as SendMessage).target);
        return found === undefined ? FAILURE : { code: 2102, payload: found };
      }
      case "sendMessage":
        return this.#send(payload as SendMessage, client);
      case PULL: {
        const messages = this.#inboxes.get(client) ?? [];
        this.#change(client, () => []);
        return { code: 2104, payload: messages };
      }
      default:
        return FAILURE;
    }
  }

  #register(
    { name, publicKey }: Register,
    { clientId }: Question["asker"],
  ): Response {
    if (this.#clients.some((client) => client.name === name)) return FAILURE;
    this.#clients = [...this.#clients, { name, publicKey, clientId }];
    return { code: 2100, payload: { clientId } };
  }

  #send({ target, type, content }: SendMessage, sender: Client): Response {
    const client = this.#find(target);
    if (client === undefined) return FAILURE;
    const messageId = (this.#lastIds.get(client) ?? 0) + 1 as MessageId;
    const message = { sender: sender.clientId, messageId, type, content };
    this.#lastIds = new Map(this.#lastIds).set(client, messageId);
    this.#change(client, (inbox) => [...inbox, message]);
    return { code: 2103, payload: { target, messageId } };
  }

  #find(id: ClientId): Client | undefined {
    return this.#clients.find(({ clientId }) => equals(clientId, id));
  }

  #change(
    client: Client,
    change: (inbox: readonly WaitingMessage[]) => readonly WaitingMessage[],
  ): void {
    const inbox = change(this.#inboxes.get(client) ?? []);
    this.#inboxes = new Map(this.#inboxes).set(client, inbox);
  }
}
