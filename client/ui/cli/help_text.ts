/** What `--help` prints; `deno task generate` writes it. */
export const HELP: string =
  `MessageU client: exchanges messages through a relay.

Usage: messageu VERB [arguments] [flags]

Without a verb it runs the menu. "messageu help VERB" explains a verb.

  register NAME [--legacy] [--lift] [--yes]
                        Register under a name; creates your key and info.me
  whoami                Print your name and id
  list [--all] [--offline]
                        List your conversations, the latest first; --all lists
                        all other users
  contact NAME [--alias ALIAS] [--muted yes|no] [--blocked yes|no]
      [--delete] [--yes]
                        Print a contact, or rename, mute, block or delete it in
                        this folder
  send NAME TEXT [--on-key-change stop|accept|skip] [--lines]
                        Send a text to one or more; - reads it from standard
                        input
  send-file NAME PATH [--on-key-change stop|accept|skip]
                        Send a file to one or more, without its name and type
  resend ID [--on-key-change stop|accept|skip]
                        Resend a message that the relay didn't acknowledge
  pull [--watch] [--exec CMD]
                        Receive, and print new messages; --watch runs
                        continuously
  listen --as CONSUMER [--auto-ack] [--since WHEN] [--replay] [--once]
      [--exec CMD]
                        Hand out messages that this consumer hasn't
                        acknowledged, continuously
  history [NAME] [--limit N] [--since WHEN]
                        Print the messages of conversations, the oldest first
  search PATTERN [--with NAME] [--ignore-case]
                        Find texts, and files by their paths, with a regular
                        expression
  explain ID            Print all facts of one message
  save ID PATH          Save a received file under a name or in a folder
  chat [NAME] [--notify bell|osc9|off]
                        Chat in full screen
  key NAME              Print a contact's public key and its fingerprint
  request-key NAME      Request the symmetric key for messages that can't be
                        decrypted
  send-key NAME [--on-key-change stop|accept|skip] [--new]
                        Send a contact the symmetric key in use, or a new one
  fingerprint NAME      Print the digits to compare with a contact, equal on
                        both sides
  accept NAME           Trust the new key that the relay gives for a contact
  export PATH [--format archive|jsonl|text] [--passphrase-fd N]
      [--unencrypted] [--with NAME]
                        Write identity, keys, history and received files to one
                        file
  import PATH [--passphrase-fd N]
                        Import an archive of export into a folder without an
                        identity
  import-identity FILE  Make info.me from the identity file of another program
  server [LINE] [--yes] [--only]
                        Print the relay's addresses, or trust the key of its
                        mu:// line
  config [NAME] [VALUE] Print the settings of this folder, or change one
  doctor                Check the folder, your key, the store, the relay, room
                        and terminal
  completion SHELL [--program NAME]
                        Print the completion script for a shell
  menu                  Run the console menu, the default verb
  help [VERB]           Explain a verb, with examples; or list all verbs

Flags of every verb:

  --dir DIR             The folder with info.server and info.me (default: . or a
                        compiled client's own)
  --server ADDR:PORT    The relay, or several: A:1,B:2 (default: from
                        info.server)
  --client-version N    The version that requests carry, 0 to 255 (default: 2)
  --dialect 600|700|1100|1000|100|blocks
                        The dialect that the relay speaks (default: 600)
  --json                One JSON object a line
  --help                Explain the verb, as "messageu help VERB" does
  --version             Print the version
  --                    What follows is no flag

Data goes to standard output, all else to standard error. Exit codes: 0 done,
1 failed, or nothing found; 2 the command line, 3 no relay, 4 the relay refused,
5 no contact has that name, 6 the contact's key changed, 7 not registered, 8 the
folder's files; 129, 130 and 143 after a signal.

First steps:
  messageu register alice --server relay.example:1357
  messageu send bob "Hello Bob!"
  messageu pull
  messageu chat bob`;
