import { assert, assertRejects } from "@std/assert";
import {
  hasCode,
  type SystemCode,
} from "../../shared/platform/system_error.ts";

/** Asserts that a promise rejects with an error of the system. */
export async function assertRejectsWith(
  code: SystemCode,
  work: () => Promise<unknown>,
): Promise<void> {
  const error = await assertRejects(work, Error);
  assert(hasCode(error, code), `expected ${code}, got ${error}`);
}
