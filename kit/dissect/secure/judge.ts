/**
 * Judges secure frames as a strict reader would: by the codecs, and by the
 * signatures of records.
 *
 * @module
 */

import { createPublicKey, verify } from "node:crypto";
import { concat } from "@std/bytes";
import {
  decodeRecord,
  type RecordSignature,
} from "../../../shared/secure/account_record.ts";
import { signingKeyProblem } from "../../../shared/secure/ed25519.ts";
import { packageCodec } from "../../../shared/secure/key_package.ts";
import {
  RefusalReason,
  SECURE_VERSION,
} from "../../../shared/secure/secure_protocol.ts";
import { FormatError } from "../../../shared/wire/format_error.ts";
import type { AnyClauseId } from "../../any_clause.ts";
import type { Form } from "../form.ts";
import { type Problem, problem } from "../judge.ts";
import { integer, lastName, type Piece } from "../walk.ts";
import { layoutOf } from "./expand.ts";
import { secureCodecOf, type SecureKind } from "./kind.ts";

/** A problem, and the path of the field that has it. */
interface PlacedProblem extends Problem {
  /** Its field. */
  readonly path: string;
}

/** A secure frame to judge. */
export interface SecureCase {
  readonly kind: SecureKind;
  readonly form: Form;
  /** The available bytes of the frame. */
  readonly frame: Uint8Array;
  /** Number of bytes of the frame that arrived but aren't available. */
  readonly unseen: number;
  /** The frame's fields, before records and packages are taken apart. */
  readonly whole: readonly Piece[];
  /** The fields with those of records and packages. */
  readonly pieces: readonly Piece[];
}

/** Judges a frame; returns what tells the problems of each of its fields. */
export function secureJudge(
  found: SecureCase,
): (piece: Piece) => readonly Problem[] {
  const { pieces } = found;
  const size = pieces.find(({ field }) => field === "payloadSize");
  const byPiece = Map.groupBy(
    problemsOf(found),
    ({ path }) =>
      pieces.find((piece) => piece.path === path) ??
        pieces.find((piece) => piece.path.startsWith(path)) ?? size,
  );
  return (piece) =>
    (byPiece.get(piece) ?? []).map(({ clause, text }) => ({ clause, text }));
}

function problemsOf(found: SecureCase): PlacedProblem[] {
  const { kind, form, frame, unseen, whole } = found;
  const { headerSize, claim } = form;
  if (claim === undefined) {
    const path = form.header.find(({ missing }) => missing > 0)?.path ?? "";
    const text = `the header ends after ${frame.length} bytes`;
    return [{ path, ...problem("FRM-2", text) }];
  }
  const version = versionProblems(form);
  const size = headerSize + claim;
  const missing = Math.max(0, size - frame.length - unseen);
  if (missing > 0) {
    const text = `${missing} of them aren't there`;
    return [...version, {
      path: "header.payloadSize",
      ...problem("FRM-2", text),
    }];
  }
  if (unseen > 0) return version;
  return [
    ...version,
    ...codecProblems(kind, form, frame.subarray(headerSize, size)),
    ...whole.flatMap(valueProblems),
    ...frame.length === size ? [] : [{
      path: "trailing",
      ...problem(
        "FRM-2",
        `${frame.length - size} bytes follow the frame's end`,
      ),
    }],
  ];
}

function versionProblems({ header, direction }: Form): PlacedProblem[] {
  const piece = header.find(({ field }) => field === "version");
  const version = piece?.missing === 0 ? integer(piece.bytes) : SECURE_VERSION;
  return version === SECURE_VERSION ? [] : [{
    path: "header.version",
    ...problem(
      direction === "request" ? "HDR-2" : "HDR-3",
      `expected version ${SECURE_VERSION}, got ${version}`,
    ),
  }];
}

function codecProblems(
  kind: SecureKind,
  { direction }: Form,
  payload: Uint8Array,
): PlacedProblem[] {
  const codec = secureCodecOf(kind, direction);
  return refusedBy(() => codec.decode(payload, true), "payload", "FLD-2");
}

/** Judges a record, a package, or a reason. */
function valueProblems(piece: Piece): PlacedProblem[] {
  const { path, bytes } = piece;
  switch (layoutOf(piece)) {
    case "record":
      return recordProblems(path, bytes);
    case "package":
      return refusedBy(
        () => packageCodec.decode(bytes, true),
        path,
        "PKG-1",
      );
  }
  const isUnknown = lastName(path) === "reason" &&
    !reasons.includes(integer(bytes));
  if (!isUnknown) return [];
  const text = `expected a reason of the table, got ${integer(bytes)}`;
  return [{ path, ...problem("REF-1", text) }];
}

const reasons: readonly number[] = Object.values(RefusalReason);

function recordProblems(path: string, bytes: Uint8Array): PlacedProblem[] {
  let signatures: readonly RecordSignature[] = [];
  const malformed = refusedBy(
    () => signatures = decodeRecord(bytes).signatures,
    path,
    "REC-1",
  ).map((found) => ({ ...found, clause: recordClause(found.path, path) }));
  return [
    ...malformed,
    ...signatures.filter((signature) => !isSigned(signature)).map((
      { field },
    ) => ({
      path: field === "signature"
        ? `${path}.signature`
        : `${path}.succession.signature`,
      ...problem("REC-5", "the signature isn't the key's"),
    })),
  ];
}

/** The clause that rules a field of a record. */
function recordClause(path: string, record: string): AnyClauseId {
  const field = path.slice(record.length + 1).replace(/\[.*$/, "");
  return recordClauses[field] ?? "REC-1";
}

const recordClauses: Readonly<Record<string, AnyClauseId>> = {
  version: "REC-2",
  previous: "REC-2",
  name: "REC-3",
  identity: "REC-4",
  devices: "REC-4",
  succession: "REC-5",
};

/** What is before the 32 bytes of a key in its SubjectPublicKeyInfo. */
const SPKI_HEAD = Uint8Array.fromHex("302a300506032b6570032100");

/** Verifies without waiting, unlike `crypto.subtle`. */
function isSigned({ key, signature, signed }: RecordSignature): boolean {
  if (signingKeyProblem(key) !== undefined) return false;
  try {
    const publicKey = createPublicKey({
      key: concat([SPKI_HEAD, key]) as never,
      format: "der",
      type: "spki",
    });
    return verify(null, signed, publicKey, signature);
  } catch {
    // The bytes are no point of the curve.
    return false;
  }
}

/** The error of a strict reader, at its field; none if it reads. */
function refusedBy(
  read: () => void,
  path: string,
  clause: Problem["clause"],
): PlacedProblem[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    // The first name is the codec's.
    const [, ...rest] = error.field.split(/(?=[.[])/);
    return [{ path: path + rest.join(""), ...problem(clause, error.problem) }];
  }
}
