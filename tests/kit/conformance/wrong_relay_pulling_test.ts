import { pulling } from "../../../lab/wrong_relay/faults/pulling.ts";
import { testFaults } from "../../../lab/wrong_relay/matrix.ts";

testFaults("pulling", pulling);
