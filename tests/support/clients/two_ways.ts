/** A relay with two ways to it, and people who know both or none of them. */

import { assert } from "@std/assert";
import {
  type Address,
  RelayLink,
  Session,
  type UserError,
} from "../../../client/mod.ts";
import { Forwarder } from "../relays/forwarder.ts";
import { temporaryFolder, testRelay } from "../../../lab/harness/resources.ts";
import { receive } from "./receiving.ts";

/** A link to relays at these addresses. */
export const linkTo = (...addresses: Address[]) =>
  new RelayLink(() => Promise.resolve(addresses));

/** A relay at two addresses, anna who has both, and ben who has the relay's own. */
export async function twoWays() {
  const relay = await testRelay();
  const folder = await temporaryFolder();
  const doors = [new Forwarder(relay.address), new Forwarder(relay.address)];
  const enter = async (name: string, addresses: Address[]) => {
    const dir = `${folder.path}/${name}`;
    await Deno.mkdir(dir);
    return new Session(dir, linkTo(...addresses));
  };
  const anna = await enter("anna", doors.map(({ address }) => address));
  const ben = await enter("ben", [relay.address]);
  await ben.register("ben");
  await anna.register("anna");
  const [first, second] = doors[0]?.connections === 0 ? doors.reverse() : doors;
  assert(first !== undefined && second !== undefined);
  return {
    relay,
    path: folder.path,
    anna,
    ben,
    /** The way that anna goes. */
    first,
    /** The other one. */
    second,
    async [Symbol.asyncDispose]() {
      anna.close();
      ben.close();
      for (const door of doors) await door[Symbol.asyncDispose]();
      await relay[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** What somebody has received of the others, each as often as it is kept. */
export async function received(session: Session): Promise<string[]> {
  const problem = (error: UserError) => {
    throw error;
  };
  await receive(session, { problem });
  return session.messages.list().filter(({ kind, outgoing }) =>
    kind === "text" && !outgoing
  ).map(({ text }) => text ?? "");
}
