    IF NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'aws_commons')
        AND NOT EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = 'aws_commons' AND EXISTS (SELECT FROM pg_type AS t WHERE t.typnamespace = n.oid AND t.typname = '_lambda_function_arn_1')) THEN
      IF NOT is_cascade THEN
        RAISE EXCEPTION USING ERRCODE = '42704', MESSAGE = 'required extension "aws_commons" is not installed', HINT = 'Use CREATE EXTENSION ... CASCADE to install required extensions too.';
      END IF;
      RAISE NOTICE 'installing required extension "aws_commons"';
      parts := ARRAY['aws_commons', requested];
    END IF;
