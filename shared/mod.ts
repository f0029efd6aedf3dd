/**
 * The MessageU protocol: its numbers, the readers and writers of its five
 * requests and six answers, and how bytes are taken off a connection.
 *
 * @module
 */

export * from "./wire/byte_source.ts";
export * from "./wire/dialects.ts";
export * from "./wire/fields.ts";
export * from "./wire/format_error.ts";
export * from "./wire/names.ts";
export * from "./wire/protocol.ts";
export * from "./wire/reader.ts";
export * from "./wire/requests.ts";
export * from "./wire/responses.ts";
export * from "./wire/writer.ts";
