/**
 * The requests of the protocol, each as one record. Kinds, codes, payload
 * types, codecs and labels follow from the table (section 7 of docs/protocol.md).
 *
 * @module
 */

import { type Codec, codec, list } from "./fields.ts";
import { type Fields, fieldsOf, type Values } from "./field_types.ts";

/** A request and its response. */
export interface RequestRecord {
  /** Offset of its code from a dialect's first request, and of its response's from the first response. */
  readonly index: number;
  /** Name of the request in the output of tools. */
  readonly label: string;
  /** Name of the response in the output of tools. */
  readonly responseLabel: string;
  /** Fields of the request's payload, in the order of the wire. */
  readonly request: Fields;
  /** Fields of the response's payload, in the order of the wire. */
  readonly response: Fields;
  /** Whether the response's payload is a list of records of these fields. */
  readonly isList?: true;
  /** The clause that a response with a payload of a wrong size breaks. */
  readonly sizeClause: string;
  /**
   * Whether a client may repeat the request after the connection broke before
   * the response. A lost registration may have taken the name, and a lost send
   * may be stored; pulls are repeated by their caller.
   */
  readonly repeatable?: true;
}

/** All requests by their kinds. */
export const requests = {
  register: {
    index: 0,
    label: "register",
    responseLabel: "registered",
    request: { name: "name", publicKey: "publicKey" },
    response: { clientId: "clientId" },
    sizeClause: "REG-1",
  },
  clientsList: {
    index: 1,
    label: "clients list",
    responseLabel: "clients list",
    request: {},
    response: { clientId: "clientId", name: "listedName" },
    isList: true,
    sizeClause: "LST-1",
    repeatable: true,
  },
  publicKey: {
    index: 2,
    label: "public key",
    responseLabel: "public key",
    request: { target: "clientId" },
    response: { clientId: "clientId", publicKey: "publicKey" },
    sizeClause: "KEY-1",
    repeatable: true,
  },
  sendMessage: {
    index: 3,
    label: "send a message",
    responseLabel: "message sent",
    request: { target: "clientId", type: "messageType", content: "content" },
    response: { target: "clientId", messageId: "messageId" },
    sizeClause: "SND-2",
  },
  waitingMessages: {
    index: 4,
    label: "waiting messages",
    responseLabel: "waiting messages",
    request: {},
    response: {
      sender: "clientId",
      messageId: "messageId",
      type: "u8",
      content: "content",
    },
    isList: true,
    sizeClause: "PUL-1",
  },
} as const satisfies Readonly<Record<string, RequestRecord>>;

/** A kind of request. */
export type RequestKind = keyof typeof requests;

/** All kinds, in the order of their codes. */
export const requestKinds: readonly RequestKind[] =
  (Object.keys(requests) as RequestKind[])
    .sort((a, b) => requests[a].index - requests[b].index);

/** The record of a kind, typed as any record. */
export function requestRecord(kind: RequestKind): RequestRecord {
  return requests[kind];
}

/** The payload of each kind of request. */
export type RequestPayloads = {
  [K in RequestKind]: Values<typeof requests[K]["request"]>;
};

type ResponseValues<R extends RequestRecord> = R extends { isList: true }
  ? readonly Values<R["response"]>[]
  : Values<R["response"]>;

/** The payload of the response to each kind of request. */
export type ResponsePayloads = {
  [K in RequestKind]: ResponseValues<typeof requests[K]>;
};

/** A registration. */
export type Register = RequestPayloads["register"];
/** A message on its way to the relay. */
export type SendMessage = RequestPayloads["sendMessage"];
/** A client in the clients list; from other servers the name may be anything. */
export type ListedClient = ResponsePayloads["clientsList"][number];
/** A message on its way to its recipient; from other servers its type may exceed 4. */
export type WaitingMessage = ResponsePayloads["waitingMessages"][number];

/** The code of the response to a kind of request in the first dialect: 2100 and its index. */
export type ResponseCodeOf<K extends RequestKind> =
  `210${typeof requests[K]["index"]}` extends `${infer C extends number}` ? C
    : never;

/** The code of a failure, in every dialect (ERR-1). */
export const ERROR_CODE = 9000;

/** The code of a response in the first dialect. */
export type ResponseCode = ResponseCodeOf<RequestKind> | typeof ERROR_CODE;

/** A response: its code in the first dialect, and its payload. */
export type Response =
  | {
    [K in RequestKind]: {
      code: ResponseCodeOf<K>;
      payload: ResponsePayloads[K];
    };
  }[RequestKind]
  | { code: typeof ERROR_CODE; payload: Values<Record<never, never>> };

/** The response to a request that fails or is refused. */
export const FAILURE: Response = { code: ERROR_CODE, payload: {} };

const FIRST_RESPONSE = 2100;

/** The codes of the responses in the first dialect, by the kinds of their requests. */
export const responseCode: { readonly [K in RequestKind]: ResponseCodeOf<K> } =
  byKind((kind) => FIRST_RESPONSE + requests[kind].index) as never;

/** All codes of responses in the first dialect. */
export const responseCodes: readonly ResponseCode[] = [
  ...requestKinds.map((kind) => responseCode[kind]),
  ERROR_CODE,
];

/** The kind of request that a code of the first dialect responds to; undefined for other codes. */
export function respondedKind(code: number): RequestKind | undefined {
  return requestKinds[code - FIRST_RESPONSE];
}

/** The codec of each kind's request payload. */
export const requestCodecs: {
  readonly [K in RequestKind]: Codec<RequestPayloads[K]>;
} = byKind((kind) => codec(kind, fieldsOf(requests[kind].request))) as never;

/** The codec of each kind's response payload. */
export const responseCodecs: {
  readonly [K in RequestKind]: Codec<ResponsePayloads[K]>;
} = byKind((kind) => {
  const { response, isList } = requestRecord(kind);
  const item = fieldsOf(response);
  return isList ? codec(kind, list(item)) : codec(kind, item);
}) as never;

/** The codec of a failure's payload. */
export const failureCodec: Codec<Values<Record<never, never>>> = codec(
  "failure",
  fieldsOf({}),
);

/** A value for each kind. */
export function byKind<T>(
  value: (kind: RequestKind) => T,
): Record<RequestKind, T> {
  return Object.fromEntries(
    requestKinds.map((kind) => [kind, value(kind)]),
  ) as Record<RequestKind, T>;
}
