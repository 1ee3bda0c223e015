# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A client with a bounded number of connections, which stay open. It tries again after a 429."""
import asyncio
import json
import random

from api_eval.api_account import clock


class Client:
    def __init__(self, port, connections, account):
        self.port, self.account = port, account
        self.free = asyncio.Semaphore(connections)
        self.unused = []
        self.chance = random.Random(2)

    async def connection(self):
        return self.unused.pop() if self.unused else await asyncio.open_connection("127.0.0.1", self.port)

    async def read_answer(self, reader):
        """Returns (status, headers, body)."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in head[1:])}
        return int(head[0].split()[1]), headers, json.loads(await reader.readexactly(int(headers["content-length"])))

    async def exchange(self, body):
        reader, writer = await self.connection()
        writer.write(b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        answer = await self.read_answer(reader)
        self.unused.append((reader, writer))
        return answer

    async def attempt(self, body):
        since = clock()
        async with self.free:
            self.account.wait("pool", since)
            with self.account.section("attempt"):
                return await self.exchange(body)

    async def complete(self, request):
        """Sends the request until the server takes it, and returns its text."""
        body = json.dumps(request).encode()
        while True:
            status, headers, answer = await self.attempt(body)
            if status == 200:
                return answer["text"]
            self.account.refused += 1
            since = clock()
            await asyncio.sleep(float(headers["retry-after"]) * self.chance.uniform(1, 1.25))
            self.account.wait("back-off", since)

    def close(self):
        for _, writer in self.unused:
            writer.close()
