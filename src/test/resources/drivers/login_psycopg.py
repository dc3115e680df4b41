"""Logs in once for each line of JSON, and prints what the query of that line says, or why there is no session."""

import json
import sys

import psycopg

for line in sys.stdin:
    login = json.loads(line)
    query = login.pop("query")
    if not login["sslrootcert"]:
        login.pop("sslrootcert")
    try:
        with psycopg.connect(**login) as connection:
            answer = connection.execute(query).fetchone()[0]
    except psycopg.Error as error:
        answer = "ERROR " + " ".join(str(error).split())
    print(answer, flush=True)
