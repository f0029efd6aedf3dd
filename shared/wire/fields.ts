/**
 * The field types of sections 4 to 7 of docs/protocol.md. Each sizes, writes and
 * reads one kind of value; a message is an ordered list of them.
 *
 * @module
 */

import { FormatError, within } from "./format_error.ts";
import { Reader, Writer } from "./buffers.ts";

/** The structure of a field, for tools that walk over malformed bytes. */
export type Shape =
  /** One value. */
  | { readonly kind: "leaf" }
  /** Fields one after the other, by their names. */
  | {
    readonly kind: "record";
    readonly entries: readonly (readonly [string, AnyField])[];
  }
  /** The same field until the end. */
  | { readonly kind: "list"; readonly item: AnyField }
  /** A size, then that many bytes. */
  | { readonly kind: "sized"; readonly size: AnyField }
  /** A number of 1 byte, then as many times the same field. */
  | { readonly kind: "counted"; readonly item: AnyField }
  /** A byte, 1 before the field and 0 in place of it. */
  | { readonly kind: "optional"; readonly item: AnyField }
  /** A byte, then the field with this index, by its name. */
  | {
    readonly kind: "choice";
    readonly options: readonly (readonly [string, AnyField])[];
  };

/** A field of any value: its members that need no value. */
export type AnyField = Pick<Field<never>, "fixedSize" | "shape">;

/** The encoding of one kind of value on the wire. */
export interface Field<T> {
  /** The structure of the field. */
  readonly shape: Shape;
  /** Size in bytes of every value; undefined if sizes differ. */
  readonly fixedSize: number | undefined;
  /** Size in bytes of a value. */
  size(value: T): number;
  /** @throws {FormatError} if the value can't be encoded */
  write(writer: Writer, value: T): void;
  /** @throws {FormatError} if the bytes can't be decoded */
  read(reader: Reader): T;
}

const LEAF: Shape = { kind: "leaf" };

/** A field of `size` bytes. */
export function fixed<T>(
  size: number,
  write: Field<T>["write"],
  read: Field<T>["read"],
): Field<T> {
  return { shape: LEAF, fixedSize: size, size: () => size, write, read };
}

/** An unsigned integer of 1 byte. */
export const u8: Field<number> = fixed(
  1,
  (writer, value) => writer.u8(value),
  (reader) => reader.u8(),
);

/** An unsigned integer of 2 bytes. */
export const u16: Field<number> = fixed(
  2,
  (writer, value) => writer.u16(value),
  (reader) => reader.u16(),
);

/** An unsigned integer of 4 bytes. */
export const u32: Field<number> = fixed(
  4,
  (writer, value) => writer.u32(value),
  (reader) => reader.u32(),
);

/** An unsigned integer of 8 bytes, at most 2^53 - 1. */
export const u64: Field<number> = fixed(
  8,
  (writer, value) => writer.u64(value),
  (reader) => reader.u64(),
);

/** An unsigned integer of 1 byte that has one of these values. */
export function oneOf<T extends number>(...values: readonly T[]): Field<T> {
  return fixed(
    1,
    (writer, value) => writer.u8(check(value)),
    (reader) => check(reader.u8()),
  );
  function check(value: number): T {
    const found = values.find((one) => one === value);
    if (found !== undefined) return found;
    throw new FormatError(`expected ${values.join(" or ")}, got ${value}`);
  }
}

/** Exactly `size` bytes. */
export function bytes(size: number): Field<Uint8Array> {
  return fixed(
    size,
    (writer, value) => {
      if (value.length !== size) {
        throw new FormatError(`expected ${size} bytes, got ${value.length}`);
      }
      writer.raw(value);
    },
    (reader) => reader.bytes(size),
  );
}

/** A size of 4 bytes, then that many bytes. */
export const sizedBytes: Field<Uint8Array> = {
  shape: { kind: "sized", size: u32 },
  fixedSize: undefined,
  size: (value) => 4 + value.length,
  write(writer, value) {
    writer.u32(value.length);
    writer.raw(value);
  },
  read: (reader) => reader.bytes(claimedSize(reader, reader.left - 4)),
};

/** All bytes that are left. */
export const rest: Field<Uint8Array> = {
  shape: LEAF,
  fixedSize: undefined,
  size: (value) => value.length,
  write: (writer, value) => writer.raw(value),
  read: (reader) => reader.bytes(reader.left),
};

/**
 * Reads a size of 4 bytes.
 *
 * @param left number of bytes after it
 * @throws {FormatError} if it is missing, or claims more than is left
 */
export function claimedSize(reader: Reader, left: number): number {
  if (reader.left < 4) throw new FormatError(`no size, ${reader.left} left`);
  const size = reader.u32();
  if (size <= left) return size;
  throw new FormatError(`${size} bytes claimed, ${left} left`);
}

/**
 * Values of one kind until the end of the payload.
 *
 * @param most maximum number of values to read: each takes memory beyond its
 * bytes. Default: no limit
 */
export function list<T>(
  item: Field<T>,
  most = Infinity,
): Field<readonly T[]> {
  return {
    shape: { kind: "list", item },
    fixedSize: undefined,
    size: (values) =>
      item.fixedSize === undefined
        ? values.reduce((size, value) => size + item.size(value), 0)
        : values.length * item.fixedSize,
    write(writer, values) {
      let index = 0;
      try {
        for (; index < values.length; index++) {
          item.write(writer, values[index] as T);
        }
      } catch (error) {
        throw within(`[${index}]`, error);
      }
    },
    read(reader) {
      const items: T[] = [];
      try {
        while (reader.left > 0 && items.length < most) {
          items.push(item.read(reader));
        }
      } catch (error) {
        throw within(`[${items.length}]`, error);
      }
      if (reader.left === 0) return items;
      throw new FormatError(`more than ${most} items`);
    },
  };
}

/** A byte that tells whether the field follows, 1 or 0, and the field. */
export function optional<T>(item: Field<T>): Field<T | undefined> {
  return {
    shape: { kind: "optional", item },
    fixedSize: undefined,
    size: (value) => value === undefined ? 1 : 1 + item.size(value),
    write(writer, value) {
      writer.u8(value === undefined ? 0 : 1);
      if (value !== undefined) item.write(writer, value);
    },
    read(reader) {
      const has = reader.u8();
      if (has > 1) throw new FormatError(`expected 0 or 1, got ${has}`);
      return has === 0 ? undefined : item.read(reader);
    },
  };
}

/** One of several fields, as an object with its name as the only key. */
export type Choice<T> = {
  [K in keyof T]: { readonly [N in K]: T[K] };
}[keyof T];

/** A byte with the index of a field, and the field. */
export function choice<T extends object>(
  fields: FieldsOf<T>,
): Field<Choice<T>> {
  const options = Object.entries(fields) as [keyof T & string, Field<never>][];
  const chosen = (value: Choice<T>) => {
    const index = options.findIndex(([name]) => name in (value as object));
    const [name, field] = options[index] as typeof options[number];
    return { index, field, value: (value as T)[name] as never };
  };
  return {
    shape: { kind: "choice", options },
    fixedSize: undefined,
    size(choice) {
      const { field, value } = chosen(choice);
      return 1 + field.size(value);
    },
    write(writer, choice) {
      const { index, field, value } = chosen(choice);
      writer.u8(index);
      field.write(writer, value);
    },
    read(reader) {
      const index = reader.u8();
      const option = options[index];
      if (option === undefined) {
        throw new FormatError(
          `expected 0 to ${options.length - 1}, got ${index}`,
        );
      }
      const [name, field] = option;
      try {
        return { [name]: field.read(reader) } as unknown as Choice<T>;
      } catch (error) {
        throw within(name, error);
      }
    },
  };
}

/** The fields of a record, in the order in which they stand on the wire. */
export type FieldsOf<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** A record: its fields one after the other. */
export function record<T extends object>(fields: FieldsOf<T>): Field<T> {
  const entries = Object.entries(fields) as [keyof T & string, Field<never>][];
  let fixedSize: number | undefined = 0;
  for (const [, field] of entries) {
    fixedSize = fixedSize === undefined || field.fixedSize === undefined
      ? undefined
      : fixedSize + field.fixedSize;
  }
  return {
    shape: { kind: "record", entries },
    fixedSize,
    size: (value) =>
      fixedSize ?? entries.reduce(
        (size, [key, field]) => size + field.size(value[key] as never),
        0,
      ),
    write(writer, value) {
      let current = "";
      try {
        for (const [key, field] of entries) {
          current = key;
          field.write(writer, value[key] as never);
        }
      } catch (error) {
        throw within(current, error);
      }
    },
    read(reader) {
      const value: Partial<T> = {};
      let current = "";
      try {
        for (const [key, field] of entries) {
          current = key;
          value[key] = field.read(reader);
        }
      } catch (error) {
        throw within(current, error);
      }
      return value as T;
    },
  };
}

/** The type of a field's values. */
export type ValueOf<F> = F extends Field<infer T> ? T : never;

/** Encodes and decodes a whole payload. */
export interface Codec<T> {
  /** Name of the payload in errors. */
  readonly name: string;
  /** The structure of the payload. */
  readonly shape: Shape;
  /** Size in bytes of every such payload; undefined if sizes differ. */
  readonly fixedSize: number | undefined;
  /** Size in bytes of a value's payload. */
  size(value: T): number;
  /** @throws {FormatError} if the value can't be encoded */
  write(writer: Writer, value: T): void;
  /** @throws {FormatError} if the value can't be encoded */
  encode(value: T): Uint8Array<ArrayBuffer>;
  /**
   * @param inPlace whether the value may hold views of the bytes, which it must
   * not outlive then. Default: false
   * @throws {FormatError} unless the bytes are exactly one such payload
   */
  decode(bytes: Uint8Array, inPlace?: boolean): T;
}

/** The codec of a payload that is one field; errors use the name. */
export function codec<T>(name: string, field: Field<T>): Codec<T> {
  const write = (writer: Writer, value: T) => {
    try {
      field.write(writer, value);
    } catch (error) {
      throw within(name, error);
    }
  };
  return {
    name,
    shape: field.shape,
    fixedSize: field.fixedSize,
    size: (value) => field.size(value),
    write,
    encode(value) {
      const writer = new Writer(field.size(value));
      write(writer, value);
      return writer.bytes;
    },
    decode(bytes, inPlace) {
      const reader = new Reader(bytes, inPlace);
      try {
        const value = field.read(reader);
        reader.end();
        return value;
      } catch (error) {
        throw within(name, error);
      }
    },
  };
}
