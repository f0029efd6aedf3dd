import { users } from "../../support/wrong_relay/faults/users.ts";
import { testFaults } from "../../support/wrong_relay/matrix.ts";

testFaults("users", users);
