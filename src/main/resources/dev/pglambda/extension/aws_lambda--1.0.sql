/* aws_lambda--1.0.sql */

\echo Use "CREATE EXTENSION aws_lambda CASCADE" to load this file. \quit

-- Schema aws_lambda holds the four functions users call and nothing else, because they are granted
-- "EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_lambda". What these need lives in schema pglambda.
--
-- The text of this file has no backslash (but for the line above) and does not depend on
-- search_path or standard_conforming_strings. The lines "-- section" divide it for the installer.

-- section: objects

CREATE SCHEMA aws_lambda;
REVOKE ALL ON SCHEMA aws_lambda FROM PUBLIC;
CREATE SCHEMA pglambda;
REVOKE ALL ON SCHEMA pglambda FROM PUBLIC;

-- One row. The proxy writes it after CREATE EXTENSION; pg_dump does not dump it.
CREATE TABLE pglambda.settings (
  one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
  link_password text NOT NULL,
  ipad bytea NOT NULL CHECK (octet_length(ipad) = 64),
  opad bytea NOT NULL CHECK (octet_length(opad) = 64),
  host text NOT NULL,
  port integer NOT NULL
);
REVOKE ALL ON TABLE pglambda.settings FROM PUBLIC;
-- No policy: not for pg_read_all_data, pg_write_all_data and those named in ALTER DEFAULT PRIVILEGES either.
ALTER TABLE pglambda.settings ENABLE ROW LEVEL SECURITY;

-- section: dblink

-- dblink's library under names of our own, so that its extension need not be there.
CREATE OR REPLACE FUNCTION pglambda.link_names()
RETURNS text[]
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS '$libdir/dblink', 'dblink_get_connections';

CREATE OR REPLACE FUNCTION pglambda.open_link(name text, connection_string text)
RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS '$libdir/dblink', 'dblink_connect';

CREATE OR REPLACE FUNCTION pglambda.close_link(name text)
RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS '$libdir/dblink', 'dblink_disconnect';

CREATE OR REPLACE FUNCTION pglambda.ask(
  link text, request text,
  OUT outcome text, OUT status_code text, OUT payload text, OUT executed_version text,
  OUT log_result text, OUT message text, OUT detail text, OUT hint text)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
AS '$libdir/dblink', 'dblink_record';

-- section: functions

-- A value of a libpq connection string (manual, "Connection Strings"); chr(92) is the backslash.
CREATE OR REPLACE FUNCTION pglambda.connection_value(value text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT
AS $function$
  SELECT '''' || pg_catalog.replace(pg_catalog.replace($1, pg_catalog.chr(92), pg_catalog.repeat(pg_catalog.chr(92), 2)), '''', pg_catalog.chr(92) || '''') || ''''
$function$;

-- RAISE takes no NULL as DETAIL or HINT.
CREATE OR REPLACE FUNCTION pglambda.raise_error(sqlstate_code text, message text, detail text, hint text)
RETURNS void
LANGUAGE plpgsql
AS $function$
BEGIN
  IF detail IS NULL AND hint IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = sqlstate_code, MESSAGE = message;
  ELSIF hint IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = sqlstate_code, MESSAGE = message, DETAIL = detail;
  ELSIF detail IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = sqlstate_code, MESSAGE = message, HINT = hint;
  ELSE
    RAISE EXCEPTION USING ERRCODE = sqlstate_code, MESSAGE = message, DETAIL = detail, HINT = hint;
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION pglambda.raise_warning(message text, detail text, hint text)
RETURNS void
LANGUAGE plpgsql
AS $function$
BEGIN
  IF detail IS NULL AND hint IS NULL THEN
    RAISE WARNING USING MESSAGE = message;
  ELSIF hint IS NULL THEN
    RAISE WARNING USING MESSAGE = message, DETAIL = detail;
  ELSIF detail IS NULL THEN
    RAISE WARNING USING MESSAGE = message, HINT = hint;
  ELSE
    RAISE WARNING USING MESSAGE = message, DETAIL = detail, HINT = hint;
  END IF;
END
$function$;

-- The worker: one call of aws_lambda.invoke is one request to the proxy, over a link that the
-- backend keeps. It sends what it was given; what the arguments mean is for the proxy to say.
CREATE OR REPLACE FUNCTION pglambda.invoke(
  form text, function_name text, arn_region text, payload text, region text,
  invocation_type text, log_type text, context text, qualifier text,
  OUT status_code integer, OUT reply text, OUT executed_version text, OUT log_result text)
RETURNS record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
AS $function$
DECLARE
  encoding constant text := getdatabaseencoding();
  -- The link carries text in the database's encoding; the proxy knows UTF-8 only.
  as_hex constant boolean := encoding NOT IN ('UTF8', 'SQL_ASCII');
  connect_timeout_ms text := current_setting('aws_lambda.connect_timeout_ms', true);
  request_timeout_ms text := current_setting('aws_lambda.request_timeout_ms', true);
  link_password text;
  ipad bytea;
  opad bytea;
  host text;
  port text;
  callback text[];
  session text;
  mark text := '';
  fields text;
  connection_string text;
  link_state text;
  nonce text;
  -- Whoever may use dblink can put a link and a nonce of his own in place of ours. What is signed must not begin with
  -- words of his choice, or he could have other requests signed than this one.
  nonce_form constant text := '^[0-9a-f]{32}$';
  sequence bigint := 0;
  request text;
  greeted boolean := false;
  sent boolean := false;
  lost boolean := false;
  outcome text;
  status text;
  message text;
  detail text;
  hint text;
  failure text;
  failure_message text;
  failure_detail text;
BEGIN
  SELECT s.link_password, s.ipad, s.opad, s.host, s.port INTO link_password, ipad, opad, host, port FROM pglambda.settings AS s;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING
      ERRCODE = '55000',
      MESSAGE = 'aws_lambda does not know where pg-lambda-proxy is',
      DETAIL = 'The table pglambda.settings is empty.',
      HINT = 'Run CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE through the proxy, as its owner or a superuser.';
  END IF;

  -- What the proxy said at the start of this session, if it is really from the proxy.
  callback := string_to_array(current_setting('pglambda.callback', true), '|');
  IF callback[4] = encode(sha256(opad || sha256(ipad || convert_to('callback ' || callback[1] || '|' || callback[2] || '|' || callback[3], 'UTF8'))), 'hex') THEN
    host := coalesce(nullif(callback[1], ''), host(inet_client_addr()), '127.0.0.1');
    port := callback[2];
    session := callback[3];
  ELSIF cardinality(callback) > 0 THEN
    -- Not to be sent to the stored address instead: another proxy may listen there, with another Lambda behind it.
    RAISE EXCEPTION USING
      ERRCODE = '28000',
      MESSAGE = 'the pg-lambda-proxy of this session has another secret than aws_lambda',
      DETAIL = 'The parameter pglambda.callback is not signed with the secret stored when the extension was installed.',
      HINT = 'Run CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE through the proxy, as its owner or a superuser, to renew it; proxies before one database need the same --callback-secret.';
  END IF;

  IF form = 'name' AND function_name LIKE '(%)' THEN
    form := 'composite_text';
    arn_region := (function_name::aws_commons._lambda_function_arn_1).region;
    function_name := (function_name::aws_commons._lambda_function_arn_1).function_name;
  END IF;

  IF as_hex THEN
    mark := 'x';
    session := encode(convert_to(session, 'UTF8'), 'hex');
    form := encode(convert_to(form, 'UTF8'), 'hex');
    function_name := encode(convert_to(function_name, 'UTF8'), 'hex');
    arn_region := encode(convert_to(arn_region, 'UTF8'), 'hex');
    payload := encode(convert_to(payload, 'UTF8'), 'hex');
    region := encode(convert_to(region, 'UTF8'), 'hex');
    invocation_type := encode(convert_to(invocation_type, 'UTF8'), 'hex');
    log_type := encode(convert_to(log_type, 'UTF8'), 'hex');
    context := encode(convert_to(context, 'UTF8'), 'hex');
    qualifier := encode(convert_to(qualifier, 'UTF8'), 'hex');
    connect_timeout_ms := encode(convert_to(connect_timeout_ms, 'UTF8'), 'hex');
    request_timeout_ms := encode(convert_to(request_timeout_ms, 'UTF8'), 'hex');
  END IF;
  fields := concat(
    coalesce(mark || octet_length(session) || ':' || session, '-'),
    coalesce(mark || octet_length(form) || ':' || form, '-'),
    coalesce(mark || octet_length(function_name) || ':' || function_name, '-'),
    coalesce(mark || octet_length(arn_region) || ':' || arn_region, '-'),
    coalesce(mark || octet_length(payload) || ':' || payload, '-'),
    coalesce(mark || octet_length(region) || ':' || region, '-'),
    coalesce(mark || octet_length(invocation_type) || ':' || invocation_type, '-'),
    coalesce(mark || octet_length(log_type) || ':' || log_type, '-'),
    coalesce(mark || octet_length(context) || ':' || context, '-'),
    coalesce(mark || octet_length(qualifier) || ':' || qualifier, '-'),
    coalesce(mark || octet_length(connect_timeout_ms) || ':' || connect_timeout_ms, '-'),
    coalesce(mark || octet_length(request_timeout_ms) || ':' || request_timeout_ms, '-'));

  BEGIN
    BEGIN
      IF session IS NULL AND 'pglambda' = ANY (pglambda.link_names()) THEN
        -- The proxy may have been restarted since; a session that goes through it ends with it. This may be asked twice.
        BEGIN
          PERFORM pglambda.ask('pglambda', 'hello');
        EXCEPTION WHEN connection_exception OR internal_error THEN
          PERFORM pglambda.close_link('pglambda');
        END;
      END IF;
      IF 'pglambda' = ANY (pglambda.link_names()) THEN
        nonce := CASE WHEN session IS NOT NULL THEN substring(current_setting('pglambda.nonce', true) FROM nonce_form) END;
      ELSE
        connection_string := concat(
          'user=pglambda dbname=pglambda sslmode=disable gssencmode=disable connect_timeout=10',
          ' keepalives_idle=10 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=10000 client_encoding=', encoding,
          ' host=', pglambda.connection_value(host), ' port=', pglambda.connection_value(port),
          ' password=', pglambda.connection_value(link_password));
        -- An assignment: debug_print_plan would show the caller the values in a query, such as PERFORM.
        link_state := pglambda.open_link('pglambda', connection_string);
      END IF;
      FOR attempt IN 1..2 LOOP
        IF nonce IS NULL THEN
          greeted := true;
          SELECT a.payload INTO nonce FROM pglambda.ask('pglambda', 'hello') AS a;
          IF as_hex THEN
            nonce := convert_from(nonce::bytea, 'UTF8');
          END IF;
          nonce := substring(nonce FROM nonce_form);
          PERFORM set_config('pglambda.nonce', nonce, false);
        END IF;
        sequence := greatest(sequence + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
        request := 'invoke/1 ' || sequence || ' ' || fields;
        request := encode(sha256(opad || sha256(ipad || convert_to(nonce || ' ' || request, encoding))), 'hex') || ' ' || request;
        sent := true;
        SELECT a.outcome, a.status_code, a.payload, a.executed_version, a.log_result, a.message, a.detail, a.hint INTO outcome, status, reply, executed_version, log_result, message, detail, hint FROM pglambda.ask('pglambda', request) AS a;
        -- PostgreSQL handles its interrupts (cancel, time-outs) between two of these.
        WHILE outcome = 'pending' LOOP
          sequence := greatest(sequence + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
          request := 'wait/1 ' || sequence;
          request := encode(sha256(opad || sha256(ipad || convert_to(nonce || ' ' || request, encoding))), 'hex') || ' ' || request;
          SELECT a.outcome, a.status_code, a.payload, a.executed_version, a.log_result, a.message, a.detail, a.hint INTO outcome, status, reply, executed_version, log_result, message, detail, hint FROM pglambda.ask('pglambda', request) AS a;
          lost := outcome IS NOT DISTINCT FROM 'stale';
        END LOOP;
        -- After a nonce of this very call another would not help.
        EXIT WHEN lost OR greeted OR outcome IS DISTINCT FROM 'stale';
        -- Nothing was done: the nonce was lost (by a rollback, RESET ALL or a user), or is not the proxy's.
        sent := false;
        nonce := NULL;
      END LOOP;
    EXCEPTION WHEN query_canceled OR OTHERS THEN
      GET STACKED DIAGNOSTICS failure = RETURNED_SQLSTATE, failure_message = MESSAGE_TEXT, failure_detail = PG_EXCEPTION_DETAIL;
      IF 'pglambda' = ANY (pglambda.link_names()) THEN
        PERFORM pglambda.close_link('pglambda');
      END IF;
      -- A broken link; XX000 is dblink's "could not send query". All else has its own words.
      IF outcome IS NULL AND failure_message LIKE 'could not send query%' THEN
        sent := false;
      END IF;
      IF failure NOT IN ('08000', '08001', '08003', '08004', '08006', 'XX000') THEN
        RAISE;
      ELSIF sent THEN
        RAISE EXCEPTION USING
          ERRCODE = '08006',
          MESSAGE = format('connection to pg-lambda-proxy at %s:%s was lost during the call of aws_lambda.invoke', host, port),
          DETAIL = 'Whether the Lambda function ran is unknown; the call was not repeated. Cause: ' || split_part(failure_message, chr(10), 1);
      ELSE
        RAISE EXCEPTION USING
          ERRCODE = '08001',
          MESSAGE = format('the server cannot reach pg-lambda-proxy at %s:%s', host, port),
          DETAIL = concat('The Lambda function was not called. Cause: ', concat_ws(': ', failure_message, nullif(failure_detail, ''))),
          HINT = CASE
            WHEN session IS NULL
            THEN 'This is the address stored when the extension was installed. Run CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE through the proxy, as its owner or a superuser, to renew address and secret.'
            WHEN failure_detail LIKE '%FATAL:%'
            THEN 'This is not the proxy of this session: start that one with --callback-address; proxies before one database need the same --callback-secret.'
            ELSE 'If the proxy has another address as seen from the server, start it with --callback-address.' END;
      END IF;
    END;
  EXCEPTION WHEN query_canceled THEN
    -- Another request to cancel came while the first one was handled.
    IF 'pglambda' = ANY (pglambda.link_names()) THEN
      PERFORM pglambda.close_link('pglambda');
    END IF;
    RAISE;
  END;

  IF as_hex THEN
    reply := convert_from(reply::bytea, 'UTF8');
    message := convert_from(message::bytea, 'UTF8');
    detail := convert_from(detail::bytea, 'UTF8');
    hint := convert_from(hint::bytea, 'UTF8');
  ELSIF reply IS NOT NULL THEN
    -- dblink does not check the encoding of what it reads, convert_from does.
    reply := convert_from(convert_to(reply, encoding), encoding);
  END IF;
  IF outcome = 'ok' THEN
    status_code := status;
    IF message IS NOT NULL THEN
      PERFORM pglambda.raise_warning(message, detail, hint);
    END IF;
  ELSIF lost THEN
    PERFORM pglambda.close_link('pglambda');
    RAISE EXCEPTION USING
      ERRCODE = '08006',
      MESSAGE = format('pg-lambda-proxy at %s:%s gave up the call of aws_lambda.invoke', host, port),
      DETAIL = 'Whether the Lambda function ran is unknown; the call was not repeated.';
  ELSIF outcome = 'stale' THEN
    PERFORM pglambda.close_link('pglambda');
    RAISE EXCEPTION USING
      ERRCODE = '28000',
      MESSAGE = format('pg-lambda-proxy at %s:%s refused the call of aws_lambda.invoke', host, port),
      DETAIL = 'The proxy has another secret than the one stored when the extension was installed.',
      HINT = 'Run CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE through the proxy, as its owner or a superuser, to renew it.';
  ELSIF length(outcome) = 5 THEN
    PERFORM pglambda.raise_error(outcome, message, detail, hint);
  ELSE
    PERFORM pglambda.close_link('pglambda');
    RAISE EXCEPTION USING
      ERRCODE = '08P01',
      MESSAGE = format('pg-lambda-proxy at %s:%s gave an answer that aws_lambda does not know', host, port),
      DETAIL = 'Whether the Lambda function ran is unknown; the call was not repeated.',
      HINT = 'Run ALTER EXTENSION aws_lambda UPDATE through the proxy.';
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION aws_lambda.invoke(
  function_name text, payload json, region text DEFAULT NULL,
  invocation_type text DEFAULT 'RequestResponse', log_type text DEFAULT 'None',
  context json DEFAULT NULL, qualifier character varying(128) DEFAULT NULL,
  OUT status_code integer, OUT payload json, OUT executed_version text, OUT log_result text)
RETURNS record
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$ SELECT w.status_code, w.reply::json, w.executed_version, w.log_result FROM pglambda.invoke('name', $1, NULL, $2::text, $3, $4, $5, $6::text, $7::text) AS w $function$;

CREATE OR REPLACE FUNCTION aws_lambda.invoke(
  function_name text, payload jsonb, region text DEFAULT NULL,
  invocation_type text DEFAULT 'RequestResponse', log_type text DEFAULT 'None',
  context jsonb DEFAULT NULL, qualifier character varying(128) DEFAULT NULL,
  OUT status_code integer, OUT payload jsonb, OUT executed_version text, OUT log_result text)
RETURNS record
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$ SELECT w.status_code, w.reply::jsonb, w.executed_version, w.log_result FROM pglambda.invoke('name', $1, NULL, $2::text, $3, $4, $5, $6::text, $7::text) AS w $function$;

CREATE OR REPLACE FUNCTION aws_lambda.invoke(
  function_name aws_commons._lambda_function_arn_1, payload json,
  invocation_type text DEFAULT 'RequestResponse', log_type text DEFAULT 'None',
  context json DEFAULT NULL, qualifier character varying(128) DEFAULT NULL,
  OUT status_code integer, OUT payload json, OUT executed_version text, OUT log_result text)
RETURNS record
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$ SELECT w.status_code, w.reply::json, w.executed_version, w.log_result FROM pglambda.invoke('composite', ($1).function_name, ($1).region, $2::text, NULL, $3, $4, $5::text, $6::text) AS w $function$;

CREATE OR REPLACE FUNCTION aws_lambda.invoke(
  function_name aws_commons._lambda_function_arn_1, payload jsonb,
  invocation_type text DEFAULT 'RequestResponse', log_type text DEFAULT 'None',
  context jsonb DEFAULT NULL, qualifier character varying(128) DEFAULT NULL,
  OUT status_code integer, OUT payload jsonb, OUT executed_version text, OUT log_result text)
RETURNS record
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$ SELECT w.status_code, w.reply::jsonb, w.executed_version, w.log_result FROM pglambda.invoke('composite', ($1).function_name, ($1).region, $2::text, NULL, $3, $4, $5::text, $6::text) AS w $function$;

-- section: privileges

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA pglambda FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA aws_lambda FROM PUBLIC;

-- section: keys

-- CREATE EXTENSION may have stood where the proxy cannot see it. It takes this message for itself, and stores the keys
-- when the statement is over. (INFO is sent to the client whatever client_min_messages says.)
DO $block$
BEGIN
  IF pg_catalog.current_setting('pglambda.callback', true) OPERATOR(pg_catalog.<>) ''
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_cursors AS c WHERE c.name OPERATOR(pg_catalog.=) 'pglambda_keys') THEN
    RAISE INFO USING ERRCODE = 'ZL001', MESSAGE = 'aws_lambda wants the keys of pg-lambda-proxy';
  END IF;
END
$block$;
