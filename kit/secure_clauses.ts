/**
 * The numbered clauses of docs/secure.md: the bound party, the level and a title.
 *
 * @module
 */

import { type Clause, type ClauseEntry, declared } from "./clauses.ts";

const entries = {
  "CHN-1": [
    "relay",
    "MUST",
    "The protocol has a port of its own, with TLS 1.3",
  ],
  "CHN-2": ["relay", "MUST", "No early data and no client certificate"],
  "CHN-3": ["client", "MUST", "The host name is relay.messageu.invalid"],
  "CHN-4": ["client", "MUST", "No request before the handshake is through"],
  "CHN-5": ["client", "SHOULD", "A held connection isn't silent for long"],

  "CRT-1": ["relay", "MUST", "The certificate follows from the relay key"],
  "CRT-2": ["relay", "MUST", "The seed of the relay key stays private"],

  "PIN-1": ["client", "MUST", "Only a certificate by a pinned key is trusted"],
  "PIN-2": ["client", "MUST", "No other roots are trusted beside a pin"],
  "PIN-3": ["client", "MUST", "A 4000 with another relay key is an alarm"],
  "PIN-4": ["client", "MUST", "Relay keys come from lines that a user enters"],
  "PIN-5": ["client", "MAY", "A relay has two pins while its key is changed"],

  "LIN-1": ["client", "MUST", "A line in any other form is refused"],
  "LIN-2": ["client", "MUST", "A line with a refused key is refused"],
  "LIN-3": ["client", "SHOULD", "The line stands in info.server"],

  "EDK-1": [
    "both",
    "MUST",
    "Keys of small order, or not canonical, are refused",
  ],

  "IDN-1": ["client", "MUST", "A new account's id is random, without zeros"],
  "IDN-2": ["client", "MUST", "A device's id is random"],
  "IDN-3": ["client", "MUST", "A device's id never gets other keys"],
  "IDN-4": ["client", "MUST", "I is kept apart from S and D"],

  "SIG-1": ["both", "MUST", "What is signed begins with its label"],
  "SIG-2": ["client", "MUST", "Signatures are bound to relay and connection"],

  "REC-1": ["both", "MUST", "A record has its fields and no byte more"],
  "REC-2": ["both", "MUST", "Versions count from 1, which has no previous"],
  "REC-3": ["both", "MUST", "A record's name is strict"],
  "REC-4": ["both", "MUST", "1 to 255 devices, distinct, with sound keys"],
  "REC-5": ["both", "MUST", "A record's signatures are right"],
  "REC-6": [
    "both",
    "MUST",
    "A next record has the account and a higher version",
  ],
  "REC-7": ["both", "MUST", "A record names the one before by its hash"],
  "REC-8": ["both", "MUST", "Another identity has the old one's consent"],
  "REC-9": ["both", "MUST", "A device that stays keeps its keys"],
  "REC-10": ["client", "MUST", "At first sight any valid record is accepted"],
  "REC-11": ["client", "MUST", "A record that doesn't follow is an alarm"],
  "REC-12": ["client", "MUST", "A new identity ends the sessions"],

  "PKG-1": ["both", "MUST", "A package is 1,309 bytes that its device signed"],
  "PKG-2": ["client", "MUST", "Package numbers are never used again"],
  "PKG-3": ["client", "MUST", "A claimed package is checked"],
  "PKG-4": ["client", "SHOULD", "The weekly package is replaced each week"],
  "PKG-5": ["client", "SHOULD", "100 single-use packages wait"],
  "PKG-6": ["client", "SHOULD", "A weekly package of 45 days is told of"],

  "SAF-1": ["client", "MUST", "A safety number is 12 groups of 5 digits"],

  "HDR-1": ["client", "MUST", "A request's header has the device's id"],
  "HDR-2": ["client", "MUST", "A request's header has version 3"],
  "HDR-3": ["relay", "MUST", "A response's header has version 3"],
  "HDR-4": ["relay", "MUST", "Each request has one response, in order"],
  "HDR-5": ["client", "MAY", "Requests needn't wait for responses"],

  "FLD-1": ["both", "MUST", "A u64 is at most 2^53 - 1"],
  "FLD-2": ["both", "MUST", "A payload has exactly its layout's bytes"],
  "FLD-3": ["both", "MUST", "A name is encoded as in the legacy protocol"],

  "REF-1": ["relay", "MUST", "A refusal is 4999 with a reason"],
  "REF-2": ["relay", "MUST", "A refusal tells when to try again"],
  "REF-3": ["relay", "MUST", "Only reason 5 has a detail"],
  "REF-4": ["client", "MUST", "Unknown reasons are accepted"],
  "REF-5": ["client", "MUST", "A record in a detail is checked"],

  "STA-1": ["relay", "MUST", "Requests out of their state are refused with 2"],
  "STA-2": ["relay", "MUST", "Unknown codes and layouts are refused with 1"],
  "STA-3": ["relay", "MUST", "A payload above the limit ends the connection"],
  "STA-4": ["relay", "MUST", "The header's id is the authenticated device's"],
  "STA-5": ["relay", "MUST", "A device that left the record isn't served"],
  "STA-6": ["relay", "MUST", "A nonce serves one log-in and one challenge"],
  "STA-7": ["relay", "MUST", "A request that is cut off changes nothing"],

  "HEL-1": ["relay", "MUST", "The highest common version is chosen"],
  "HEL-2": ["both", "MUST", "Unknown features are ignored"],
  "HEL-3": ["relay", "MUST", "Each 4000 has a new nonce"],
  "HEL-4": ["relay", "MUST", "A 4000 tells time, largest and retention"],
  "HEL-5": ["client", "MUST", "The relay's time isn't trusted"],

  "ENR-1": ["relay", "MUST", "A registration is answered with the account"],
  "ENR-2": ["relay", "MUST", "A registration's record and signature are right"],
  "ENR-3": ["relay", "MUST", "Names and ids that are taken are refused with 4"],
  "ENR-4": ["relay", "MUST", "A first record may have any version"],
  "ENR-5": ["relay", "MUST", "Closed registration is refused with 10"],
  "ENR-6": ["client", "MUST", "A repeat may be refused with 4"],

  "LFT-1": ["relay", "MUST", "A challenge is 32 bytes of RSA-OAEP"],
  "LFT-2": ["relay", "MUST", "Only legacy clients are challenged"],
  "LFT-3": ["client", "MUST", "A challenge is answered with a proof of it"],
  "LFT-4": ["relay", "MUST", "A proof lifts the same id, name and key"],
  "LFT-5": ["relay", "MUST", "A lift moves the inbox into the mailbox"],
  "LFT-6": ["client", "MUST", "Only the user's wish lifts an account"],

  "AUT-1": ["relay", "MUST", "A log-in's signature is the device's"],
  "AUT-2": ["relay", "MUST", "A 4003 tells count, version and what waits"],
  "AUT-3": ["relay", "MUST", "A connection stays with its device"],
  "AUT-4": ["client", "MUST", "A newer own record is published again"],

  "LUP-1": ["relay", "MUST", "A look-up gives the newest record"],
  "LUP-2": ["relay", "MUST", "Unknown and closed accounts are refused"],
  "LUP-3": ["client", "MUST", "A looked-up record is of what was asked for"],

  "CLM-1": ["relay", "MUST", "A claim gives the newest weekly package"],
  "CLM-2": ["relay", "MUST", "A single-use package is handed out once"],
  "CLM-3": ["relay", "MUST", "A claim of other devices is refused with 3"],
  "CLM-4": ["relay", "MUST", "Claims are limited"],

  "PBL-1": ["relay", "MUST", "A bad package refuses the request with 1"],
  "PBL-2": ["relay", "MUST", "Package numbers only rise"],
  "PBL-3": ["client", "MUST", "Packages are published by their numbers"],
  "PBL-4": ["relay", "MAY", "Older weekly packages are deleted"],

  "SEN-1": ["relay", "MUST", "All envelopes are stored, or none"],
  "SEN-2": [
    "relay",
    "MUST",
    "Other devices than the record's are refused with 5",
  ],
  "SEN-3": ["relay", "MUST", "A repeated sending is taken once"],
  "SEN-4": ["relay", "MUST", "A uid of another payload is refused with 4"],
  "SEN-5": ["relay", "MUST", "Unknown, closed and full are told apart"],
  "SEN-6": ["relay", "MUST", "Senders learn no seqs"],
  "SEN-7": ["client", "MUST", "Without a response the same bytes go again"],
  "SEN-8": ["client", "MUST", "A new sending has a new uid and count"],
  "SEN-9": ["client", "SHOULD", "A uid begins with the time"],

  "BOX-1": ["relay", "MUST", "A fetch deletes what it acknowledges"],
  "BOX-2": ["relay", "MUST", "A fetch gives what fits, and at least one"],
  "BOX-3": ["relay", "MUST", "A fetch waits for a message"],
  "BOX-4": ["relay", "MUST", "A seq that never was acknowledges nothing"],
  "BOX-5": ["client", "MUST", "What is on the disk is acknowledged"],
  "BOX-6": ["client", "MUST", "A repeated message is dropped"],
  "BOX-7": ["relay", "MUST", "Sender and content are delivered unchanged"],

  "RPL-1": ["relay", "MUST", "A replacing record and its signatures are right"],
  "RPL-2": ["relay", "MUST", "A record that isn't the next is refused with 9"],
  "RPL-3": ["relay", "MUST", "Another's identity or device is refused with 4"],
  "RPL-4": ["relay", "MUST", "The newest record again is a repeat"],
  "RPL-5": ["relay", "MUST", "A record is replaced by compare-and-set"],
  "RPL-6": ["relay", "MUST", "A record authenticates nothing"],
  "RPL-7": ["relay", "MUST", "A higher record opens a closed account"],

  "OUT-1": ["relay", "MUST", "Outcomes are of the requester's sendings"],
  "OUT-2": ["relay", "MUST", "Outcomes tell acknowledgements only"],

  "SLG-1": ["relay", "MUST", "A 3011 goes into the legacy inbox"],
  "SLG-2": ["relay", "MUST", "A 3011 to a secured account is refused with 5"],
  "SLG-3": ["relay", "MUST", "A repeated 3011 is taken once"],
  "SLG-4": ["client", "MUST", "The user is told of the weak protection"],

  "DEL-1": ["relay", "MUST", "I's signature deletes an account"],
  "DEL-2": ["relay", "MUST", "A deleted account's id and name stay taken"],
  "DEL-3": ["client", "MUST", "The user is asked before a deletion"],

  "PNG-1": ["relay", "MUST", "A ping is answered"],

  "MBX-1": ["relay", "MUST", "A taken message is kept until acknowledged"],
  "MBX-2": ["relay", "MUST", "Seqs rise and are never used again"],
  "MBX-3": ["relay", "MUST", "Two connections lose nothing"],
  "MBX-4": ["client", "SHOULD", "The highest seq is remembered"],
  "MBX-5": ["relay", "MUST", "Sendings are taken or expire"],

  "CNT-1": ["client", "MUST", "Each sending has a count of its own"],
  "CNT-2": ["client", "MUST", "Counts are told"],
  "CNT-3": ["relay", "MUST", "The highest count is kept and answered"],
  "CNT-4": ["relay", "MUST", "A count of another uid is refused with 12"],
  "CNT-5": ["relay", "MUST", "Nothing else changes counts"],
  "CNT-6": ["client", "MUST", "A higher count shows a copy of the folder"],

  "LEG-1": ["client", "MUST", "A pin rules the legacy port out"],
  "LEG-2": ["relay", "MUST", "Legacy 603 and 604 of a secured id get 9000"],
  "LEG-3": ["relay", "MUST", "A legacy 603 goes to all devices, flagged"],
  "LEG-4": ["relay", "MUST", "Secured accounts are listed"],
  "LEG-5": ["relay", "MUST", "A closed account gets no legacy messages"],
  "LEG-6": ["client", "MUST", "Flagged messages change nothing"],
  "LEG-7": ["client", "MUST", "A secure contact stays secure"],
  "LEG-8": ["client", "MUST", "Another account is shown by its id"],

  "DSK-1": ["client", "MUST", "Keys are on disk before they are sent"],
  "DSK-2": ["client", "MUST", "A sending is on disk before it is sent"],
  "DSK-3": ["client", "MUST", "Records and pins are kept"],
  "DSK-4": ["relay", "MUST", "What is answered is on disk"],
  "DSK-5": ["relay", "MUST", "A restore raises seqs and drops packages"],

  "LIM-1": ["relay", "MUST", "A connection that stalls holds up no other"],
  "LIM-2": ["relay", "SHOULD", "The limits of the table are kept"],
} as const satisfies Record<string, ClauseEntry>;

/** The number of a clause of docs/secure.md, such as `REC-8`. */
export type SecureClauseId = keyof typeof entries;

/** All clauses, in the order of docs/secure.md. */
export const secureClauses: Readonly<Record<SecureClauseId, Clause>> = declared(
  entries,
);

/** Clauses that no check of a server can see from outside, with the reason. */
export const unseenOfSecureServers: Readonly<
  Partial<Record<SecureClauseId, string>>
> = {
  "CRT-2": "the file of the key is the server's own",
  "REF-1": "every check of a refusal shows it",
  "ENR-5": "it takes a server that is closed for registrations",
  "PBL-4": "it allows, and asks for nothing",
  "SEN-6": "no layout of a response to a sender has room for a seq",
  "CNT-5": "it takes a server that is restored from a copy",
  "DSK-4": "it takes a server that is killed",
  "DSK-5": "it takes a server that is restored from a copy",
  "LIM-2":
    "an operator may change the limits, and a flood would hold up others",
};
