import { sending } from "../../support/wrong_relay/faults/sending.ts";
import { testFaults } from "../../support/wrong_relay/matrix.ts";

testFaults("sending", sending);
