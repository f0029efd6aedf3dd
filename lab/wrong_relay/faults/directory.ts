/** Mistakes with the list and with public keys. */

import { concat } from "@std/bytes";
import type { ClientId, NewClient } from "../../../server/mod.ts";
import {
  CLIENT_ID_SIZE,
  LISTED_CLIENT_SIZE,
  NAME_SIZE,
  PUBLIC_KEY_SIZE,
} from "../../../shared/wire/protocol.ts";
import type { Answer } from "../altered_line.ts";
import { failed, onAnswer, refused } from "../hooks.ts";
import { textOf } from "../c_string.ts";
import type { Faults } from "../fault.ts";
import { StoreAround } from "../store_around.ts";
import { PULL } from "../../../kit/requests.ts";

/** Changes each entry of a list. */
function eachEntry(
  answer: Answer,
  change: (entry: Uint8Array<ArrayBuffer>) => Uint8Array | undefined,
): void {
  const entries: Uint8Array[] = [];
  const { payload } = answer;
  for (let at = 0; at < payload.length; at += LISTED_CLIENT_SIZE) {
    const entry = change(payload.slice(at, at + LISTED_CLIENT_SIZE));
    if (entry) entries.push(entry);
  }
  answer.payload = concat(entries);
}

/** Keeps keys as something else than they are. */
class KeyChanger extends StoreAround {
  /** How. */
  change: (key: Uint8Array) => Uint8Array = (key) => key;

  override register(client: NewClient, now: Date): Promise<boolean> {
    const publicKey = new Uint8Array(PUBLIC_KEY_SIZE);
    publicKey.set(this.change(client.publicKey).subarray(0, PUBLIC_KEY_SIZE));
    return super.register({ ...client, publicKey }, now);
  }
}

function changingKeys(change: (key: Uint8Array) => Uint8Array) {
  return () => ({
    store: (inner: ConstructorParameters<typeof KeyChanger>[0]) => {
      const store = new KeyChanger(inner);
      store.change = change;
      return store;
    },
  });
}

export const directory = {
  "list-has-asker": {
    about: "The list has the asker as well",
    clauses: ["LST-3"],
    fails: ["list-without-requester"],
    inject: () => {
      const entries = new Map<string, Uint8Array>();
      return {
        frames: () => ({
          answer: (answer, { kind, header, payload }) => {
            if (failed(answer)) return;
            if (kind === "register") {
              const name = new Uint8Array(NAME_SIZE);
              name.set(textOf(payload.subarray(0, NAME_SIZE)));
              const entry = concat([answer.payload, name]);
              entries.set(answer.payload.toHex(), entry);
            } else if (kind === "clientsList") {
              const entry = entries.get(header.clientId.toHex());
              if (entry) answer.payload = concat([answer.payload, entry]);
            }
          },
        }),
      };
    },
  },
  "list-has-one-twice": {
    about: "The last entry of the list stands in it twice",
    clauses: ["LST-2"],
    fails: ["list-has-each-id-once"],
    frames: onAnswer("clientsList", (answer) => {
      const last = answer.payload.subarray(-LISTED_CLIENT_SIZE);
      answer.payload = concat([answer.payload, last]);
    }),
  },
  "list-is-old": {
    about: "Who has got the list gets the same one again, until it pulls",
    clauses: ["LST-2"],
    fails: ["list-has-newcomers"],
    inject: () => {
      const lists = new Map<string, Answer["payload"]>();
      return {
        frames: () => ({
          answer: (answer, { kind, header }) => {
            if (failed(answer)) return;
            const asker = header.clientId.toHex();
            if (kind === PULL) lists.delete(asker);
            if (kind !== "clientsList") return;
            answer.payload = lists.get(asker) ?? answer.payload;
            lists.set(asker, answer.payload);
          },
        }),
      };
    },
  },
  "list-names-of-254": {
    about: "Names in the list have 254 bytes",
    clauses: ["LST-1"],
    fails: ["list-entries"],
    frames: onAnswer("clientsList", (answer) => {
      eachEntry(answer, (entry) => entry.subarray(0, -1));
    }),
  },
  "list-names-not-padded": {
    about: "What follows a name in the list is left over from another",
    clauses: ["LST-4"],
    fails: ["list-names-padded"],
    frames: onAnswer("clientsList", (answer) => {
      eachEntry(answer, (entry) => {
        const end = entry.indexOf(0, CLIENT_ID_SIZE);
        return end < 0 ? entry : entry.fill(0x41, end + 1);
      });
    }),
  },
  "key-cut-at-zero": {
    about: "A public key is kept as a C string",
    clauses: ["PUB-2"],
    fails: ["key-of-each", "key-padded-with-zeros", "key-beginning-with-zeros"],
    inject: changingKeys(textOf),
  },
  "key-kept-as-text": {
    about: "A public key is kept as a text of UTF-8",
    clauses: ["PUB-2"],
    fails: [
      "key-of-each",
      "key-of-any-bytes",
      "key-padded-with-zeros",
      "key-beginning-with-zeros",
    ],
    inject: changingKeys((key) =>
      new TextEncoder().encode(new TextDecoder().decode(key))
    ),
  },
  "key-with-id-of-asker": {
    about: "A public key is answered with the id of who asks",
    clauses: ["KEY-1"],
    fails: ["key-with-owner"],
    frames: onAnswer("publicKey", ({ payload }, { header }) => {
      payload.set(header.clientId);
    }),
  },
  "key-without-id": {
    about: "A public key is answered without an id",
    clauses: ["KEY-1"],
    fails: ["key-with-owner"],
    frames: onAnswer("publicKey", (answer) => {
      answer.payload = answer.payload.slice(CLIENT_ID_SIZE);
    }),
  },
  "key-of-unknown-is-zeros": {
    about: "The public key of an unknown client is zeros",
    clauses: ["KEY-2"],
    fails: ["key-of-unknown"],
    store: (inner) =>
      new class extends StoreAround {
        override async publicKey(id: ClientId): Promise<Uint8Array> {
          return await super.publicKey(id) ?? new Uint8Array(PUBLIC_KEY_SIZE);
        }
      }(inner),
  },
  "own-key-refused": {
    about: "A client can't ask for its own public key",
    clauses: ["KEY-3"],
    fails: ["key-of-oneself"],
    frames: {
      request: (asked) => {
        if (asked.kind !== "publicKey") return;
        const target = asked.payload.toHex();
        return target === asked.header.clientId.toHex()
          ? refused(asked)
          : undefined;
      },
    },
  },
} as const satisfies Faults;
