import { users } from "../../../lab/wrong_relay/faults/users.ts";
import { testFaults } from "../../../lab/wrong_relay/matrix.ts";

testFaults("users", users);
