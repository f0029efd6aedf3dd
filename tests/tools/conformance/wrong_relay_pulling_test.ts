import { pulling } from "../../support/wrong_relay/faults/pulling.ts";
import { testFaults } from "../../support/wrong_relay/matrix.ts";

testFaults("pulling", pulling);
