/**
 * The numbered clauses of docs/protocol.md: the bound party, the level and a
 * title. Tools that judge bytes name the broken clause.
 *
 * @module
 */

/** The level of a clause, as in RFC 2119. */
export type Level = "MUST" | "SHOULD" | "MAY";

/** The party that a clause binds. */
export type Party = "relay" | "client" | "both";

/** A clause without its text. */
export interface Clause {
  /** The party that it binds. */
  readonly party: Party;
  /** Its level. */
  readonly level: Level;
  /** Its title. */
  readonly title: string;
}

/** A clause as the tables declare it. */
export type ClauseEntry = readonly [party: Party, level: Level, title: string];

/** The clauses that a table declares, in its order. */
export function declared<Id extends string>(
  entries: Readonly<Record<Id, ClauseEntry>>,
): Readonly<Record<Id, Clause>> {
  return Object.fromEntries(
    (Object.entries(entries) as [Id, ClauseEntry][])
      .map(([id, [party, level, title]]) => [id, { party, level, title }]),
  ) as Record<Id, Clause>;
}

const entries = {
  "FRM-1": ["both", "MUST", "Integers are unsigned and little endian"],
  "FRM-2": ["both", "MUST", "A header is followed by as many bytes as it says"],
  "FRM-3": ["relay", "MUST", "A request may arrive in any segmentation"],
  "FRM-4": ["relay", "MUST", "Each request has one response, in order"],
  "FRM-5": ["relay", "SHOULD", "A small response goes out in one write"],
  "FRM-6": ["client", "SHOULD", "A small request goes out in one write"],
  "FRM-7": ["client", "SHOULD", "The next request waits for the response"],

  "CON-1": ["relay", "MUST", "A connection serves any number of requests"],
  "CON-2": ["relay", "MUST", "A failure leaves the connection open"],
  "CON-3": ["relay", "SHOULD", "Silence between requests ends nothing"],
  "CON-4": ["relay", "MUST", "A client that stalls holds up no other"],
  "CON-5": ["relay", "MUST", "Many clients are served at once"],
  "CON-6": ["relay", "MUST", "A connection that breaks harms no other"],
  "CON-7": ["relay", "MUST", "A request that is cut off changes nothing"],
  "CON-8": ["relay", "SHOULD", "A half-closed connection gets its response"],
  "CON-9": ["client", "MUST", "No half-close before the response"],
  "CON-10": ["client", "MUST", "A server may close after any response"],
  "CON-11": ["relay", "SHOULD", "A started request must go on"],
  "CON-12": ["relay", "MAY", "Silence ends a new connection, or makes room"],

  "REQ-1": ["both", "MUST", "A request's header is laid out in 23 bytes"],
  "REQ-2": ["relay", "MUST", "Any version in a request is accepted"],
  "REQ-3": ["relay", "MUST", "The id in a registration may be anything"],
  "REQ-4": ["relay", "MUST", "An unknown client is refused"],
  "REQ-5": ["relay", "MUST", "An unknown code is refused"],
  "REQ-6": ["relay", "MUST", "A payload of a wrong size is refused"],
  "REQ-7": ["relay", "MUST", "What is refused is read past"],
  "REQ-8": ["client", "SHOULD", "Requests carry version 2"],
  "REQ-9": ["client", "MUST", "Requests carry the id that was given"],
  "REQ-10": ["relay", "MUST", "The header's id alone identifies the requester"],

  "ANS-1": ["both", "MUST", "A response's header has 7 bytes"],
  "ANS-2": ["relay", "MUST", "Responses carry version 2"],
  "ANS-3": ["relay", "MUST", "A response's code is its request's, or 9000"],
  "ANS-4": ["client", "MUST", "Any version in a response is accepted"],
  "ANS-5": ["client", "MUST", "A response is read by its header's size"],

  "ERR-1": ["relay", "MUST", "A failure is 9000 without a payload"],
  "ERR-2": ["client", "MUST", "A 9000 may have a payload"],
  "ERR-3": ["client", "MUST", "A failure is shown, and the client goes on"],
  "ERR-4": ["client", "MAY", "A refused registration is tried with version 1"],
  "ERR-5": ["client", "SHOULD", "After a bad response, or none, it goes on"],

  "NAM-1": ["both", "MUST", "A name is 1 to 254 bytes, a NUL and padding"],
  "NAM-2": ["relay", "MUST", "A name without a NUL is refused"],
  "NAM-3": ["relay", "MUST", "An empty name is refused"],
  "NAM-4": [
    "relay",
    "SHOULD",
    "A name of other than printable ASCII is refused",
  ],
  "NAM-5": ["relay", "MUST", "A name that is taken is refused"],
  "NAM-6": ["relay", "MUST", "Names are case-sensitive"],
  "NAM-7": ["relay", "SHOULD", "Bytes after a name's NUL are ignored"],
  "NAM-8": ["client", "SHOULD", "Names are of letters, digits and _ . -"],

  "CID-1": ["relay", "MUST", "Each client gets an id of its own"],
  "CID-2": ["relay", "SHOULD", "An id is random, a UUID of version 4"],
  "CID-3": ["relay", "SHOULD", "An id has no zero byte"],

  "PUB-1": ["client", "MUST", "A public key is RSA-1024 in 160 bytes of DER"],
  "PUB-2": ["relay", "MUST", "A public key is stored unchanged"],
  "PUB-3": ["client", "SHOULD", "Zeros after a key's DER are removed"],

  "REG-1": ["relay", "MUST", "A registration is answered with an id"],
  "REG-2": ["relay", "MUST", "A refused registration has no effect"],
  "REG-3": ["client", "MUST", "An identity is never registered over"],

  "LST-1": ["relay", "MUST", "A list is entries of 271 bytes"],
  "LST-2": ["relay", "MUST", "A list has all other clients"],
  "LST-3": ["relay", "MUST", "A list omits the requester"],
  "LST-4": ["relay", "MUST", "A list has each name, padded with NULs"],
  "LST-5": ["client", "MUST", "A list may have the requester, and any names"],

  "KEY-1": ["relay", "MUST", "A public key is answered with its owner's id"],
  "KEY-2": ["relay", "MUST", "The key of an unknown client is refused"],
  "KEY-3": ["relay", "SHOULD", "A client may ask for its own key"],
  "KEY-4": ["client", "SHOULD", "A 2102 may be the key alone"],

  "SND-1": ["client", "MUST", "A content's size is the payload's less 21"],
  "SND-2": ["relay", "MUST", "A message is answered with target and id"],
  "SND-3": ["relay", "MUST", "A message for an unknown client is refused"],
  "SND-4": ["relay", "MUST", "A content is relayed byte for byte"],
  "SND-5": ["relay", "MUST", "A type other than 1 to 4 is refused"],
  "SND-6": ["relay", "MUST", "The content of a type 1 is relayed"],
  "SND-7": ["relay", "SHOULD", "A type 1 of size 0 ends after 21 bytes"],
  "SND-8": ["relay", "MUST", "A content size that can't be is refused"],
  "SND-9": ["relay", "MUST", "A message comes from the header's id"],
  "SND-10": ["relay", "SHOULD", "A client may write to itself"],
  "SND-11": ["relay", "MUST", "A refused message isn't kept"],
  "SND-12": ["relay", "SHOULD", "Contents of 1 MiB and more are relayed"],
  "SND-13": ["relay", "MUST", "Message ids of an inbox differ"],
  "SND-14": ["relay", "SHOULD", "Message ids of an inbox rise"],
  "SND-15": ["relay", "MUST", "A message keeps its id and type"],
  "SND-16": ["client", "MUST", "A 2103 is success, whatever it holds"],

  "PUL-1": ["relay", "MUST", "Waiting messages are laid out one by one"],
  "PUL-2": ["relay", "MUST", "An empty inbox is an empty 2104"],
  "PUL-3": ["relay", "MUST", "Messages come oldest first"],
  "PUL-4": ["relay", "MUST", "A taken message isn't delivered again"],
  "PUL-5": ["relay", "MUST", "Messages go to their recipient only"],
  "PUL-6": ["relay", "SHOULD", "A response has about 1 MiB at most"],
  "PUL-7": ["relay", "MUST", "Messages that didn't fit wait for the next pull"],
  "PUL-8": ["client", "MUST", "Repeats, slices and any order are accepted"],

  "RSA-1": ["client", "MUST", "A key travels as 128 bytes of RSA-OAEP"],
  "AES-1": ["client", "MUST", "Contents are AES-128-CBC with a zero IV"],
  "MSG-1": ["client", "SHOULD", "A request for a key is empty"],
  "MSG-2": ["client", "MUST", "A text is UTF-8"],
  "MSG-3": ["client", "MUST", "A file is its bytes alone"],
  "MSG-4": ["client", "MUST", "A key may come unasked, and again"],
  "MSG-5": ["client", "MUST", "The last key is used to send"],
  "MSG-6": ["client", "SHOULD", "Older keys still read"],
  "MSG-7": ["client", "MUST", "Shown text can't control the terminal"],
  "MSG-8": ["client", "MUST", "A file is saved under a name of the client's"],

  "DLV-1": ["relay", "MUST", "An acknowledged message is kept until taken"],
  "DLV-2": ["relay", "SHOULD", "A pull that breaks loses nothing"],
  "DLV-3": [
    "relay",
    "SHOULD",
    "A request or an orderly end acknowledges a response",
  ],
  "DLV-4": [
    "client",
    "MUST",
    "Messages are stored before they are processed",
  ],
  "DLV-5": ["client", "MUST", "A message that can't be read costs no other"],

  "DIA-1": ["relay", "SHOULD", "700 and 1100 are answered as 600 is"],
  "DIA-2": ["relay", "MAY", "Requests of dialect 1000 are answered"],
  "DIA-3": ["relay", "MAY", "Dialect 100 has headers of 22 bytes"],
  "DIA-4": ["relay", "MUST", "Dialects share users and messages"],
  "DIA-5": ["relay", "MAY", "Padding to blocks of 1024 is answered alike"],
  "DIA-6": ["relay", "MAY", "In a block a payload may lack its size"],
  "DIA-7": ["relay", "MAY", "A single zero after a request is dropped"],
  "DIA-8": ["relay", "MAY", "A 602's payload may follow without its size"],

  "INF-1": ["both", "SHOULD", "Ports and addresses stand in info files"],
  "IDF-1": ["client", "MUST", "info.me is name, id and key"],
  "IDF-2": ["client", "MUST", "info.me is never overwritten"],
  "IDF-3": ["client", "SHOULD", "Identity files of other programs are read"],
} as const satisfies Record<string, ClauseEntry>;

/** The number of a clause, such as `SND-8`. */
export type ClauseId = keyof typeof entries;

/** All clauses, in the order of docs/protocol.md. */
export const clauses: Readonly<Record<ClauseId, Clause>> = declared(entries);

/** Clauses that no test vector breaks, since no bytes do so by themselves, by the reason. */
export const unshownClauses: Readonly<Record<string, readonly ClauseId[]>> = {
  "bytes don't tell when they come, and in which pieces": [
    "FRM-3",
    "FRM-5",
    "FRM-6",
    "CON-3",
    "CON-4",
    "CON-5",
    "CON-11",
  ],
  "bytes don't tell how a connection ends": [
    "CON-1",
    "CON-2",
    "CON-6",
    "CON-7",
    "CON-8",
    "CON-9",
    "CON-10",
    "DLV-2",
    "DLV-3",
  ],
  "another layout reads as another code or another size": ["REQ-1", "ANS-1"],
  "only a request that breaks a clause itself brings it out": [
    "REQ-2",
    "REQ-3",
    "REQ-7",
    "NAM-7",
    "SND-6",
    "SND-7",
  ],
  "what breaks it breaks clauses of lists and messages": ["REQ-10", "DIA-4"],
  "it takes contents of 1 MiB": ["SND-12", "PUL-6"],
  "a file may hold anything, a name in front of it too": ["MSG-3"],
  "it is about what a client does with what it gets": [
    "ANS-4",
    "ANS-5",
    "ERR-2",
    "ERR-3",
    "ERR-5",
    "PUB-3",
    "REG-3",
    "LST-5",
    "KEY-4",
    "SND-16",
    "PUL-8",
    "MSG-4",
    "MSG-6",
    "MSG-7",
    "MSG-8",
    "DLV-4",
    "DLV-5",
  ],
  "it is about files that a program finds": ["INF-1", "IDF-2", "IDF-3"],
  "it allows, and asks for nothing": [
    "ERR-4",
    "DIA-2",
    "DIA-3",
    "DIA-5",
    "DIA-6",
    "DIA-7",
    "DIA-8",
    "CON-12",
  ],
};

/** Clauses that no check of a server can see from outside, with the reason. */
export const unseenOfServers: Readonly<Partial<Record<ClauseId, string>>> = {
  "CON-11":
    "a server may wait for the rest of a request for longer than a run takes",
  "CON-12":
    "a server may bear silence, and a minute of it is longer than a run takes",
  "DIA-7":
    "the try costs the connection where a server takes the zero for a header's first byte, which is as right",
  "DIA-8":
    "a server that refuses the size of 0 is as right, and takes the 16 bytes behind it for a header",
  "INF-1": "the files with ports and addresses are the server's own",
};

/** Clauses that no check of a client can see, with the reason. */
export const unseenOfClients: Readonly<Partial<Record<ClauseId, string>>> = {
  "ANS-1": "every step shows it: a client with another layout passes none",
  "PUB-3": "keys of other sizes than RSA-1024 would have to be made for it",
  "MSG-8":
    "no name travels with a file, so where it is saved is not the server's to say",
  "IDF-3": "the files of other programs would have to exist before it starts",
};
