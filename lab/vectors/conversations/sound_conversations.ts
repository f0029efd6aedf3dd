import material from "../material.json" with { type: "json" };
import { ben, clara, dan } from "../people.ts";
import { Talk } from "./talk.ts";
import type { ConversationVector } from "../vector.ts";

const { byOurClient, firstForBen, secondForBen, forClara } = material.encrypted;

/** Conversations in which both sides do as the protocol has it. */
export function soundConversations(): ConversationVector[] {
  return [
    fromRegistrationToFile(),
    keyRequestAnswered(),
    oneForThree(),
    twoDialects(),
    shortHeaders(),
    blockClient(),
    newKey(),
    unknownSender(),
    refusals(),
    toOneself(),
  ];
}

function fromRegistrationToFile(): ConversationVector {
  const talk = new Talk([clara, ben], []);
  talk.registers(clara, { on: 1 });
  talk.registers(ben, { on: 2 });
  talk.lists(clara, { on: 1 });
  talk.asksKeyOf(clara, ben, { on: 1 });
  talk.sendsKey(clara, ben, byOurClient, { on: 1 });
  talk.sendsText(clara, ben, "Hello Ben! 🎉", { on: 1 });
  talk.lists(ben, { on: 2 });
  talk.pulls(ben, { on: 2 });
  talk.sendsText(ben, clara, "שלום קלרה", { on: 2 });
  const file = Uint8Array.from({ length: 256 }, (_, at) => at);
  talk.sendsFile(ben, clara, file, { on: 2 });
  talk.pulls(clara, { on: 1 });
  talk.pulls(clara, { on: 1 });
  return talk.written(
    "from-registration-to-file",
    "valid",
    "Two people register, exchange a key, a text each way and a file of all values of a byte, each on one connection.",
  );
}

function keyRequestAnswered(): ConversationVector {
  const talk = new Talk([clara, ben]);
  talk.wantsKey(ben, clara);
  talk.pulls(clara);
  talk.asksKeyOf(clara, ben);
  talk.sendsKey(clara, ben, byOurClient);
  talk.pulls(ben);
  talk.sendsText(ben, clara, "Thank you");
  talk.pulls(clara);
  return talk.written(
    "key-request-answered",
    "valid",
    "Ben asks Clara for a key, gets one and writes under it. Each request has a connection of its own.",
  );
}

function oneForThree(): ConversationVector {
  const talk = new Talk([clara, ben, dan]);
  talk.sendsKey(clara, ben, byOurClient, { on: 1 });
  talk.sendsKey(dan, ben, firstForBen, { on: 1 });
  talk.sendsText(clara, ben, "from Clara", { on: 1 });
  talk.sendsText(dan, ben, "from Dan", { on: 1 });
  talk.pulls(ben, { on: 1 });
  return talk.written(
    "one-connection-for-three",
    "valid",
    "Three people ask on one connection: the id in a header is all that says who (REQ-10).",
  );
}

function twoDialects(): ConversationVector {
  const talk = new Talk([clara, ben], []);
  const old = { on: 2, in: "1000" } as const;
  talk.registers(clara, { on: 1 });
  talk.registers(ben, old);
  talk.lists(clara, { on: 1 });
  talk.lists(ben, old);
  talk.asksKeyOf(ben, clara, old);
  talk.sendsKey(ben, clara, forClara, old);
  talk.sendsText(ben, clara, "asked with 1003", old);
  talk.pulls(clara, { on: 1 });
  talk.sendsText(clara, ben, "asked with 603", { on: 1 });
  talk.pulls(ben, old);
  return talk.written(
    "two-dialects",
    "valid",
    "Clara's client has the codes from 600 on, Ben's those from 1000 on; one relay serves both (DIA-4).",
  );
}

function shortHeaders(): ConversationVector {
  const talk = new Talk([clara, ben], [clara]);
  const short = { on: 1, in: "100" } as const;
  const later = { on: 2, in: "700" } as const;
  talk.registers(ben, short);
  talk.asksKeyOf(ben, clara, short);
  talk.sendsKey(ben, clara, forClara, short);
  talk.pulls(clara, later);
  talk.sendsText(clara, ben, "asked with 703", later);
  talk.pulls(ben, short);
  return talk.written(
    "short-headers",
    "valid",
    "Ben's client has the codes from 100 on and headers of 22 bytes, Clara's the codes from 700 on.",
  );
}

function blockClient(): ConversationVector {
  const talk = new Talk([clara, ben], [clara]);
  const blocks = { in: "blocks" } as const;
  talk.registers(ben, blocks);
  talk.lists(ben, blocks);
  talk.sendsKey(ben, clara, forClara, blocks);
  talk.pulls(clara);
  talk.sendsText(clara, ben, "to a block client");
  talk.pulls(ben, blocks);
  return talk.written(
    "block-client",
    "valid",
    "Ben's client sends and reads blocks of 1024 bytes, on a connection for each request (DIA-5); Clara's doesn't.",
  );
}

function newKey(): ConversationVector {
  const talk = new Talk([clara, ben]);
  talk.sendsKey(clara, ben, firstForBen, { on: 1 });
  talk.sendsText(clara, ben, "under the first key", { on: 1 });
  talk.pulls(ben, { on: 2 });
  talk.sendsKey(clara, ben, secondForBen, { on: 1 });
  talk.sendsText(clara, ben, "under the second key", { on: 1 });
  talk.sendsText(ben, clara, "under the first key, too", { on: 2 });
  talk.pulls(ben, { on: 2 });
  talk.sendsText(ben, clara, "under the second key, too", { on: 2 });
  talk.pulls(clara, { on: 1 });
  return talk.written(
    "new-key",
    "valid",
    "Clara sends a second key. What Ben wrote before he got it is under the first one, which she keeps (MSG-6).",
  );
}

function unknownSender(): ConversationVector {
  const talk = new Talk([clara, ben, dan], [clara, ben]);
  talk.lists(ben, { on: 1 });
  talk.registers(dan);
  talk.sendsKey(dan, ben, firstForBen);
  talk.sendsText(dan, ben, "I am new here");
  talk.pulls(ben, { on: 1 });
  return talk.written(
    "unknown-sender",
    "valid",
    "Ben gets a key and a text from Dan, who registered after Ben had asked for the list (DLV-5).",
  );
}

function refusals(): ConversationVector {
  const talk = new Talk([clara, ben, dan], [clara, ben]);
  talk.registers(dan, { on: 1, as: "clara" });
  talk.asksKeyOf(clara, dan, { on: 1 });
  talk.wantsKey(clara, dan, { on: 1 });
  talk.lists(clara, { on: 1 });
  return talk.written(
    "refusals",
    "valid",
    "A taken name, and a key of and a message for an id that isn't registered are refused; then a list is served on the same connection (CON-2).",
  );
}

function toOneself(): ConversationVector {
  const talk = new Talk([clara]);
  talk.asksKeyOf(clara, clara, { on: 1 });
  talk.sendsKey(clara, clara, forClara, { on: 1 });
  talk.sendsText(clara, clara, "remember the milk", { on: 1 });
  talk.pulls(clara, { on: 1 });
  return talk.written(
    "to-oneself",
    "valid",
    "Clara asks for her own key, and writes to herself (KEY-3, SND-10).",
  );
}
