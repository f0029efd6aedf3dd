import { everyday } from "../../support/wrong_relay/faults/everyday.ts";
import { testFaults } from "../../support/wrong_relay/matrix.ts";

testFaults("the everyday", everyday);
