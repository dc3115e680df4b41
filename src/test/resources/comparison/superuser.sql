# Scripts for ControlFileComparisonTest. A line "## title" begins a script; "role: name" below it says who runs it (else the
# server's superuser). Texts are separated by empty lines, and each is sent as it stands. Lines that begin with # are left out.

## Both extensions, one by one

CREATE EXTENSION aws_lambda

CREATE EXTENSION aws_commons

CREATE EXTENSION aws_commons

CREATE EXTENSION IF NOT EXISTS aws_commons

CREATE EXTENSION aws_lambda

CREATE EXTENSION aws_lambda CASCADE

CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE

SELECT extname, extversion, extrelocatable, extconfig, extcondition FROM pg_extension WHERE extname LIKE 'aws%' ORDER BY 1

## CASCADE

CREATE EXTENSION aws_lambda CASCADE

CREATE EXTENSION IF NOT EXISTS aws_commons CASCADE

## CASCADE with the commons there

CREATE EXTENSION aws_commons CASCADE

CREATE EXTENSION aws_lambda CASCADE

## Names: quoted, in any case, with comments and escapes

/* first */ create extension "aws_commons" -- last

CREATE EXTENSION "AWS_LAMBDA" SCHEMA

Create--c;
/*;/*nested*/;*/EXTENSION If nOt ExIsTs U&"aws_l\0061mbda" UESCAPE '\' with /* aws_lambda */;

CREATE EXTENSION IF NOT EXISTS Aws_Lambda;

CREATE EXTENSION 'aws_lambda'

CREATE EXTENSION aws_lambda.aws_lambda

ALTER EXTENSION "aws_lambda" UPDATE;

DROP EXTENSION "aws_lambda", AWS_COMMONS;

;CREATE EXTENSION aws_lambda CASCADE;;

## Versions

CREATE EXTENSION aws_commons VERSION ''

CREATE EXTENSION aws_commons VERSION '--'

CREATE EXTENSION aws_commons VERSION '1--2'

CREATE EXTENSION aws_commons VERSION '-1'

CREATE EXTENSION aws_commons VERSION '1-'

CREATE EXTENSION aws_commons VERSION '-'

CREATE EXTENSION aws_commons VERSION '../1'

CREATE EXTENSION aws_commons VERSION 'a\b'

CREATE EXTENSION aws_commons VERSION '1.1'

CREATE EXTENSION aws_commons VERSION nothing

CREATE EXTENSION aws_commons VERSION "1.2" SCHEMA nowhere

CREATE EXTENSION aws_commons VERSION 1.2

CREATE EXTENSION aws_commons VERSION '9' VERSION '9'

CREATE EXTENSION aws_lambda VERSION '9' CASCADE

CREATE EXTENSION aws_lambda VERSION '1.0'

CREATE EXTENSION aws_lambda VERSION '9' SCHEMA nowhere

CREATE EXTENSION aws_lambda WITH VERSION $v$1.0$v$ CASCADE

CREATE EXTENSION IF NOT EXISTS aws_lambda VERSION '--'

CREATE EXTENSION IF NOT EXISTS aws_lambda VERSION '9' SCHEMA nowhere

CREATE EXTENSION aws_lambda VERSION '9'

CREATE EXTENSION aws_lambda VERSION '9' VERSION '9'

## Schemas

CREATE EXTENSION aws_commons SCHEMA nowhere

CREATE EXTENSION aws_lambda SCHEMA nowhere CASCADE

CREATE SCHEMA "My Schema"

CREATE EXTENSION aws_lambda SCHEMA "My Schema" CASCADE

SELECT extname, extnamespace::regnamespace FROM pg_extension WHERE extname LIKE 'aws%' ORDER BY 1

DROP SCHEMA "My Schema"

DROP SCHEMA "My Schema" CASCADE

SELECT extname FROM pg_extension WHERE extname LIKE 'aws%' ORDER BY 1

CREATE EXTENSION aws_commons SCHEMA pg_catalog

CREATE EXTENSION aws_lambda WITH SCHEMA public

CREATE EXTENSION IF NOT EXISTS aws_lambda WITH SCHEMA public CASCADE

## The schema that aws_commons brings

CREATE EXTENSION aws_commons

CREATE EXTENSION aws_lambda SCHEMA aws_commons

DROP EXTENSION aws_commons

DROP EXTENSION aws_commons CASCADE

CREATE EXTENSION aws_lambda SCHEMA aws_lambda CASCADE

CREATE EXTENSION aws_commons SCHEMA aws_commons

## Schema of the path

CREATE SCHEMA first

SET search_path = nowhere, first, public

CREATE EXTENSION aws_lambda CASCADE

SELECT extname, extnamespace::pg_catalog.regnamespace FROM pg_catalog.pg_extension WHERE extname LIKE 'aws%' ORDER BY 1

SHOW search_path

## Empty path

SET search_path = ''

CREATE EXTENSION aws_commons

CREATE EXTENSION aws_lambda CASCADE

CREATE EXTENSION aws_lambda VERSION '9' CASCADE

CREATE EXTENSION aws_commons SCHEMA public

CREATE EXTENSION aws_lambda CASCADE

CREATE EXTENSION aws_lambda SCHEMA public

SHOW search_path

DROP EXTENSION aws_commons CASCADE

## Path of pg_catalog

SET search_path = pg_catalog

CREATE EXTENSION aws_lambda CASCADE

SELECT extname, extnamespace::regnamespace FROM pg_extension WHERE extname LIKE 'aws%' ORDER BY 1

## Path of pg_temp

SET search_path = pg_temp, public

CREATE EXTENSION aws_commons

SELECT extnamespace = pg_my_temp_schema() AS temporary FROM pg_extension WHERE extname LIKE 'aws%'

## Path with a schema that shadows pg_catalog

CREATE SCHEMA evil

CREATE TABLE evil.pg_extension (extname name, oid oid)

CREATE TABLE evil.pg_namespace (nspname name, oid oid)

CREATE TABLE evil.pg_available_extensions (name name)

CREATE DOMAIN evil.text AS pg_catalog.text CHECK (VALUE IS NULL)

CREATE DOMAIN evil.name AS pg_catalog.name CHECK (VALUE IS NULL)

CREATE DOMAIN evil.oid AS pg_catalog.oid CHECK (VALUE IS NULL)

CREATE TYPE evil.record AS (a int)

CREATE FUNCTION evil.current_setting(pg_catalog.text) RETURNS pg_catalog.text LANGUAGE sql AS $$ SELECT 1/0::pg_catalog.text $$

CREATE FUNCTION evil.has_database_privilege(pg_catalog.name, pg_catalog.text) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$

CREATE FUNCTION evil.format(pg_catalog.text, pg_catalog.text) RETURNS pg_catalog.text LANGUAGE sql AS $$ SELECT 'SELECT 1/0'::pg_catalog.text $$

CREATE FUNCTION evil.trap(pg_catalog.text, pg_catalog.text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$

CREATE OPERATOR evil.= (LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text, FUNCTION = evil.trap)

CREATE OPERATOR evil.<> (LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text, FUNCTION = evil.trap)

SET search_path = evil, pg_catalog

CREATE EXTENSION aws_lambda VERSION '9' CASCADE

CREATE EXTENSION aws_lambda CASCADE

CREATE EXTENSION IF NOT EXISTS aws_lambda

ALTER EXTENSION aws_lambda UPDATE

ALTER EXTENSION aws_lambda UPDATE TO '9'

ALTER EXTENSION aws_lambda SET SCHEMA evil

COMMENT ON EXTENSION aws_lambda IS 'x'

DROP EXTENSION aws_commons

DROP EXTENSION IF EXISTS aws_commons, aws_lambda

SHOW search_path

## Options twice, and what is no option

CREATE EXTENSION aws_commons SCHEMA public SCHEMA public

CREATE EXTENSION aws_lambda CASCADE CASCADE

CREATE EXTENSION aws_commons VERSION '1.2' SCHEMA public VERSION '1.2'

CREATE EXTENSION aws_commons FROM

CREATE EXTENSION aws_commons RESTRICT

CREATE EXTENSION aws_commons WITH WITH

CREATE EXTENSION aws_commons 'x'

CREATE EXTENSION aws_commons, aws_lambda

CREATE EXTENSION IF EXISTS aws_commons

CREATE OR REPLACE EXTENSION aws_commons

SELECT 1; CREATE EXTENSION aws_commons SCHEMA public SCHEMA public

CREATE EXTENSION aws_commons

CREATE EXTENSION IF NOT EXISTS aws_commons SCHEMA public SCHEMA public

CREATE EXTENSION aws_commons CASCADE CASCADE

ALTER EXTENSION aws_commons UPDATE UPDATE

ALTER EXTENSION aws_commons UPDATE TO

ALTER EXTENSION aws_commons UPDATE TO '1.2' CASCADE

ALTER EXTENSION IF EXISTS aws_commons UPDATE

DROP EXTENSION aws_commons CASCADE RESTRICT

DROP EXTENSION aws_commons aws_lambda

DROP EXTENSION aws_commons,

DROP EXTENSION IF NOT EXISTS aws_commons

COMMENT ON EXTENSION aws_commons IS

COMMENT ON EXTENSION aws_commons IS 1

COMMENT ON EXTENSION aws_commons, aws_lambda IS 'x'

## UPDATE

ALTER EXTENSION aws_lambda UPDATE

ALTER EXTENSION aws_lambda UPDATE TO '--'

ALTER EXTENSION aws_commons UPDATE TO '1.2'

CREATE EXTENSION aws_lambda CASCADE

ALTER EXTENSION aws_lambda UPDATE

ALTER EXTENSION aws_lambda UPDATE TO '1.0'

ALTER EXTENSION aws_lambda UPDATE TO "1.0"

ALTER EXTENSION aws_lambda UPDATE TO '2.0'

ALTER EXTENSION aws_lambda UPDATE TO ''

ALTER EXTENSION aws_lambda UPDATE TO '1.0--2.0'

ALTER EXTENSION aws_lambda UPDATE TO '-2'

ALTER EXTENSION aws_lambda UPDATE TO '2/0'

ALTER EXTENSION aws_lambda UPDATE TO nothing

alter extension AWS_COMMONS update to $$1.2$$

ALTER EXTENSION aws_commons UPDATE TO '1.3'

ALTER EXTENSION aws_commons UPDATE

## SET SCHEMA

ALTER EXTENSION aws_lambda SET SCHEMA public

ALTER EXTENSION aws_lambda SET SCHEMA nowhere

CREATE EXTENSION aws_lambda CASCADE

CREATE SCHEMA s

ALTER EXTENSION aws_lambda SET SCHEMA public

ALTER EXTENSION aws_lambda SET SCHEMA s

ALTER EXTENSION aws_lambda SET SCHEMA aws_lambda

ALTER EXTENSION aws_lambda SET SCHEMA aws_commons

ALTER EXTENSION aws_commons SET SCHEMA nowhere

ALTER EXTENSION aws_commons SET SCHEMA aws_commons

ALTER EXTENSION aws_commons SET SCHEMA pg_toast

ALTER EXTENSION aws_commons SET SCHEMA pg_temp

## Members

CREATE EXTENSION aws_lambda CASCADE

CREATE TABLE t (a int)

CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'

ALTER EXTENSION aws_lambda ADD TABLE t

ALTER EXTENSION aws_lambda ADD FUNCTION f()

ALTER EXTENSION aws_lambda ADD TABLE t

ALTER EXTENSION aws_commons ADD TABLE t

ALTER EXTENSION aws_lambda ADD SCHEMA aws_lambda

ALTER EXTENSION aws_lambda ADD SCHEMA public

DROP TABLE t

ALTER EXTENSION aws_lambda DROP TABLE t

ALTER EXTENSION aws_lambda DROP TABLE t

ALTER EXTENSION aws_commons DROP TYPE aws_commons._s3_uri_1

DROP TYPE aws_commons._s3_uri_1

ALTER EXTENSION aws_commons DROP FUNCTION aws_commons.create_s3_uri(text, text, text)

DROP TYPE aws_commons._s3_uri_1 CASCADE

DROP EXTENSION aws_lambda

## What members refuse

CREATE EXTENSION aws_lambda CASCADE

DROP SCHEMA aws_lambda

DROP SCHEMA aws_lambda CASCADE

DROP SCHEMA aws_commons CASCADE

DROP SCHEMA aws_commons, aws_lambda CASCADE

DROP SCHEMA pglambda CASCADE

DROP TYPE aws_commons._lambda_function_arn_1

DROP TYPE aws_commons._lambda_function_arn_1 CASCADE

DROP FUNCTION aws_lambda.invoke(text, json, text, text, text, json, varchar)

DROP FUNCTION aws_commons.create_lambda_function_arn

DROP TABLE pglambda.settings

ALTER SCHEMA aws_lambda RENAME TO other

DROP EXTENSION aws_lambda

## After DROP

CREATE EXTENSION aws_lambda CASCADE

DROP EXTENSION aws_lambda

CREATE EXTENSION aws_lambda

DROP EXTENSION aws_lambda, aws_commons

DROP EXTENSION aws_lambda

DROP EXTENSION IF EXISTS aws_lambda

DROP EXTENSION IF EXISTS aws_commons CASCADE

DROP EXTENSION IF EXISTS aws_lambda, aws_commons RESTRICT

DROP EXTENSION aws_commons, aws_lambda

CREATE EXTENSION aws_lambda CASCADE

## DROP of lists

CREATE EXTENSION aws_lambda CASCADE

CREATE EXTENSION hstore

DROP EXTENSION aws_commons

DROP EXTENSION aws_commons RESTRICT

DROP EXTENSION aws_lambda, nothing

DROP EXTENSION IF EXISTS nothing, aws_lambda

CREATE EXTENSION aws_lambda

DROP EXTENSION aws_lambda, hstore, aws_commons

CREATE EXTENSION aws_lambda CASCADE

DROP EXTENSION aws_commons, aws_lambda, aws_commons

CREATE EXTENSION aws_lambda CASCADE

CREATE EXTENSION hstore

CREATE TABLE t (a hstore, b aws_commons._lambda_function_arn_1)

DROP EXTENSION aws_commons, hstore

DROP EXTENSION aws_commons, hstore, aws_lambda CASCADE

SELECT * FROM t

## DROP with dependents of aws_lambda

CREATE EXTENSION aws_lambda CASCADE

CREATE VIEW v AS SELECT * FROM aws_lambda.invoke('f', '{}'::json)

CREATE VIEW w AS SELECT status_code FROM v

CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT status_code FROM aws_lambda.invoke(''f'', ''{}''::json)'

DROP EXTENSION aws_lambda

DROP EXTENSION aws_lambda, aws_commons

DROP EXTENSION aws_commons

BEGIN

DROP EXTENSION aws_lambda CASCADE

ROLLBACK

SET search_path = pg_catalog

DROP EXTENSION aws_lambda RESTRICT

DROP EXTENSION aws_commons CASCADE

RESET search_path

DROP VIEW v

DROP FUNCTION f()

## DROP with dependents of aws_commons

CREATE EXTENSION aws_lambda CASCADE

CREATE TABLE t (id int, arn aws_commons._lambda_function_arn_1)

CREATE TABLE arns OF aws_commons._lambda_function_arn_1

CREATE FUNCTION f(arn aws_commons._lambda_function_arn_1) RETURNS text LANGUAGE sql AS 'SELECT ($1).region'

CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM f(NEW.arn); RETURN NEW; END $$

CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW WHEN (NEW.arn IS DISTINCT FROM aws_commons.create_lambda_function_arn('f')) EXECUTE FUNCTION g()

CREATE VIEW v AS SELECT aws_commons.create_lambda_function_arn('f', 'r') AS arn

CREATE DOMAIN d AS aws_commons._s3_uri_1

CREATE INDEX i ON t ((aws_commons.create_s3_uri(id::text, '')))

ALTER TABLE t ALTER arn SET DEFAULT aws_commons.create_lambda_function_arn('d')

DROP EXTENSION aws_commons

DROP EXTENSION aws_lambda

DROP EXTENSION aws_commons

CREATE EXTENSION aws_lambda

DROP EXTENSION IF EXISTS nothing, aws_commons CASCADE

SELECT * FROM t

## Objects of a user's in the schemas

CREATE EXTENSION aws_lambda CASCADE

CREATE TABLE aws_lambda.calls (a int)

CREATE FUNCTION aws_commons.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'

DROP EXTENSION aws_lambda

DROP EXTENSION aws_commons CASCADE

## Comments

COMMENT ON EXTENSION aws_lambda IS 'nothing there'

CREATE EXTENSION aws_lambda CASCADE

COMMENT ON EXTENSION aws_lambda IS 'AWS Lambda integration'

COMMENT ON EXTENSION aws_lambda IS E'it\'s\n mine'

comment on extension "aws_commons" is NULL

COMMENT ON EXTENSION nothing IS 'x'

SELECT e.extname, d.description FROM pg_extension AS e LEFT JOIN pg_description AS d ON d.objoid = e.oid WHERE e.extname LIKE 'aws%' ORDER BY 1

## Transactions

BEGIN

CREATE EXTENSION aws_lambda CASCADE

SELECT to_regnamespace('aws_lambda') IS NOT NULL AS there

ROLLBACK

SELECT to_regnamespace('aws_lambda') IS NULL AS gone

BEGIN

SET LOCAL search_path = pg_temp, public

SET LOCAL client_min_messages = debug1

SET LOCAL client_min_messages = log

CREATE EXTENSION aws_commons SCHEMA public

SHOW search_path

SHOW client_min_messages

SHOW check_function_bodies

SAVEPOINT s

CREATE EXTENSION aws_commons

CREATE EXTENSION aws_lambda

ALTER EXTENSION aws_lambda UPDATE

DROP EXTENSION aws_lambda

COMMENT ON EXTENSION aws_lambda IS 'x'

ROLLBACK TO SAVEPOINT s

CREATE EXTENSION aws_lambda

SAVEPOINT t

DROP EXTENSION aws_lambda

RELEASE SAVEPOINT t

CREATE EXTENSION aws_lambda

COMMIT

SHOW search_path

SHOW client_min_messages

BEGIN

DROP EXTENSION aws_lambda

ROLLBACK

BEGIN ISOLATION LEVEL SERIALIZABLE

ALTER EXTENSION aws_lambda UPDATE

COMMIT

BEGIN

SET search_path = public

CREATE EXTENSION IF NOT EXISTS aws_lambda

COMMIT

SHOW search_path

## What a subtransaction takes back

BEGIN

SAVEPOINT s

CREATE EXTENSION aws_commons

ROLLBACK TO s

CREATE EXTENSION aws_lambda

ROLLBACK

CREATE EXTENSION aws_commons

## Read-only transactions

BEGIN READ ONLY

CREATE EXTENSION aws_lambda CASCADE

ROLLBACK

CREATE EXTENSION aws_lambda CASCADE

BEGIN READ ONLY

CREATE EXTENSION IF NOT EXISTS aws_lambda

ROLLBACK

BEGIN READ ONLY

ALTER EXTENSION aws_lambda UPDATE

ROLLBACK

BEGIN READ ONLY

ALTER EXTENSION aws_lambda SET SCHEMA public

ROLLBACK

BEGIN READ ONLY

DROP EXTENSION aws_lambda

ROLLBACK

BEGIN READ ONLY

DROP EXTENSION IF EXISTS nothing, aws_lambda

ROLLBACK

BEGIN READ ONLY

COMMENT ON EXTENSION aws_lambda IS 'x'

ROLLBACK

## Read-only by default

SET default_transaction_read_only = on

CREATE EXTENSION aws_lambda CASCADE

ALTER EXTENSION aws_lambda UPDATE

DROP EXTENSION aws_lambda

BEGIN READ WRITE

CREATE EXTENSION aws_lambda CASCADE

COMMIT

COMMENT ON EXTENSION aws_lambda IS 'x'

SHOW default_transaction_read_only

## Several statements in one text

SELECT 1 AS a; CREATE EXTENSION aws_lambda CASCADE; SELECT 2 AS b

DROP EXTENSION aws_lambda; DROP EXTENSION aws_commons; CREATE EXTENSION IF NOT EXISTS aws_commons; CREATE EXTENSION IF NOT EXISTS aws_lambda; SELECT count(*) FROM pg_extension WHERE extname LIKE 'aws%'

DROP EXTENSION aws_commons CASCADE; CREATE EXTENSION aws_commons; SELECT 1/0; CREATE EXTENSION aws_lambda

SELECT extname FROM pg_extension WHERE extname LIKE 'aws%' ORDER BY 1

BEGIN; DROP EXTENSION aws_commons CASCADE; CREATE EXTENSION aws_lambda; COMMIT

CREATE TABLE t (a int); CREATE EXTENSION aws_lambda

ROLLBACK; SELECT to_regclass('t'); CREATE EXTENSION aws_commons

CREATE EXTENSION aws_lambda; COMMENT ON EXTENSION aws_lambda IS 'é'; ALTER EXTENSION aws_lambda UPDATE; SELEC 1

SELECT 'é'; CREATE EXTENSION IF NOT EXISTS aws_commons; SELECT nothing

CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE; DROP EXTENSION aws_lambda; SELECT * FROM aws_lambda.invoke('f', '{}'::json)

CREATE EXTENSION aws_commons; SELECT aws_commons.create_lambda_function_arn('f', 'r')

## Prepared

PREPARE p AS CREATE EXTENSION aws_commons

EXPLAIN CREATE EXTENSION aws_commons

CREATE EXTENSION aws_commons SCHEMA $1

## client_min_messages

SET client_min_messages = warning

CREATE EXTENSION aws_lambda CASCADE

CREATE EXTENSION IF NOT EXISTS aws_lambda

ALTER EXTENSION aws_lambda UPDATE

DROP EXTENSION aws_commons CASCADE

SET client_min_messages = error

CREATE EXTENSION aws_lambda CASCADE

DROP EXTENSION IF EXISTS nothing, aws_lambda, aws_commons

CREATE EXTENSION aws_lambda

SET client_min_messages = log

CREATE EXTENSION aws_lambda CASCADE

CREATE EXTENSION IF NOT EXISTS aws_lambda

ALTER EXTENSION aws_lambda UPDATE

DROP EXTENSION aws_commons CASCADE

SHOW client_min_messages

SET client_min_messages = info

CREATE EXTENSION aws_lambda CASCADE

SHOW client_min_messages

## check_function_bodies

SET check_function_bodies = off

CREATE EXTENSION aws_lambda CASCADE

ALTER EXTENSION aws_lambda UPDATE

SHOW check_function_bodies

RESET check_function_bodies

ALTER EXTENSION aws_lambda UPDATE

SHOW check_function_bodies

## standard_conforming_strings

SET standard_conforming_strings = off

SET escape_string_warning = off

CREATE EXTENSION aws_lambda VERSION 'it\'s' CASCADE

CREATE EXTENSION aws_lambda VERSION '1\x2e0' CASCADE

COMMENT ON EXTENSION aws_lambda IS 'it\'s; DROP EXTENSION aws_lambda'

SELECT '\'; DROP EXTENSION aws_lambda; --'

ALTER EXTENSION aws_lambda UPDATE TO '1\'0'

DROP EXTENSION aws_commons

## Other settings of a session

SET lc_messages = 'C'

SET quote_all_identifiers = on

SET array_nulls = off

SET transform_null_equals = on

SET plpgsql.variable_conflict = use_column

SET plpgsql.extra_errors = 'all'

SET plpgsql.extra_warnings = 'all'

SET plpgsql.check_asserts = on

SET row_security = off

SET bytea_output = escape

SET DateStyle = 'German'

SET IntervalStyle = iso_8601

SET xmloption = document

CREATE EXTENSION aws_lambda VERSION '9' CASCADE

CREATE EXTENSION aws_lambda CASCADE

CREATE EXTENSION IF NOT EXISTS aws_lambda

ALTER EXTENSION aws_lambda UPDATE

DROP EXTENSION aws_commons

DROP EXTENSION aws_commons CASCADE

## Schemas that are there already

CREATE SCHEMA aws_commons

CREATE EXTENSION aws_commons

CREATE EXTENSION aws_lambda CASCADE

DROP SCHEMA aws_commons

CREATE SCHEMA aws_lambda

CREATE EXTENSION aws_lambda CASCADE

CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE

CREATE FUNCTION aws_lambda.invoke(function_name text, payload json) RETURNS json LANGUAGE sql AS 'SELECT $2'

CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE

ALTER EXTENSION aws_lambda UPDATE

DROP EXTENSION aws_lambda

DROP EXTENSION IF EXISTS aws_lambda

COMMENT ON EXTENSION aws_lambda IS 'x'

DROP SCHEMA aws_lambda CASCADE

CREATE SCHEMA aws_commons

CREATE TYPE aws_commons._lambda_function_arn_1 AS (function_name text, region text)

CREATE EXTENSION aws_lambda CASCADE

CREATE EXTENSION aws_lambda

CREATE EXTENSION aws_commons

DROP EXTENSION aws_commons

DROP SCHEMA aws_commons CASCADE

CREATE EXTENSION aws_lambda CASCADE

## Types of the names in schemas of the path

CREATE TYPE _lambda_function_arn_1 AS (a int)

CREATE FUNCTION invoke() RETURNS int LANGUAGE sql AS 'SELECT 1'

CREATE TABLE settings (a int)

CREATE EXTENSION aws_lambda CASCADE

ALTER EXTENSION aws_lambda UPDATE

DROP EXTENSION aws_lambda, aws_commons

SELECT invoke()

## Default privileges

ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO comparison_user

ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO comparison_user

ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC

ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC

ALTER DEFAULT PRIVILEGES GRANT USAGE ON TYPES TO comparison_user

CREATE EXTENSION aws_lambda CASCADE

SELECT nspname, nspacl FROM pg_namespace WHERE nspname IN ('aws_commons', 'aws_lambda', 'pglambda') ORDER BY 1

SELECT oid::regprocedure, proacl FROM pg_proc WHERE proname IN ('invoke', 'create_s3_uri') ORDER BY oid::regprocedure::text

ALTER DEFAULT PRIVILEGES REVOKE ALL ON SCHEMAS FROM comparison_user

ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM comparison_user

ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC

ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM PUBLIC

ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM comparison_user

## Grants of the user's

CREATE EXTENSION aws_lambda CASCADE

GRANT USAGE ON SCHEMA aws_lambda TO comparison_user

GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_lambda TO comparison_user

ALTER EXTENSION aws_lambda UPDATE

CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE

SELECT proacl, count(*) FROM pg_proc WHERE pronamespace = 'aws_lambda'::regnamespace GROUP BY 1

## Another superuser
role: comparison_superuser

CREATE EXTENSION aws_lambda CASCADE

ALTER EXTENSION aws_lambda UPDATE

SELECT extname, extowner::regrole FROM pg_extension WHERE extname LIKE 'aws%' ORDER BY 1

SET ROLE comparison_user

ALTER EXTENSION aws_lambda UPDATE

ALTER EXTENSION aws_lambda SET SCHEMA public

DROP EXTENSION aws_lambda

DROP EXTENSION IF EXISTS nothing, aws_commons CASCADE

COMMENT ON EXTENSION aws_lambda IS 'x'

CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE

CREATE EXTENSION aws_lambda

SELECT status_code FROM aws_lambda.invoke('f', '{}'::json)

SELECT aws_commons.create_lambda_function_arn('f', 'r')

RESET ROLE

DROP EXTENSION aws_lambda

## Roles that become superuser

SET ROLE comparison_superuser

CREATE EXTENSION aws_lambda CASCADE

RESET ROLE

SELECT extname, extowner::regrole FROM pg_extension WHERE extname LIKE 'aws%' ORDER BY 1

DROP OWNED BY comparison_superuser

DROP OWNED BY comparison_superuser CASCADE

SELECT count(*) FROM pg_extension WHERE extname LIKE 'aws%'

SET SESSION AUTHORIZATION comparison_superuser

CREATE EXTENSION aws_commons

RESET SESSION AUTHORIZATION

CREATE EXTENSION aws_lambda

REASSIGN OWNED BY comparison_superuser TO postgres

SELECT extname, extowner::regrole FROM pg_extension WHERE extname LIKE 'aws%' ORDER BY 1

## A role without rights
role: comparison_user

CREATE EXTENSION aws_lambda

CREATE EXTENSION aws_lambda VERSION '9'

CREATE EXTENSION aws_lambda SCHEMA nowhere CASCADE

ALTER EXTENSION aws_lambda UPDATE

ALTER EXTENSION aws_lambda SET SCHEMA public

DROP EXTENSION aws_lambda

DROP EXTENSION IF EXISTS aws_lambda, aws_commons

COMMENT ON EXTENSION aws_lambda IS 'x'

CREATE EXTENSION aws_commons SCHEMA public SCHEMA public

## An owner who is superuser no longer

CREATE EXTENSION aws_lambda CASCADE

UPDATE pg_extension SET extowner = 'comparison_user'::regrole WHERE extname LIKE 'aws%'

SET ROLE comparison_user

ALTER EXTENSION aws_lambda UPDATE

ALTER EXTENSION aws_lambda UPDATE TO '2'

ALTER EXTENSION aws_lambda SET SCHEMA public

ALTER EXTENSION aws_lambda SET SCHEMA pg_catalog

COMMENT ON EXTENSION aws_lambda IS 'x'

CREATE EXTENSION IF NOT EXISTS aws_lambda

DROP EXTENSION aws_commons

DROP EXTENSION aws_lambda

DROP EXTENSION aws_commons

## Guards of migrations

SELECT 1 FROM pg_extension WHERE extname = 'aws_lambda'

DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'aws_lambda') THEN RAISE NOTICE 'none'; END IF; END $$

CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE

SELECT extversion FROM pg_extension WHERE extname = 'aws_lambda'

SELECT to_regnamespace('aws_lambda'), to_regtype('aws_commons._lambda_function_arn_1'), to_regprocedure('aws_commons.create_lambda_function_arn(text,text)')

## Guards that ask what is available

SELECT 1 FROM pg_available_extensions WHERE name = 'aws_lambda'

SELECT * FROM pg_available_extensions WHERE name IN ('aws_lambda', 'aws_commons') ORDER BY name

SELECT name, installed_version FROM pg_catalog.pg_available_extensions e WHERE e.name IN ('aws_lambda', 'aws_commons') ORDER BY 1

SELECT EXISTS(SELECT FROM pg_available_extensions WHERE name LIKE 'aws_l%') AS "there", 'aws_lambda' AS x

SELECT * FROM pg_available_extensions WHERE name <> 'aws_s3' AND 'aws_lambda' <> '' ORDER BY name

SELECT count(*), 'aws_lambda' AS x FROM "pg_catalog"."pg_available_extensions" AS "a b"

SELECT * FROM pg_available_extension_versions WHERE name IN ('aws_lambda', 'aws_commons') ORDER BY name

SELECT * FROM pg_catalog.pg_available_extension_versions AS v (a, b) JOIN pg_available_extensions ON a = pg_available_extensions.name WHERE a ~ '^aws_(lambda|commons)' AND 'aws_lambda' <> '' ORDER BY 1, 2

SELECT pg_typeof(name), pg_typeof(default_version), pg_typeof(installed_version), pg_typeof(comment), pg_collation_for(name), pg_collation_for(default_version), pg_collation_for(installed_version), pg_collation_for(comment) FROM pg_available_extensions WHERE name = 'aws_lambda'

SELECT row_to_json(e) FROM pg_available_extensions e WHERE e.name = 'aws_lambda'

DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'aws_lambda') THEN CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE; END IF; END $$

SELECT name, default_version, installed_version, comment FROM pg_available_extensions WHERE name ~ 'aws_(lambda|commons)' OR name = 'aws_lambda' ORDER BY 1

SELECT * FROM pg_available_extension_versions WHERE name IN ('aws_lambda', 'aws_commons') ORDER BY 1

DO 'BEGIN PERFORM FROM pg_available_extensions WHERE name = ''aws_lambda'' AND installed_version IS NULL; IF NOT FOUND THEN DROP EXTENSION aws_lambda; END IF; END'

DO $$
DECLARE
  e record;
  known name := (SELECT max(name::text) FROM pg_available_extensions WHERE name = 'aws_lambda');
BEGIN
  FOR e IN SELECT * FROM pg_available_extensions WHERE name IN ('aws_commons', 'aws_lambda') ORDER BY name LOOP
    RAISE NOTICE '% %', known, e;
  END LOOP;
  FOR e IN SELECT DISTINCT 'aws_lambda' FROM pg_available_extensions LOOP
    RAISE NOTICE '%', e;
  END LOOP;
  EXECUTE 'SELECT count(*) FROM pg_available_extensions WHERE name = ''aws_lambda''' INTO e;
  RAISE NOTICE '%', e;
END
$$

SELECT 'CREATE EXTENSION aws_lambda CASCADE' WHERE EXISTS (SELECT FROM pg_available_extensions WHERE name = 'aws_lambda' AND installed_version IS NULL)

SELECT name FROM pg_available_extensions LEFT JOIN pg_extension ON extname = name WHERE name IN ('aws_lambda', 'aws_commons') AND extname IS NULL ORDER BY 1; DROP EXTENSION aws_commons; SELECT name, installed_version FROM pg_available_extensions WHERE name = 'aws_commons'

BEGIN

DECLARE c SCROLL CURSOR FOR SELECT name FROM pg_available_extensions WHERE name IN ('aws_lambda', 'aws_commons') ORDER BY 1

FETCH ALL FROM c

FETCH BACKWARD ALL FROM c

COMMIT

COPY (SELECT * FROM pg_available_extensions WHERE name IN ('aws_lambda', 'aws_commons') ORDER BY name) TO STDOUT

PREPARE p (name) AS SELECT * FROM pg_available_extensions WHERE name = $1 AND name <> 'aws_commons'

EXECUTE p ('aws_lambda')

WITH a AS (SELECT name FROM pg_available_extensions), pg_extension AS (SELECT 'aws_lambda' AS name) SELECT name FROM a JOIN pg_extension USING (name)

WITH pg_available_extensions AS (SELECT 'aws_lambda' AS a) SELECT * FROM pg_available_extensions

CREATE FUNCTION available(text) RETURNS boolean STABLE LANGUAGE sql SET search_path = '' AS $f$ SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name OPERATOR(pg_catalog.=) $1 AND $1 OPERATOR(pg_catalog.<>) 'aws_commons') $f$

SELECT available('aws_lambda'), available('aws_commons')

SET standard_conforming_strings = off

SELECT '\'', name, 'aws_lambda' FROM pg_available_extensions WHERE name = 'aws_lambda'

## Guards with mistakes

SELECT nam FROM pg_available_extensions WHERE name = 'aws_lambda'

SELECT name FROM pg_available_extensions, pg_available_extensions AS e WHERE e.name = 'aws_lambda'

SELECT 1 FROM pg_available_extensions e WHERE e.x = 'aws_lambda'

SELECT 1 FROM pg_available_extensions WHERE name = 'aws_lambda' AND

SELECT 'aws_lambda' FROM pg_available_extensions LIMIT 'x'

DO $$ BEGIN PERFORM x FROM pg_available_extensions WHERE name = 'aws_lambda'; END $$

DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM pg_catalog.pg_available_extensions e WHERE e.name = 'aws_lambda' AND 1 / 0 = 1) THEN RAISE NOTICE 'never'; END IF; END $$

DO $$ DECLARE r record; BEGIN FOR r IN SELECT x, 'aws_lambda' FROM pg_catalog.pg_available_extensions LOOP RETURN; END LOOP; END $$

DO $$ DECLARE r record; BEGIN FOR r IN SELECT 'aws_lambda' FROM pg_extension JOIN pg_available_extensions LOOP RETURN; END LOOP; END $$

DO $$ DECLARE r record; BEGIN FOR r IN SELECT 'aws_lambda' / 0 FROM pg_available_extensions e LOOP RETURN; END LOOP; END $$

DO $$ BEGIN PERFORM x, 'aws_lambda' FROM pg_available_extensions; END $$

SELECT 'aws_lambda' FROM pg_extension JOIN pg_available_extensions

SELECT 'aws_lambda' FROM pg_extension JOIN pg_catalog.pg_available_extensions e

SELECT 'aws_lambda' FROM pg_available_extensions, pg_catalog.pg_available_extensions

DO $$ DECLARE x int := 1; BEGIN SELECT name INTO STRICT x FROM pg_available_extensions WHERE name = 'aws_lambda'; END $$

DO $$ BEGIN IF (SELECT 1, 2 FROM pg_available_extensions WHERE name = 'aws_lambda') THEN RETURN; END IF; END $$

DO $$ DECLARE x int := y FROM pg_available_extensions WHERE name = 'aws_lambda'; BEGIN END $$

DO 'BEGIN PERFORM 1 FROM pg_available_extensions WHERE name = ''aws_lambda''; WRONG; END'

CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT x FROM pg_available_extensions WHERE name = ''aws_lambda'''

CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'aws_lambda') THEN RETURN x; END IF; END $$

SELECT f()

BEGIN

SELECT 1/0

SELECT 1 FROM pg_available_extensions WHERE name = 'aws_lambda'

ROLLBACK

## Guards where names of the catalog's are taken

CREATE SCHEMA evil

CREATE FUNCTION evil.trap(name, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$

CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = text, FUNCTION = evil.trap)

CREATE FUNCTION evil.to_jsonb(anyelement) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb'

CREATE TABLE evil.pg_extension (extname name, extversion text)

SET search_path = evil, pg_catalog

SELECT * FROM pg_available_extensions WHERE name OPERATOR(pg_catalog.=) 'aws_lambda'::name

## Event triggers that watch

CREATE TABLE seen (id serial, event text, tag text, detail text)

CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen (event, tag) VALUES (tg_event, tg_tag); END $$

CREATE FUNCTION watch_drop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen (event, tag, detail) SELECT tg_event, tg_tag, concat_ws(' ', original, normal, is_temporary, object_type, regexp_replace(object_identity, 'toast_[0-9]+', 'toast')) FROM pg_event_trigger_dropped_objects(); END $$

CREATE EVENT TRIGGER watch_end ON ddl_command_end WHEN TAG IN ('CREATE EXTENSION', 'ALTER EXTENSION', 'DROP EXTENSION', 'COMMENT') EXECUTE FUNCTION watch()

CREATE EVENT TRIGGER watch_start ON ddl_command_start WHEN TAG IN ('CREATE EXTENSION', 'DROP EXTENSION', 'COMMENT') EXECUTE FUNCTION watch()

CREATE EVENT TRIGGER watch_drop ON sql_drop EXECUTE FUNCTION watch_drop()

CREATE EXTENSION aws_lambda CASCADE

SELECT event, tag, detail FROM seen ORDER BY id

CREATE EXTENSION IF NOT EXISTS aws_lambda

COMMENT ON EXTENSION aws_lambda IS 'x'

SELECT event, tag, detail FROM seen ORDER BY id

DROP EXTENSION aws_lambda

DROP EXTENSION IF EXISTS aws_lambda, aws_commons

SELECT event, tag, detail FROM seen ORDER BY id

## Event triggers see the script's commands

CREATE TABLE seen (id serial, event text, tag text, detail text)

CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen (event, tag, detail) SELECT tg_event, tg_tag, concat_ws(' ', command_tag, object_type, schema_name, object_identity) FROM pg_event_trigger_ddl_commands() WHERE command_tag <> 'CREATE EXTENSION'; END $$

CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION watch()

CREATE EXTENSION aws_lambda CASCADE

SELECT event, tag, detail FROM seen ORDER BY id

## An event trigger that forbids

CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no % here', tg_tag USING HINT = 'Ask.'; END $$

CREATE EVENT TRIGGER forbid ON ddl_command_start WHEN TAG IN ('CREATE EXTENSION', 'DROP EXTENSION') EXECUTE FUNCTION forbid()

CREATE EXTENSION aws_commons

SELECT extname FROM pg_extension WHERE extname LIKE 'aws%'

DO $$ BEGIN CREATE EXTENSION aws_commons; END $$

DO $$ BEGIN EXECUTE 'CREATE EXTENSION aws_commons'; END $$

ALTER EVENT TRIGGER forbid DISABLE

CREATE EXTENSION aws_lambda CASCADE

ALTER EVENT TRIGGER forbid ENABLE

CREATE EXTENSION IF NOT EXISTS aws_lambda

DROP EXTENSION aws_lambda

DO $$ BEGIN DROP EXTENSION aws_lambda; END $$

## Statements of a restored dump

SET statement_timeout = 0; SET lock_timeout = 0; SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; SELECT pg_catalog.set_config('search_path', '', false); SET check_function_bodies = false; SET xmloption = content; SET client_min_messages = warning; SET row_security = off

CREATE EXTENSION IF NOT EXISTS aws_commons WITH SCHEMA public

COMMENT ON EXTENSION aws_commons IS 'Common data types across AWS services'

CREATE EXTENSION IF NOT EXISTS aws_lambda WITH SCHEMA public

COMMENT ON EXTENSION aws_lambda IS 'AWS Lambda integration'

SHOW search_path

SHOW check_function_bodies

## Within bodies

DO $$ BEGIN CREATE EXTENSION aws_lambda CASCADE; ALTER EXTENSION aws_lambda UPDATE; COMMENT ON EXTENSION aws_lambda IS 'x'; END $$

DO $$ BEGIN CREATE EXTENSION IF NOT EXISTS aws_lambda; CREATE EXTENSION aws_lambda; END $$

DO $$ BEGIN ALTER EXTENSION aws_lambda SET SCHEMA nowhere; END $$

DO $$ BEGIN DROP EXTENSION aws_commons; END $$

CREATE FUNCTION again() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP EXTENSION IF EXISTS nothing, aws_lambda, aws_commons CASCADE; CREATE EXTENSION aws_lambda CASCADE; EXCEPTION WHEN undefined_object THEN RAISE NOTICE '%', SQLERRM; END $$

SELECT again()

CREATE VIEW v AS SELECT aws_commons.create_lambda_function_arn('f', 'r') AS arn

SELECT again()

DO $$ BEGIN DROP EXTENSION aws_lambda; DROP EXTENSION aws_lambda; END $$
