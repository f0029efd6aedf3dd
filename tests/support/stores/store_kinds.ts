/** Tests that run on a new store of each kind. */

import { openStore, type Store } from "../../../server/mod.ts";
import type {
  StoreAddress,
  StoreKind,
} from "../../../server/store/store_kind.ts";
import { parseStoreAddress } from "../../../server/store/store_kinds.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { FILES, testWith } from "../test_with.ts";
import { postgresTest } from "./postgres.ts";

/** A kind of store under test, and the address of a new store. */
export interface Subject {
  kind: StoreKind;
  address: StoreAddress;
}

/** What a test does with a new store; `reopen` closes it and opens it again. */
export type StoreCheck = (
  store: Store,
  reopen: () => Promise<Store>,
  subject: Subject,
) => Promise<void>;

/** Registers a test with a new store of a kind. */
export function storeTest(
  kind: StoreKind,
  name: string,
  check: StoreCheck,
): void {
  subjectTest(kind, name, async (subject) => {
    const { scheme, rest } = subject.address;
    const open = () => openStore(`${scheme}:${rest}`);
    let store = await open();
    try {
      await check(store, async () => {
        // What is lost when it is closed can't be looked for afterwards.
        if (!kind.contract.outlivesClose) return store;
        await store.close();
        return store = await open();
      }, subject);
    } finally {
      await store.close();
    }
  });
}

function subjectTest(
  kind: StoreKind,
  name: string,
  check: (subject: Subject) => Promise<void>,
): void {
  const [scheme] = kind.schemes;
  if (kind.contract.newIn("") === undefined) {
    return postgresTest(
      `${scheme}: ${name}`,
      ({ url }) => check({ kind, address: parseStoreAddress(url) }),
    );
  }
  testWith(FILES, `${scheme}: ${name}`, async () => {
    await using folder = await temporaryFolder();
    const rest = kind.contract.newIn(folder.path) ?? "";
    await check({ kind, address: { scheme, rest } });
  });
}
