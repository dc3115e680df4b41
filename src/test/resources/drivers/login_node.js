// Logs in once for each line of JSON, and prints what the query of that line says, or why there is no session.
const fs = require("fs");
const readline = require("readline");
const { Client } = require("pg");

async function logIn(login) {
  const client = new Client({
    host: login.host,
    port: login.port,
    user: login.user,
    password: login.password,
    database: login.dbname,
    ssl: login.sslrootcert ? { ca: fs.readFileSync(login.sslrootcert, "utf8") } : false,
  });
  try {
    await client.connect();
    return (await client.query({ text: login.query, rowMode: "array" })).rows[0][0];
  } finally {
    await client.end().catch(() => {});
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    try {
      console.log(await logIn(JSON.parse(line)));
    } catch (error) {
      console.log(`ERROR ${error.message.replace(/\s+/g, " ")}`);
    }
  }
})();
