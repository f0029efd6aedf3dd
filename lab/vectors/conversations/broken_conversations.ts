import type { Breach } from "./breach.ts";
import {
  inboxBreaches,
  keyBreaches,
  messageBreaches,
} from "./message_breaches.ts";
import { ben, clara } from "../people.ts";
import { Talk } from "./talk.ts";
import { answerBreaches, userBreaches } from "./user_breaches.ts";
import type { ConversationVector } from "../vector.ts";

/** Conversations in which one side breaks a clause. */
export function brokenConversations(): ConversationVector[] {
  return [
    ...answerBreaches,
    ...userBreaches,
    ...messageBreaches,
    ...inboxBreaches,
    ...keyBreaches,
  ].map(held);
}

function held(
  { clause, name, about, talk, people = [clara, ben], registered }: Breach,
): ConversationVector {
  const conversation = new Talk(people, registered);
  talk(conversation);
  return conversation.written(name, clause, about);
}
