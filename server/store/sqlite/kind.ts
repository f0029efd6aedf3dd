import { dirname } from "node:path";
import type { StoreKind } from "../store_kind.ts";
import { databasePath } from "./file/database_file.ts";

/** Stores in a SQLite file; the rest of an address is its path. */
export const sqlite: StoreKind = {
  schemes: ["file"],
  name: ({ rest }) => rest,
  async open({ rest, takeOverFrom: from }, { notice, waiting }) {
    const { openSqliteStore } = await import("./sqlite.ts");
    return await openSqliteStore(rest, {
      takeOver: from === undefined ? undefined : { from, notice },
      notice,
      ...waiting !== undefined && { waiting },
    });
  },
  async permissions({ rest }) {
    // A link is read where it is, and the file where that is.
    return { folders: [dirname(rest), dirname(await databasePath(rest))] };
  },
  sharedByRelays: false,
  async doctor(address, limits, tell) {
    const { examineFile } = await import("./doctor/store_check.ts");
    return await examineFile(address, limits, tell);
  },
  async admin() {
    const [{ openSqliteAdmin }, { prepareRestore }] = await Promise.all([
      import("./maintenance/sqlite_admin_store.ts"),
      import("./maintenance/restore.ts"),
    ]);
    return { open: openSqliteAdmin, restore: prepareRestore };
  },
  contract: {
    outlivesClose: true,
    newIn: (folder) => `${folder}/db.defensive`,
  },
};
