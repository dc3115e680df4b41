/* aws_commons--1.2.sql */

\echo Use "CREATE EXTENSION aws_commons" to load this file. \quit

CREATE SCHEMA aws_commons;

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
AS $$ SELECT ROW($1, $2, $3)::aws_commons._aws_credentials_1 $$;

-- ALTER DEFAULT PRIVILEGES may have granted anything to anybody: what is left is what PUBLIC has.
DO $block$
DECLARE
  client_path constant pg_catalog.text := pg_catalog.current_setting('search_path');
  granted pg_catalog.record;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  FOR granted IN
    SELECT DISTINCT o.name, a.grantee FROM (
        SELECT format('SCHEMA %I', n.nspname) AS name, n.nspowner AS owner, n.nspacl AS acl FROM pg_namespace AS n WHERE n.nspname = 'aws_commons'
        UNION ALL
        SELECT format('TYPE %I.%I', n.nspname, t.typname), t.typowner, t.typacl FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace WHERE n.nspname = 'aws_commons' AND t.typtype = 'c'
        UNION ALL
        SELECT format('FUNCTION %s', p.oid::regprocedure), p.proowner, p.proacl FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname = 'aws_commons'
      ) AS o, LATERAL aclexplode(o.acl) AS a
    WHERE a.grantee <> o.owner AND (a.grantee <> 0 OR a.privilege_type = 'CREATE')
  LOOP
    EXECUTE format('REVOKE ALL ON %s FROM %s CASCADE', granted.name, CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE granted.grantee::regrole::text END);
  END LOOP;
  PERFORM pg_catalog.set_config('search_path', client_path, true);
END
$block$;
GRANT USAGE ON SCHEMA aws_commons TO PUBLIC;
