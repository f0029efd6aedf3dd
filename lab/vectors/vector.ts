/**
 * What stands in the files of `kit/vectors/`: docs/vectors.md describes it, and
 * kit/vectors/schema.json says it for programs.
 *
 * @module
 */

import type { ClauseId } from "../../kit/clauses.ts";
import type { SecureClauseId } from "../../kit/secure_clauses.ts";
import type { DialectName } from "../../shared/wire/dialects.ts";
import type { Direction } from "../../kit/dissect/dissector.ts";

/** Whether a case is as the protocol has it, or the one clause that it breaks. */
export type Verdict<Id extends string = ClauseId> = "valid" | Id;

/** Bytes in hex, lower case. */
export type Hex = string;

/** What every case has. */
export interface Vector<Meaning, Id extends string = ClauseId> {
  /** What it shows, in words and dashes; no other case has the same. */
  readonly name: string;
  /** The same in a sentence, with where its bytes come from. */
  readonly about: string;
  /** Whether it is as the protocol has it. */
  readonly verdict: Verdict<Id>;
  /** All of its bytes. */
  readonly bytes: Hex;
  /** What they say, as far as they say anything. */
  readonly meaning: Meaning;
}

/** What a relay does with a request. */
export type Reaction =
  /** It answers as its code asks, or 9000 where the relay's state demands it. */
  | "answers"
  /** It answers 9000, and reads past it. */
  | "refuses"
  /** It is owed nothing before more bytes come. */
  | "waits";

/** The fields of a header or a payload: numbers, names, and the rest in hex. */
export type Fields = Readonly<Record<string, number | string>>;

/** What a frame says, as far as it says anything. */
export interface FrameMeaning {
  /** Missing where it isn't whole. */
  readonly header?: Fields;
  /** What is asked, answered; missing where the code means nothing. */
  readonly kind?: string;
  /**
   * The records that are whole: one, as many as a list has, or none where the
   * payload is empty. Missing where the kind is.
   */
  readonly payload?: readonly Fields[];
}

/** A request or an answer. */
export interface FrameVector extends Vector<FrameMeaning> {
  readonly direction: Direction;
  readonly dialect: DialectName;
  /** Of a request: what a relay does with it. */
  readonly relay?: Reaction;
}

/** What a key says; nothing where it is none. */
export interface KeyMeaning {
  /** How it is written. */
  readonly format?: "spki" | "pkcs1" | "pkcs8";
  /** Bits of the modulus. */
  readonly bits?: number;
  readonly exponent?: number;
  readonly modulus?: Hex;
}

/** A key as it is registered, or as it stands in an identity file. */
export interface KeyVector extends Vector<KeyMeaning> {
  /** Which of the two it is meant to be. */
  readonly of: "public" | "private";
}

/** What a content says; nothing where it can't be decrypted. */
export interface ContentMeaning {
  readonly plaintext?: Hex;
  /** What is shown of a text. */
  readonly text?: string;
}

/** The content of a message. */
export interface CiphertextVector extends Vector<ContentMeaning> {
  /** The type of the message. */
  readonly type: number;
  /** Of type 2 the receiver's private key, else the symmetric one. */
  readonly key: Hex;
}

/** What an identity file says; nothing where it can't be read. */
export interface IdentityMeaning {
  readonly name?: string;
  readonly clientId?: Hex;
  /** The PKCS#8. */
  readonly privateKey?: Hex;
}

/** A whole identity file. */
export interface IdentityVector extends Vector<IdentityMeaning> {
  /** Whether it is written as IDF-1 says, and not only to be read. */
  readonly canonical: boolean;
}

/** A user in a conversation. */
export interface PersonOfVector {
  readonly name: string;
  readonly clientId: Hex;
  readonly publicKey: Hex;
  readonly privateKey: Hex;
  /** Whether the relay knows them before the first step. */
  readonly registered: boolean;
}

/** A frame of a conversation. */
export interface Step {
  /** The number of its connection, which begins with its first step and ends behind its last. */
  readonly connection: number;
  readonly direction: Direction;
  readonly dialect: DialectName;
  readonly bytes: Hex;
  readonly meaning: FrameMeaning;
}

/** A message that a user received and decrypted. */
export interface Received {
  readonly from: string;
  readonly messageId: number;
  readonly type: number;
  /** Missing where it is a request for a key, or can't be decrypted. */
  readonly plaintext?: Hex;
  /** What is shown of a text. */
  readonly text?: string;
}

/** What a user knows at the end. */
export interface Knowledge {
  readonly name: string;
  /** The id that the relay gave; missing where it gave none. */
  readonly clientId?: Hex;
  /** The names in the last list. */
  readonly listed: readonly string[];
  /** Whose public key was answered. */
  readonly publicKeys: readonly string[];
  /** By contact, the last key that was sent or received. */
  readonly symmetricKeys: readonly { contact: string; key: Hex }[];
  /** In the order in which it came. */
  readonly received: readonly Received[];
}

/** What all sides know in the end. */
export interface Ending {
  readonly people: readonly Knowledge[];
  /** Messages that wait at the relay. */
  readonly waiting: readonly { for: string; messageId: number }[];
}

/** All that is said on some connections, in its order. */
export interface ConversationVector extends Vector<Ending> {
  readonly people: readonly PersonOfVector[];
  readonly steps: readonly Step[];
}

/** What the bytes of a case of the secure protocol are. */
export type SecureForm =
  | "record"
  | "package"
  | "certificate"
  | "anchor"
  | "line"
  | "key"
  | "safetyNumber"
  | "signature"
  | "proof"
  | "challenge"
  | "request"
  | "response";

/** What a case of the secure protocol says; nothing where it is refused. */
export type SecureMeaning = Readonly<Record<string, unknown>>;

/** Bytes of the secure protocol, whose clauses are those of docs/secure.md. */
export interface SecureVector extends Vector<SecureMeaning, SecureClauseId> {
  /** What the bytes are. */
  readonly of: SecureForm;
  /** Other bytes that they are held against. */
  readonly given?: Readonly<Record<string, Hex>>;
}

/** The cases of each file. */
export interface VectorKinds {
  frames: FrameVector;
  keys: KeyVector;
  ciphertexts: CiphertextVector;
  identities: IdentityVector;
  conversations: ConversationVector;
  secure: SecureVector;
}

/** One of the files. */
export type VectorKind = keyof VectorKinds;

/** A file. */
export interface VectorFile<K extends VectorKind = VectorKind> {
  readonly $schema: string;
  readonly kind: K;
  /** What the file is. */
  readonly about: string;
  /** The version of the protocol. */
  readonly protocol: number;
  /** The revision of docs/protocol.md, or of docs/secure.md. */
  readonly revision: number;
  readonly cases: readonly VectorKinds[K][];
}
