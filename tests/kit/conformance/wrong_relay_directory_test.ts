import { directory } from "../../../lab/wrong_relay/faults/directory.ts";
import { testFaults } from "../../../lab/wrong_relay/matrix.ts";

testFaults("the list and keys", directory);
