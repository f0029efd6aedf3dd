/** A row of a store, which every kind of store has. Ids are 16 bytes. */
export type StoreRow =
  | {
    table: "accounts";
    position: number;
    id: Uint8Array;
    name: string;
    publicKey: Uint8Array;
  }
  | {
    table: "activity";
    position: number;
    lastSeen: string;
    lastMessage: number;
  }
  | {
    table: "messages";
    id: number;
    recipient: Uint8Array;
    sender: Uint8Array;
    type: number;
    content: Uint8Array;
    /** Bytes of content that are in parts. */
    rest: number;
    /** Milliseconds since 1970. */
    arrived: number;
  }
  | {
    table: "parts";
    recipient: Uint8Array;
    /** The message's. */
    id: number;
    /** From 1. */
    part: number;
    content: Uint8Array;
  };
