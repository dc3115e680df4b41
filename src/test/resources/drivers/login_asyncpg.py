"""Logs in once for each line of JSON, and prints what the query of that line says, or why there is no session."""

import asyncio
import json
import sys
import urllib.parse

import asyncpg


async def log_in(login):
    ssl = {"sslmode": login["sslmode"]}
    if login["sslrootcert"]:
        ssl["sslrootcert"] = login["sslrootcert"]
    dsn = f"postgresql://{login['host']}:{login['port']}/{login['dbname']}?{urllib.parse.urlencode(ssl)}"
    connection = await asyncpg.connect(dsn, user=login["user"], password=login["password"])
    try:
        return await connection.fetchval(login["query"])
    finally:
        await connection.close()


async def main():
    for line in sys.stdin:
        try:
            answer = await log_in(json.loads(line))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            answer = "ERROR " + " ".join(str(error).split())
        print(answer, flush=True)


asyncio.run(main())
