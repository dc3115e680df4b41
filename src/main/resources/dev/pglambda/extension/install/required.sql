    IF NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'aws_commons') AND NOT EXISTS (SELECT FROM {{unlisted.sql}} WHERE u.name = 'aws_commons') THEN
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
