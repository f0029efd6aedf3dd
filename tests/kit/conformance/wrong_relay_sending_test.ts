import { sending } from "../../../lab/wrong_relay/faults/sending.ts";
import { testFaults } from "../../../lab/wrong_relay/matrix.ts";

testFaults("sending", sending);
