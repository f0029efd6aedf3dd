/** Mistakes with registrations, names and ids. */

import { concat } from "@std/bytes";
import type {
  Budget,
  ClientId,
  ListedClient,
  NewClient,
  StoredMessage,
} from "../../../server/mod.ts";
import { requestHeaderAt } from "../../../shared/wire/frames.ts";
import { NAME_SIZE, PUBLIC_KEY_SIZE } from "../../../shared/wire/protocol.ts";
import type { Asked, Hooks } from "../altered_line.ts";
import { onAnswer, refused, refuseMarked } from "../hooks.ts";
import { textOf } from "../c_string.ts";
import type { Faults } from "../fault.ts";
import type { Requester } from "../../../server/mod.ts";
import { StoreAround } from "../store_around.ts";

/** Puts a name in the place of a registration's. */
function rename({ payload }: Asked, name: Uint8Array): void {
  payload.fill(0, 0, NAME_SIZE);
  payload.set(name);
}

/** A name that no client has. */
function madeUpName(): Uint8Array {
  return new TextEncoder().encode(crypto.randomUUID());
}

/** Changes registrations on their way to the relay. */
function onRegistration(
  change: (asked: Asked, name: Uint8Array) => Uint8Array | void,
): Hooks {
  return {
    request(asked) {
      const { kind, payload } = asked;
      if (kind !== "register") return;
      if (payload.length !== NAME_SIZE + PUBLIC_KEY_SIZE) return;
      return change(asked, payload.subarray(0, NAME_SIZE));
    },
  };
}

/** Changes the ids that are given out, in place. */
class IdChanger extends StoreAround {
  /** How. */
  change: (id: ClientId) => void = () => {};

  override register(client: NewClient, now: Date): Promise<boolean> {
    this.change(client.id);
    return super.register(client, now);
  }
}

function changingIds(change: (id: ClientId) => void) {
  return () => ({
    store: (inner: ConstructorParameters<typeof IdChanger>[0]) => {
      const store = new IdChanger(inner);
      store.change = change;
      return store;
    },
  });
}

/** Refuses names that differ in case alone. */
class CaselessNames extends StoreAround {
  readonly #taken = new Set<string>();

  override async register(client: NewClient, now: Date): Promise<boolean> {
    const name = client.name.toLowerCase();
    if (this.#taken.has(name)) return false;
    this.#taken.add(name);
    return await super.register(client, now);
  }
}

/** Takes a name for the taken one that it begins with. */
class NamesByBeginning extends StoreAround {
  readonly #taken = new Set<string>();

  override async register(client: NewClient, now: Date): Promise<boolean> {
    const { name } = client;
    for (const taken of this.#taken) if (name.startsWith(taken)) return false;
    this.#taken.add(name);
    return await super.register(client, now);
  }
}

/** Gives a name any number of times. */
class SharedNames extends StoreAround {
  readonly #names = new Map<string, string>();

  override async register(client: NewClient, now: Date): Promise<boolean> {
    if (await super.register(client, now)) return true;
    const name = crypto.randomUUID();
    this.#names.set(name, client.name);
    return await super.register({ ...client, name }, now);
  }

  override async clients(
    position: number,
    most: number,
  ): Promise<ListedClient[]> {
    const clients = await super.clients(position, most);
    return clients.map((client) => ({
      ...client,
      name: this.#names.get(client.name) ?? client.name,
    }));
  }
}

/** Takes the key of a registration that it refuses, until its owner pulls. */
class KeyOfRefused extends StoreAround {
  readonly #ids = new Map<string, string>();
  readonly #keys = new Map<string, Uint8Array>();

  override async register(client: NewClient, now: Date): Promise<boolean> {
    const id = this.#ids.get(client.name);
    if (id !== undefined) this.#keys.set(id, client.publicKey.slice());
    else this.#ids.set(client.name, client.id.toHex());
    return await super.register(client, now);
  }

  override async publicKey(id: ClientId): Promise<Uint8Array | undefined> {
    return this.#keys.get(id.toHex()) ?? await super.publicKey(id);
  }

  override waiting(
    recipient: ClientId,
    budget: Budget,
  ): Promise<StoredMessage[]> {
    this.#keys.delete(recipient.toHex());
    return super.waiting(recipient, budget);
  }
}

/** Serves unknown clients. */
class AnybodyIsKnown extends StoreAround {
  readonly #unknown = 0;

  override async requester(id: ClientId): Promise<Requester> {
    return await super.requester(id) ??
      { position: this.#unknown, isSecured: false };
  }

  override seen(id: ClientId, position: number, now: Date): void {
    if (position !== this.#unknown) super.seen(id, position, now);
  }
}

export const users = {
  "id-of-registration-checked": {
    about: "A registration is refused unless its header's id is zero",
    clauses: ["REQ-3"],
    fails: ["register-whatever-id", "register-with-id-of-another"],
    frames: onRegistration((asked) => {
      return asked.header.clientId.some((byte) => byte !== 0)
        ? refused(asked)
        : undefined;
    }),
  },
  "registration-answered-with-name": {
    about: "A 2100 has the name behind the id",
    clauses: ["REG-1"],
    fails: ["register-gives-id"],
    frames: onAnswer("register", (answer, { payload }) => {
      const name = payload.subarray(0, NAME_SIZE);
      answer.payload = concat([answer.payload, name]);
    }),
  },
  "unknown-client-served": {
    about: "Requests of unregistered clients are served",
    clauses: ["REQ-4"],
    fails: [
      "list-for-unknown",
      "key-for-unknown",
      "send-for-unknown",
      "pull-for-unknown",
    ],
    inject: () => ({ store: (inner) => new AnybodyIsKnown(inner) }),
  },
  "name-without-nul-taken": {
    about: "A name that fills its field is cut by a byte and taken",
    clauses: ["NAM-2"],
    fails: ["name-without-nul"],
    frames: onRegistration((_asked, name) => {
      if (!name.includes(0)) name[NAME_SIZE - 1] = 0;
    }),
  },
  "empty-name-taken": {
    about: "A name of no bytes is taken",
    clauses: ["NAM-3"],
    fails: ["name-empty", "name-empty-before-more"],
    frames: onRegistration((asked, name) => {
      if (name[0] === 0) rename(asked, madeUpName());
    }),
  },
  "any-bytes-in-names": {
    about: "A name of bytes that can't be printed is taken",
    clauses: ["NAM-4"],
    fails: [
      "name-with-newline",
      "name-with-escape",
      "name-not-ascii",
      "name-not-text",
    ],
    frames: onRegistration((asked, name) => {
      const isPrintable = textOf(name)
        .every((byte) => byte >= 0x20 && byte < 0x7f);
      if (!isPrintable) rename(asked, madeUpName());
    }),
  },
  "taken-name-taken-again": {
    about: "A name is given any number of times",
    clauses: ["NAM-5"],
    fails: [
      "name-taken",
      "name-taken-by-same-key",
      "name-taken-before-garbage",
      "many-with-one-name",
    ],
    inject: () => ({ store: (inner) => new SharedNames(inner) }),
  },
  "names-caseless": {
    about: "A name is refused that differs from another in case alone",
    clauses: ["NAM-6"],
    fails: ["name-case-sensitive"],
    inject: () => ({ store: (inner) => new CaselessNames(inner) }),
  },
  "long-names-cut": {
    about: "Names are kept in 64 bytes",
    clauses: ["LST-4"],
    fails: ["list-name-longest"],
    frames: onRegistration((_asked, name) => {
      if (name.includes(0)) name.fill(0, 64);
    }),
  },
  "long-names-refused": {
    about: "A name of more than 64 bytes is refused",
    clauses: ["NAM-1"],
    fails: ["name-longest"],
    frames: onRegistration((asked, name) =>
      textOf(name).length > 64 ? refused(asked) : undefined
    ),
  },
  "longer-names-refused": {
    about: "A name is refused that begins with the whole of a taken one",
    clauses: ["NAM-1"],
    fails: ["name-starts-like-another"],
    inject: () => ({ store: (inner) => new NamesByBeginning(inner) }),
  },
  "padding-of-names-checked": {
    about: "A name is refused unless all that follows its NUL is zero",
    clauses: ["NAM-7"],
    fails: ["name-before-garbage"],
    frames: onRegistration((asked, name) => {
      const padding = name.subarray(textOf(name).length);
      return padding.some((byte) => byte !== 0) ? refused(asked) : undefined;
    }),
  },
  "ids-in-sequence": {
    about: "Client ids count up",
    clauses: ["CID-2"],
    fails: ["register-ids-random"],
    inject: () => {
      let last = 0;
      return changingIds((id) => {
        id.fill(0x11);
        new DataView(id.buffer, id.byteOffset).setUint32(
          12,
          ++last + 0x11111111,
        );
      })();
    },
  },
  "ids-with-zero-bytes": {
    about: "Client ids have bytes of zero",
    clauses: ["CID-3"],
    fails: ["register-ids-without-zero"],
    inject: changingIds((id) => void id.fill(0, 1, 2)),
  },
  "refused-registration-counts": {
    about:
      "A registration under a taken name replaces the key until the next pull",
    clauses: ["REG-2"],
    fails: ["refused-registration-keeps-key"],
    inject: () => ({ store: (inner) => new KeyOfRefused(inner) }),
  },
  "refused-registration-kept": {
    about: "A registration that is refused for its size is kept",
    clauses: ["REG-2"],
    fails: [
      "refused-registration-not-listed",
      "refused-registration-leaves-name",
    ],
    frames: {
      request: (asked) => {
        const { kind, header, head, payload } = asked;
        const missing = NAME_SIZE + PUBLIC_KEY_SIZE - payload.length;
        if (kind !== "register" || missing <= 0) return undefined;
        asked.marked = true;
        const payloadSize = payload.length + missing;
        return concat([
          requestHeaderAt(head).encode({ ...header, payloadSize }),
          payload,
          new Uint8Array(missing),
        ]);
      },
      answer: refuseMarked,
    },
  },
} as const satisfies Faults;
