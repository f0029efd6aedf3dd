/**
 * The MessageU protocol: its numbers, the readers and writers of its five
 * requests and six answers, and how bytes are taken off a connection.
 *
 * @module
 */

export * from "./byte_source.ts";
export * from "./dialects.ts";
export * from "./fields.ts";
export * from "./format_error.ts";
export * from "./names.ts";
export * from "./protocol.ts";
export * from "./reader.ts";
export * from "./requests.ts";
export * from "./responses.ts";
export * from "./writer.ts";
