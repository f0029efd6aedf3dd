import { dirname } from "node:path";
import type { Finding } from "../../../../shared/cli/finding.ts";
import type { Limits } from "../../../relay/limits/limits.ts";
import type { StoreAddress, StoreCondition } from "../../store_kind.ts";
import { databasePath } from "../file/database_file.ts";
import { checkAccess, checkDisk, checkRoom } from "./folder_checks.ts";
import { checkStore } from "./store_check.ts";

/** Checks a database and its folder: see `StoreKind.doctor`. */
export async function examineFile(
  { rest, takeOverFrom }: StoreAddress,
  limits: Limits,
  tell: (subject: string, finding: Finding) => void,
): Promise<StoreCondition> {
  const path = await databasePath(rest);
  const folder = dirname(path);
  tell("disk", await checkDisk(folder));
  const open = checkAccess(folder);
  if (open !== undefined) tell("access", open);
  tell("room", checkRoom(folder, limits));
  const store = checkStore(path, takeOverFrom);
  tell("store", store);
  return store;
}
