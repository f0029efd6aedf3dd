import { messages } from "../../support/wrong_relay/faults/messages.ts";
import { testFaults } from "../../support/wrong_relay/matrix.ts";

testFaults("messages", messages);
