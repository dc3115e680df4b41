DO $pglambda_do$
-- The client's search_path may put another schema before pg_catalog: full names until it is set.
DECLARE
  -- CREATE EXTENSION, as the client sent it.
  statement constant pg_catalog.text := $pglambda$/* pglambda */ CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE$pglambda$;
  requested constant pg_catalog.text := $pglambda$aws_lambda$pglambda$;
  if_not_exists constant pg_catalog.bool := true;
  announcement constant pg_catalog.text := '/* pglambda */ CREATE EXTENSION IF NOT EXISTS aws_lambda';
  given_schema constant pg_catalog.text := NULL;
  given_version constant pg_catalog.text := NULL;
  is_cascade constant pg_catalog.bool := true;
  client_path constant pg_catalog.text := pg_catalog.current_setting('search_path');
  client_messages constant pg_catalog.text := pg_catalog.current_setting('client_min_messages');
  client_checks constant pg_catalog.text := pg_catalog.current_setting('check_function_bodies');
  client_replication constant pg_catalog.text := pg_catalog.current_setting('session_replication_role');
  extension_schema pg_catalog.text := pg_catalog.current_schema();
  is_superuser pg_catalog.bool;
  parts pg_catalog.text[];
  part pg_catalog.text;
  script_path pg_catalog.text;
  member pg_catalog.record;
  dblink_schema pg_catalog.name;
  bindings pg_catalog.text;
  commons_owner pg_catalog.name;
  parameter pg_catalog.record;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  SELECT r.rolsuper INTO is_superuser FROM pg_roles AS r WHERE r.rolname = current_user;
  IF EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = requested)
      OR current_setting('transaction_read_only')::boolean
      OR EXISTS (SELECT FROM pg_available_extensions AS a WHERE a.name = requested) THEN
    -- PostgreSQL itself can answer.
    PERFORM set_config('search_path', client_path, true);
    EXECUTE statement;
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  ELSIF EXISTS (SELECT FROM (
    -- What was installed by a role that cannot write to pg_extension, and only that: the names may also be a user's own.
    SELECT n.nspname AS name, n.nspowner AS owner FROM pg_namespace AS n
    WHERE NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = n.nspname)
      AND CASE n.nspname
        WHEN 'aws_commons' THEN (SELECT count(*) FROM pg_type AS t WHERE t.typnamespace = n.oid AND t.typname IN ('_lambda_function_arn_1', '_s3_uri_1', '_aws_credentials_1')) = 3
        WHEN 'aws_lambda' THEN EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS p ON p.oid = c.relnamespace WHERE p.nspname = 'pglambda' AND p.nspowner = n.nspowner AND c.relname = 'settings')
        ELSE false END
  ) AS u WHERE u.name = requested) THEN
    IF NOT if_not_exists THEN
      RAISE EXCEPTION USING ERRCODE = '42710', MESSAGE = format('extension "%s" already exists', requested);
    END IF;
    RAISE NOTICE USING ERRCODE = '42710', MESSAGE = format('extension "%s" already exists, skipping', requested);
  ELSE
    -- PostgreSQL's check_valid_version_name()
    IF given_version = '' OR given_version LIKE '%--%' OR given_version LIKE '-%' OR given_version LIKE '%-' OR given_version LIKE '%/%' THEN
      RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('invalid extension version name: "%s"', given_version), DETAIL = CASE
        WHEN given_version = '' THEN 'Version names must not be empty.'
        WHEN given_version LIKE '%--%' THEN 'Version names must not contain "--".'
        WHEN given_version LIKE '-%' OR given_version LIKE '%-' THEN 'Version names must not begin or end with "-".'
        ELSE 'Version names must not contain directory separator characters.' END;
    END IF;
    IF given_version <> $pglambda$1.0$pglambda$ THEN
      RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = format('extension "%s" has no installation script nor update path for version "%s"', requested, given_version);
    END IF;
    extension_schema := coalesce(given_schema, extension_schema);
    IF extension_schema IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = '3F000', MESSAGE = 'no schema has been selected to create in';
    ELSIF NOT EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = extension_schema) THEN
      RAISE EXCEPTION USING ERRCODE = '3F000', MESSAGE = format('schema "%s" does not exist', extension_schema);
    END IF;
    parts := ARRAY[requested];
    IF NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'aws_commons') AND NOT EXISTS (SELECT FROM (
    -- What was installed by a role that cannot write to pg_extension, and only that: the names may also be a user's own.
    SELECT n.nspname AS name, n.nspowner AS owner FROM pg_namespace AS n
    WHERE NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = n.nspname)
      AND CASE n.nspname
        WHEN 'aws_commons' THEN (SELECT count(*) FROM pg_type AS t WHERE t.typnamespace = n.oid AND t.typname IN ('_lambda_function_arn_1', '_s3_uri_1', '_aws_credentials_1')) = 3
        WHEN 'aws_lambda' THEN EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS p ON p.oid = c.relnamespace WHERE p.nspname = 'pglambda' AND p.nspowner = n.nspowner AND c.relname = 'settings')
        ELSE false END
  ) AS u WHERE u.name = 'aws_commons') THEN
      IF NOT is_cascade THEN
        RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = 'required extension "aws_commons" is not installed', HINT = 'Use CREATE EXTENSION ... CASCADE to install required extensions too.';
      END IF;
      RAISE NOTICE 'installing required extension "aws_commons"';
      parts := ARRAY['aws_commons', requested];
    ELSE
      -- Whoever owns the type could give it a domain whose check runs with the privileges of aws_lambda.invoke.
      SELECT o.rolname INTO commons_owner
        FROM pg_namespace AS n JOIN pg_type AS t ON t.typnamespace = n.oid AND t.typname = '_lambda_function_arn_1' JOIN pg_roles AS o ON o.oid IN (n.nspowner, t.typowner)
        WHERE n.nspname = 'aws_commons' AND o.rolname <> current_user AND NOT o.rolsuper LIMIT 1;
      IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format('required extension "aws_commons" belongs to role "%s"', commons_owner), DETAIL = 'That role could change what aws_lambda runs.', HINT = 'Drop extension aws_commons, so that CREATE EXTENSION ... CASCADE can install it anew.';
      END IF;
    END IF;
      -- Only a superuser may bind dblink's library; others use its extension.
    SELECT n.nspname INTO dblink_schema FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'dblink' AND has_schema_privilege(n.oid, 'USAGE');
    bindings := CASE
      WHEN is_superuser AND NOT EXISTS (SELECT FROM pg_namespace AS n JOIN pg_roles AS r ON r.oid = n.nspowner WHERE n.nspname = 'pglambda' AND NOT r.rolsuper) THEN $pglambda$/* pglambda */ -- dblink's library under names of our own, so that its extension need not be there.
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
AS '$libdir/dblink', 'dblink_record';$pglambda$
      WHEN dblink_schema IS NOT NULL THEN format($pglambda$/* pglambda */ CREATE OR REPLACE FUNCTION pglambda.link_names()
RETURNS text[]
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED
AS $function$ SELECT %1$I.dblink_get_connections() $function$;

CREATE OR REPLACE FUNCTION pglambda.open_link(name text, connection_string text)
RETURNS text
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED
AS $function$ SELECT %1$I.dblink_connect($1, $2) $function$;

CREATE OR REPLACE FUNCTION pglambda.close_link(name text)
RETURNS text
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED
AS $function$ SELECT %1$I.dblink_disconnect($1) $function$;

CREATE OR REPLACE FUNCTION pglambda.ask(
  link text, request text,
  OUT outcome text, OUT status_code text, OUT payload text, OUT executed_version text,
  OUT log_result text, OUT message text, OUT detail text, OUT hint text)
RETURNS SETOF record
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED
AS $function$
  SELECT * FROM %1$I.dblink($1, $2) AS a(
    outcome text, status_code text, payload text, executed_version text,
    log_result text, message text, detail text, hint text)
$function$;$pglambda$, dblink_schema)
      ELSE $pglambda$/* pglambda */ CREATE OR REPLACE FUNCTION pglambda.link_names()
RETURNS text[]
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED
AS $function$ SELECT NULL::pg_catalog.text[] $function$;

CREATE OR REPLACE FUNCTION pglambda.open_link(name text, connection_string text)
RETURNS text
LANGUAGE plpgsql VOLATILE STRICT PARALLEL RESTRICTED
AS $function$
BEGIN
  RAISE EXCEPTION USING
    ERRCODE = '42704',
    MESSAGE = 'required extension "dblink" is not installed',
    HINT = 'Have a superuser run CREATE EXTENSION dblink in a schema that the owner of aws_lambda may use, then run ALTER EXTENSION aws_lambda UPDATE through the proxy.';
END
$function$;

CREATE OR REPLACE FUNCTION pglambda.close_link(name text)
RETURNS text
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED
AS $function$ SELECT NULL::pg_catalog.text $function$;

CREATE OR REPLACE FUNCTION pglambda.ask(
  link text, request text,
  OUT outcome text, OUT status_code text, OUT payload text, OUT executed_version text,
  OUT log_result text, OUT message text, OUT detail text, OUT hint text)
RETURNS SETOF record
LANGUAGE sql VOLATILE STRICT PARALLEL RESTRICTED
AS $function$
  SELECT NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text,
    NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text
  WHERE false
$function$;$pglambda$ END;
    FOREACH part IN ARRAY parts LOOP
      IF NOT has_database_privilege(current_database(), 'CREATE') THEN
        RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format('permission denied to create extension "%s"', part), HINT = 'Must have CREATE privilege on current database to create this extension.';
      END IF;
      IF is_superuser THEN
        -- What CREATE EXTENSION records; ALTER EXTENSION .. ADD below does the rest (members, initial privileges).
        INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
          SELECT pg_nextoid('pg_extension', 'oid', 'pg_extension_oid_index'), part, r.oid, n.oid, false, CASE part WHEN 'aws_commons' THEN $pglambda$1.2$pglambda$ ELSE $pglambda$1.0$pglambda$ END
          FROM pg_roles AS r, pg_namespace AS n WHERE r.rolname = current_user AND n.nspname = extension_schema;
        INSERT INTO pg_depend (classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype)
          SELECT 'pg_extension'::regclass, e.oid, 0, 'pg_namespace'::regclass, e.extnamespace, 0, 'n'
          FROM pg_extension AS e WHERE e.extname = part AND extension_schema NOT IN ('pg_catalog', 'pg_toast');
        INSERT INTO pg_depend (classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype)
          SELECT 'pg_extension'::regclass, e.oid, 0, 'pg_extension'::regclass, r.oid, 0, 'n'
          FROM pg_extension AS e, pg_extension AS r WHERE part = 'aws_lambda' AND e.extname = part AND r.extname = 'aws_commons';
        -- 10 is the bootstrap superuser, which needs no such entry.
        INSERT INTO pg_shdepend (dbid, classid, objid, objsubid, refclassid, refobjid, deptype)
          SELECT d.oid, 'pg_extension'::regclass, e.oid, 0, 'pg_authid'::regclass, e.extowner, 'o'
          FROM pg_extension AS e, pg_database AS d WHERE e.extname = part AND d.datname = current_database() AND e.extowner <> 10;
      END IF;
      -- The settings under which PostgreSQL runs an extension's script; event triggers see them.
      script_path := quote_ident(extension_schema) || coalesce((SELECT ', ' || quote_ident(n.nspname) FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
        WHERE part = 'aws_lambda' AND e.extname = 'aws_commons' AND n.nspname <> 'pg_catalog'), '') || ', pg_temp';
      PERFORM set_config('check_function_bodies', 'off', true);
      IF client_messages NOT IN ('warning', 'error', 'fatal', 'panic') THEN
        PERFORM set_config('client_min_messages', 'warning', true);
      END IF;
      PERFORM set_config('search_path', script_path, true);
      IF part = 'aws_commons' THEN
        EXECUTE $pglambda$/* pglambda */ /* aws_commons--1.2.sql */


CREATE SCHEMA aws_commons;
GRANT USAGE ON SCHEMA aws_commons TO PUBLIC;

CREATE TYPE aws_commons._lambda_function_arn_1 AS (function_name text, region text);
CREATE TYPE aws_commons._s3_uri_1 AS (bucket text, file_path text, region text);
CREATE TYPE aws_commons._aws_credentials_1 AS (access_key text, secret_key text, session_token text);

CREATE FUNCTION aws_commons.create_lambda_function_arn(function_name text, region text DEFAULT NULL)
RETURNS aws_commons._lambda_function_arn_1
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ROW($1, $2)::aws_commons._lambda_function_arn_1 $$;

CREATE FUNCTION aws_commons.create_s3_uri(bucket text, file_path text, region text DEFAULT NULL)
RETURNS aws_commons._s3_uri_1
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ROW($1, $2, $3)::aws_commons._s3_uri_1 $$;

CREATE FUNCTION aws_commons.create_aws_credentials(access_key text, secret_key text, session_token text DEFAULT NULL)
RETURNS aws_commons._aws_credentials_1
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ROW($1, $2, $3)::aws_commons._aws_credentials_1 $$;$pglambda$;
      ELSE
        EXECUTE $pglambda$/* pglambda */ CREATE SCHEMA aws_lambda;
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
ALTER TABLE pglambda.settings ENABLE ROW LEVEL SECURITY;$pglambda$;
        EXECUTE bindings;
        EXECUTE $pglambda$/* pglambda */ -- A value of a libpq connection string (manual, "Connection Strings"); chr(92) is the backslash.
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
AS $function$ SELECT w.status_code, w.reply::jsonb, w.executed_version, w.log_result FROM pglambda.invoke('composite', ($1).function_name, ($1).region, $2::text, NULL, $3, $4, $5::text, $6::text) AS w $function$;$pglambda$;
        EXECUTE $pglambda$/* pglambda */ REVOKE ALL ON ALL FUNCTIONS IN SCHEMA pglambda FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA aws_lambda FROM PUBLIC;$pglambda$;
      END IF;
      PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
      IF is_superuser THEN
        -- CREATE EXTENSION does not show these commands to event triggers.
        PERFORM set_config('session_replication_role', 'replica', true);
        FOR member IN
          SELECT format('SCHEMA %I', n.nspname) AS name FROM pg_namespace AS n WHERE n.nspname IN (part, CASE part WHEN 'aws_lambda' THEN 'pglambda' END)
          UNION ALL
          SELECT format(CASE c.relkind WHEN 'c' THEN 'TYPE %I.%I' ELSE 'TABLE %I.%I' END, n.nspname, c.relname)
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
          WHERE n.nspname IN (part, CASE part WHEN 'aws_lambda' THEN 'pglambda' END) AND c.relkind IN ('c', 'r')
          UNION ALL
          SELECT format('FUNCTION %s', p.oid::regprocedure) FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
          WHERE n.nspname IN (part, CASE part WHEN 'aws_lambda' THEN 'pglambda' END)
        LOOP
          EXECUTE format('ALTER EXTENSION %I ADD %s', part, member.name);
        END LOOP;
        EXECUTE format('COMMENT ON EXTENSION %I IS %L', part, CASE part WHEN 'aws_commons' THEN $pglambda$Common data types across AWS services$pglambda$ ELSE $pglambda$AWS Lambda integration$pglambda$ END);
        PERFORM set_config('session_replication_role', client_replication, true);
      END IF;
      PERFORM set_config('client_min_messages', client_messages, true);
      PERFORM set_config('check_function_bodies', client_checks, true);
    END LOOP;
    IF is_superuser THEN
      -- Nothing is left for it to do, but event triggers see it.
      IF client_messages NOT IN ('warning', 'error', 'fatal', 'panic') THEN
        PERFORM set_config('client_min_messages', 'warning', true);
      END IF;
      PERFORM set_config('search_path', client_path, true);
      EXECUTE announcement;
      PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
      PERFORM set_config('client_min_messages', client_messages, true);
    END IF;
    IF NOT is_superuser THEN
      RAISE NOTICE USING MESSAGE = format('extension "%s" is installed, but not listed in pg_extension', requested), DETAIL = 'Only a superuser can write that entry.';
    END IF;
  END IF;
  -- Where the proxy is and the keys to it, if this is our extension and the role may write them. The proxy offers them as
  -- the one row of a cursor, so that no statement's text holds a key.
  DECLARE
    offer pg_catalog.refcursor := $pglambda$pglambda_keys$pglambda$;
    offered pg_catalog.record;
    settings_oid pg_catalog.oid;
    settings_owner pg_catalog.name;
    is_superusers pg_catalog.bool;
  BEGIN
    SELECT c.oid, o.rolname, o.rolsuper INTO settings_oid, settings_owner, is_superusers
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_roles AS o ON o.oid = c.relowner
      WHERE n.nspname = 'pglambda' AND c.relname = 'settings' AND has_schema_privilege(n.oid, 'USAGE') AND n.nspowner = c.relowner
      AND c.relowner = (SELECT l.nspowner FROM pg_namespace AS l WHERE l.nspname = 'aws_lambda')
      AND has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE');
    IF settings_oid IS NULL THEN
      NULL;
    ELSIF NOT EXISTS (SELECT FROM pg_cursors AS c WHERE c.name = $pglambda$pglambda_keys$pglambda$) THEN
      -- The proxy takes this for itself and stores them after the statement (manual: INFO is always sent to the client).
      IF current_setting('pglambda.callback', true) <> '' THEN
        RAISE INFO USING ERRCODE = $pglambda$ZL001$pglambda$, MESSAGE = $pglambda$aws_lambda wants the keys of pg-lambda-proxy$pglambda$;
      END IF;
    ELSE
      FETCH offer INTO offered;
      IF NOT FOUND THEN
        NULL; -- not for this role
      ELSIF is_superusers OR settings_owner = current_user THEN
        UPDATE pglambda.settings AS s SET link_password = offered.link_password, ipad = offered.ipad, opad = offered.opad, host = offered.host, port = offered.port
          WHERE (s.link_password, s.ipad, s.opad, s.host, s.port) IS DISTINCT FROM (offered.link_password, offered.ipad, offered.opad, offered.host, offered.port);
        INSERT INTO pglambda.settings AS s (link_password, ipad, opad, host, port)
          VALUES (offered.link_password, offered.ipad, offered.opad, offered.host, offered.port) ON CONFLICT DO NOTHING;
      ELSE
        -- Another role's table can have triggers, checks and index expressions: writing to it, or even reading what may be
        -- a view by then, could run that role's code with our privileges. A new table is filled as it is made.
        DROP TABLE pglambda.settings;
        CREATE TABLE pglambda.settings AS
          SELECT true AS one_row, offered.link_password, offered.ipad, offered.opad, offered.host, offered.port;
        ALTER TABLE pglambda.settings ENABLE ROW LEVEL SECURITY;
        EXECUTE format('ALTER TABLE pglambda.settings OWNER TO %I', settings_owner);
      END IF;
      CLOSE offer;
    END IF;
  END;
  -- The parameters that RDS defines; what a user has set goes first.
  FOR parameter IN SELECT * FROM (VALUES ('aws_lambda.connect_timeout_ms', '1000'), ('aws_lambda.request_timeout_ms', '3000'), ('aws_lambda.endpoint_override', '')) AS v (name, setting) LOOP
    IF current_setting(parameter.name, true) IS NULL THEN
      BEGIN
        EXECUTE format('ALTER DATABASE %I SET %s = %L', current_database(), parameter.name, parameter.setting);
      EXCEPTION WHEN insufficient_privilege THEN
        NULL;
      END;
      PERFORM set_config(parameter.name, parameter.setting, false);
    END IF;
  END LOOP;
  PERFORM set_config('search_path', client_path, true);
END
$pglambda_do$
