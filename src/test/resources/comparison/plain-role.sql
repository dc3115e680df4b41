# Run by a role that may create schemas in the database, without control files; what it sees is compared with what a superuser
# sees on a server that has them. The format is that of superuser.sql; "from: version" is the first one that a script is for.

## Installed twice

CREATE EXTENSION aws_lambda

CREATE EXTENSION aws_lambda VERSION '9' CASCADE

CREATE EXTENSION aws_lambda SCHEMA nowhere CASCADE

CREATE EXTENSION aws_commons

CREATE EXTENSION aws_commons

CREATE EXTENSION IF NOT EXISTS aws_commons

CREATE EXTENSION aws_lambda SCHEMA public VERSION '1.0'

CREATE EXTENSION aws_lambda CASCADE

CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE

CREATE EXTENSION IF NOT EXISTS aws_lambda VERSION '9'

## The statements of a dump

SELECT pg_catalog.set_config('search_path', '', false)

SET check_function_bodies = false

SET client_min_messages = warning

CREATE EXTENSION IF NOT EXISTS aws_commons WITH SCHEMA public

COMMENT ON EXTENSION aws_commons IS 'Common data types across AWS services'

CREATE EXTENSION IF NOT EXISTS aws_lambda WITH SCHEMA public

COMMENT ON EXTENSION aws_lambda IS 'AWS Lambda integration'

COMMENT ON EXTENSION aws_lambda IS NULL

SHOW search_path

## Nothing there

DROP EXTENSION aws_lambda

DROP EXTENSION IF EXISTS aws_lambda, aws_commons CASCADE

ALTER EXTENSION aws_lambda UPDATE

ALTER EXTENSION aws_commons UPDATE TO '--'

ALTER EXTENSION aws_lambda SET SCHEMA public

COMMENT ON EXTENSION aws_lambda IS 'x'

CREATE SCHEMA aws_lambda

CREATE FUNCTION aws_lambda.invoke(text, json) RETURNS json LANGUAGE sql AS 'SELECT $2'

DROP EXTENSION aws_lambda

DROP EXTENSION IF EXISTS aws_lambda

CREATE EXTENSION aws_commons

CREATE EXTENSION IF NOT EXISTS aws_lambda

DROP EXTENSION aws_commons

SELECT aws_lambda.invoke('f', '1')

## UPDATE

CREATE EXTENSION aws_lambda CASCADE

ALTER EXTENSION aws_lambda UPDATE

ALTER EXTENSION aws_lambda UPDATE TO '1.0'

ALTER EXTENSION aws_lambda UPDATE TO '2.0'

ALTER EXTENSION aws_lambda UPDATE TO ''

ALTER EXTENSION aws_lambda UPDATE TO '1.0--2.0'

ALTER EXTENSION aws_commons UPDATE TO '1.3'

ALTER EXTENSION "aws_commons" UPDATE

SHOW check_function_bodies

SHOW search_path

## SET SCHEMA

CREATE EXTENSION aws_lambda CASCADE

CREATE SCHEMA s

ALTER EXTENSION aws_lambda SET SCHEMA s

ALTER EXTENSION aws_lambda SET SCHEMA nowhere

ALTER EXTENSION aws_lambda SET SCHEMA aws_lambda

ALTER EXTENSION aws_lambda SET SCHEMA aws_commons

ALTER EXTENSION aws_commons SET SCHEMA aws_commons

## DROP

CREATE EXTENSION aws_lambda CASCADE

DROP EXTENSION aws_commons

DROP EXTENSION aws_commons RESTRICT

DROP EXTENSION aws_lambda, nothing

DROP EXTENSION IF EXISTS nothing, aws_lambda

DROP EXTENSION aws_lambda

CREATE EXTENSION aws_lambda

DROP EXTENSION aws_lambda, aws_commons

SELECT count(*) FROM pg_namespace WHERE nspname ~ '^(aws|pglambda)'

CREATE EXTENSION aws_lambda CASCADE

DROP EXTENSION aws_commons CASCADE

SELECT count(*) FROM pg_namespace WHERE nspname ~ '^(aws|pglambda)'

CREATE EXTENSION aws_lambda CASCADE

DROP EXTENSION "aws_commons", AWS_LAMBDA, aws_commons;

DROP EXTENSION IF EXISTS aws_lambda, aws_commons

## DROP with dependents of aws_lambda

CREATE EXTENSION aws_lambda CASCADE

CREATE VIEW v AS SELECT * FROM aws_lambda.invoke('f', '{}'::json)

DROP EXTENSION aws_lambda

CREATE VIEW w AS SELECT status_code FROM v

CREATE VIEW x AS SELECT * FROM aws_lambda.invoke(aws_commons.create_lambda_function_arn('f'), '{}'::jsonb)

DROP EXTENSION aws_lambda

DROP EXTENSION aws_lambda, aws_commons

DROP EXTENSION aws_commons

BEGIN

DROP EXTENSION aws_lambda CASCADE

ROLLBACK

BEGIN

DROP EXTENSION aws_commons CASCADE

ROLLBACK

BEGIN

DROP EXTENSION aws_commons, aws_lambda CASCADE

ROLLBACK

DROP VIEW x

DROP VIEW w

SET search_path = pg_catalog

DROP EXTENSION aws_lambda

DROP EXTENSION IF EXISTS nothing, aws_lambda

DROP EXTENSION aws_lambda CASCADE

SELECT count(*) FROM pg_namespace WHERE nspname ~ '^(aws|pglambda)'

## DROP with dependents of aws_commons

CREATE EXTENSION aws_commons

CREATE TABLE t (id int, arn aws_commons._lambda_function_arn_1)

DROP EXTENSION aws_commons

CREATE FUNCTION f(arn aws_commons._lambda_function_arn_1) RETURNS text LANGUAGE sql AS 'SELECT ($1).region'

CREATE VIEW v AS SELECT aws_commons.create_lambda_function_arn('f', 'r') AS arn

CREATE DOMAIN d AS aws_commons._s3_uri_1

ALTER TABLE t ALTER arn SET DEFAULT aws_commons.create_lambda_function_arn('d')

DROP EXTENSION aws_commons

CREATE EXTENSION aws_lambda

DROP EXTENSION aws_commons

DROP EXTENSION aws_lambda

DROP EXTENSION aws_commons CASCADE

SELECT * FROM t

SELECT count(*) FROM pg_namespace WHERE nspname ~ '^(aws|pglambda)'

## Objects of a user's in the schemas

CREATE EXTENSION aws_lambda CASCADE

CREATE TABLE aws_lambda.calls (a int)

DROP EXTENSION aws_lambda

DROP EXTENSION aws_lambda CASCADE

CREATE FUNCTION aws_commons.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'

DROP EXTENSION aws_commons CASCADE

SELECT count(*) FROM pg_namespace WHERE nspname ~ '^(aws|pglambda)'

## DROP with another extension
from: 13

CREATE EXTENSION aws_lambda CASCADE

CREATE EXTENSION hstore

DROP EXTENSION aws_lambda, hstore, aws_commons

CREATE EXTENSION aws_commons

CREATE EXTENSION hstore

CREATE TABLE t (a hstore, b aws_commons._lambda_function_arn_1)

DROP EXTENSION aws_commons

DROP EXTENSION IF EXISTS hstore, aws_lambda CASCADE

DROP EXTENSION hstore, aws_commons CASCADE

## Not the owner

CREATE EXTENSION aws_lambda CASCADE

CREATE SCHEMA s

SET ROLE comparison_user

ALTER EXTENSION aws_lambda UPDATE

ALTER EXTENSION aws_lambda UPDATE TO '9'

ALTER EXTENSION aws_lambda SET SCHEMA public

ALTER EXTENSION aws_lambda SET SCHEMA nowhere

ALTER EXTENSION aws_lambda SET SCHEMA s

DROP EXTENSION aws_lambda

DROP EXTENSION IF EXISTS nothing, aws_commons CASCADE

DROP EXTENSION nothing, aws_commons CASCADE

COMMENT ON EXTENSION aws_lambda IS 'x'

CREATE EXTENSION aws_lambda

CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE

SELECT status_code FROM aws_lambda.invoke('f', '{}'::json)

SELECT aws_commons.create_lambda_function_arn('f', 'r')

## Transactions

BEGIN

CREATE EXTENSION aws_lambda CASCADE

SAVEPOINT s

CREATE EXTENSION aws_lambda

ROLLBACK TO s

DROP EXTENSION aws_lambda

SAVEPOINT t

CREATE EXTENSION aws_lambda

ROLLBACK TO t

COMMIT

CREATE EXTENSION aws_lambda

BEGIN READ ONLY

CREATE EXTENSION IF NOT EXISTS aws_lambda

ROLLBACK

BEGIN READ ONLY

ALTER EXTENSION aws_lambda UPDATE

ROLLBACK

BEGIN READ ONLY

DROP EXTENSION aws_lambda

ROLLBACK

BEGIN READ ONLY

COMMENT ON EXTENSION aws_lambda IS 'x'

ROLLBACK

SELECT 1 AS a; DROP EXTENSION aws_lambda; COMMENT ON EXTENSION aws_commons IS 'x'; DROP EXTENSION aws_commons; SELECT 2 AS b

## client_min_messages

SET client_min_messages = error

CREATE EXTENSION aws_lambda CASCADE

CREATE EXTENSION IF NOT EXISTS aws_lambda

ALTER EXTENSION aws_lambda UPDATE

DROP EXTENSION aws_commons CASCADE

SET client_min_messages = log

CREATE EXTENSION aws_lambda CASCADE

DROP EXTENSION aws_commons CASCADE

SHOW client_min_messages

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

## Guards that ask what is available

SELECT * FROM pg_available_extensions WHERE name IN ('aws_lambda', 'aws_commons') ORDER BY name

DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'aws_lambda') THEN CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE; END IF; END $$

SELECT name, default_version FROM pg_available_extensions WHERE name IN ('aws_lambda', 'aws_commons') ORDER BY name
