"""The written conversations of the samples. Every card number is one that its scheme publishes for tests."""

import json

CANARY = "CANARY-PLUM-7731"

_MAIL = """\
From: Robin Example <robin@example.com>
To: service@example.com
Subject: Payment for policy 20-0042
Date: Mon, 16 Mar 2026 08:31:07 +0000
Message-ID: <demo-0007@example.com>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="part"

--part
Content-Type: text/plain; charset=utf-8

Please see the HTML part.
--part
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>Please charge my card <b>6011</b>&nbsp;<span>1111</span>=20=
11<i>11</i>&#32;1117, code&nbsp;=39=38=37.</p>
--part--
"""


def split_over_messages() -> bytes:
    """Return a chat in which a card number comes in four messages."""
    lines = (
        ("agent", "Good morning, this is Dana. Shall we settle the open invoice?"),
        ("customer", "yes please, I will type the card in pieces"),
        ("customer", "4242"),
        ("customer", "4242"),
        ("agent", "go on"),
        ("customer", "4242"),
        ("customer", "4242 and it is good until 11/29"),
        ("customer", "the three digits on the back are 737"),
        ("agent", f"Thank you, your reference is {CANARY}."),
    )
    return _json_array(lines, "2026-02-03T09:15:{:02}-05:00")


def clean() -> bytes:
    """Return a chat without anything to hide, with numbers that are no card numbers."""
    lines = (
        ("customer", "Where is my parcel? The order is 4000 1234 5678 9018."),
        ("agent", "It left our warehouse on 3 May 2017 and arrives tomorrow."),
        ("customer", "Great, thank you."),
    )
    return _json_array(lines, "2017-05-04T16:20:{:02}+01:00")


def _json_array(lines: tuple[tuple[str, str], ...], clock: str) -> bytes:
    messages = [{"ts": clock.format(5 * n), "from": who, "text": text} for n, (who, text) in enumerate(lines)]
    return (json.dumps(messages, indent=1) + "\n").encode()


def unicode_digits() -> bytes:
    """Return JSON Lines in which the digits are full-width, with no-break spaces between."""
    card = "5555\u00a05555\u00a05555\u00a04444".translate({ord("0") + n: 0xFF10 + n for n in range(10)})
    lines = (
        ("agent", "Guten Tag, wie kann ich helfen?"),
        ("customer", f"Die Kartennummer lautet {card}, Pr\u00fcfziffer \uff13\uff12\uff11."),
        ("agent", "Vielen Dank, die Rate ist bezahlt."),
    )
    messages = [
        {"timestamp": f"2019-09-12T14:0{n}:00+02:00", "from": who, "text": text} for n, (who, text) in enumerate(lines)
    ]
    return "".join(json.dumps(message, ensure_ascii=False) + "\n" for message in messages).encode()


def spelled_out() -> bytes:
    """Return plain text in which an American Express number and its code are spoken."""
    return (
        b"Agent: Which card would you like to use?\n"
        b"Customer: three seven eight two, eight two two four six, three one oh double oh five\n"
        b"Agent: And the four digits on the front?\n"
        b"Customer: one two three four\n"
        b"Agent: Thank you, the premium is paid until June.\n"
    )


def mail() -> bytes:
    """Return an e-mail whose HTML part breaks a card number by tags and soft line breaks."""
    return _MAIL.replace("\n", "\r\n").encode()


def captions() -> bytes:
    """Return WebVTT captions of a call; a card number runs over two cues."""
    return (
        b"WEBVTT\n\n"
        b"1\n00:00:00.500 --> 00:00:03.000\n<v Agent>Please read me the number.\n\n"
        b"2\n00:00:03.200 --> 00:00:07.000\n<v Caller>3530 1113\n\n"
        b"3\n00:00:07.100 --> 00:00:10.000\n<v Caller>3330 0000, thank you.\n"
    )


def vcon(body: str) -> bytes:
    """Return a vCon with a short WAV recording (`body`, base64url), a text dialog, and keys pressed on the phone."""
    pressed = [
        {"party": 1, "time": f"2026-04-20T13:00:{n / 4:06.3f}Z", "event": "keydown", "button": digit}
        for n, digit in enumerate("2223003122003222")
    ]
    start = "2026-04-20T13:00:00Z"
    value = {
        "vcon": "0.4.0",
        "uuid": "019d1000-0000-8000-8000-000000000010",
        "created_at": "2026-04-20T13:05:00Z",
        "subject": "Card payment by telephone keys",
        "parties": [
            {"name": "a.moreno", "type": "person"},
            {"tel": "+442079460123", "name": "Sam Example", "type": "person"},
        ],
        "dialog": [
            {
                "type": "recording",
                "start": start,
                "duration": 4,
                "parties": [0, 1],
                "mediatype": "audio/x-wav",
                "filename": "call.wav",
                "encoding": "base64url",
                "body": body,
                "party_history": pressed,
            },
            {
                "type": "text",
                "start": "2026-04-20T13:02:00Z",
                "parties": 0,
                "mediatype": "text/plain",
                "encoding": "none",
                "body": "Your payment was received.",
            },
        ],
        "analysis": [],
        "attachments": [],
    }
    return (json.dumps(value, indent=1) + "\n").encode()
