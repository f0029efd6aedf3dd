import { connections } from "../../support/wrong_relay/faults/connections.ts";
import { testFaults } from "../../support/wrong_relay/matrix.ts";

testFaults("connections", connections);
