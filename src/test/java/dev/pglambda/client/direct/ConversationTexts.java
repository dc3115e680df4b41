package dev.pglambda.client.direct;

/** What a client says beside calls. */
final class ConversationTexts {
  private ConversationTexts() {}

  static final String[] PLAIN = {
    "SELECT 1 AS one",
    "SELECT id, name FROM t ORDER BY id",
    "SELECT n, code, txt, reply FROM kept ORDER BY n",
    "SELECT * FROM passing",
    "SELECT last_value, is_called FROM s",
    "INSERT INTO kept (n) VALUES (3) ON CONFLICT DO NOTHING",
    "INSERT INTO numbered (reply) VALUES ('plain') RETURNING n",
    "DELETE FROM kept",
    "SELECT 1 / 0",
    "SELECT missing",
    "SELECT said('plain')",
    "SET application_name = 'calling'",
    "SHOW application_name",
    "FETCH 2 FROM c",
    "CLOSE c",
    "PREPARE q AS SELECT 'prepared'",
    "EXECUTE q",
    "DEALLOCATE q",
    "VALUES (1), (2)",
    "TABLE t",
    "UPDATE kept SET code = 1 RETURNING n",
    "DO $$BEGIN RAISE WARNING 'of a block'; END$$",
    "EXPLAIN (COSTS OFF) SELECT 1",
    "EXPLAIN (COSTS OFF) SELECT 1 / 0",
    "PREPARE r AS SELECT 1 / (count(*) - 3) FROM t",
    "EXECUTE r",
    "WITH d AS (DELETE FROM kept RETURNING n) SELECT 1 / count(*) FROM d",
    "NOTIFY c, 'said'",
    ""
  };

  static final String[] TRANSACTION = {
    "BEGIN",
    "BEGIN",
    "BEGIN READ ONLY",
    "BEGIN ISOLATION LEVEL SERIALIZABLE",
    "COMMIT",
    "COMMIT",
    "ROLLBACK",
    "ROLLBACK",
    "SAVEPOINT a",
    "SAVEPOINT a",
    "ROLLBACK TO a",
    "ROLLBACK TO a",
    "RELEASE a"
  };

  /** What means something else in a text of several statements. */
  static final String[] ALONE = {
    "SET LOCAL application_name = 'local'",
    "LOCK TABLE t",
    "DECLARE c CURSOR FOR SELECT id FROM t ORDER BY id",
    "VACUUM t"
  };

  static final String[] SETTINGS = {
    "SET aws_lambda.request_timeout_ms = 0",
    "SET aws_lambda.connect_timeout_ms = 'x'",
    "RESET ALL",
    "SET plan_cache_mode = force_generic_plan",
    "SET plan_cache_mode = force_custom_plan",
    "SET standard_conforming_strings = off; SET escape_string_warning = off",
    "SET client_min_messages = warning",
    "SET statement_timeout = '20s'",
    "SET DateStyle = German",
    "SET search_path = w",
    "SET default_transaction_read_only = on"
  };

  /** What changes how the texts behind it are read, in the same series of messages or not. */
  static final String[] READING = {
    "SET standard_conforming_strings = off",
    "SET standard_conforming_strings = off",
    "SET standard_conforming_strings = on",
    "SET LOCAL standard_conforming_strings = off",
    "SET SESSION standard_conforming_strings TO DEFAULT",
    "SELECT set_config('standard_conforming_strings', 'off', false)",
    "SELECT set_config('standard_conforming_strings', 'on', true)",
    "DO $$BEGIN SET standard_conforming_strings = off; END$$",
    "RESET standard_conforming_strings",
    "RESET ALL",
    "DISCARD PLANS",
  };

  /** What is a call to one of two settings, and a comment to the other. */
  static final String[] READ = {
    "SELECT '\\'' /*', payload FROM aws_lambda.invoke('echo', '{\"read\": 1}'::json) --*/",
    "SELECT '\\' /* ', payload FROM aws_lambda.invoke('echo', '{\"read\": 2}'::json) --*/",
    "SELECT payload, '\\'' --' FROM aws_lambda.invoke('echo', '{\"read\": 3}'::json)\n"
        + "FROM aws_lambda.invoke('echo', '{\"read\": 4}'::json)",
    "SELECT E'\\'' /*', payload FROM aws_lambda.invoke('echo', '{\"read\": 5}'::json) --*/",
  };
}
