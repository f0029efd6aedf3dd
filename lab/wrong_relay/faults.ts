/** All faults of the wrong relay: the list that the matrix of checks is held against. */

import { connections } from "./faults/connections.ts";
import { directory } from "./faults/directory.ts";
import { everyday } from "./faults/everyday.ts";
import { framing } from "./faults/framing.ts";
import { pulling } from "./faults/pulling.ts";
import { sending } from "./faults/sending.ts";
import { users } from "./faults/users.ts";

/** Each fault by its name. */
export const faults = {
  ...framing,
  ...connections,
  ...users,
  ...directory,
  ...everyday,
  ...sending,
  ...pulling,
};

/** The name of a fault. */
export type FaultName = keyof typeof faults;
