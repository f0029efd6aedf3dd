/**
 * Fields of commands that no message on the wire has. They pass between the
 * threads of one process and are kept nowhere.
 *
 * @module
 */

import { type Field, sizedBytes, u8 } from "../../../../shared/wire/fields.ts";

const number = new Float64Array(1);
const itsBytes = new Uint8Array(number.buffer);

/** A number of 8 bytes. */
export const f64: Field<number> = {
  shape: { kind: "leaf" },
  fixedSize: 8,
  size: () => 8,
  write(writer, value) {
    number[0] = value;
    writer.raw(itsBytes);
  },
  read(reader) {
    itsBytes.set(reader.bytes(itsBytes.length));
    return number[0] as number;
  },
};

/** No bytes. */
export const nothing: Field<void> = {
  shape: { kind: "leaf" },
  fixedSize: 0,
  size: () => 0,
  write() {},
  read() {},
};

/** A field whose value stands as another one. */
export function mapped<T, U>(
  field: Field<U>,
  to: (value: T) => U,
  from: (value: U) => T,
): Field<T> {
  return {
    ...field,
    size: (value) => field.size(to(value)),
    write: (writer, value) => field.write(writer, to(value)),
    read: (reader) => from(field.read(reader)),
  };
}

/** True or false, in 1 byte. */
export const flag: Field<boolean> = mapped(u8, Number, Boolean);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Text in UTF-8. */
export const text: Field<string> = mapped(
  sizedBytes,
  (value) => encoder.encode(value),
  (bytes) => decoder.decode(bytes),
);
