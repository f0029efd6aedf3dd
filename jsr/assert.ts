/**
 * Stand-in for `jsr:@std/assert`: its names and signatures over
 * `node:assert/strict`.
 *
 * @module
 */

import nodeAssert from "node:assert/strict";
import { inspect, isDeepStrictEqual } from "node:util";

/** Characters of a value above which two aren't compared line by line. */
const LONGEST = 20_000;
/** Characters that are shown of such values. */
const SHOWN = 500;

/** The error of a failed assertion. */
export const AssertionError: typeof nodeAssert.AssertionError =
  nodeAssert.AssertionError;

// deno-lint-ignore no-explicit-any -- JSR's own signature: any constructor fits
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** Fails unless the expression is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  nodeAssert.ok(expr, msg || "Expected a truthy value");
}

/** Fails unless both are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  const [got = "", wanted = ""] = [actual, expected].map((value) =>
    inspect(value, { depth: null, maxArrayLength: LONGEST })
  );
  if (got.length + wanted.length <= LONGEST) {
    nodeAssert.deepStrictEqual(actual, expected, msg);
  }
  // Node's comparison takes gigabytes for an array of 60 KB.
  const message = msg ??
    `Expected ${wanted.slice(0, SHOWN)}, got ${got.slice(0, SHOWN)}`;
  throw new AssertionError({ message });
}

/** Fails if both are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  nodeAssert.notDeepStrictEqual(actual, expected, msg);
}

/** Fails unless the text contains the other. */
export function assertStringIncludes(
  actual: string,
  expected: string,
  msg?: string,
): void {
  nodeAssert.ok(
    actual.includes(expected),
    msg ??
      `Expected ${JSON.stringify(actual)} to hold ${JSON.stringify(expected)}`,
  );
}

/** Fails unless the text matches. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void {
  nodeAssert.match(actual, expected, msg);
}

/** Fails unless the function throws such an error; returns it. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  // deno-lint-ignore no-explicit-any -- as above
  errorClass: ErrorClass<E> = Error as any,
  msgIncludes = "",
): E {
  let thrown: unknown;
  nodeAssert.throws(() => {
    try {
      fn();
    } catch (error) {
      thrown = error;
      throw error;
    }
  });
  return checkError(thrown, errorClass, msgIncludes);
}

/** Fails unless the promise rejects with such an error; resolves to it. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  // deno-lint-ignore no-explicit-any -- as above
  errorClass: ErrorClass<E> = Error as any,
  msgIncludes = "",
): Promise<E> {
  let thrown: unknown;
  await nodeAssert.rejects(async () => {
    try {
      await fn();
    } catch (error) {
      thrown = error;
      throw error;
    }
  });
  return checkError(thrown, errorClass, msgIncludes);
}

function checkError<E extends Error>(
  thrown: unknown,
  errorClass: ErrorClass<E>,
  msgIncludes: string,
): E {
  nodeAssert.ok(
    thrown instanceof errorClass,
    `Expected ${errorClass.name}, got ${thrown}`,
  );
  assertStringIncludes(thrown.message, msgIncludes);
  return thrown;
}
