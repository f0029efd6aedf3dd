/** All faults of the wrong relay: the list that the matrix of checks is held against. */

import { connections } from "./faults/connections.ts";
import { framing } from "./faults/framing.ts";
import { messages } from "./faults/messages.ts";
import { users } from "./faults/users.ts";

/** Each fault by its name. */
export const faults = { ...framing, ...connections, ...users, ...messages };

/** The name of a fault. */
export type FaultName = keyof typeof faults;
