#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The server that the evaluation asks: HTTP/1.1 on connections that stay open.

    python3 server.py [--delay SECONDS] [--rate REQUESTS_A_SECOND] [--retry-after SECONDS]

It answers after the delay, half of it to one and a half times it. Requests beyond the rate are refused at once: status 429, with
Retry-After. It prints its port, and ends with its standard input.
"""
import argparse
import asyncio
import json
import random
import sys
import time

BURST_S = 0.25  # the rate may be exceeded for as many requests as it has in that time


class Limit:
    """A bucket of tokens that fills at the rate. Each request takes one."""

    def __init__(self, rate):
        self.rate, self.most = rate, max(1.0, rate * BURST_S)
        self.tokens, self.since = self.most, time.monotonic()

    def allows(self):
        now = time.monotonic()
        self.tokens = min(self.most, self.tokens + (now - self.since) * self.rate)
        self.since = now
        if self.rate and self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Server:
    def __init__(self, args):
        self.args, self.limit, self.chance = args, Limit(args.rate), random.Random(1)

    async def read_request(self, reader):
        """Returns the body; None: the client has closed the connection."""
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        return await reader.readexactly(int(lengths[0]))

    async def answer(self, body):
        """Returns (status, more headers, the answer)."""
        if not self.limit.allows():
            return b"429 Too Many Requests", b"Retry-After: %d\r\n" % self.args.retry_after, b'{"error": "rate limit"}'
        await asyncio.sleep(self.args.delay * self.chance.uniform(0.5, 1.5))
        choices = json.loads(body)["choices"]
        return b"200 OK", b"", json.dumps({"text": "The answer is (%s)." % self.chance.choice(choices)}).encode()

    async def serve(self, reader, writer):
        try:
            while True:
                status, headers, body = await self.answer(await self.read_request(reader))
                writer.write(b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status, headers, len(body), body))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


async def run(args):
    server = await asyncio.start_server(Server(args).serve, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, default=0.2)
    parser.add_argument("--rate", type=float, default=0)
    parser.add_argument("--retry-after", type=int, default=1)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
