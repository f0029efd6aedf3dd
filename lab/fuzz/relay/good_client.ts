/**
 * Clients of good manners beside those of a case: whatever these do, the others
 * are served exactly, and in time.
 *
 * @module
 */

import { decodeHex, encodeHex } from "@std/encoding";
import { encodeRequest } from "../../../shared/wire/frames.ts";
import {
  type ClientId,
  PUBLIC_KEY_SIZE,
  ZERO_ID,
} from "../../../shared/wire/protocol.ts";
import {
  type RequestKind,
  type RequestPayloads,
  responseCode,
  responseCodecs,
  type ResponsePayloads,
} from "../../../shared/wire/requests.ts";
import { castNames } from "./cast.ts";
import { expect } from "../failure.ts";
import { Link } from "./link.ts";
import { Random } from "../../harness/random.ts";
import type { RelayModel } from "./relay_model.ts";
import { PULL } from "../../../kit/requests.ts";

/** After so many times that it was served, a client registers anew. */
const VISITS = 10;

/** Registers, lists, sends and pulls as the model says. */
export class GoodClient {
  readonly #port: number;
  readonly #model: RelayModel;
  readonly #random = new Random(0);
  #me: ClientId = ZERO_ID;
  #visits = 0;
  #connections = 0;
  #turn: Promise<void> = Promise.resolve();

  /** @param model is held against what the relay answers, and told what was done */
  constructor(port: number, model: RelayModel) {
    this.#port = port;
    this.#model = model;
  }

  /** Connections that were made. */
  get connections(): number {
    return this.#connections;
  }

  /** Registers a client. */
  async join(name: string): Promise<ClientId> {
    const publicKey = this.#random.bytes(PUBLIC_KEY_SIZE);
    const payload = { name, publicKey };
    const { clientId: id } = await this.#withLink((link) =>
      this.#ask(link, ZERO_ID, "register", payload)
    );
    this.#model.add(name, { id, publicKey });
    return id;
  }

  /**
   * Finds the others in the list, sends to itself and pulls it. One at a time:
   * the model of its inbox knows no other order.
   */
  serve(): Promise<void> {
    // After a failure no client is served: the relay is given up.
    return this.#turn = this.#turn.then(() => this.#serve());
  }

  async #serve(): Promise<void> {
    if (this.#visits % VISITS === 0) {
      this.#me = await this.join(`good-${this.#visits}`);
    }
    this.#visits++;
    const me = encodeHex(this.#me);
    await this.#withLink(async (link) => {
      const list = await this.#ask(link, this.#me, "clientsList", {});
      for (const name of castNames) {
        const found = list.some((entry) => entry.name === name);
        expect(found, `${name} in the list`, "no such name");
      }
      const content = this.#random.bytes(16 * this.#random.between(1, 5));
      const message = { target: this.#me, type: 3, content } as const;
      const { messageId } = await this.#ask(
        link,
        this.#me,
        "sendMessage",
        message,
      );
      const sent = { sender: me, type: 3, content };
      this.#model.inbox(me).acknowledge(messageId, sent, 0);
      await this.#pullAll(link, this.#me);
    });
  }

  /** Holds the list against the model, while no client registers. */
  async list(): Promise<void> {
    const list = await this.#withLink((link) =>
      this.#ask(link, this.#me, "clientsList", {})
    );
    this.#model.listed(list, encodeHex(this.#me));
  }

  /** Pulls a client's inbox until it is empty; the id is in hex. */
  async drain(id: string): Promise<void> {
    await this.#withLink((link) =>
      this.#pullAll(link, decodeHex(id) as ClientId)
    );
  }

  async #pullAll(link: Link, clientId: ClientId): Promise<void> {
    const inbox = this.#model.inbox(encodeHex(clientId));
    for (;;) {
      const messages = await this.#ask(link, clientId, PULL, {});
      for (const kept of inbox.pulled(messages)) kept.state = "taken";
      if (messages.length === 0) return inbox.drained();
    }
  }

  async #ask<K extends RequestKind>(
    link: Link,
    clientId: ClientId,
    kind: K,
    payload: RequestPayloads[K],
  ): Promise<ResponsePayloads[K]> {
    await link.write(encodeRequest(kind, payload, { clientId }));
    const response = await link.response();
    const got = `${response?.code ?? "the end"}`;
    const code = responseCode[kind];
    expect(response?.code === code, `${code} for a good client`, got);
    return responseCodecs[kind].decode(response?.payload ?? new Uint8Array());
  }

  async #withLink<T>(work: (link: Link) => Promise<T>): Promise<T> {
    this.#connections++;
    const link = await Link.connect(this.#port);
    try {
      const result = await work(link);
      link.end();
      await link.over();
      return result;
    } finally {
      link.close();
    }
  }
}
