import { framing } from "../../../lab/wrong_relay/faults/framing.ts";
import { testFaults } from "../../../lab/wrong_relay/matrix.ts";

testFaults("framing", framing);
