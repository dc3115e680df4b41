-- A test with nothing but SQL: a row is inserted, and the trigger's call of a function is looked for among those that the
-- proxy has recorded. Nothing stays in the database. It stops with an error if something is not as it should be:
--
--   scripts/quickstart --functions examples/testing/functions
--   psql -v ON_ERROR_STOP=1 -f examples/testing/notify-order.sql
--
-- Under test is what a migration would create.
BEGIN;
CREATE TEMPORARY TABLE orders (id integer PRIMARY KEY, item text NOT NULL);
CREATE FUNCTION pg_temp.notify_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM aws_lambda.invoke('notify-order', row_to_json(NEW), NULL, 'Event');
  RETURN NEW;
END
$$;
CREATE TRIGGER notify_order AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION pg_temp.notify_order();

-- What counts is what comes from now on.
CREATE TEMPORARY TABLE before AS SELECT coalesce(max(id), 0) AS id FROM pglambda.invocations;

INSERT INTO orders VALUES (7, 'tea');

DO $$
DECLARE
  call record;
BEGIN
  SELECT count(*) AS times, min(payload) AS payload, min(invocation_type) AS type, min(outcome) AS outcome, min(statement) AS statement INTO call
    FROM pglambda.invocations WHERE id > (SELECT id FROM before) AND function_name = 'notify-order';
  ASSERT call.times = 1, format('notify-order was called %s times (expected: once)', call.times);
  ASSERT call.payload::jsonb = '{"id": 7, "item": "tea"}', 'payload: ' || call.payload;
  ASSERT call.type = 'Event', 'type: ' || call.type;
  ASSERT call.outcome = 'ok', 'outcome: ' || call.outcome;
  ASSERT call.statement LIKE 'INSERT INTO orders%', 'statement: ' || call.statement;
  RAISE NOTICE 'ok: notify-order was called once with the row';
END
$$;
ROLLBACK;
