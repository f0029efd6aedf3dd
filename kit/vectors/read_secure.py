"""Reads secure.json, and compares each case with its meaning and its verdict.

It shares no code with MessageU: it is written from docs/secure.md alone, and
needs Python 3.8 and the package cryptography.

    python3 read_secure.py secure.json
"""

import datetime, hashlib, hmac, json, struct, sys

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding
from cryptography.x509.oid import NameOID

PRIME = 2**255 - 19
LABELS = {
    "record": b"MessageU account 1\0", "successor": b"MessageU successor 1\0",
    "package": b"MessageU package 1\0", "safety": b"MessageU two people 2\0",
}
SIGNED = {  # the parts behind each label
    "MessageU register 1": "relayKey:32 nonce:32 hash:32",
    "MessageU auth 1": "relayKey:32 nonce:32 device:16 count:Q",
    "MessageU device 1": "relayKey:32 nonce:32 hash:32",
    "MessageU delete 1": "relayKey:32 nonce:32 account:16",
    "MessageU lift 1": "relayKey:32 nonce:32 hash:32",
}
# Fields: numbers by their letters in struct, bytes by their size, "s" a size and
# its bytes, "?" a has before the field, "rest" what is left, [] until the end.
LAYOUTS = {
    "hello": ("least:B most:B features:I",
              "version:B features:I relayKey:32 nonce:32 time:Q largest:I retention:I registration:B"),
    "register": ("publicKey:160 record:s invitation:s proof:?32 signature:64", "account:16"),
    "challenge": ("account:16", "encrypted:128"),
    "authenticate": ("count:Q recordVersion:I signature:64",
                     "highestCount:Q recordVersion:I singleUseLeft:H waiting:I"),
    "lookUp": ("by:by", "account:16 publicKey:160 record:s"),
    "claim": ("account:16 devices:[16]", "packages:[device:16 weekly:1309 single:?1309]"),
    "publish": ("packages:[1309]", "singleUseLeft:H"),
    "send": ("uid:16 count:Q account:16 recordVersion:I lifetime:I envelopes:[device:16 content:s]",
             "taken:1-2 highestCount:Q"),
    "fetch": ("acknowledged:Q wait:H most:I",
              "time:Q lastSeq:Q messages:[seq:Q uid:16 account:16 device:16 flags:B arrived:Q content:s]"),
    "record": ("record:s signatures:[64]", "version:I"),
    "outcome": ("uids:[16]", "outcomes:[uid:16 state:1-4 time:Q]"),
    "sendLegacy": ("uid:16 target:16 type:1-4 content:s", "messageId:I"),
    "delete": ("signature:64", ""),
    "ping": ("", ""),
}
KINDS = list(LAYOUTS)


class Refused(Exception):
    """The bytes aren't what they should be; the first word is the clause."""


def need(holds, clause):
    if not holds:
        raise Refused(clause)


class Reader:
    def __init__(self, raw, clause="FLD-2"):
        self.raw, self.clause = raw, clause

    def take(self, size):
        need(len(self.raw) >= size, self.clause)
        taken, self.raw = self.raw[:size], self.raw[size:]
        return taken

    def number(self, form):
        value = struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))[0]
        need(value < 2**53, "FLD-1")
        return value

    def end(self):
        need(not self.raw, self.clause)

    def field(self, form):
        if form in ("B", "H", "I", "Q"):
            return self.number(form)
        if form == "s":
            return self.take(self.number("I")).hex()
        if form == "rest":
            return self.take(len(self.raw)).hex()
        if form == "by":
            by = self.number("B")
            need(by < 2, "FLD-2")
            return {"account": self.take(16).hex()} if by else {"name": name_of(self.take(255))}
        if "-" in form:
            least, most = map(int, form.split("-"))
            value = self.number("B")
            need(least <= value <= most, "FLD-2")
            return value
        if form[0] == "?":
            has = self.number("B")
            need(has < 2, "FLD-2")
            return self.field(form[1:]) if has else None
        return self.take(int(form)).hex()

    def record(self, layout):
        said = {}
        while layout:
            name, layout = layout.split(":", 1)
            if layout[0] == "[":
                item, said[name] = layout[1:-1], []
                while self.raw:
                    said[name].append(self.record(item) if ":" in item else self.field(item))
                return said
            form, _, layout = layout.partition(" ")
            value = self.field(form)
            if value is not None:
                said[name] = value
        return said


def name_of(field):
    name, nul, _ = field.partition(b"\0")
    need(nul and name and all(0x20 <= byte <= 0x7e for byte in name), "REC-3")
    return name.decode()


def check_key(key, clause="EDK-1"):
    y = int.from_bytes(key, "little") % 2**255
    need(y < PRIME, clause)
    # A point has small order if eight times it is the neutral one: y is 1, -1 or
    # 0, or else a root of d y^4 + 2 y^2 - 1, which are those of order 8.
    d = -121665 * pow(121666, -1, PRIME) % PRIME
    need(y not in (0, 1, PRIME - 1) and (d * y**4 + 2 * y**2 - 1) % PRIME, clause)


def is_signed(key, signature, message):
    try:
        check_key(key)
        ed25519.Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except (Refused, InvalidSignature, ValueError):
        return False


def read_record(raw, known=None):
    count = raw[347] if len(raw) > 347 else 0
    signed = 348 + 89 * count
    succeeds = len(raw) == signed + 160
    need(len(raw) == signed + 64 or succeeds, "REC-1")
    reader = Reader(raw, "REC-1")
    said = reader.record("version:I time:Q previous:32 identity:32 account:16")
    name = reader.take(255)
    reader.take(1)
    need((said["version"] == 1) == (said["previous"] == "00" * 32), "REC-2")
    need(said["version"] >= 1 and not (succeeds and said["version"] == 1), "REC-2")
    said["name"] = name_of(name)
    need(not any(name[len(said["name"]):]), "REC-3")
    said["devices"] = []
    for _ in range(count):
        device = reader.record("id:16 signingKey:32 agreementKey:32 flags:B added:Q")
        need(device.pop("flags") == 0, "REC-4")
        check_key(bytes.fromhex(device["signingKey"]), "REC-4")
        said["devices"].append(device)
    need(1 <= count == len({device["id"] for device in said["devices"]}), "REC-4")
    identity = bytes.fromhex(said["identity"])
    check_key(identity, "REC-4")
    said["signature"] = raw[signed:signed + 64].hex()
    need(is_signed(identity, raw[signed:signed + 64], LABELS["record"] + raw[:signed]), "REC-5")
    if succeeds:
        old, signature = raw[signed + 64:signed + 96], raw[signed + 96:]
        need(old != identity, "REC-5")
        need(is_signed(old, signature, LABELS["successor"] + raw[:signed + 64]), "REC-5")
        said["oldIdentity"], said["oldSignature"] = old.hex(), signature.hex()
    return said


def follow(known_raw, raw):
    """The clause that a record breaks against the known one."""
    if known_raw == raw:
        return "valid"
    known, said = read_record(known_raw), read_record(raw)
    if any(known[name] != said[name] for name in ("account", "name")) or said["version"] <= known["version"]:
        return "REC-6"
    if said["version"] == known["version"] + 1 and said["previous"] != hashlib.sha256(known_raw).hexdigest():
        return "REC-7"
    if said.get("oldIdentity") != (known["identity"] if said["identity"] != known["identity"] else None):
        return "REC-8"
    before = {device["id"]: device for device in known["devices"]}
    for device in said["devices"]:
        old = before.get(device["id"], device)
        if any(old[key] != device[key] for key in ("signingKey", "agreementKey")):
            return "REC-9"
    return "valid"


def read_package(raw, given):
    reader = Reader(raw, "PKG-1")
    said = reader.record("device:16 number:I kind:B agreementKey:32 kemKey:1184 made:Q signature:64")
    reader.end()
    need(said["number"] >= 1 and said["kind"] <= 1, "PKG-1")
    need(is_signed(given["signingKey"], raw[1245:], LABELS["package"] + raw[:1245]), "PKG-1")
    return said


def read_certificate(raw, given):
    certificate = x509.load_der_x509_certificate(raw)
    now = datetime.datetime.now(datetime.timezone.utc)
    issuer = certificate.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    need(certificate.version == x509.Version.v3, "PIN-1")
    need(issuer == "MessageU relay key", "PIN-1")
    need(certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc, "PIN-1")
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    need(names.get_values_for_type(x509.DNSName) == ["relay.messageu.invalid"], "PIN-1")
    signed = certificate.tbs_certificate_bytes
    need(is_signed(given["relayKey"], certificate.signature, signed), "PIN-1")
    return {"relayKey": certificate.public_key().public_bytes_raw().hex()}


def read_anchor(raw, given):
    # Only the name and the key count, so they are looked for in the bytes.
    need(raw.count(b"MessageU relay key") == 2 and raw.count(given["relayKey"]) == 1, "PIN-1")
    return {"relayKey": given["relayKey"].hex()}


def read_line(raw, given):
    import base64, re
    form = rb"mu://(?:\[([0-9a-f:.]+)\]|([!-.0-9;-Z\\^-~]+)):([1-9][0-9]{0,4})/([A-Za-z0-9_-]{43})"
    match = re.fullmatch(form, raw)
    need(match and int(match[3]) <= 65535, "LIN-1")
    key = base64.urlsafe_b64decode(match[4] + b"=")
    need(base64.urlsafe_b64encode(key) == match[4] + b"=", "LIN-1")
    check_key(key, "LIN-2")
    return {"hostname": (match[1] or match[2]).decode(), "port": int(match[3]), "key": key.hex()}


def read_key(raw, given):
    check_key(raw)
    return {"key": raw.hex()}


def read_safety_number(raw, given):
    people = sorted([given["account"] + given["identity"], given["otherAccount"] + given["otherIdentity"]])
    need(raw == LABELS["safety"] + b"".join(people), "SAF-1")
    digest = hashlib.sha512(raw).digest()
    groups = (int.from_bytes(digest[at:at + 5], "big") % 100000 for at in range(0, 60, 5))
    return {"number": " ".join(f"{group:05}" for group in groups)}


def read_signed(raw):
    label, _, rest = raw.partition(b"\0")
    reader = Reader(rest, "SIG-1")
    said = {"label": label.decode(), **reader.record(SIGNED[label.decode()])}
    reader.end()
    return said


def read_signature(raw, given):
    check_key(given["key"])
    # SIG-1 and SIG-2 look the same from here: the signature is of other bytes.
    need(is_signed(given["key"], given["signature"], raw), "SIG-")
    return read_signed(raw)


def read_proof(raw, given):
    need(len(given["opened"]) == 32, "LFT-3")
    said = read_signed(raw)
    need(said["hash"] == hashlib.sha256(given["record"]).hexdigest(), "SIG-1")
    return {**said, "proof": hmac.new(given["opened"], raw, "sha256").hexdigest()}


def read_challenge(raw, given):
    key = serialization.load_der_private_key(given["privateKey"], None)
    try:
        form = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), given["label"])
        opened = key.decrypt(raw, form)
    except ValueError:
        raise Refused("LFT-1") from None
    need(len(opened) == 32, "LFT-3")
    return {"opened": opened.hex()}


def read_frame(raw, side, said):
    head = Reader(raw)
    form = "version:B code:H payloadSize:I"
    said["header"] = head.record(form if side else "clientId:16 " + form)
    code = said["header"]["code"] - (4000 if side else 3000)
    if side and code == 999:
        said["kind"], layout = "refusal", "reason:H retryAfter:I detail:rest"
    else:
        need(0 <= code < len(KINDS), "STA-2")
        said["kind"], layout = KINDS[code], LAYOUTS[KINDS[code]][side]
    need(said["header"]["payloadSize"] == len(head.raw), "FRM-2")
    reader = Reader(head.raw)
    payload = reader.record(layout)
    reader.end()
    said["payload"] = payload
    need(said["header"]["version"] == 3, "HDR-3" if side else "HDR-2")


READERS = {
    "package": read_package, "certificate": read_certificate, "anchor": read_anchor,
    "line": read_line, "key": read_key, "safetyNumber": read_safety_number,
    "signature": read_signature, "proof": read_proof, "challenge": read_challenge,
}


def judge(case):
    """The verdict on a case, and what it says."""
    raw, said = bytes.fromhex(case["bytes"]), {}
    given = {name: bytes.fromhex(value) for name, value in case.get("given", {}).items()}
    try:
        if case["of"] == "record":
            said = read_record(raw)
            return follow(given["known"], raw) if "known" in given else "valid", said
        if case["of"] in ("request", "response"):
            read_frame(raw, case["of"] == "response", said)
        else:
            said = READERS[case["of"]](raw, given)
        return "valid", said
    except Refused as refused:
        return str(refused), said


def main(path):
    with open(path, encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    for case in cases:
        verdict, said = judge(case)
        agrees = case["verdict"].startswith(verdict) if verdict.endswith("-") else case["verdict"] == verdict
        if not agrees or said != case["meaning"]:
            sys.exit(f"{case['name']}: {verdict} {said}")
    print(f"{len(cases)} cases agree" if cases else sys.exit("no cases"))


if __name__ == "__main__":
    main(sys.argv[1])
