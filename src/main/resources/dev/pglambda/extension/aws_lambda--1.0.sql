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

-- section: table

-- One row. The proxy writes it after CREATE EXTENSION; pg_dump does not dump it.
CREATE TABLE pglambda.settings (
  one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
  installation text NOT NULL CHECK (installation ~ '^[0-9a-f]{32}$'),
  link_password text NOT NULL,
  ipad bytea NOT NULL CHECK (octet_length(ipad) = 64),
  opad bytea NOT NULL CHECK (octet_length(opad) = 64),
  callback_ipad bytea NOT NULL CHECK (octet_length(callback_ipad) = 64),
  callback_opad bytea NOT NULL CHECK (octet_length(callback_opad) = 64),
  host text NOT NULL,
  port integer NOT NULL,
  -- Whether the proxy has TLS; not known to versions that had no such column.
  tls boolean
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

-- Composed where it is used: as an argument or a variable it could become a constant of a plan, which debug_print_plan
-- shows. dblink takes the first 63 octets for the name of a foreign server, before it reads all as a connection string:
-- so these are ones that nobody can have foreseen.
CREATE OR REPLACE FUNCTION pglambda.connect(host text, port text, tls boolean)
RETURNS text
LANGUAGE sql VOLATILE PARALLEL RESTRICTED
AS $function$
  SELECT pglambda.open_link('pglambda', concat(
    'application_name=', encode(sha256(s.opad || sha256(s.ipad || convert_to(concat('link ', clock_timestamp(), ' ', pg_backend_pid()), 'UTF8'))), 'hex'),
    ' user=pglambda dbname=pglambda_', s.installation, pglambda.link_encryption($3), ' gssencmode=disable connect_timeout=10',
    ' keepalives_idle=10 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=10000',
    CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN ' require_auth=scram-sha-256' END,
    ' client_encoding=', getdatabaseencoding(),
    ' host=', pglambda.connection_value($1), ' port=', pglambda.connection_value($2), ' password=', s.link_password))
  FROM pglambda.settings AS s
$function$;

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

-- A connection string cannot hold a root certificate. So the proxy proves that the link's certificate is its own by the
-- channel binding of SCRAM, which libpq can insist on since PostgreSQL 13. The files do not exist: libpq would take those
-- in the home directory of the server's user (manual, "SSL Support"). A server without SSL has a libpq without it.
CREATE OR REPLACE FUNCTION pglambda.link_encryption(tls boolean)
RETURNS text
LANGUAGE sql STABLE
AS $function$
  SELECT CASE
    WHEN $1 IS NOT TRUE OR pg_catalog.current_setting('ssl_library') OPERATOR(pg_catalog.=) '' THEN ' sslmode=disable'
    WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4 OPERATOR(pg_catalog.<) 130000 THEN ' sslmode=require sslrootcert=/dev/null/none sslcert=/dev/null/none'
    ELSE ' sslmode=require channel_binding=require sslrootcert=/dev/null/none sslcert=/dev/null/none' END
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
  -- Where the call comes from, for people to read.
  database text := current_database();
  role text := coalesce(nullif(current_setting('role'), 'none'), session_user);
  application_name text := current_setting('application_name');
  server_process text := pg_backend_pid();
  -- One of a megabyte can make thousands of calls: left() and right() would count its characters for each, and a second
  -- copy of it, which its end needs, takes milliseconds. In digits, because octets are cut.
  octets constant integer := octet_length(current_query());
  statement constant text := encode(CASE
      WHEN octets <= 8000 THEN convert_to(current_query(), encoding)
      WHEN octets <= 50000 THEN overlay(convert_to(current_query(), encoding) PLACING ' ... '::bytea FROM 6001 FOR octets - 8000)
      ELSE convert_to(current_query()::varchar(6000) || ' ... ', encoding) END, 'hex');
  callback constant text := current_setting('pglambda.callback', true);
  parts text[];
  is_signed boolean;
  host text;
  port text;
  is_encrypted boolean;
  session text;
  -- Whether the address is the stored one: another proxy can have taken its place since the link was opened.
  is_stored boolean := true;
  mark text := '';
  fields text;
  nonce text;
  -- Whoever may use dblink can put a link and a nonce of his own in place of ours. What is signed must not begin with
  -- words of his choice, or he could have other requests signed than this one.
  nonce_form constant text := '^[0-9a-f]{32}$';
  sequence bigint := 0;
  request text;
  greeted boolean := false;
  opened boolean := false;
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
  -- No key is ever a variable, not even an argument: PostgreSQL plans an expression with its variables as constants, and
  -- whoever calls can have plans shown. And the texts that any user can set are looked at before they are converted.
  IF octet_length(callback) <= 1000 AND callback ~ '^[!-~]+$' THEN
    parts := string_to_array(callback, '|');
  END IF;
  SELECT s.host, s.port, s.tls, cardinality(parts) = 4 AND parts[4] = encode(sha256(s.callback_opad || sha256(s.callback_ipad
      || convert_to(concat('callback ', parts[1], '|', parts[2], '|', parts[3]), 'UTF8'))), 'hex')
    INTO host, port, is_encrypted, is_signed FROM pglambda.settings AS s;
  IF NOT FOUND THEN
    -- CREATE EXTENSION has not come through the proxy. It takes this message for itself, and stores the keys when the
    -- statement is over, if the role may have them.
    RAISE INFO USING ERRCODE = 'ZL001', MESSAGE = 'aws_lambda wants the keys of pg-lambda-proxy';
    RAISE EXCEPTION USING
      ERRCODE = '55000',
      MESSAGE = 'aws_lambda does not have the keys of pg-lambda-proxy',
      DETAIL = 'The table pglambda.settings is empty.',
      HINT = 'If you are its owner or a superuser and come through the proxy, it has them now: call again. Else have one of these run CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE through the proxy.';
  END IF;

  -- What the proxy said at the start of this session, if it is really from the proxy.
  IF is_signed THEN
    session := parts[3];
    -- With a question mark it is the proxy's own address: not to be used in a session from elsewhere, to which somebody
    -- has copied the parameter, for there he may listen himself.
    IF parts[1] NOT LIKE '?%' OR substr(parts[1], 2)::inet = inet_client_addr() THEN
      is_stored := false;
      host := ltrim(parts[1], '?');
      port := parts[2];
      -- In the session's name, which workers of earlier versions pass on as it is.
      is_encrypted := session LIKE 'tls.%';
    END IF;
  ELSIF callback <> '' THEN
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

  -- Databases of other encodings have the same roles: their names need not be text here. (At a text's end, the operator
  -- does not see a character that is not complete.)
  IF concat(database, role, '   ') !~ '^[ -~]*$' THEN
    BEGIN
      PERFORM convert_to(database, encoding);
    EXCEPTION WHEN OTHERS THEN
      database := NULL;
    END;
    BEGIN
      PERFORM convert_to(role, encoding);
    EXCEPTION WHEN OTHERS THEN
      role := NULL;
    END;
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
    -- These as they are: no character of theirs may fail the call.
    database := encode(convert_to(database, encoding), 'hex');
    role := encode(convert_to(role, encoding), 'hex');
    application_name := encode(convert_to(application_name, encoding), 'hex');
    server_process := encode(convert_to(server_process, encoding), 'hex');
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
    coalesce(mark || octet_length(request_timeout_ms) || ':' || request_timeout_ms, '-'),
    coalesce(mark || octet_length(database) || ':' || database, '-'),
    coalesce(mark || octet_length(role) || ':' || role, '-'),
    coalesce(mark || octet_length(application_name) || ':' || application_name, '-'),
    coalesce(mark || octet_length(server_process) || ':' || server_process, '-'),
    coalesce('x' || octet_length(statement) || ':' || statement, '-'));

  BEGIN
    BEGIN
      IF is_stored AND 'pglambda' = ANY (pglambda.link_names()) THEN
        -- The proxy may have been restarted since; a session that goes through it ends with it. This may be asked twice.
        BEGIN
          PERFORM pglambda.ask('pglambda', 'hello');
        EXCEPTION WHEN connection_exception OR internal_error THEN
          PERFORM pglambda.close_link('pglambda');
        END;
      END IF;
      IF 'pglambda' = ANY (pglambda.link_names()) THEN
        nonce := CASE WHEN NOT is_stored AND octet_length(current_setting('pglambda.nonce', true)) = 32 THEN substring(current_setting('pglambda.nonce', true) FROM nonce_form) END;
      ELSE
        opened := pglambda.connect(host, port, is_encrypted) IS NOT NULL;
      END IF;
      FOR attempt IN 1..3 LOOP
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
        sent := true;
        SELECT a.outcome, a.status_code, a.payload, a.executed_version, a.log_result, a.message, a.detail, a.hint
          INTO outcome, status, reply, executed_version, log_result, message, detail, hint FROM pglambda.settings AS s, LATERAL pglambda.ask('pglambda',
            encode(sha256(s.opad || sha256(s.ipad || convert_to(nonce || ' ' || request, encoding))), 'hex') || ' ' || request) AS a;
        -- PostgreSQL handles its interrupts (cancel, time-outs) between two of these.
        WHILE outcome = 'pending' LOOP
          sequence := greatest(sequence + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
          request := 'wait/1 ' || sequence;
          SELECT a.outcome, a.status_code, a.payload, a.executed_version, a.log_result, a.message, a.detail, a.hint
            INTO outcome, status, reply, executed_version, log_result, message, detail, hint FROM pglambda.settings AS s, LATERAL pglambda.ask('pglambda',
              encode(sha256(s.opad || sha256(s.ipad || convert_to(nonce || ' ' || request, encoding))), 'hex') || ' ' || request) AS a;
          lost := outcome IS NOT DISTINCT FROM 'stale';
        END LOOP;
        EXIT WHEN lost OR outcome IS DISTINCT FROM 'stale' OR (greeted AND opened);
        -- Nothing was done: the nonce was lost (by a rollback, RESET ALL or a user), or is not the proxy's, or the keys
        -- have been renewed since the link was opened.
        sent := false;
        nonce := NULL;
        IF greeted THEN
          PERFORM pglambda.close_link('pglambda');
          opened := pglambda.connect(host, port, is_encrypted) IS NOT NULL;
        END IF;
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
      ELSIF failure_detail LIKE '%FATAL:%too many connections for role%' THEN
        RAISE EXCEPTION USING
          ERRCODE = '53300',
          MESSAGE = 'too many servers'' processes are connected to pg-lambda-proxy',
          DETAIL = 'The Lambda function was not called.',
          HINT = 'The option --max-callback-links of pg-lambda-proxy says how many there may be.';
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
            WHEN is_stored
            THEN 'This is the address stored when the extension was installed. Run CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE through the proxy, as its owner or a superuser, to renew address and secret.'
            WHEN is_encrypted AND failure_detail ~ 'SSL|channel binding'
            THEN 'What answers there does not have the TLS certificate of the proxy. If something between the two is to end TLS, start the proxy with --callback-tls disable.'
            WHEN failure_detail LIKE '%FATAL:  no pg_hba.conf entry for %"pglambda"%'
            THEN 'If that is the proxy, it takes no calls from this address (--callback-allow), or none without TLS (--callback-tls).'
            WHEN failure_detail LIKE '%FATAL:%' OR failure_detail LIKE '%scram-sha-256%'
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

-- The calls that the proxy has recorded of this database, each as a JSON object, the latest first. It asks page by page.
CREATE OR REPLACE FUNCTION pglambda.recorded_invocations()
RETURNS SETOF json
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET debug_print_parse = off SET debug_print_rewritten = off SET debug_print_plan = off
AS $function$
DECLARE
  page json;
  before text;
BEGIN
  LOOP
    SELECT w.reply::json INTO page FROM pglambda.invoke('invocations', before, NULL, NULL, NULL, NULL, NULL, NULL, NULL) AS w;
    RETURN QUERY SELECT e.value FROM json_array_elements(page -> 'invocations') AS e;
    EXIT WHEN (page ->> 'last') IS DISTINCT FROM 'false';
    before := page -> 'invocations' -> -1 ->> 'id';
  END LOOP;
END
$function$;

-- Not on RDS. Who is to read it needs EXECUTE on the function, too, and USAGE on the schema.
CREATE OR REPLACE VIEW pglambda.invocations AS
  SELECT r.*
  FROM pglambda.recorded_invocations() AS i (invocation), LATERAL pg_catalog.json_to_record(i.invocation) AS r (
    id bigint, started_at timestamp with time zone, duration_ms double precision, function_name text, invocation_type text,
    status_code integer, payload text, response text, outcome text, sqlstate text, message text, detail text, hint text,
    statement text, log text, database text, role text, application_name text, client text, server_process integer,
    route text, region text, qualifier text, replay_of bigint, queue_ms double precision, lambda_ms double precision,
    trace_header text);

CREATE OR REPLACE FUNCTION aws_lambda.invoke(
  function_name text, payload json, region text DEFAULT NULL,
  invocation_type text DEFAULT 'RequestResponse', log_type text DEFAULT 'None',
  context json DEFAULT NULL, qualifier character varying(128) DEFAULT NULL,
  OUT status_code integer, OUT payload json, OUT executed_version text, OUT log_result text)
RETURNS record
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET debug_print_parse = off SET debug_print_rewritten = off SET debug_print_plan = off
AS $function$ SELECT w.status_code, w.reply::json, w.executed_version, w.log_result FROM pglambda.invoke('name', $1, NULL, $2::text, $3, $4, $5, $6::text, $7::text) AS w $function$;

CREATE OR REPLACE FUNCTION aws_lambda.invoke(
  function_name text, payload jsonb, region text DEFAULT NULL,
  invocation_type text DEFAULT 'RequestResponse', log_type text DEFAULT 'None',
  context jsonb DEFAULT NULL, qualifier character varying(128) DEFAULT NULL,
  OUT status_code integer, OUT payload jsonb, OUT executed_version text, OUT log_result text)
RETURNS record
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET debug_print_parse = off SET debug_print_rewritten = off SET debug_print_plan = off
AS $function$ SELECT w.status_code, w.reply::jsonb, w.executed_version, w.log_result FROM pglambda.invoke('name', $1, NULL, $2::text, $3, $4, $5, $6::text, $7::text) AS w $function$;

CREATE OR REPLACE FUNCTION aws_lambda.invoke(
  function_name aws_commons._lambda_function_arn_1, payload json,
  invocation_type text DEFAULT 'RequestResponse', log_type text DEFAULT 'None',
  context json DEFAULT NULL, qualifier character varying(128) DEFAULT NULL,
  OUT status_code integer, OUT payload json, OUT executed_version text, OUT log_result text)
RETURNS record
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET debug_print_parse = off SET debug_print_rewritten = off SET debug_print_plan = off
AS $function$ SELECT w.status_code, w.reply::json, w.executed_version, w.log_result FROM pglambda.invoke('composite', ($1).function_name, ($1).region, $2::text, NULL, $3, $4, $5::text, $6::text) AS w $function$;

CREATE OR REPLACE FUNCTION aws_lambda.invoke(
  function_name aws_commons._lambda_function_arn_1, payload jsonb,
  invocation_type text DEFAULT 'RequestResponse', log_type text DEFAULT 'None',
  context jsonb DEFAULT NULL, qualifier character varying(128) DEFAULT NULL,
  OUT status_code integer, OUT payload jsonb, OUT executed_version text, OUT log_result text)
RETURNS record
LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET debug_print_parse = off SET debug_print_rewritten = off SET debug_print_plan = off
AS $function$ SELECT w.status_code, w.reply::jsonb, w.executed_version, w.log_result FROM pglambda.invoke('composite', ($1).function_name, ($1).region, $2::text, NULL, $3, $4, $5::text, $6::text) AS w $function$;

-- section: privileges

REVOKE ALL ON TABLE pglambda.invocations FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA pglambda FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA aws_lambda FROM PUBLIC;

-- section: grants

-- ALTER DEFAULT PRIVILEGES may have granted anything to anybody. TRIGGER on the table would be enough to get the keys.
DO $block$
DECLARE
  client_path constant pg_catalog.text := pg_catalog.current_setting('search_path');
  granted pg_catalog.record;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  FOR granted IN
    SELECT DISTINCT o.name, a.grantee FROM (
        SELECT format('SCHEMA %I', n.nspname) AS name, n.nspowner AS owner, n.nspacl AS acl FROM pg_namespace AS n WHERE n.nspname IN ('aws_lambda', 'pglambda')
        UNION ALL
        SELECT format('TABLE %I.%I', n.nspname, c.relname), c.relowner, c.relacl FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname IN ('aws_lambda', 'pglambda') AND c.relkind IN ('r', 'v')
        UNION ALL
        SELECT format('FUNCTION %s', p.oid::regprocedure), p.proowner, p.proacl FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname IN ('aws_lambda', 'pglambda')
      ) AS o, LATERAL aclexplode(o.acl) AS a
    WHERE a.grantee <> o.owner
  LOOP
    EXECUTE format('REVOKE ALL ON %s FROM %s CASCADE', granted.name, CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE granted.grantee::regrole::text END);
  END LOOP;
  PERFORM pg_catalog.set_config('search_path', client_path, true);
END
$block$;

-- section: keys

-- CREATE EXTENSION may have stood where the proxy cannot see it. It takes this message for itself, and stores the keys
-- when the statement is over. (INFO is sent to the client whatever client_min_messages says.)
DO $block$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_cursors AS c WHERE c.name OPERATOR(pg_catalog.=) 'pglambda_keys') THEN
    RAISE INFO USING ERRCODE = 'ZL001', MESSAGE = 'aws_lambda wants the keys of pg-lambda-proxy',
      HINT = 'If you read this, run CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE through the proxy.';
  END IF;
END
$block$;
