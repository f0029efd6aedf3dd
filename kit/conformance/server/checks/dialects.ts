import {
  BLOCK_SIZE,
  defaultDialect,
  type Dialect,
  type DialectName,
  dialectNamed,
  paddingBehind,
  requestCode,
  responseCodeIn,
} from "../../../../shared/wire/dialects.ts";
import {
  CLIENT_ID_SIZE,
  type ClientId,
  ZERO_ID,
} from "../../../../shared/wire/protocol.ts";
import {
  ERROR_CODE,
  type RequestKind,
  type RequestPayloads,
  type ResponseCode,
} from "../../../../shared/wire/requests.ts";
import { encodeRequest } from "../../../../shared/wire/frames.ts";
import { type ClauseId, clauses } from "../../../clauses.ts";
import { describe, expectCode, type WholeResponse } from "../response.ts";
import type { Channel } from "../channel.ts";
import {
  type CheckEntry,
  CheckFailure,
  must,
  prepare,
  subject,
  Unprepared,
} from "../check.ts";
import {
  frame,
  randomId,
  randomKey,
  randomName,
  registration,
} from "../frames.ts";
import type { User } from "../user_pool.ts";
import type { Probe } from "../probe.ts";
import { arrives, numbered } from "./pulling.ts";
import { listRequest, PULL } from "../../../requests.ts";

/** Dialects with codes of their own, each with its clause. */
const OTHERS = [
  ["700", "DIA-1"],
  ["1100", "DIA-1"],
  ["1000", "DIA-2"],
  ["100", "DIA-3"],
] as const satisfies readonly (readonly [DialectName, ClauseId])[];

/** Checks of the other dialects, and of requests padded to blocks. */
export const dialectChecks = subject(
  "dialects",
  forSpeakersOfFirst({
    ...Object.assign({}, ...OTHERS.map(checksOf)),
    "blocks-request": [
      "DIA-5",
      "A request padded with zeros to 1024 bytes is answered",
      async (probe) => {
        const { request, code } = await probe.usual();
        await askInBlock(probe, request, code);
      },
    ],
    "blocks-registration": [
      "DIA-5",
      "A registration in a block of 1024 bytes is accepted",
      async (probe) => {
        await askInBlock(probe, registration(randomName()), 2100);
      },
    ],
    "blocks-response": [
      "DIA-5",
      "The response to a block is padded with zeros to 1024 bytes, and the connection ends",
      async (probe) => {
        const { request, code, isFollowed } = await probe.usual();
        if (isFollowed) {
          throw new Unprepared(
            "bytes follow each response: see response-once and response-size-counts-payload",
          );
        }
        const { channel, response } = await askInBlock(probe, request, code);
        const due = paddingBehind(response.bytes.length, {
          blockSize: BLOCK_SIZE,
        });
        const rest = await channel.rest(due + 1);
        if (rest.length === 0) {
          throw new Unprepared(
            "the server doesn't fill its responses to blocks",
          );
        }
        must(
          rest.length === due && rest.every((byte) => byte === 0),
          `${due} zeros and the end`,
          rest.length > due
            ? "more than a block"
            : `${rest.length} bytes${
              rest.every((byte) => byte === 0) ? "" : ", not all of them 0"
            }`,
        );
      },
    ],
    "blocks-without-size": [
      "DIA-6",
      "A 602 in a block is answered though its header claims 0 bytes",
      async (probe) => {
        const [{ id: clientId }, { id: target }] = await probe.pair();
        const code = requestCode("publicKey");
        const request = frame({ code, clientId, payloadSize: 0 }, target);
        await askInBlock(probe, request, 2102);
      },
    ],
  }),
);

/** Checks of one of the other dialects. */
function checksOf(
  [name, clause]: typeof OTHERS[number],
): Record<string, CheckEntry> {
  const dialect = dialectNamed(name);
  const { firstRequest: first } = dialect;
  return {
    [`dialect-${name}`]: [
      clause,
      `All requests from ${first} on get the response of their kind`,
      (probe) => wholeTalk(probe, dialect),
    ],
    [`dialect-${name}-refuses`]: [
      clause,
      `Bad requests from ${first} on get 9000`,
      async (probe) => {
        await requireDialect(probe, dialect, await probe.pair());
        const clientId = randomId();
        await prepare(
          "have it refused with 601",
          () => probe.refused(listRequest(clientId)),
        );
        const frame = encodeRequest("clientsList", {}, { clientId, dialect });
        await probe.expect(frame, 9000);
      },
    ],
    [`dialect-${name}-shares`]: [
      "DIA-4",
      `A message sent with ${
        requestCode("sendMessage", dialect)
      } is pulled with 604, and vice versa`,
      (probe) => shares(probe, dialect),
    ],
  };
}

/** Skips checks of servers that speak another than the first dialect. */
function forSpeakersOfFirst(
  entries: Record<string, CheckEntry>,
): Record<string, CheckEntry> {
  return Object.fromEntries(
    Object.entries(entries).map(([name, [clause, about, run]]) => [name, [
      clause,
      about,
      async (probe) => {
        if (probe.dialect !== defaultDialect) {
          throw lacksDialect(defaultDialect);
        }
        await run(probe);
      },
    ]]),
  );
}

/** Makes a request of each kind in one dialect. */
async function wholeTalk(probe: Probe, dialect: Dialect): Promise<void> {
  const ask = async <K extends RequestKind>(
    kind: K,
    payload: RequestPayloads[K],
    clientId: ClientId,
    meant: ResponseCode,
  ) => {
    const frame = encodeRequest(kind, payload, { clientId, dialect });
    return expectCode(await probe.ask(frame), responseCodeIn(dialect, meant));
  };
  const { id: clientId } = await probe.user();
  // A failure in the server's own dialect says nothing about another.
  if (await probe.can("list")) {
    const list = encodeRequest("clientsList", {}, { clientId, dialect });
    await answered(probe, list, dialect, responseCodeIn(dialect, 2101));
  }
  const who = { name: randomName(), publicKey: randomKey() };
  const register = encodeRequest("register", who, {
    clientId: ZERO_ID,
    dialect,
  });
  const { payload } = await answered(
    probe,
    register,
    dialect,
    responseCodeIn(dialect, 2100),
  );
  const target = payload.slice(0, CLIENT_ID_SIZE) as Uint8Array as ClientId;
  if (await probe.can("key")) {
    await ask("publicKey", { target }, clientId, 2102);
  }
  if (!(await probe.can("send")) || !(await probe.can("pull"))) return;
  const content = numbered(48, 0);
  await ask("sendMessage", { target, type: 3, content }, clientId, 2103);
  const pulled = await ask(PULL, {}, target, 2104);
  must(pulled.payload.length > 0, "the message", describe(pulled));
}

/** Sends in one dialect and pulls in another, in both directions. */
async function shares(probe: Probe, dialect: Dialect): Promise<void> {
  await probe.needs("pull");
  const [one, other] = await probe.pair();
  const clientId = one.id;
  await requireSharedUsers(probe, dialect, [one, other]);
  const content = numbered(32, 0);
  const send = encodeRequest(
    "sendMessage",
    { target: other.id, type: 3, content },
    { clientId, dialect },
  );
  await probe.ask(send);
  await arrives(probe, other, 1);
  await probe.sends({ from: other.id, to: one.id, content });
  const pull = encodeRequest(PULL, {}, { clientId, dialect });
  const { payload } = await probe.ask(pull);
  must(payload.length > 0, "the message that was sent with 603", "none");
}

/**
 * Makes a request in a dialect which the server answers in its own.
 *
 * @throws {Unprepared} if the server doesn't know the dialect
 */
async function requireDialect(
  probe: Probe,
  dialect: Dialect,
  [{ id: clientId }, { id: target }]: readonly [User, User],
): Promise<void> {
  const isOfKeys = await probe.can("key");
  const frame = isOfKeys
    ? encodeRequest("publicKey", { target }, { clientId, dialect })
    : encodeRequest(PULL, {}, { clientId, dialect });
  try {
    const response = await probe.ask(frame);
    const meant = isOfKeys ? 2102 : 2104;
    if (response.code === responseCodeIn(dialect, meant)) return;
  } catch (error) {
    if (!(error instanceof CheckFailure)) throw error;
  }
  throw lacksDialect(dialect);
}

/**
 * Requires that a dialect knows the users who registered in another one.
 *
 * @throws {CheckFailure} if it knows only its own users
 * @throws {Unprepared} if the server doesn't know the dialect
 */
async function requireSharedUsers(
  probe: Probe,
  dialect: Dialect,
  pair: readonly [User, User],
): Promise<void> {
  try {
    await requireDialect(probe, dialect, pair);
  } catch (error) {
    if (!(error instanceof Unprepared)) throw error;
    const who = { name: randomName(), publicKey: randomKey() };
    const frame = encodeRequest("register", who, {
      clientId: ZERO_ID,
      dialect,
    });
    const { code } = await prepare(
      `speak ${dialect.firstRequest}`,
      () => probe.ask(frame),
    );
    must(
      code !== responseCodeIn(dialect, 2100),
      "a key for who registered with 600",
      "none",
    );
    throw error;
  }
}

const lacksDialect = ({ name }: Dialect) =>
  new Unprepared(`the server doesn't speak the dialect ${name}`);

/**
 * Makes a request that shows whether the server knows a dialect.
 *
 * @throws {CheckFailure} if it knows it badly, or must know it and doesn't
 * @throws {Unprepared} if it may know it and doesn't
 */
async function answered(
  probe: Probe,
  frame: Uint8Array,
  dialect: Dialect,
  code: number,
): Promise<WholeResponse> {
  const isOptional = OTHERS.some(([name, clause]) =>
    name === dialect.name && clauses[clause].level === "MAY"
  );
  let response: WholeResponse;
  try {
    response = await probe.ask(frame, `a response ${code}`);
  } catch (error) {
    if (isOptional && error instanceof CheckFailure) {
      throw lacksDialect(dialect);
    }
    throw error;
  }
  if (isOptional && response.code === ERROR_CODE) {
    throw lacksDialect(dialect);
  }
  return expectCode(response, code);
}

/** A request as clients send it that write whole blocks. */
function padded(frame: Uint8Array): Uint8Array {
  const block = new Uint8Array(
    frame.length + paddingBehind(frame.length, { blockSize: BLOCK_SIZE }),
  );
  block.set(frame);
  return block;
}

/**
 * Sends a request in a block.
 *
 * @throws {Unprepared} where the server takes such a request for a bad one
 */
async function askInBlock(
  probe: Probe,
  frame: Uint8Array,
  code: number,
): Promise<{ channel: Channel; response: WholeResponse }> {
  const channel = await probe.connect();
  await channel.send(padded(frame));
  try {
    const response = expectCode(await channel.response(), code);
    return { channel, response };
  } catch (error) {
    if (!(error instanceof CheckFailure)) throw error;
    throw new Unprepared(
      `the server doesn't take requests in blocks: got ${error.got}`,
    );
  }
}
