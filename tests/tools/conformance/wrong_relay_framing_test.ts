import { framing } from "../../support/wrong_relay/faults/framing.ts";
import { testFaults } from "../../support/wrong_relay/matrix.ts";

testFaults("framing", framing);
