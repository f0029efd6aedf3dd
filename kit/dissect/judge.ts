/**
 * Judges the fields of a frame by the clauses of docs/protocol.md.
 *
 * @module
 */

import { derSize, ENCRYPTED_KEY_SIZE } from "../../shared/crypto/crypto.ts";
import { BLOCK_SIZE } from "../../shared/crypto/legacy_aes.ts";
import { nameProblem } from "../../shared/wire/field_types.ts";
import {
  isMessageType,
  LISTED_CLIENT_SIZE,
  MAX_NAME_LENGTH,
  MessageType,
  NAME_SIZE,
  PROTOCOL_VERSION,
  PUBLIC_KEY_SIZE,
  SEND_OVERHEAD,
} from "../../shared/wire/protocol.ts";
import { requests } from "../../shared/wire/requests.ts";
import type { AnyClauseId } from "../any_clause.ts";
import type { ClauseId } from "../clauses.ts";
import { PULL } from "../requests.ts";
import { type Form, payloadSize, swapped } from "./form.ts";
import { CONTENT_SIZE, integer, type Piece } from "./walk.ts";
import { createPublicKey } from "node:crypto";

/** A breach of a clause. */
export interface Problem {
  /** The clause. */
  readonly clause: AnyClauseId;
  /** What is wrong, without a full stop. */
  readonly text: string;
}

/** Makes a problem. */
export function problem(clause: AnyClauseId, text: string): Problem {
  return { clause, text };
}

/** A field to judge. */
export interface Case {
  /** The field. */
  readonly piece: Piece;
  /** The form of the frame. */
  readonly form: Form;
  /** The available bytes of the frame. */
  readonly frame: Uint8Array;
  /** Number of bytes of the frame that arrived but aren't available. */
  readonly unseen: number;
}

/** Number of missing bytes of the payload. */
function missingPayload({ form, frame, unseen }: Case): number {
  const size = payloadSize(frame, form, true) ?? form.claim ?? 0;
  return Math.max(0, form.headerSize + size - frame.length - unseen);
}

const judges: Readonly<Record<string, (found: Case) => Problem[]>> = {
  clientId: idProblems,
  version: versionProblems,
  code: codeProblems,
  payloadSize: payloadSizeProblems,
  name: nameProblems,
  publicKey: keyProblems,
  type: typeProblems,
  [CONTENT_SIZE]: contentSizeProblems,
  content: contentProblems,
  trailing: ({ piece }) => [
    problem("FRM-2", `${piece.bytes.length} bytes follow the frame's end`),
  ],
};

/** Judges a field. */
export function judge(found: Case): Problem[] {
  const { piece } = found;
  const isThere = piece.missing === 0 ||
    piece.field === "content" && piece.missing <= found.unseen;
  return isThere ? judges[piece.field]?.(found) ?? [] : cutProblems(found);
}

/** Judges an incomplete field, unless a problem before it tells. */
function cutProblems(found: Case): Problem[] {
  const { piece, form, frame, unseen } = found;
  if (form.claim === undefined) {
    return [problem("FRM-2", `the header ends after ${frame.length} bytes`)];
  }
  const isInbox = form.kind === PULL && piece.field !== "content";
  if (!isInbox || unseen > 0 || missingPayload(found) > 0) return [];
  return [problem("PUL-1", "the payload ends within a message")];
}

function versionProblems({ piece, form }: Case): Problem[] {
  const version = integer(piece.bytes);
  if (version === PROTOCOL_VERSION) return [];
  const clause = form.direction === "request" ? "REQ-8" : "ANS-2";
  return [
    problem(clause, `expected version ${PROTOCOL_VERSION}, got ${version}`),
  ];
}

function codeProblems({ form }: Case): Problem[] {
  if (form.kind !== undefined) return [];
  if (form.isBigEndian) {
    return [problem("FRM-1", `${swapped(form.code ?? 0, 2)} in big endian`)];
  }
  return form.direction === "request"
    ? [problem("REQ-5", `${form.code} is no request`)]
    : [problem("ANS-3", `${form.code} is no response`)];
}

function typeProblems({ piece }: Case): Problem[] {
  const type = integer(piece.bytes);
  return isMessageType(type)
    ? []
    : [problem("SND-5", `expected a type from 1 to 4, got ${type}`)];
}

/** Offset of a UUID's version, 4 bits. */
const UUID_VERSION_AT = 6;
/** Offset of its variant, 2 bits. */
const UUID_VARIANT_AT = 8;

/** Judges the id of a requester, or of a registration's response. */
function idProblems({ piece, form }: Case): Problem[] {
  if (form.direction === "request") {
    if (form.kind === undefined) return [];
    const isNobody = piece.bytes.every((byte) => byte === 0);
    if (isNobody === (form.kind === "register")) return [];
    return [
      problem(
        "REQ-9",
        isNobody
          ? "zeros are no client's id"
          : "expected zeros: there is no id yet",
      ),
    ];
  }
  if (form.kind !== "register") return [];
  return [
    ...isUuid4(piece.bytes) ? [] : [problem("CID-2", "no UUID of version 4")],
    ...piece.bytes.includes(0) ? [problem("CID-3", "a byte is zero")] : [],
  ];
}

function isUuid4(bytes: Uint8Array): boolean {
  return (bytes[UUID_VERSION_AT] ?? 0) >> 4 === 4 &&
    (bytes[UUID_VARIANT_AT] ?? 0) >> 6 === 2;
}

/** Names that every program accepts. */
const PORTABLE = /^[A-Za-z0-9_.-]+$/;

/** Judges a name in a registration or a list. */
function nameProblems({ piece, form }: Case): Problem[] {
  const isListed = form.direction === "answer";
  const end = piece.bytes.indexOf(0);
  if (end < 0) {
    const text = `no NUL within ${NAME_SIZE} bytes`;
    return [problem(isListed ? "LST-4" : "NAM-2", text)];
  }
  const padding = piece.bytes.subarray(end).every((byte) => byte === 0)
    ? []
    : [problem(isListed ? "LST-4" : "NAM-1", "other than NULs as padding")];
  return [...characterProblems(piece.bytes.subarray(0, end)), ...padding];
}

function characterProblems(bytes: Uint8Array): Problem[] {
  if (bytes.length === 0) {
    return [problem("NAM-3", `expected 1 to ${MAX_NAME_LENGTH} bytes, got 0`)];
  }
  const name = String.fromCharCode(...bytes);
  const wrong = nameProblem(name);
  if (wrong !== undefined) return [problem("NAM-4", wrong)];
  return PORTABLE.test(name)
    ? []
    : [problem("NAM-8", "other than letters, digits and _ . -")];
}

/** Size of the protocol's keys in bits. */
const KEY_BITS = 1024;

/**
 * Size in bits of the RSA key in a SubjectPublicKeyInfo, which zeros may follow;
 * undefined if the bytes are none.
 */
export function keySize(bytes: Uint8Array): number | undefined {
  const der = bytes.subarray(0, derSize(bytes) ?? 0);
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({
      key: Uint8Array.from(der) as never,
      format: "der",
      type: "spki",
    });
    return asymmetricKeyType === "rsa"
      ? asymmetricKeyDetails?.modulusLength
      : undefined;
  } catch {
    // The bytes are no key.
    return undefined;
  }
}

/** Judges a public key. */
function keyProblems({ piece }: Case): Problem[] {
  const bits = keySize(piece.bytes);
  if (bits === undefined) {
    return [problem("PUB-1", "no SubjectPublicKeyInfo of RSA in DER")];
  }
  if (bits !== KEY_BITS) {
    return [problem("PUB-1", `expected RSA-${KEY_BITS}, got RSA-${bits}`)];
  }
  const padding = piece.bytes.subarray(derSize(piece.bytes));
  return padding.every((byte) => byte === 0)
    ? []
    : [problem("PUB-1", "other than zeros behind the key's DER")];
}

/** Judges the size of a payload. */
function payloadSizeProblems(found: Case): Problem[] {
  const { form, frame, piece } = found;
  const wrong = form.kind === undefined ? undefined : wrongSize(form, frame);
  const missing = missingPayload(found);
  return [
    ...integer(piece.bytes) === form.claim
      ? []
      : [problem("FRM-1", `${form.claim} in big endian`)],
    ...wrong === undefined ? [] : [problem(clauseOf(form, frame), wrong)],
    ...missing === 0
      ? []
      : [problem("FRM-2", `${missing} of them aren't there`)],
  ];
}

function clauseOf(form: Form, frame: Uint8Array): ClauseId {
  const { direction, kind, codec } = form;
  if (kind === "failure") return "ERR-1";
  if (direction === "answer" && kind !== undefined) {
    return requests[kind].sizeClause;
  }
  // DIA-6: the payload is there, but a relay needn't look for it.
  const isThere = payloadSize(frame, form, true) === codec?.fixedSize;
  return isThere ? "FRM-2" : "REQ-6";
}

function wrongSize(form: Form, frame: Uint8Array): string | undefined {
  const { kind, claim, direction, codec } = form;
  const size = claim ?? 0;
  const exact = codec?.fixedSize;
  if (exact !== undefined && size !== exact) {
    return size === PUBLIC_KEY_SIZE && kind === "publicKey"
      ? "the key alone, without its owner's id (KEY-4)"
      : `expected ${exact}, got ${size}`;
  }
  if (kind === "clientsList" && size % LISTED_CLIENT_SIZE !== 0) {
    return `expected a multiple of ${LISTED_CLIENT_SIZE}, got ${size}`;
  }
  if (kind === "sendMessage" && direction === "request") {
    // SND-7: the size that a request for a key claims doesn't count.
    return size < SEND_OVERHEAD &&
        payloadSize(frame, form, true) !== SEND_OVERHEAD
      ? `expected ${SEND_OVERHEAD} at least, got ${size}`
      : undefined;
  }
  return undefined;
}

/** Judges the size of a content by that of the payload. */
function contentSizeProblems(found: Case): Problem[] {
  const { piece, form } = found;
  const size = integer(piece.bytes);
  const claim = form.claim ?? 0;
  if (form.direction === "request") {
    const type = piece.record.get("type");
    const isKeyRequest = type !== undefined &&
      integer(type.bytes) === MessageType.KeyRequest;
    return sentSizeProblems(size, claim - SEND_OVERHEAD, isKeyRequest);
  }
  // The size of a cut payload has a problem of its own.
  if (missingPayload(found) > 0) return [];
  const end = piece.offset + piece.bytes.length;
  return waitingSizeProblems(size, form.headerSize + claim - end);
}

function sentSizeProblems(
  size: number,
  expected: number,
  isKeyRequest: boolean,
): Problem[] {
  if (size === expected) return [];
  // SND-7: a relay accepts this one, and refuses all others.
  const clause = isKeyRequest && size === 0 ? "SND-1" : "SND-8";
  return [problem(clause, `expected ${Math.max(0, expected)}, got ${size}`)];
}

function waitingSizeProblems(size: number, left: number): Problem[] {
  return size <= left
    ? []
    : [problem("PUL-1", `${size} bytes claimed, ${left} left`)];
}

/** Judges a content by its size. */
function contentProblems({ piece }: Case): Problem[] {
  const type = piece.record.get("type");
  const size = piece.bytes.length + piece.missing;
  switch (type && integer(type.bytes)) {
    case MessageType.KeyRequest:
      return size === 0 ? [] : [problem("MSG-1", "expected no content")];
    case MessageType.Key:
      return size === ENCRYPTED_KEY_SIZE ? [] : [
        problem("RSA-1", `expected ${ENCRYPTED_KEY_SIZE} bytes, got ${size}`),
      ];
    case MessageType.Text:
    case MessageType.File:
      return size > 0 && size % BLOCK_SIZE === 0 ? [] : [
        problem(
          "AES-1",
          `expected a multiple of ${BLOCK_SIZE} bytes, got ${size}`,
        ),
      ];
    default:
      return [];
  }
}
