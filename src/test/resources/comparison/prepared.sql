# Each of these is prepared once and executed twice.

## Prepared statements

CREATE EXTENSION aws_lambda

CREATE EXTENSION aws_commons

CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE

ALTER EXTENSION aws_lambda UPDATE

ALTER EXTENSION aws_lambda UPDATE TO '9'

ALTER EXTENSION aws_lambda SET SCHEMA public

COMMENT ON EXTENSION aws_lambda IS 'x'

SELECT count(*) FROM pg_extension WHERE extname LIKE 'aws%'

DROP EXTENSION aws_commons

DROP EXTENSION aws_lambda

DROP EXTENSION IF EXISTS aws_commons, aws_lambda CASCADE

CREATE EXTENSION aws_lambda CASCADE

DROP EXTENSION aws_commons CASCADE

CREATE EXTENSION aws_commons VERSION '--'

## Prepared guards

SELECT name, default_version, installed_version FROM pg_available_extensions WHERE name = 'aws_lambda'

CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE

SELECT * FROM pg_available_extensions AS e WHERE e.name IN ('aws_lambda', 'aws_commons') ORDER BY 1

SELECT x FROM pg_available_extensions WHERE name = 'aws_lambda'
