import { answering, type Breach, refusing, saying } from "./breach.ts";
import { ben, clara, dan } from "../people.ts";

/** What is broken by how answers follow requests. */
export const answerBreaches: readonly Breach[] = [
  {
    clause: "FRM-4",
    name: "answered-twice",
    about: "A relay answers a 601 twice.",
    talk(talk) {
      talk.lists(clara, { on: 1 });
      talk.answersAgain();
    },
  },
  {
    clause: "FRM-7",
    name: "asked-too-early",
    about:
      "A client asks for its messages before it has the list that it asked for.",
    talk(talk) {
      talk.lists(clara, { on: 1, later: true });
      talk.pulls(clara, { on: 1, later: true });
      talk.catchUp();
    },
  },
  {
    clause: "REQ-4",
    name: "stranger-served",
    about: "A relay gives the list to an id that isn't registered with it.",
    people: [clara, dan],
    registered: [clara],
    talk: (talk) =>
      talk.lists(dan, { lie: answering({ code: 2101, payload: [clara] }) }),
  },
  {
    clause: "ANS-3",
    name: "answered-in-another-dialect",
    about: "A relay answers a 1001 with 2101, where 2001 is due.",
    talk: (talk) => talk.lists(clara, { in: "1000", answerIn: "600" }),
  },
  {
    clause: "DIA-1",
    name: "dialect-700-refused",
    about: "A relay refuses a 701, and would have answered a 601.",
    talk(talk) {
      talk.lists(clara, { in: "700", lie: refusing });
      talk.lists(clara);
    },
  },
];

/** What is broken by what a relay knows of users. */
export const userBreaches: readonly Breach[] = [
  {
    clause: "NAM-5",
    name: "taken-name-registered",
    about: "A relay registers a name that is taken.",
    people: [clara, dan],
    registered: [clara],
    talk: (talk) =>
      talk.registers(dan, {
        as: "clara",
        lie: answering({ code: 2100, payload: { clientId: dan.clientId } }),
      }),
  },
  {
    clause: "NAM-6",
    name: "name-in-capitals-refused",
    about: "A relay refuses the name CLARA, since clara is registered.",
    people: [clara, dan],
    registered: [clara],
    talk: (talk) =>
      talk.registers(dan, { as: "CLARA", lie: refusing, forgets: true }),
  },
  {
    clause: "CID-1",
    name: "id-given-twice",
    about: "A relay gives two clients the same id.",
    people: [clara, dan],
    registered: [],
    talk(talk) {
      talk.registers(clara);
      talk.registers(dan, { lie: saying(2100, () => clara) });
    },
  },
  {
    clause: "PUB-2",
    name: "key-changed",
    about: "A relay hands out another public key than was registered.",
    people: [clara, ben],
    registered: [clara],
    talk(talk) {
      talk.registers(ben);
      talk.asksKeyOf(clara, ben, {
        lie: saying(2102, ({ clientId }) => ({
          clientId,
          publicKey: dan.publicKey,
        })),
      });
    },
  },
  {
    clause: "REG-2",
    name: "refused-client-listed",
    about: "A relay lists a client whose registration it refused.",
    people: [clara, dan],
    registered: [clara],
    talk(talk) {
      talk.registers(dan, { lie: refusing });
      talk.lists(clara);
    },
  },
  {
    clause: "LST-2",
    name: "client-not-listed",
    about: "A relay lists Dan, and leaves Ben out.",
    people: [clara, ben, dan],
    talk: (talk) => talk.lists(clara, { lie: saying(2101, () => [dan]) }),
  },
  {
    clause: "LST-3",
    name: "asker-listed",
    about: "A relay lists the asker too.",
    talk: (talk) =>
      talk.lists(clara, { lie: saying(2101, (others) => [clara, ...others]) }),
  },
  {
    clause: "LST-4",
    name: "name-changed",
    about: "A relay lists ben as BEN.",
    talk: (talk) =>
      talk.lists(clara, { lie: saying(2101, () => [{ ...ben, name: "BEN" }]) }),
  },
  {
    clause: "KEY-1",
    name: "key-of-another",
    about: "A relay answers a 602 for Ben with Dan's id and key.",
    people: [clara, ben, dan],
    talk: (talk) =>
      talk.asksKeyOf(clara, ben, { lie: saying(2102, () => dan) }),
  },
  {
    clause: "KEY-2",
    name: "key-of-a-stranger",
    about: "A relay answers a 602 for an id that isn't registered.",
    people: [clara, dan],
    registered: [clara],
    talk: (talk) =>
      talk.asksKeyOf(clara, dan, {
        lie: answering({ code: 2102, payload: dan }),
      }),
  },
  {
    clause: "KEY-3",
    name: "own-key-refused",
    about: "A relay refuses to give a client its own key.",
    people: [clara],
    talk: (talk) => talk.asksKeyOf(clara, clara, { lie: refusing }),
  },
];
