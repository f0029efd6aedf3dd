"""A client of the secure port, written from docs/secure.md alone.

It registers two accounts, publishes packages, looks up, claims, sends, fetches
and acknowledges, and prints what it got. It needs the package cryptography.

    python3 independent_client.py mu://HOST:PORT/KEY
"""

import base64, hashlib, os, re, socket, ssl, struct, sys, time

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# The anchor of section 2.2: CN=MessageU relay key, and what stands around the key.
NAME = "301d311b301906035504030c124d657373616765552072656c6179206b6579"
VALIDITY = "3020170d3030303130313030303030305a180f39393939313233313233353935395a"
BEFORE = bytes.fromhex(f"3081e3308196020101300506032b6570{NAME}{VALIDITY}{NAME}302a300506032b6570032100")
BEHIND = bytes.fromhex("300506032b6570034100") + bytes(64)


class Refused(Exception):
    """The relay refused: reason, seconds, detail."""


def public(key):
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def sized(data):
    return struct.pack("<I", len(data)) + data


def take(data, form):
    """The fields at the front, and the bytes behind them."""
    size = struct.calcsize("<" + form)
    return (*struct.unpack("<" + form, data[:size]), data[size:])


class Connection:
    """One connection, which begins with a hello."""

    def __init__(self, line, device):
        host, port, key = re.fullmatch(r"mu://\[?([^/\]]+)\]?:(\d+)/([\w-]{43})", line).groups()
        self.key, self.device = base64.urlsafe_b64decode(key + "="), device
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_verify_locations(cadata=BEFORE + self.key + BEHIND)
        plain = socket.create_connection((host, int(port)), timeout=60)
        self.tls = context.wrap_socket(plain, server_hostname="relay.messageu.invalid")
        self.stream = self.tls.makefile("rb")
        self.hello()

    def hello(self):
        """Asks for a nonce."""
        response = self.ask(3000, struct.pack("<BBI", 1, 1, 0))
        version, _, relay_key, self.nonce, _ = take(response, "BI32s32s")
        assert version == 1 and relay_key == self.key, "another relay key"

    def ask(self, code, payload=b""):
        self.tls.sendall(struct.pack("<16sBHI", self.device, 3, code, len(payload)) + payload)
        _, got, size, _ = take(self.read(7), "BHI")
        response = self.read(size)
        if got == 4999:
            raise Refused(*take(response, "HI"))
        assert got == code + 1000, f"{got} for {code}"
        return response

    def read(self, size):
        if len(data := self.stream.read(size)) < size:
            raise SystemExit("the relay ended the connection")
        return data

    def bound(self, label, rest):
        """What is signed on this connection."""
        return b"MessageU " + label + b" 1\0" + self.key + self.nonce + rest


class Account:
    """An account with one device."""

    def __init__(self, name):
        self.count, self.number = 0, 0
        self.identity, self.signing = (ed25519.Ed25519PrivateKey.generate() for _ in range(2))
        self.agreement = x25519.X25519PrivateKey.generate()
        self.account, self.device = bytes(byte or 1 for byte in os.urandom(16)), os.urandom(16)
        self.rsa = rsa.generate_private_key(3, 1024).public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        made = int(time.time() * 1000)
        record = struct.pack("<IQ32s32s16s255sB", 1, made, b"", public(self.identity), self.account, name, 1)
        record += struct.pack("<16s32s32sBQ", self.device, public(self.signing), public(self.agreement), 0, made)
        self.record = record + self.identity.sign(b"MessageU account 1\0" + record)

    def register(self, line):
        """Registers the account and authenticates its device."""
        relay = Connection(line, self.device)
        payload = self.rsa + sized(self.record) + sized(b"") + b"\0"
        signed = relay.bound(b"register", hashlib.sha256(payload).digest())
        account = relay.ask(3001, payload + self.signing.sign(signed))
        assert account == self.account, "another account"
        relay.hello()
        count, version = struct.pack("<Q", self.count), struct.pack("<I", 1)
        relay.ask(3003, count + version + self.signing.sign(relay.bound(b"auth", self.device + count)))
        return relay

    def package(self, kind):
        self.number += 1
        keys, made = (os.urandom(32), os.urandom(1184)), int(time.time() * 1000)
        head = struct.pack("<16sIB32s1184sQ", self.device, self.number, kind, *keys, made)
        return head + self.signing.sign(b"MessageU package 1\0" + head)

    def sending(self, to, text):
        """A 3007 for the only device of a record."""
        self.count += 1
        head = struct.pack("<16sQ16sII", os.urandom(16), self.count, to[76:92], *struct.unpack("<I", to[:4]), 3600)
        return head + to[348:364] + sized(text)


def verify(key, signature, label, data):
    ed25519.Ed25519PublicKey.from_public_bytes(key).verify(signature, b"MessageU " + label + b" 1\0" + data)


def main(line):
    anna, ben = Account(b"anna"), Account(b"ben")
    annas, bens = anna.register(line), ben.register(line)
    left = take(bens.ask(3006, b"".join(map(ben.package, (0, 1, 1)))), "H")[0]
    record = annas.ask(3004, b"\0" + struct.pack("<255s", b"ben"))[180:]
    verify(record[44:76], record[437:], b"account", record[:437])
    assert record[92:347].rstrip(b"\0") == b"ben", "another name"
    packages = annas.ask(3005, record[76:92] + record[348:364])
    for at in (16, 16 + 1309 + 1):
        verify(record[364:396], packages[at + 1245:at + 1309], b"package", packages[at:at + 1245])
    for text in (b"first", b"second"):
        payload = anna.sending(record, text)
        taken = [annas.ask(3007, payload)[0] for _ in range(2)]
        print(f"{text.decode()}: sent {taken}, {left} packages")
    acknowledged = 0
    for _ in range(2):
        _, last, rest = take(bens.ask(3008, struct.pack("<QHI", acknowledged, 0, 65536)), "QQ")
        while rest:
            seq, _, account, _, flags, _, size, rest = take(rest, "Q16s16s16sBQI")
            print(f"{seq} of {last}: {rest[:size].decode()}, from anna: {account == anna.account}, flags {flags}")
            acknowledged, rest = seq, rest[size:]
    try:
        annas.ask(3007, payload[:16] + bytes(8) + payload[24:])
    except Refused as refused:
        print(f"another payload under the uid: {refused.args[0]}")


main(sys.argv[1])
