import { connections } from "../../../lab/wrong_relay/faults/connections.ts";
import { testFaults } from "../../../lab/wrong_relay/matrix.ts";

testFaults("connections", connections);
