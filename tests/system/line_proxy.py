#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Somebody on a chip's serial line, given over TCP as a serial server does: to the chip he repeats old messages, to the
station he brings old answers and ones that he changed, each before the right one. Argument: the chip's link.sock.
Prints its port; ends when the station has gone."""
import binascii
import os
import select
import socket
import struct
import sys

HEAD = 6


class Frames:
    """Whole frames out of a stream; what is none is passed on as it is."""

    def __init__(self):
        self.held = b""

    def take(self, data):
        self.held += data
        while self.held:
            start = self.held.find(b"WL")
            if start != 0:
                end = len(self.held) if start < 0 else start
                if start < 0 and self.held.endswith(b"W"):
                    end -= 1
                if end == 0:
                    return
                yield self.held[:end], False
                self.held = self.held[end:]
                continue
            if len(self.held) < HEAD:
                return
            length, complement = struct.unpack(">HH", self.held[2:HEAD])
            if length ^ complement != 0xFFFF:
                yield self.held[:2], False
                self.held = self.held[2:]
                continue
            total = HEAD + length + 2
            if len(self.held) < total:
                return
            yield self.held[:total], True
            self.held = self.held[total:]


def changed(frame):
    """One bit of the message is another, and the checksum is right."""
    message = bytearray(frame[HEAD:-2])
    message[-3] ^= 1
    return frame[:HEAD] + bytes(message) + struct.pack(">H", binascii.crc_hqx(bytes(message), 0))


def pump(source, sink, frames, disturb):
    data = source.recv(65536)
    if not data:
        return False
    for piece, is_frame in frames.take(data):
        if is_frame:
            disturb(sink, piece)
        sink.sendall(piece)
    return True


def main():
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    folder = os.open(os.path.dirname(sys.argv[1]), os.O_PATH)
    asked, answered = [], []

    def to_chip(sink, frame):
        asked.append(frame)
        if len(asked) % 25 == 0:
            sink.sendall(asked[-10] + asked[-2])

    def to_station(sink, frame):
        answered.append(frame)
        if len(answered) in (2, 3, 20, 60) or len(answered) % 100 == 0:
            sink.sendall(answered[-2])
        if len(answered) in (2, 5, 30):
            sink.sendall(changed(frame))

    server.settimeout(120)
    while True:
        try:
            station = server.accept()[0]
        except TimeoutError:
            return
        chip = socket.socket(socket.AF_UNIX)
        chip.connect(f"/proc/self/fd/{folder}/{os.path.basename(sys.argv[1])}")
        up, down = Frames(), Frames()
        going = True
        while going:
            for ready in select.select([station, chip], [], [])[0]:
                going = going and (
                    pump(station, chip, up, to_chip) if ready is station else pump(chip, station, down, to_station)
                )
        station.close()
        chip.close()


main()
