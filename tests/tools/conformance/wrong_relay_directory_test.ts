import { directory } from "../../support/wrong_relay/faults/directory.ts";
import { testFaults } from "../../support/wrong_relay/matrix.ts";

testFaults("the list and keys", directory);
