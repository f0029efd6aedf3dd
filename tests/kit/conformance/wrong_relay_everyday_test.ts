import { everyday } from "../../../lab/wrong_relay/faults/everyday.ts";
import { testFaults } from "../../../lab/wrong_relay/matrix.ts";

testFaults("the everyday", everyday);
