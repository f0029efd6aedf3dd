/** What the help says of the program as a whole. */
export const ABOUT = `MessageU client: talks with others through a relay.

Without a verb it is the menu. "client VERB --help" tells a verb's flags; each takes:

  --dir DIR            the folder with info.server and info.me
                       (default: the program's own where it is compiled, else .)
  --server ADDR:PORT   the relay, or several with commas between, of which one
                       will do (default: from info.server, one a line)
  --client-version N   the version that requests carry, 0 to 255 (default: 2)
  --dialect NAME       the generation that the relay speaks: 600, 700, 1100, 1000,
                       100 or blocks (default: 600)
  --json               one JSON object a line

Data goes to standard output, all else to standard error. Exit codes: 0 done,
1 failed, 2 the command line, 3 no relay, 4 the relay refused, 5 no contact has
that name, 6 the contact's key changed, 7 not registered, 8 the folder's files;
129, 130 and 143 after a signal.`;
